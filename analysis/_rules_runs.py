"""Runs of ``rules``: a training, or the time of an update, each kept as one small file."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis._jobs import data_digest, keep, one_thread, side_by_side
from analysis._rules_costs import multiply_adds
from analysis._rules_list import Entry
from thermo_cl._types import FloatArray
from thermo_cl.errors import DeadLayerWarning, DivergenceError, SilentUpdatesWarning
from thermo_cl.learning import (
    SGD,
    Adam,
    Dataset,
    EnergyNetwork,
    FeedForwardNetwork,
    ForwardForwardNetwork,
    PhaseSchedule,
    learn,
    train,
)
from thermo_cl.learning.forward_forward import error_rate
from thermo_cl.sweep.identity import code_digest

BLOCKS = 7  # of updates that are timed; the fastest is told, as others run beside


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be done.

    Attributes
    ----------
    name : str
    entry : Entry
    hidden : tuple of int
    rate : float
    seed : int
        Of the initial network, which is the same for all rules of a kind, and of all draws.
    epochs : int
        0 to time updates of the initial network.
    updates : int
        That are timed at once; not used in training.
    train, test : Dataset
    """

    name: str
    entry: Entry
    hidden: tuple[int, ...]
    rate: float
    seed: int
    epochs: int
    updates: int
    train: Dataset
    test: Dataset

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer; a forward-forward network has no outputs."""
        last = () if self.entry.network == "forward-forward" else (self.train.classes,)
        return (self.train.inputs.shape[1], *self.hidden, *last)

    @property
    def length(self) -> float:
        """Multiply-adds of all updates, but for a factor."""
        return self.epochs * len(self.train) * multiply_adds(self.entry.way, self.sizes, self.entry.batch)

    def settings(self) -> str:
        """All that decides its numbers, as JSON."""
        seen = getattr(self.entry.way, "current_map", None)  # what a kernel does, which is not in its words
        values = {
            "way": repr(self.entry.way), "kernel": None if seen is None else seen.matrix.round(12).tolist(),
            "batch": self.entry.batch, "hidden": self.hidden, "rate": self.rate,
            "seed": self.seed, "epochs": self.epochs, "updates": 0 if self.epochs else self.updates,
            "train": data_digest(self.train), "test": data_digest(self.test), "code": code_digest(),
        }  # fmt: skip
        return json.dumps(values, sort_keys=True)


def run_all(
    blocks: Mapping[str, Sequence[Sequence[Job]]], folder: Path | None = None, *, workers: int = 2
) -> dict[str, list[list[FloatArray]]]:
    """Test errors after every epoch, NaN if the run diverged, or seconds of an update, as the jobs are arranged."""
    return side_by_side(blocks, _kept, _read, folder, workers=workers)


def _kept(job: Job, file: Path | None) -> FloatArray:
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", SilentUpdatesWarning)  # in a study silence and death are results
        warnings.simplefilter("ignore", DeadLayerWarning)
        values = _trained(job) if job.epochs else np.array([_timed(job)])
    keep(file, job, {"values": [None if np.isnan(x) else x for x in values.tolist()]})
    return values


def _read(file: Path) -> FloatArray:
    return np.array(json.loads(file.read_text("utf-8"))["values"], float)


def _trained(job: Job) -> FloatArray:
    way, size = job.entry.way, job.entry.batch
    if isinstance(way, PhaseSchedule):
        each = (2 if way.paired else 1) * -(-len(job.train) // size)
        found = learn(
            _forward_forward(job), way, job.train, phases=each * job.epochs, optimizer=Adam(job.rate), batch=size,
            rng=job.seed, probe=lambda network: error_rate(network, job.test),
            probe_at=[each * n for n in range(1, job.epochs + 1)],
        ).metrics  # fmt: skip
        return np.asarray(found["value"].values)
    try:
        metrics = train(
            _network(job), way, job.train, job.test, epochs=job.epochs, learning_rates=job.rate, batch=size,
            rng=job.seed, shuffle=True,
        ).metrics  # fmt: skip
    except DivergenceError:
        return np.full(job.epochs, np.nan)
    return np.asarray(metrics["holdout_error_from_rest" if job.entry.network == "energy" else "holdout_error"].values)


def _timed(job: Job) -> float:
    """Processor time of an update, the fastest of some blocks, each of as many."""
    update = _several(job)
    update()  # compiles
    durations = []
    for _ in range(BLOCKS):
        begin = time.process_time()
        update()
        durations.append(time.process_time() - begin)
    return min(durations) / job.updates


def _several(job: Job) -> Callable[[], object]:
    """Updates of the initial network by the first minibatches, each from rest; what they make of it is dropped."""
    way, count, size = job.entry.way, job.updates, job.entry.batch
    if isinstance(way, PhaseSchedule):
        model = _forward_forward(job)
        plan = way.plan(count * (2 if way.paired else 1), len(job.train), job.seed, batch=size)
        return lambda: learn(model, way, job.train, phases=plan, optimizer=Adam(job.rate))
    network, rng, optimizer = _network(job), np.random.default_rng(job.seed), SGD(job.rate)
    one_hot = np.eye(job.train.classes, dtype=network.dtype)
    rows = [np.arange(n * size, (n + 1) * size) % len(job.train) for n in range(count)]
    batches = [(job.train.inputs[r].astype(network.dtype, copy=False), one_hot[job.train.labels[r]]) for r in rows]
    states = network.initial_states(size) if isinstance(network, EnergyNetwork) else ()
    moments = optimizer.start(network.parameters)

    def updates() -> None:
        for inputs, targets in batches:
            found = way.estimate(network, inputs, targets, states, rng)
            network.with_parameters(optimizer.step(network.parameters, found.gradient, moments)[0])

    return updates


def _forward_forward(job: Job) -> ForwardForwardNetwork:
    return ForwardForwardNetwork.random(job.sizes, classes=job.train.classes, rng=job.seed)


def _network(job: Job) -> Any:
    if job.entry.network == "energy":
        return EnergyNetwork.glorot(job.sizes, rng=job.seed)
    return FeedForwardNetwork.random(job.sizes[0], job.sizes[1:], rng=job.seed)
