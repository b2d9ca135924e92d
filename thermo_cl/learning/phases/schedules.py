"""Phase schedules as values: which phase comes next, how long it is, and when parameters move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.phases.baseline import AdaptiveProbability, RunningMean
from thermo_cl.learning.phases.plan import Plan

__all__ = [
    "BothPhases",
    "FixedLength",
    "GeometricLength",
    "PhaseSchedule",
    "RandomPhase",
    "always_on",
    "isd",
    "two_term",
]

_UPDATES = ("end", "always")


@dataclass(frozen=True)
class FixedLength:
    """Phases of the same number of steps, >= 1."""

    steps: int

    def __post_init__(self) -> None:
        check.freeze(self, steps=check.integer_at_least("steps", self.steps, 1))

    @property
    def mean(self) -> float:
        """Mean number of steps."""
        return float(self.steps)

    def draw(self, phases: int, rng: np.random.Generator) -> IntArray:
        """Steps of so many phases; nothing is drawn."""
        del rng
        return np.full(phases, self.steps, dtype=np.int64)


@dataclass(frozen=True)
class GeometricLength:
    r"""Phases that end with probability 1/mean after each step, :math:`P(T = t) = (1/\tau)(1 - 1/\tau)^{t - 1}`.

    Parameters
    ----------
    mean : float
        Mean number of steps :math:`\tau` >= 1.
    """

    mean: float

    def __post_init__(self) -> None:
        mean = check.positive_number("mean", self.mean)
        if mean < 1.0:
            raise InvalidParameterError("mean", mean, "at least 1: a phase has at least one step")
        check.freeze(self, mean=mean)

    def draw(self, phases: int, rng: np.random.Generator) -> IntArray:
        """Steps of so many phases."""
        return rng.geometric(1.0 / self.mean, phases).astype(np.int64, copy=False)


@dataclass(frozen=True)
class BothPhases:
    r"""A positive and a negative phase for every update, of weights +1 and -1, with the same examples.

    Parameters
    ----------
    persistent : bool
        False: the negative phase starts where the positive one ended (contrastive divergence: Hinton, Neural Comput.
        14, 1771 (2002)). True: each has a state of its own that persists (Tieleman, ICML 2008, 1064).
    """

    persistent: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.persistent, bool | np.bool_):
            raise InvalidParameterError("persistent", self.persistent, "True or False")
        check.freeze(self, persistent=bool(self.persistent))


@dataclass(frozen=True)
class RandomPhase:
    r"""One phase drawn for every update: positive with probability b and weight 1/b, else negative, -1/(1 - b).

    Importance sampling of a discrete variable (Williams et al., ICML 2023): unbiased for every b in (0, 1). The draw
    is for the whole batch. One state persists through phases of both kinds.

    Parameters
    ----------
    probability : float
        b of the first draw, and of all without adaptation; in (0, 1).
    baseline : RunningMean, optional
        Subtracted from the statistics of both phases.
    adaptation : AdaptiveProbability, optional
        Moves b between draws; its bounds must enclose ``probability``.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """

    probability: float = 0.5
    baseline: RunningMean | None = None
    adaptation: AdaptiveProbability | None = None

    def __post_init__(self) -> None:
        b = check.single("probability", check.positive("probability", self.probability, below=1.0))
        if self.baseline is not None and not isinstance(self.baseline, RunningMean):
            raise InvalidParameterError("baseline", self.baseline, "a RunningMean or None")
        bounds = self.adaptation
        if bounds is not None and not isinstance(bounds, AdaptiveProbability):
            raise InvalidParameterError("adaptation", bounds, "an AdaptiveProbability or None")
        if bounds is not None and not bounds.lowest <= b <= bounds.highest:
            raise InvalidParameterError("probability", b, f"within {bounds.lowest:g} ... {bounds.highest:g} to adapt")
        check.freeze(self, probability=b)


@dataclass(frozen=True)
class PhaseSchedule:
    r"""Which phases a learner goes through, how long each is, and when it moves its parameters.

    Parameters
    ----------
    choice : BothPhases or RandomPhase
    length : FixedLength or GeometricLength
    updates : {"end", "always"}
        "end": by the whole rate after each random phase, or once after both, with the statistics of their last
        states. "always": by rate / tau after every step of every phase, with tau the mean length (always-on
        learning), so that a phase's dynamics run while its parameters move.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """

    choice: BothPhases | RandomPhase = field(default_factory=BothPhases)
    length: FixedLength | GeometricLength = field(default_factory=lambda: FixedLength(1))
    updates: Literal["end", "always"] = "end"

    def __post_init__(self) -> None:
        if not isinstance(self.choice, BothPhases | RandomPhase):
            raise InvalidParameterError("choice", self.choice, "BothPhases(...) or RandomPhase(...)")
        if not isinstance(self.length, FixedLength | GeometricLength):
            raise InvalidParameterError("length", self.length, "FixedLength(steps) or GeometricLength(mean)")
        if self.updates not in _UPDATES:
            raise InvalidParameterError("updates", self.updates, f"one of {', '.join(_UPDATES)}")

    @property
    def paired(self) -> bool:
        """Whether phases come in pairs."""
        return isinstance(self.choice, BothPhases)

    @property
    def chains(self) -> int:
        """How many states persist: 1, or 2 if each phase has its own."""
        return 2 if isinstance(self.choice, BothPhases) and self.choice.persistent else 1

    def plan(self, phases: int, examples: int, rng: np.random.Generator | int | None = None, *, batch: int = 1) -> Plan:
        """Draw everything that a run of so many phases draws.

        Parameters
        ----------
        phases : int
            >= 1; even with both phases, of which each counts.
        examples : int
            How many there are to draw from, >= 1.
        rng : Generator or seed
        batch : int
            Examples of a phase, >= 1.

        Raises
        ------
        InvalidParameterError
            If a number is not as above.
        """
        count = check.integer_at_least("phases", phases, 1)
        if self.paired and count % 2:
            raise InvalidParameterError("phases", phases, "even: an update takes a positive and a negative phase")
        total, size = check.integer_at_least("examples", examples, 1), check.integer_at_least("batch", batch, 1)
        seeds = check.generator(rng).integers(0, 2**63, size=5)  # a stream each, so that a longer plan begins the same
        uniform, length, example, seed, start = (np.random.default_rng(int(s)) for s in seeds)
        updates = count // 2 if self.paired else count
        drawn = example.integers(0, total, (updates, size), dtype=np.int64)
        return Plan(
            uniform.random(count),
            self.length.draw(count, length),
            np.repeat(drawn, 2, axis=0) if self.paired else drawn,
            seed.integers(0, 2**64, count, dtype=np.uint64),
            start.integers(0, 2**64, 2, dtype=np.uint64),
            self.paired,
        )


def two_term(steps: int, *, persistent: bool = False) -> PhaseSchedule:
    """Both phases for every update: contrastive divergence CD-K, or its persistent form, with K = ``steps``."""
    return PhaseSchedule(BothPhases(persistent), FixedLength(steps), "end")


def isd(b: float, steps: int) -> PhaseSchedule:
    """One random phase of fixed length for every update, positive with probability ``b``."""
    return PhaseSchedule(RandomPhase(b), FixedLength(steps), "end")


def always_on(b: float, steps: float, *, geometric: bool = False) -> PhaseSchedule:
    r"""Random phases in which every step updates: of ``steps`` steps, or of random length with that mean.

    Parameters that move within a phase follow its flow, and the mean of two flows is not the flow of the mean. For
    statistics that are functions g of the parameters and long phases of fixed length the mean update is
    :math:`-\eta\,(g_+ - g_-) + \tfrac12 \eta^2 [g_+' g_+/b + g_-' g_-/(1 - b)]` to second order in the rate
    :math:`\eta`, while updates at the end have the first term only. The second one climbs :math:`|g|^2`: it matters
    where the statistics are much larger than their difference.
    """
    length = GeometricLength(steps) if geometric else FixedLength(steps)  # type: ignore[arg-type]  # checked there
    return PhaseSchedule(RandomPhase(b), length, "always")
