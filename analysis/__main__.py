"""Compute data sets and save them as netCDF: ``python -m analysis [NAME ...] [--out DIR] [--force]``.

Without names, those that take seconds; studies, which train networks or sweep many minutes, run when they are named.
Their results are kept in ``analysis/stored``, from where the figures take them.

Options of single analyses go to those that take them. With a store, results are streamed there by chunk, nothing is
saved as netCDF, and ``--resume`` continues.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from thermo_cl.errors import ThermoError
from thermo_cl.sweep import check_output, save_netcdf

NAMES = (
    "kernel_shape", "update_curve", "dynamic_range", "offset", "ladder_currents", "dissipation", "ramp_speed",
    "learning_cost", "gradient_angle", "cost_law", "phase_variance", "phase_bias", "carriers",
)  # fmt: skip
STUDIES = (
    "mnist", "accuracy_dissipation", "frontier", "free_networks", "forward_forward", "rbm_learning", "energy_schedules",
    "dual_propagation", "rules", "physical_learning",
)  # fmt: skip


OPTIONS: dict[str, tuple[type, str | None, str]] = {
    "ladders": (int, "N", "number of ladders; dissipation of more than 100,000 goes to a store, without curves"),
    "store": (Path, "OUT.zarr", "Zarr store for results without curves (default where one is used: DIR/NAME.zarr)"),
    "scheduler": (str, "ADDRESS", "Dask scheduler whose workers compute"),
    "workers": (int, "N", "local processes that compute"),
    "full": (Path, "DIR", "folder with the four files of MNIST, for runs on all of it"),
    "resume": (bool, None, "continue the sweep in the store"),
}
# of large sweeps the metrics alone are kept, in a store: curves of more points than this would not fit into memory
STREAMED = {"dissipation": ("ladders", 100_000)}


def main(arguments: list[str] | None = None) -> int:
    """Run the named analyses (all but the studies by default); returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    names = tuple(dict.fromkeys(options.names)) or NAMES
    if unknown := [name for name in names if name not in (*NAMES, *STUDIES)]:
        near = difflib.get_close_matches(unknown[0], (*NAMES, *STUDIES), n=1)
        hint = f" (the nearest: {near[0]})" if near else ""
        parser.error(f"no analysis named {', '.join(unknown)}{hint}; there are {', '.join((*NAMES, *STUDIES))}")
    if options.rng < 0:
        parser.error("--rng must be a whole number, not negative")
    asked = {name: getattr(options, name) for name in OPTIONS}
    given = {name: value for name, value in asked.items() if value is not None and value is not False}
    if problem := _misplaced(given, names):
        parser.error(problem)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        calls = {name: _call(name, given, options) for name in names}
        for name, call in calls.items():
            if "store" not in call:
                check_output(options.out / f"{name}.nc", force=options.force)
        for name, call in calls.items():
            _run(name, call, options)
    except FileExistsError:
        print(f"error: --out {options.out} is a file; name a folder", file=sys.stderr)
        return 1
    except (ThermoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what a store holds is kept: give the same command with --resume", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"any of: {', '.join(NAMES)} (default: all); or a study, many minutes long: {', '.join(STUDIES)}",
    )
    parser.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="folder (default: results)")
    parser.add_argument("--rng", type=int, default=0, metavar="SEED", help="seed of every draw (default: 0)")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    chosen = parser.add_argument_group("options of single analyses")
    for name, (kind, metavar, words) in OPTIONS.items():
        if kind is bool:
            chosen.add_argument(f"--{name}", action="store_true", help=words)
        else:
            chosen.add_argument(f"--{name}", type=kind, metavar=metavar, help=words)
    return parser


def _misplaced(given: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """What is wrong with options that not every named analysis takes."""
    for option in given:
        if others := [name for name in names if option not in _taken(name)]:
            takers = [name for name in (*NAMES, *STUDIES) if option in _taken(name)]
            return (
                f"--{option} is no option of {', '.join(others)}; name only analyses that take it: {', '.join(takers)}"
            )
    if "store" in given and len(names) > 1:
        return f"--store holds one analysis; run {' and '.join(names)} one by one"
    return ""


def _taken(name: str) -> Collection[str]:
    return inspect.signature(importlib.import_module(f"analysis.{name}").compute).parameters


def _call(name: str, given: Mapping[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Arguments of one analysis."""
    taken, call = _taken(name), {"rng": options.rng, **given}
    counted, most = STREAMED.get(name, ("", 0))
    if call.get(counted, 0) > most and "store" not in call:
        call["store"] = options.out / f"{name}.zarr"
    if "store" in call and "force" in taken:
        call["force"] = options.force
    if name in STUDIES and "folder" in taken:
        call["folder"] = options.out / f"{name}-runs"  # where an interrupted one goes on
    return call


def _run(name: str, call: dict[str, Any], options: argparse.Namespace) -> None:
    start = time.perf_counter()
    compute = importlib.import_module(f"analysis.{name}").compute
    if "progress" in _taken(name):
        from thermo_cl.cli.progress import drawn

        with drawn() as progress:
            dataset = compute(**call, progress=progress)
    else:
        dataset = compute(**call)
    target = call.get("store")
    if target is None:
        target = options.out / save_netcdf(dataset, options.out / f"{name}.nc", force=options.force).name
    print(f"{target}  {dict(dataset.sizes)}  {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
