"""The typer application and what it answers without a command."""

from __future__ import annotations

from typing import Annotated

import typer

from thermo_cl.cli.curve import curve
from thermo_cl.cli.derive import derive
from thermo_cl.cli.dissipation import dissipation
from thermo_cl.cli.explore import explore
from thermo_cl.cli.info import info
from thermo_cl.cli.kernel import kernel
from thermo_cl.cli.sweep import sweep
from thermo_cl.cli.train import train

__all__ = ["app"]

app = typer.Typer(
    name="thermo-cl",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: reads the same in a terminal and in a pipe
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from thermo_cl import __version__

        typer.echo(f"thermo-cl {__version__}")
        raise typer.Exit


def _print_citation(asked: bool) -> None:
    if asked:
        from thermo_cl import __version__
        from thermo_cl._citation import citation

        typer.echo(citation(__version__), nl=False)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    cite: Annotated[
        bool,
        typer.Option("--cite", callback=_print_citation, is_eager=True, help="Print how to cite the work and exit."),
    ] = False,
) -> None:
    """Exact stochastic thermodynamics of learning synapses.

    Energies in k_B T, entropy in k_B, ladder time in units of the ladder's horizontal rate.
    """


def _example(command: str) -> str:
    return f"\b\nExample:\n  {command}"


app.command(epilog=_example("thermo-cl kernel --gamma 1e-3 --signal 200 --plot kernel.png"))(kernel)
app.command(epilog=_example("thermo-cl curve --gamma 1e-3 --slow 30 --save curve.nc"))(curve)
app.command(epilog=_example("thermo-cl dissipation --gamma 0.3,0.1,1e-2,1e-4 --json"))(dissipation)
app.command(epilog=_example("thermo-cl derive tcl-33 --html derivation.html"))(derive)
app.command(epilog=_example("thermo-cl train --config falk2025-mnist --epochs 3 --seed 1"))(train)
app.command(epilog=_example("thermo-cl sweep design.toml --store frontier.zarr --workers 2"))(sweep)
app.command(epilog=_example("thermo-cl info frontier.zarr --verify"))(info)
app.command(epilog=_example("thermo-cl explore --port 8000 --no-browser"))(explore)
