"""What a model must have so that any phase schedule can train it."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol, Self, runtime_checkable

from thermo_cl._types import Array, IntArray
from thermo_cl.learning.energy import Parameters

__all__ = ["Phase", "PhaseModel", "State"]

State = tuple[Array, ...]
"""Arrays of a model's own choice, each of shape (batch, ...); what persists between phases."""


class Phase(IntEnum):
    """Which of the two distributions the model is in."""

    NEGATIVE = 0
    POSITIVE = 1


@runtime_checkable
class PhaseModel(Protocol):
    r"""A model whose cost has the gradient :math:`E[g_+] - E[g_-]` (Williams et al. 2023, Eq. 2).

    For energy models :math:`g_\pm = \partial E/\partial\theta`, positive with the data held, negative without.

    A model may also have ``check_data(data)``, which refuses by InvalidParameterError a data set that does not fit
    it, before a run starts; and ``follow(schedule, plan, data, optimizer, carried)``, which returns what the function
    ``follow`` of the learner would (the model and what a run carries on), or None where it has no faster way.
    """

    @property
    def parameters(self) -> Parameters:
        """All arrays of floating point by name, read-only."""
        ...

    def with_parameters(self, parameters: Parameters) -> Self:
        """The same model with other arrays, taken without a copy."""
        ...

    def start(self, batch: int, *, seed: int) -> State:
        """A state before the first phase."""
        ...

    def run(self, phase: Phase, state: State, inputs: Array, labels: IntArray, *, steps: int, seed: int) -> State:
        """The state after so many steps of a phase's dynamics.

        Parameters
        ----------
        phase : Phase
        state : tuple of ndarray
            Where the phase starts.
        inputs : ndarray, shape (batch, features)
        labels : ndarray of int, shape (batch,)
        steps : int
            >= 1. Two runs of one step, with the seeds that ``step_seed`` gives them, are a run of two.
        seed : int
            Of everything that the phase draws.
        """
        ...

    def statistic(self, phase: Phase, state: State, inputs: Array, labels: IntArray) -> Parameters:
        """Batch mean of g in a state of a phase, by name and of the shapes of the parameters; any real numbers."""
        ...
