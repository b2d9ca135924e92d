"""Runs of ``forward_forward``: what a run is, what is kept of it, and many of them side by side."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis._jobs import data_digest, file_name, keep, side_by_side
from thermo_cl._types import FloatArray
from thermo_cl.errors import DeadLayerWarning
from thermo_cl.learning import Adam, Dataset, ForwardForwardNetwork, PhaseSchedule, learn
from thermo_cl.learning.forward_forward import active_units, error_rate
from thermo_cl.learning.training.blas import one_blas_thread
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
            "points": self.points, "seeds": self.seeds, "seen": SEEN, "code": code_digest(),
            "train": data_digest(self.train), "test": data_digest(self.test),
        }  # fmt: skip
        return json.dumps(values, sort_keys=True)

    @property
    def length(self) -> float:
        """Phases."""
        return self.points[-1]

    def file(self) -> str:
        """Name of the file in which it is kept."""
        return file_name(self)


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
    return side_by_side(blocks, _kept, _read, folder, workers=workers)


def _kept(job: Job, file: Path | None) -> Run:
    """Do a run and keep it."""
    with one_blas_thread():
        run = _done(job)
    keep(file, job, {name: array.tolist() for name, array in vars(run).items()})
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
