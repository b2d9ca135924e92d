"""Options that several commands share, and what the library's arguments are called among them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "OUTPUT_NAMES",
    "AmplitudeMax",
    "Amplitudes",
    "AsJson",
    "Baseline",
    "EnergyStep",
    "Fast",
    "Force",
    "LadderUnits",
    "Levels",
    "Mean",
    "PlotFile",
    "RateFactor",
    "ReferenceLevel",
    "SaveFile",
    "Signal",
    "Slow",
    "Window",
    "given",
    "option_of",
    "parameters_of",
]

# the ladder and the step that its kernel is read from
Signal = Annotated[float, typer.Option(help="Signal after the step, >= 0, micromolar.")]
Baseline = Annotated[float, typer.Option(help="Signal before the step, >= 0, micromolar.")]
RateFactor = Annotated[float, typer.Option(help="Vertical rates over horizontal ones F, > 0.")]
Levels = Annotated[int, typer.Option(help="Number of levels, >= 2.")]
ReferenceLevel = Annotated[float, typer.Option(help="Level at which the rails have equal energy without signal.")]
EnergyStep = Annotated[float, typer.Option(help="Energy difference gained per level, k_B T.")]
Window = Annotated[
    float | None,
    typer.Option(help="Ladder time after which the kernel is cut (the paper cuts at 5).", show_default="never cut"),
]

# the protocol
Fast = Annotated[float, typer.Option(help="Rise time of the sawtooth, > 0, protocol time.")]
Slow = Annotated[float, typer.Option(help="Fall time of the sawtooth, > 0, protocol time.")]
Mean = Annotated[float, typer.Option(help="Mean of the free and the clamped signal.")]
AmplitudeMax = Annotated[float, typer.Option(help="Largest amplitude A_max that the synapse is meant for, > 0.")]
Amplitudes = Annotated[int, typer.Option(help="Number of amplitudes, evenly spaced on [0, 1.25 A_max).")]
LadderUnits = Annotated[float, typer.Option(help="Ladder time per unit of protocol time, > 0.")]

# the output
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of the table.")]
SaveFile = Annotated[
    Path | None, typer.Option("--save", metavar="FILE.nc", help="Save the labelled data set as netCDF.")
]
PlotFile = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Save a figure, .png, .pdf or .svg (needs matplotlib).")
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]

OUTPUT_NAMES = ("as_json", "save", "plot", "force")
_RENAMED = {"n_levels": "levels", "length": "window", "units": "ladder_units"}


def option_of(argument: str, options: Collection[str]) -> str:
    """Option that sets an argument of the library; a name that belongs to none of ``options`` is kept as it is."""
    name = _RENAMED.get(argument, argument)
    return f"--{name.replace('_', '-')}" if name in options else argument


def parameters_of(context: typer.Context, *, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Every option of the running command but those about output, defaults included, for provenance."""
    return {name: value for name, value in context.params.items() if name not in {*OUTPUT_NAMES, *leave_out}}


def given(context: typer.Context, names: Collection[str]) -> list[str]:
    """Those of the named options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
