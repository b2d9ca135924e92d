"""Many training runs side by side, each in a folder of its own, so that a study goes on where it was interrupted."""

from __future__ import annotations

import shutil
import sys
import tomllib
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import xarray as xr

from thermo_cl.errors import SilentUpdatesWarning
from thermo_cl.learning import RunConfiguration, run
from thermo_cl.sweep import atomic_output, load_netcdf

KEPT = ("metrics.nc", "training.log")  # of every finished run; its checkpoint would take 20 MB


def run_all(
    configurations: Mapping[str, RunConfiguration], folder: Path | None = None, *, workers: int = 2
) -> dict[str, xr.Dataset]:
    """Metrics of every run by name, on one thread each.

    Parameters
    ----------
    configurations : mapping of str to RunConfiguration
        By the name of the folder in which each is run.
    folder : Path, optional
        Where runs are kept: finished ones are not run again, interrupted ones are resumed. A temporary one by default.
    workers : int
        Processes at a time; the results do not depend on it.
    """
    if folder is None:
        with TemporaryDirectory() as temporary:
            return run_all(configurations, Path(temporary), workers=workers)
    folder.mkdir(parents=True, exist_ok=True)
    if workers == 1 or len(configurations) == 1:
        return {name: _run(choice.toml(), folder / name) for name, choice in configurations.items()}
    metrics: dict[str, xr.Dataset] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = {pool.submit(_run, c.toml(), folder / name): name for name, c in configurations.items()}
        for job in as_completed(jobs):
            metrics[jobs[job]] = job.result()
            _say(f"{len(metrics)}/{len(jobs)} {jobs[job]}")
    return {name: metrics[name] for name in configurations}


def _run(text: str, folder: Path) -> xr.Dataset:
    """One run, or what is kept of it."""
    import numba

    numba.set_num_threads(1)
    done = folder / "done.toml"
    if done.exists() and done.read_text("utf-8") == text:
        return load_netcdf(folder / KEPT[0])
    if done.exists():  # another run of that name
        shutil.rmtree(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SilentUpdatesWarning)  # in a study silence is a result
        run(RunConfiguration.from_values(tomllib.loads(text)), folder, resume=(folder / "checkpoint.npz").exists())
    with atomic_output(done, force=True) as draft:
        draft.write_text(text, "utf-8")
    for leftover in folder.iterdir():
        if leftover.name not in (*KEPT, done.name):
            leftover.unlink()
    return load_netcdf(folder / KEPT[0])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - studies take many minutes
