"""Trainers, settings and measures of ``rbm_learning``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thermo_cl.learning.boltzmann import BoltzmannMachine
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.phases import (
    AdaptiveProbability,
    FixedLength,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    isd,
    two_term,
)


def _quiet(
    baseline: RunningMean | None, adaptation: AdaptiveProbability | None
) -> Callable[[float, int], PhaseSchedule]:
    return lambda b, steps: PhaseSchedule(RandomPhase(b, baseline, adaptation), FixedLength(steps))


TRAINERS: dict[str, Callable[[float, int], PhaseSchedule]] = {
    "two-term": lambda _, steps: two_term(steps),
    "ISD": isd,
    "always-on, fixed": always_on,
    "always-on, random": lambda b, steps: always_on(b, steps, geometric=True),
    "ISD, baseline": _quiet(RunningMean(), None),
    "ISD, adapted b": _quiet(None, AdaptiveProbability()),
    "ISD, both": _quiet(RunningMean(), AdaptiveProbability()),
}
RANDOM = ("ISD", "always-on, fixed", "always-on, random", "ISD, baseline")
"""Those whose probability b is a constant."""


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


def label_error(machine: BoltzmannMachine, data: Dataset) -> float:
    """Share of rows whose label, their last units, is not that of least free energy given the other units."""
    pixels = data.inputs.shape[1] - data.classes
    weights = machine.weights.astype(float)
    inputs = data.inputs[:, :pixels].astype(float) @ weights[:, :pixels].T + machine.hidden_biases
    scores = [np.logaddexp(0.0, inputs + weights[:, pixels + c]).sum(1) for c in range(data.classes)]
    return float((np.argmax(scores, axis=0) != data.labels).mean())
