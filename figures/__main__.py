"""Draw figures from saved data sets, as PDF and PNG: ``python -m figures [NAME ...] [--data DIR] [--out DIR]``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType

from matplotlib import style

from analysis.__main__ import STUDIES
from figures._axes import STYLE
from thermo_cl.errors import ThermoError
from thermo_cl.sweep import atomic_output, check_output, load_netcdf

NAMES = (
    "fig2b", "fig4b", "fig4c", "fig5b", "fig5c", "fig6a", "fig6b", "fig8", "fig9b", "learning_cost", "gradient_angle",
    "mnist", "accuracy_dissipation", "cost_law", "free_networks", "frontier", "frontier_memory",
    "phase_variance", "phase_bias", "forward_forward", "rbm_learning", "energy_schedules",
    "dual_propagation", "rules", "carriers", "carriers_table", "physical_learning", "physical_networks",
    "physical_sensitivity",
)  # fmt: skip
STORED = Path(__file__).resolve().parents[1] / "analysis" / "stored"  # results of the studies that take many minutes
# the PDF carries no date, so that the same data give the same bytes
FORMATS: dict[str, dict[str, str | None]] = {"pdf": {"CreationDate": None}, "png": {}}


def main(arguments: list[str] | None = None) -> int:
    """Draw the named figures, by default all but those of studies that nobody ran; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(NAMES)} (default: all with data)")
    parser.add_argument(
        "--data", type=Path, default=Path("results"), metavar="DIR", help="data sets (default: results)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/figures"), metavar="DIR", help="folder (default: results/figures)"
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
    options = parser.parse_args(arguments)
    names = tuple(dict.fromkeys(options.names)) or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"no figure named {', '.join(unknown)}; there are {', '.join(NAMES)}")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for name in names:
            for suffix in FORMATS:
                check_output(options.out / f"{name}.{suffix}", force=options.force)
        modules = {name: importlib.import_module(f"figures.{name}") for name in names}
        if not options.names:
            modules = {name: module for name, module in modules.items() if _at_hand(name, module, options.data)}
        needed = dict.fromkeys(source for module in modules.values() for source in module.DATASETS)
        datasets = {source: load_netcdf(_file(options.data, source)) for source in needed}
        for name, module in modules.items():
            start = time.perf_counter()
            figure = module.draw(*(datasets[source] for source in module.DATASETS))
            for suffix, metadata in FORMATS.items():
                path = options.out / f"{name}.{suffix}"
                with atomic_output(path, force=options.force) as draft, style.context(STYLE):
                    figure.savefig(draft, metadata=metadata)
                print(f"{path}  {time.perf_counter() - start:.2f} s")
    except FileExistsError:
        print(f"error: --out {options.out} is a file; name a folder", file=sys.stderr)
        return 1
    except (ThermoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _at_hand(name: str, module: ModuleType, folder: Path) -> bool:
    """Whether the data of a figure are there; what is no study has to be, and is asked for."""
    missing = [source for source in module.DATASETS if source in STUDIES and not _file(folder, source).exists()]
    for source in missing:
        print(f"{name} is left out: make its data first, by python -m analysis {source}", file=sys.stderr)
    return not missing


def _file(folder: Path, source: str) -> Path:
    """The data set in the folder, or the stored one of a study that was not run again."""
    own, stored = folder / f"{source}.nc", STORED / f"{source}.nc"
    return own if own.exists() or not stored.exists() else stored


if __name__ == "__main__":
    sys.exit(main())
