"""Runs of ``rbm_learning`` block by block, each kept as a file when it is done, so that the study goes on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._rbm_learning import TRAINERS, Setting, label_error
from thermo_cl._types import FloatArray
from thermo_cl.learning.boltzmann import BoltzmannMachine, learn_replicas, negative_log_likelihood
from thermo_cl.learning.data import Dataset
from thermo_cl.sweep import Quantity, label, load_netcdf, provenance, save_netcdf

SAME = ("source", "parameters", "seed", "versions")
"""Attributes by which a kept block is known to be the one that is wanted."""


@dataclass(frozen=True)
class Task:
    """What is learnt.

    Attributes
    ----------
    name : str
    setting : Setting
    train, test : Dataset
        Cost is that of ``test``.
    stream : int
        Part of the seed.
    labelled : bool
        Whether rows end with their label, whose error is measured.
    """

    name: str
    setting: Setting
    train: Dataset
    test: Dataset
    stream: int
    labelled: bool = False


@dataclass(frozen=True)
class Shelf:
    """Where blocks are kept, and what they have in common.

    Attributes
    ----------
    folder : Path or None
        Blocks in it are taken by setting, seed and versions of the packages; another of that name is replaced.
    rng : int
    attributes : mapping of str
        Of every block, besides its own parameters.
    """

    folder: Path | None
    rng: int
    attributes: Mapping[str, str]

    @classmethod
    def at(cls, folder: Path | None, rng: int) -> Shelf:
        """A shelf in a folder that may have to be made."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, rng, provenance("part of rbm_learning", {}, seed=rng))


def block(shelf: Shelf, task: Task, trainer: str, probability: float, at: Sequence[int], replicas: int) -> xr.Dataset:
    """Runs of one trainer, or what is kept of them.

    Trainers share initial weights and what their plans have in common; more replicas begin with the fewer ones.

    Parameters
    ----------
    shelf : Shelf
    task : Task
    trainer : str
    probability : float
        b, of the first phase if it adapts.
    at : sequence of int
        Phases done at which to measure; the last is the end.
    replicas : int

    Returns
    -------
    xarray.Dataset
        ``cost`` and, if rows are labelled, ``error`` over ``replica`` and ``phase``; ``probability`` of the next
        phase over ``replica``.
    """
    schedule = TRAINERS[trainer](probability, task.setting.steps)
    choices = {
        "task": task.name, "setting": vars(task.setting), "schedule": repr(schedule), "at": list(at),
        "replicas": replicas, "train": [task.train.name, len(task.train)], "test": [task.test.name, len(task.test)],
    }  # fmt: skip
    attributes = {**shelf.attributes, "parameters": json.dumps(choices, sort_keys=True)}
    words = f"{task.name}-{trainer}-b{probability:g}-{len(at)}".replace(",", "").replace(" ", "-")
    path = None if shelf.folder is None else shelf.folder / f"{words}.nc"
    if path is not None and path.exists():
        kept = load_netcdf(path)
        if all(kept.attrs.get(name) == attributes[name] for name in SAME):
            return kept
    start = time.perf_counter()
    data = label(*_run(task, trainer, probability, at, replicas, shelf.rng), attributes)
    if path is not None:
        save_netcdf(data, path, force=True)
        _say(f"{path.name} {time.perf_counter() - start:.0f} s")
    return data


def _run(
    task: Task, trainer: str, probability: float, at: Sequence[int], replicas: int, rng: int
) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    seeds = np.random.SeedSequence([rng, task.stream]).spawn(replicas + 1)
    setting, visible, errors = task.setting, task.train.inputs.shape[1], []

    def probe(machines: Sequence[BoltzmannMachine]) -> FloatArray:
        if task.labelled:
            errors.append([label_error(machine, task.test) for machine in machines])
        return negative_log_likelihood(machines, task.test.inputs)

    learned = learn_replicas(
        [
            BoltzmannMachine.random(visible, setting.hidden, scale=setting.scale, rng=np.random.default_rng(seed))
            for seed in seeds[1:]
        ],
        TRAINERS[trainer](probability, setting.steps),
        task.train,
        phases=at[-1],
        rate=setting.rate,
        rng=np.random.default_rng(seeds[0]),
        probe=probe,
        probe_at=at,
    )
    over = ("replica", "phase")
    last = [state.probability for state in learned.states]
    values = {
        "cost": Quantity(over, learned.metrics["value"].values, "exact negative log-likelihood", "nat"),
        "probability": Quantity("replica", last, "probability that the next phase is positive", "1"),
    }
    if task.labelled:
        values["error"] = Quantity(over, np.array(errors).T, "share of rows with a wrong label", "1")
    phases = Quantity("phase", np.array(at, dtype=np.int64), "phases done", "1")
    return values, {"replica": Quantity("replica", np.arange(replicas), "number of the replica", "1"), "phase": phases}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the study takes many minutes
