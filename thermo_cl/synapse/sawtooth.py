"""The asymmetric sawtooth between free and clamped states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.kernels import PeriodicSignal

__all__ = ["Sawtooth"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Sawtooth:
    """Training protocol: a fast rise from free to clamped, a slow fall back (Falk et al. 2025, Eq. 5).

    The signal runs from mean - A/2 to mean + A/2 in ``fast`` time units and back in ``slow``.

    Parameters
    ----------
    fast : array_like, shape batch
        Rise time, > 0.
    slow : array_like, shape batch
        Fall time, > 0; the learning rule needs slow > fast, but any ratio is evaluated.
    mean : array_like, shape batch
        Average of the free and the clamped signal.

    Raises
    ------
    InvalidParameterError
        If a ramp time is not positive, or the mean not finite.
    """

    fast: FloatArray
    slow: FloatArray
    mean: FloatArray

    def __init__(self, fast: ArrayLike, slow: ArrayLike, mean: ArrayLike = 0.0) -> None:
        rise, fall = check.positive("fast", fast), check.positive("slow", slow)
        average = check.finite("mean", mean)
        check.broadcast(fast=rise, slow=fall, mean=average)
        check.freeze(self, fast=rise[()], slow=fall[()], mean=average[()])

    __repr__ = show.brief_repr

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single protocol."""
        return np.broadcast_shapes(np.shape(self.fast), np.shape(self.slow), np.shape(self.mean))

    @property
    def period(self) -> FloatArray:
        """Time of one cycle, shape batch."""
        return self.fast + self.slow

    def unit_signal(self) -> PeriodicSignal:
        """The cycle with mean 0 and amplitude 1; every other one is ``mean + amplitude`` times it."""
        fast, slow = np.broadcast_arrays(self.fast, self.slow)
        times = np.stack([np.zeros_like(fast), fast, fast + slow], axis=-1)
        return PeriodicSignal(times, np.array([-0.5, 0.5, -0.5]))

    def signal(self, amplitude: ArrayLike) -> PeriodicSignal:
        """The cycle at an amplitude (shape batch, >= 0) as a piecewise-linear signal."""
        height = check.non_negative("amplitude", amplitude)
        unit = self.unit_signal()
        values = np.asarray(self.mean)[..., None] + height[..., None] * unit.values
        return PeriodicSignal(unit.times, values)
