"""Compute data sets and save them as netCDF: ``python -m analysis [NAME ...] [--out DIR] [--force]``.

Without names, those that take seconds; studies, which train networks for many minutes, run when they are named. Their
results are kept in ``analysis/stored``, from where the figures take them.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from thermo_cl.errors import ThermoError
from thermo_cl.sweep import check_output, save_netcdf

NAMES = (
    "kernel_shape", "update_curve", "dynamic_range", "offset", "ladder_currents", "dissipation", "ramp_speed",
    "learning_cost", "gradient_angle",
)  # fmt: skip
STUDIES = ("mnist", "accuracy_dissipation")


def main(arguments: list[str] | None = None) -> int:
    """Run the named analyses (all but the studies by default); returns the exit status."""
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
    options = parser.parse_args(arguments)
    names = tuple(dict.fromkeys(options.names)) or NAMES
    if unknown := [name for name in names if name not in (*NAMES, *STUDIES)]:
        parser.error(f"no analysis named {', '.join(unknown)}; there are {', '.join((*NAMES, *STUDIES))}")
    if options.rng < 0:
        parser.error("--rng must be a whole number, not negative")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        targets = {name: check_output(options.out / f"{name}.nc", force=options.force) for name in names}
        for name, target in targets.items():
            start = time.perf_counter()
            kept = (
                {"folder": options.out / f"{name}-runs"} if name in STUDIES else {}
            )  # where an interrupted one goes on
            dataset = importlib.import_module(f"analysis.{name}").compute(rng=options.rng, **kept)
            save_netcdf(dataset, target, force=options.force)
            print(f"{options.out / target.name}  {dict(dataset.sizes)}  {time.perf_counter() - start:.2f} s")
    except FileExistsError:
        print(f"error: --out {options.out} is a file; name a folder", file=sys.stderr)
        return 1
    except (ThermoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
