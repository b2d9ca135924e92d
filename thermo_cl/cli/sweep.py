"""``thermo-cl sweep``: a design mapped through a function of the library into a store."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.outputs import errors_reported
from thermo_cl.cli.progress import drawn

__all__ = ["sweep"]

_INTERRUPTED = 128 + 2  # what a shell reports for a program that Ctrl-C ended


@errors_reported
def sweep(
    context: typer.Context,
    design: Annotated[str, typer.Argument(metavar="DESIGN.toml", help="Function, sampler and parameters.")],
    store: Annotated[
        Path, typer.Option(metavar="OUT.zarr|OUT.nc", help="Where results go: Zarr by chunk, or netCDF at the end.")
    ],
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers compute.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Local processes that compute.", show_default="threads of this process")
    ] = None,
    chunk: Annotated[int, typer.Option(help="Points computed and stored together.")] = 4096,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the sweep in the store.")] = False,
    force: opt.Force = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Map a design of parameters through a function of the library.

    Finished chunks survive whatever ends the sweep; --resume verifies them and computes the others only. The numbers
    do not depend on chunks, workers or scheduler.
    """
    from thermo_cl.sweep import sweep as run
    from thermo_cl.sweep.specification import load_specification

    specification = load_specification(design)
    try:
        with drawn(len(specification.design), quiet=quiet) as progress:
            run(
                specification.design, specification.function, store=store, chunk=chunk, workers=workers,
                scheduler=scheduler, resume=resume, force=force, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo(_how_to_resume(context, design, store), err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if not quiet:
        typer.echo(f"{len(specification.design)} points in {store}")


def _how_to_resume(context: typer.Context, design: str, store: Path) -> str:
    from thermo_cl.errors import OutputError
    from thermo_cl.sweep import store_info

    try:
        info = store_info(store)
    except OutputError:
        info = None
    if info is None or info.format != "zarr":
        return "interrupted; nothing is kept"
    words = ["thermo-cl", "sweep", design, "--store", str(store), "--resume"]
    for name in opt.given(context, ("scheduler", "workers", "chunk")):
        words += [f"--{name}", str(context.params[name])]
    return f"interrupted; {info.chunks_done} of {info.chunks} chunks are kept. Continue with: {shlex.join(words)}"
