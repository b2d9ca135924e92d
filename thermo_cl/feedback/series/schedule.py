"""What is done to a network over time: imposed values, loads and clamped outputs, linear between given times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.shape import single_protocol
from thermo_cl.synapse import Sawtooth

__all__ = ["Schedule", "nudging_schedule"]


@dataclass(frozen=True, eq=False, init=False)
class Schedule:
    """Imposed values, loads and clamped outputs, piecewise linear in time.

    Parameters
    ----------
    times : array_like, shape (n + 1,)
        Corner times, increasing.
    values : array_like, shape (n + 1, m)
        Values of the imposed degrees of freedom at the corners: positions (m) or voltages (V).
    loads : array_like, shape (n + 1, dofs), optional
        Forces (N) or currents (A) at the free degrees of freedom; none by default.
    outputs : array_like, shape (n + 1, o), optional
        Values of the clamped combinations of the network's free degrees of freedom.

    Raises
    ------
    InvalidParameterError
        If times do not increase, a number is not finite, or the rows do not fit the times.
    """

    times: FloatArray
    values: FloatArray
    loads: FloatArray | None
    outputs: FloatArray | None

    def __init__(
        self, times: ArrayLike, values: ArrayLike, loads: ArrayLike | None = None, outputs: ArrayLike | None = None
    ) -> None:
        corners = check.finite("times", times)
        if corners.ndim != 1 or corners.size < 2 or not (np.diff(corners) > 0).all():
            raise InvalidParameterError("times", times, "at least two times that increase")
        rows = {"values": check.finite("values", values)}
        rows |= {
            name: check.finite(name, given)
            for name, given in (("loads", loads), ("outputs", outputs))
            if given is not None
        }
        for name, array in rows.items():
            if array.ndim != 2 or array.shape[0] != corners.size:
                raise InvalidParameterError(f"{name}.shape", array.shape, f"({corners.size}, ...), a row for each time")
        check.freeze(
            self, times=corners, values=rows["values"], loads=rows.get("loads"), outputs=rows.get("outputs")
        )  # fmt: skip

    def at(self, times: ArrayLike) -> tuple[FloatArray, FloatArray | None, FloatArray | None]:
        """Values, loads and outputs at times within the schedule, one row each."""
        when = np.atleast_1d(check.finite("times", times))
        index = np.clip(np.searchsorted(self.times, when, side="right") - 1, 0, self.times.size - 2)
        share = ((when - self.times[index]) / (self.times[index + 1] - self.times[index]))[:, None]

        def rows(array: FloatArray) -> FloatArray:
            return array[index] * (1.0 - share) + array[index + 1] * share

        return (
            rows(self.values),
            None if self.loads is None else rows(self.loads),
            None if self.outputs is None else rows(self.outputs),
        )

    def grid(self, step: float | None) -> FloatArray:
        """Times of the steps: every corner, and equal parts of at most ``step`` between them."""
        if step is None:
            return self.times
        parts = np.maximum(np.ceil(np.diff(self.times) / step * (1.0 - 1e-12)), 1).astype(int)
        pieces = zip(self.times[:-1], self.times[1:], parts, strict=True)
        inner = [np.linspace(begin, end, count, endpoint=False) for begin, end, count in pieces]
        return np.concatenate([*inner, self.times[-1:]])


def nudging_schedule(
    protocol: Sawtooth, values: ArrayLike, free: ArrayLike, change: ArrayLike, *, cycles: int = 1
) -> Schedule:
    """Inputs held, outputs clamped and moved by the sawtooth: free + a(t) change, from its lowest point.

    Parameters
    ----------
    protocol : Sawtooth
        Single; a(t) runs from mean - 1/2 to mean + 1/2 and back.
    values : array_like, shape (m,)
        Imposed values, held.
    free, change : array_like, shape (o,)
        Outputs in the free state, and by how much a full nudge moves them.
    cycles : int
        >= 1.

    Raises
    ------
    InvalidParameterError
        For a batch of protocols, cycles below 1, or shapes that do not fit.
    """
    fast, slow, mean = single_protocol(protocol)
    count = check.integer_at_least("cycles", cycles, 1)
    start, move = np.atleast_1d(check.finite("free", free)), np.atleast_1d(check.finite("change", change))
    check.broadcast(free=start, change=move)
    period = np.arange(count)[:, None] * (fast + slow)
    times = np.append((period + np.array([0.0, fast])).ravel(), count * (fast + slow))
    ramp = mean + np.append(np.tile([-0.5, 0.5], count), -0.5)
    held = np.atleast_1d(check.finite("values", values))
    return Schedule(times, np.tile(held, (times.size, 1)), outputs=start + ramp[:, None] * move)
