"""What a run draws, drawn up front: a generic learner and a compiled one that follow it give the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError

if TYPE_CHECKING:
    from thermo_cl.learning.data import Dataset
    from thermo_cl.learning.phases.schedules import PhaseSchedule

__all__ = ["Plan", "check_plan", "step_seed"]

_STRIDE = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio, odd: no step of one seed repeats
_MASK = 2**64 - 1


def step_seed(seed: int, step: int) -> int:
    """Seed of a step of a phase, from 0: ``(seed + step * 0x9E3779B97F4A7C15) mod 2**64``.

    The first step has the seed of the phase, so that a run of one step is a run of one step. Seeds of neighbouring
    steps are related: a model mixes their bits before it draws, as splitmix64 or a ``SeedSequence`` does.
    """
    return (int(seed) + int(step) * _STRIDE) & _MASK


@dataclass(frozen=True, eq=False)
class Plan:
    """The draws of so many phases; ``PhaseSchedule.plan`` makes one.

    A longer plan from the same seed begins with the shorter one.

    Attributes
    ----------
    uniform : ndarray, shape (phases,)
        In [0, 1): with a random choice the phase is positive where it is below the probability b of that moment.
        Not looked at with both phases.
    length : ndarray of int, shape (phases,)
        Steps of each phase, >= 1.
    example : ndarray of int, shape (phases, batch)
        Which examples each phase sees, drawn with replacement; the same for the two phases of a pair.
    seed : ndarray of uint64, shape (phases,)
        Of what the model draws in each phase; see ``step_seed``.
    start : ndarray of uint64, shape (2,)
        Of the states before the first phase: of the negative phase's chain or the only one, and of the positive's.
    paired : bool
        Phases come in pairs, positive (even numbers, from 0) and negative (odd ones).

    Raises
    ------
    InvalidParameterError
        If an array has another shape or type.
    """

    uniform: FloatArray
    length: IntArray
    example: IntArray
    seed: NDArray[np.uint64]
    start: NDArray[np.uint64]
    paired: bool

    def __post_init__(self) -> None:
        count = np.shape(self.uniform)[:1]
        for name, shape, kind in (
            ("uniform", count, "f"), ("length", count, "iu"), ("seed", count, "u"), ("start", (2,), "u"),
        ):  # fmt: skip
            _check_array(name, getattr(self, name), shape, kind)
        _check_array("example", self.example, (*count, *np.shape(self.example)[1:2]), "iu")
        if self.example.ndim != 2 or not self.example.shape[1]:
            raise InvalidParameterError("example.shape", self.example.shape, "(phases, batch), a batch of at least 1")

    def __len__(self) -> int:
        return len(self.uniform)

    @property
    def batch(self) -> int:
        """Examples of a phase."""
        return int(self.example.shape[1])

    def part(self, begin: int, end: int) -> Plan:
        """The phases from ``begin`` up to ``end``, as views; following a plan's parts in turn is following it.

        Raises
        ------
        InvalidParameterError
            If the numbers are not within the plan or would cut a pair.
        """
        first, last = check.integer_at_least("begin", begin, 0), check.integer_at_least("end", end, 0)
        if not first <= last <= len(self):
            raise InvalidParameterError("begin, end", (begin, end), f"in order and at most {len(self)}")
        if self.paired and (first % 2 or last % 2):
            raise InvalidParameterError("begin, end", (begin, end), "even: a pair of phases is one update")
        some = slice(first, last)
        return Plan(
            self.uniform[some], self.length[some], self.example[some], self.seed[some], self.start, self.paired
        )  # fmt: skip


def _check_array(name: str, array: object, shape: tuple[int, ...], kinds: str) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds:
        valid = "an array of " + {"f": "floating point", "iu": "whole numbers", "u": "unsigned whole numbers"}[kinds]
        raise InvalidParameterError(name, type(array).__name__, valid)
    if array.shape != shape:
        raise InvalidParameterError(f"{name}.shape", array.shape, f"{shape}")


def check_plan(plan: Plan, schedule: PhaseSchedule, data: Dataset) -> None:
    """Refuse a plan of another kind of schedule, or with draws that are none of these data."""
    check.integer_at_least("phases", len(plan), 1)
    if plan.paired and len(plan) % 2:
        raise InvalidParameterError("phases", len(plan), "even: an update takes a positive and a negative phase")
    if plan.paired != schedule.paired:
        raise InvalidParameterError("phases", f"a plan with paired = {plan.paired}", "a plan of this kind of schedule")
    if plan.length.min() < 1:
        raise InvalidParameterError("phases", f"a plan with a phase of {plan.length.min()} steps", "of at least 1 each")
    if not (plan.uniform.min() >= 0.0 and plan.uniform.max() < 1.0):
        seen = f"a plan with uniform from {plan.uniform.min()} to {plan.uniform.max()}"
        raise InvalidParameterError("phases", seen, "draws in [0, 1)")
    if plan.example.min() < 0:
        raise InvalidParameterError("phases", f"a plan for example {plan.example.min()}", "of examples from 0")
    if plan.example.max() >= len(data):
        raise InvalidParameterError("phases", f"a plan for {plan.example.max() + 1} examples", f"for {len(data)}")
