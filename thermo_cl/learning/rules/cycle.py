"""Periodic paths of the nudge between the free and the clamped state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.synapse import Sawtooth

__all__ = ["ClampingCycle"]


@dataclass(frozen=True, eq=False, init=False)
class ClampingCycle:
    """One period of clamping: the nudge at some times, and linear currents in between.

    Parameters
    ----------
    times : array_like, shape (k + 1,)
        Knots, increasing from 0 to the period.
    fractions : array_like, shape (k + 1,)
        Nudge at each knot in units of the rule's nudge, in [0, 1]; the last equals the first, and at least two differ.
        0 is the free state.

    Raises
    ------
    InvalidParameterError
        If times do not increase from 0, or the fractions are not a closed path in [0, 1] that moves.
    """

    times: FloatArray
    fractions: FloatArray

    def __init__(self, times: ArrayLike, fractions: ArrayLike) -> None:
        knots, path = check.finite("times", times), check.finite("fractions", fractions)
        if knots.ndim != 1 or knots.size < 3 or knots[0] != 0 or not (np.diff(knots) > 0).all():
            raise InvalidParameterError("times", times, "at least three numbers, increasing from 0 to the period")
        if path.shape != knots.shape:
            raise InvalidParameterError("fractions.shape", path.shape, f"{knots.shape}, one for each time")
        if (path < 0).any() or (path > 1).any() or path[0] != path[-1] or (path == path[0]).all():
            raise InvalidParameterError("fractions", fractions, "in [0, 1], the last equal to the first, not all equal")
        check.freeze(self, times=knots, fractions=path)

    @classmethod
    def sawtooth(cls, protocol: Sawtooth, stages: int = 8) -> ClampingCycle:
        """The paper's path: up in equal steps of time and nudge on the fast ramp, down again on the slow one.

        Parameters
        ----------
        protocol : Sawtooth
            A single one; its mean plays no part, as the network makes the currents.
        stages : int
            Clamped states on each ramp, >= 1; the free one comes on top (Falk et al. 2025, App. B: 8).
        """
        count = check.integer_at_least("stages", stages, 1)
        if protocol.batch_shape:
            raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
        fast, slow = float(protocol.fast), float(protocol.slow)
        up = np.arange(count + 1) / count
        times = np.concatenate([fast * up, fast + slow * up[1:]])
        return cls(times, np.concatenate([up, up[-2::-1]]))

    @property
    def period(self) -> float:
        """Time of one cycle."""
        return float(self.times[-1])

    @property
    def levels(self) -> FloatArray:
        """Distinct fractions in increasing order, shape (levels,)."""
        return np.unique(self.fractions)

    @property
    def visits(self) -> IntArray:
        """Index into ``levels`` at each knot, shape (k + 1,)."""
        return np.searchsorted(self.levels, self.fractions).astype(np.int64)

    def __repr__(self) -> str:
        return f"ClampingCycle({self.levels.size} levels, {self.times.size} knots, period {self.period:g})"
