"""Periodic piecewise-linear signals, the inputs whose responses have closed forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["PeriodicSignal"]


@dataclass(frozen=True, eq=False, init=False)
class PeriodicSignal:
    """Continuous signal of one period, linear between corners. Leading axes are a batch.

    Parameters
    ----------
    times : array_like, shape (..., j + 1)
        Corner times, increasing from 0 to the period.
    values : array_like, shape (..., j + 1)
        Signal at the corners; the last equals the first.

    Raises
    ------
    InvalidParameterError
        If times do not increase from 0, or the signal is not continuous across the period.
    """

    times: FloatArray
    values: FloatArray

    def __init__(self, times: ArrayLike, values: ArrayLike) -> None:
        corners, levels = check.finite("times", times), check.finite("values", values)
        check.broadcast(times=corners, values=levels)
        increasing = corners.ndim > 0 and corners.shape[-1] > 1 and bool((np.diff(corners) > 0).all())
        if not increasing or (corners[..., 0] != 0).any():
            raise InvalidParameterError("times", times, "at least two corner times, increasing from 0 to the period")
        if (levels[..., -1] != levels[..., 0]).any():
            raise InvalidParameterError("values", values, "equal at the first and the last corner")
        check.freeze(self, times=corners, values=levels)

    @property
    def period(self) -> FloatArray:
        """Length of one period, shape batch."""
        return np.asarray(self.times[..., -1])

    @property
    def slopes(self) -> FloatArray:
        """Rate of change on each segment, shape (..., j)."""
        return np.diff(self.values) / np.diff(self.times)

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Value at any times, shape batch + t.shape."""
        time = np.asarray(t, dtype=float)
        axes = (1,) * time.ndim
        corners = self.times.reshape(*self.times.shape[:-1], *axes, self.times.shape[-1])
        phase = np.mod(time, corners[..., -1])
        values = self.values.reshape(*self.values.shape[:-1], *axes, self.values.shape[-1])
        slopes = self.slopes.reshape(*self.slopes.shape[:-1], *axes, self.slopes.shape[-1])
        index = np.sum(phase[..., None] >= corners[..., 1:-1], axis=-1)[..., None]
        shape = np.broadcast_shapes(index.shape[:-1], corners.shape[:-1], values.shape[:-1])

        def pick(array: FloatArray) -> FloatArray:
            full = np.broadcast_to(array, (*shape, array.shape[-1]))
            return np.take_along_axis(full, np.broadcast_to(index, (*shape, 1)), axis=-1)[..., 0]

        return np.asarray(pick(values) + pick(slopes) * (phase - pick(corners)))[()]
