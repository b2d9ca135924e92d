"""Trainers, probes and runs of ``rbm_learning``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.learning.boltzmann import BoltzmannMachine, learn_replicas, negative_log_likelihood
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.phases import PhaseSchedule, always_on, isd, two_term

TRAINERS: dict[str, Callable[[float, int], PhaseSchedule]] = {
    "two-term": lambda _, steps: two_term(steps),
    "ISD": isd,
    "always-on, fixed": always_on,
    "always-on, random": lambda b, steps: always_on(b, steps, geometric=True),
}
RANDOM = tuple(TRAINERS)[1:]
"""Those that have a probability b."""


@dataclass(frozen=True)
class Setting:
    """A machine and how it learns.

    Attributes
    ----------
    hidden, steps, phases : int
        Hidden units; (mean) steps of a phase; phases of a run.
    points : int
        How many times, evenly, a run is measured; the start comes on top.
    rate, scale : float
        Of descent, and standard deviation of the initial weights.
    """

    hidden: int
    steps: int
    phases: int
    points: int
    rate: float = 0.005
    scale: float = 0.01

    @property
    def measured(self) -> list[int]:
        """Phases done at each measurement; even, since two terms need pairs."""
        return [2 * round(self.phases * k / self.points / 2) for k in range(self.points + 1)]


def curves(
    setting: Setting,
    trainer: str,
    probability: float,
    data: Dataset,
    probe: Callable[[Sequence[BoltzmannMachine]], FloatArray],
    *,
    replicas: int,
    rng: Sequence[int],
    last: bool = False,
) -> FloatArray:
    """What a probe gives for many runs of one trainer, shape (replicas, points + 1), or (replicas,) at the end only.

    Trainers share initial weights and what their plans have in common.
    """
    seeds = np.random.SeedSequence(list(rng)).spawn(replicas + 1)
    visible = data.inputs.shape[1]
    machines = [
        BoltzmannMachine.random(visible, setting.hidden, scale=setting.scale, rng=np.random.default_rng(seed))
        for seed in seeds[1:]
    ]
    learned = learn_replicas(
        machines,
        TRAINERS[trainer](probability, setting.steps),
        data,
        phases=setting.phases,
        rate=setting.rate,
        rng=np.random.default_rng(seeds[0]),
        probe=probe,
        probe_at=[setting.phases] if last else setting.measured,
    )
    values: FloatArray = learned.metrics["value"].values
    return values[:, 0] if last else values


def cost_of(data: Dataset) -> Callable[[Sequence[BoltzmannMachine]], FloatArray]:
    """Probe: exact negative log-likelihood of the rows, nats."""
    return lambda machines: negative_log_likelihood(machines, data.inputs)


def label_error(machine: BoltzmannMachine, data: Dataset) -> float:
    """Share of rows whose label, their last units, is not that of least free energy given the other units."""
    pixels = data.inputs.shape[1] - data.classes
    weights = machine.weights.astype(float)
    inputs = data.inputs[:, :pixels].astype(float) @ weights[:, :pixels].T + machine.hidden_biases
    scores = [np.logaddexp(0.0, inputs + weights[:, pixels + c]).sum(1) for c in range(data.classes)]
    return float((np.argmax(scores, axis=0) != data.labels).mean())
