"""Runs of ``forward_forward``: what a run is, what is kept of it, and many of them side by side."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import DeadLayerWarning
from thermo_cl.learning import Adam, Dataset, ForwardForwardNetwork, PhaseSchedule, learn
from thermo_cl.learning.forward_forward import active_units, error_rate
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.sweep import atomic_output
from thermo_cl.sweep.identity import code_digest

SEEN = 500  # test images on which units are looked for


@dataclass(frozen=True)
class Run:
    """What is kept of a run.

    Attributes
    ----------
    errors : ndarray, shape (points,)
    active : ndarray, shape (points, layer)
        Share of units.
    dead : ndarray, shape (layer,)
        Phase at which a layer was found dead, NaN if it never was.
    """

    errors: FloatArray
    active: FloatArray
    dead: FloatArray


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be done.

    Attributes
    ----------
    name : str
        How its file begins.
    schedule : PhaseSchedule
    rate : float
        Of Adam.
    batch : int
    sizes : tuple of int
    points : tuple of int
        Phases done at which it is measured; the last ends the run.
    seeds : (int, int)
        Of the initial network and of the order of examples.
    train, test : Dataset
    """

    name: str
    schedule: PhaseSchedule
    rate: float
    batch: int
    sizes: tuple[int, ...]
    points: tuple[int, ...]
    seeds: tuple[int, int]
    train: Dataset
    test: Dataset

    def settings(self) -> str:
        """All that decides its numbers, as JSON."""
        values = {
            "schedule": repr(self.schedule), "rate": self.rate, "batch": self.batch, "sizes": self.sizes,
            "points": self.points, "seeds": self.seeds, "train": _digest(self.train), "test": _digest(self.test),
            "seen": SEEN, "code": code_digest(),
        }  # fmt: skip
        return json.dumps(values, sort_keys=True)

    def file(self) -> str:
        """Name of the file in which it is kept."""
        return f"{self.name}-{hashlib.sha256(self.settings().encode()).hexdigest()[:16]}.json"


def run_all(
    blocks: Mapping[str, Sequence[Sequence[Job]]], folder: Path | None = None, *, workers: int = 2
) -> dict[str, list[list[Run]]]:
    """All runs, as their jobs are arranged, on one thread each.

    Parameters
    ----------
    blocks : mapping of str to rows of Job
    folder : Path, optional
        Where every finished run is kept as a small file, and looked for before it is done. Its name tells the settings
        apart: a run of other settings, data or code is another file.
    workers : int
        Processes at a time; the results do not depend on it.
    """
    count = check.integer_at_least("workers", workers, 1)
    jobs = [job for rows in blocks.values() for row in rows for job in row]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    files = {job: None if folder is None else folder / job.file() for job in jobs}
    runs = {job: _read(file) for job, file in files.items() if file is not None and file.exists()}
    left = sorted((job for job in jobs if job not in runs), key=lambda job: -job.points[-1])  # long ones first
    if count == 1 or len(left) <= 1:
        runs |= {job: _kept(job, files[job]) for job in left}
    else:
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
            pending = {pool.submit(_kept, job, files[job]): job for job in left}
            try:
                for done in as_completed(pending):
                    runs[pending[done]] = done.result()
                    _say(f"{len(runs)}/{len(jobs)} {pending[done].name}")
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is finished is kept
                raise
    return {name: [[runs[job] for job in row] for row in rows] for name, rows in blocks.items()}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - studies take many minutes


def _kept(job: Job, file: Path | None) -> Run:
    """Do a run and keep it."""
    with one_blas_thread():
        run = _done(job)
    if file is not None:
        values = {name: array.tolist() for name, array in vars(run).items()}
        text = json.dumps({"settings": json.loads(job.settings())} | values)
        with atomic_output(file, force=True) as draft:
            draft.write_text(text, "utf-8")
    return run


def _read(file: Path) -> Run:
    values = json.loads(file.read_text("utf-8"))
    return Run(*(np.array(values[name], float) for name in ("errors", "active", "dead")))


def _done(job: Job) -> Run:
    layers, seen = len(job.sizes) - 1, job.test.take(slice(min(SEEN, len(job.test))))

    def probe(now: ForwardForwardNetwork) -> dict[str, float]:
        shares = {f"active{n}": float(units.mean()) for n, units in enumerate(active_units(now, seen))}
        return {"error": error_rate(now, job.test), **shares}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DeadLayerWarning)  # in a study death is a result
        metrics = learn(
            ForwardForwardNetwork.random(job.sizes, rng=job.seeds[0]), job.schedule, job.train, phases=job.points[-1],
            optimizer=Adam(job.rate), batch=job.batch, rng=job.seeds[1], probe=probe, probe_at=job.points,
        ).metrics  # fmt: skip
    dead = np.full(layers, np.nan)
    for told in (w.message for w in caught if isinstance(w.message, DeadLayerWarning)):
        if np.isnan(dead[told.layer - 1]):
            dead[told.layer - 1] = told.step
    active = np.stack([metrics[f"active{n}"].values for n in range(layers)], axis=1)
    return Run(metrics["error"].values, active, dead)


@functools.cache
def _digest(data: Dataset) -> str:
    """Of a data set's content."""
    digest = hashlib.sha256(repr((data.classes, data.inputs.shape, data.inputs.dtype.str)).encode())
    for array in (data.inputs, data.labels):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
