"""The signal over the time it is followed, with the times at which it is not smooth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.markov.driving.system import DrivenNetwork

__all__ = ["Path", "signal_path"]

_SAMPLES = 1025
_SUSPECTS = 8  # steepest sampling intervals that are searched for a jump
_HALVINGS = 40
_ROUNDING = 1e-12
_TINY = 1e-300
_JUMP = 1e-3  # of the signal's range: what is left of a step after the halvings, if it is one


@dataclass(frozen=True, eq=False)
class Path:
    """A continuous signal on [0, duration].

    Attributes
    ----------
    duration : float
    breaks : ndarray, shape (k,)
        Increasing times from 0 to the duration; the rates are smooth between two of them.
    value : callable
        Signal at an array of times.
    slope : callable or None
        Its rate of change at times between breaks, where it is known exactly.
    """

    duration: float
    breaks: FloatArray
    value: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray] | None


def signal_path(
    system: DrivenNetwork,
    signal: PeriodicSignal | Callable[[FloatArray], ArrayLike],
    duration: float | None,
    breaks: ArrayLike,
    *,
    periodic: bool,
) -> Path:
    """Check a signal against the system and find where the rates it causes are not smooth.

    Raises
    ------
    InvalidParameterError
        If the duration is missing or not positive, a break lies outside, or the signal jumps, is not finite, leaves
        the system's domain or, where it is periodic, ends at another value than it starts from.
    """
    if isinstance(signal, PeriodicSignal):
        return _linear_path(system, signal, duration, breaks, periodic)
    if not callable(signal):
        raise InvalidParameterError("signal", signal, "a PeriodicSignal or a function of time")
    if duration is None:
        raise InvalidParameterError("period", None, "given when the signal is a function")
    length = check.positive_number("period" if periodic else "duration", duration)
    cuts = _breaks(breaks, length)

    def value(times: FloatArray) -> FloatArray:
        try:
            levels = np.asarray(signal(times), dtype=float)
        except TypeError as error:
            raise InvalidParameterError("signal", signal, f"a function of an array of times ({error})") from error
        if levels.ndim and levels.shape != times.shape:
            raise InvalidParameterError("signal(times).shape", levels.shape, f"that of the times, {times.shape}")
        levels = np.broadcast_to(levels, times.shape)
        require_domain(system, times, levels)
        return levels

    times = np.union1d(np.linspace(0.0, length, _SAMPLES), cuts)
    samples = value(times)
    spread = float(np.ptp(samples))
    _refuse_jumps(value, times, samples, spread, cuts, length)
    if periodic and abs(samples[-1] - samples[0]) > max(1e-9 * max(spread, abs(samples[0])), _TINY):
        raise InvalidParameterError(
            "signal", f"{samples[0]:.10g} at t = 0 and {samples[-1]:.10g} at t = {length:g}",
            "continuous across the period",
        )  # fmt: skip
    return Path(length, cuts, value, None)


def require_domain(system: DrivenNetwork, times: FloatArray, levels: FloatArray) -> None:
    """Refuse signals that are not finite or outside the system's domain, naming the time."""
    good = np.isfinite(levels) & (levels >= system.lowest) & (levels <= system.highest)
    if not good.all():
        at = int(np.argmin(good))
        raise InvalidParameterError(
            f"signal at t = {float(times[at]):.6g}", float(levels[at]),
            f"finite and between {system.lowest:g} and {system.highest:g}, where the rates are defined",
        )  # fmt: skip


def _breaks(breaks: ArrayLike, length: float) -> FloatArray:
    cuts = np.unique(check.finite("breaks", np.asarray(breaks, dtype=float)))
    outside = (cuts < 0) | (cuts > length)
    if outside.any():
        raise InvalidParameterError("breaks", float(cuts[outside][0]), f"between 0 and {length:g}")
    return np.union1d(cuts, [0.0, length])


def _refuse_jumps(
    value: Callable[[FloatArray], FloatArray],
    times: FloatArray,
    samples: FloatArray,
    spread: float,
    cuts: FloatArray,
    length: float,
) -> None:
    """Halve the steepest sampling intervals: across a continuous signal the difference fades, at a jump it stays."""
    if spread <= max(_ROUNDING * np.abs(samples).max(), _TINY):
        return
    suspects = np.argsort(np.abs(np.diff(samples)))[-_SUSPECTS:]
    near = 2.0**-30 * length
    low = np.concatenate([times[suspects], np.maximum(cuts - near, 0.0)])
    high = np.concatenate([times[suspects + 1], np.minimum(cuts + near, length)])
    below, above = value(low), value(high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        level = value(middle)
        left = np.abs(level - below) >= np.abs(above - level)
        low, high = np.where(left, low, middle), np.where(left, middle, high)
        below, above = np.where(left, below, level), np.where(left, level, above)
    jumps = np.abs(above - below) > _JUMP * spread
    if jumps.any():
        at = int(np.argmax(jumps))
        raise InvalidParameterError(
            "signal", f"a jump from {below[at]:.6g} to {above[at]:.6g} at t = {low[at]:.6g}",
            "continuous; replace the jump by a short ramp",
        )  # fmt: skip


def _linear_path(
    system: DrivenNetwork, signal: PeriodicSignal, duration: float | None, breaks: ArrayLike, periodic: bool
) -> Path:
    if signal.times.ndim != 1 or signal.values.ndim != 1:
        raise InvalidParameterError("signal", f"a batch {signal.values.shape[:-1]}", "a single signal")
    period = float(signal.period)
    if periodic and duration is not None and duration != period:
        raise InvalidParameterError("period", duration, f"that of the signal, {period:g}, or left out")
    length = period if duration is None else check.positive_number("duration", duration)
    require_domain(system, signal.times, signal.values)
    corners, levels, rates = signal.times, signal.values, signal.slopes
    own = _breaks(breaks, length)

    def segment(times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Index of the segment, and the time since the cycle's start."""
        phase = times % period
        return np.clip(np.searchsorted(corners, phase, side="right") - 1, 0, rates.size - 1), phase

    def value(times: FloatArray) -> FloatArray:
        k, phase = segment(times)
        share = (phase - corners[k]) / (corners[k + 1] - corners[k])
        return np.asarray((1.0 - share) * levels[k] + share * levels[k + 1])  # stays between the corners' values

    def slope(times: FloatArray) -> FloatArray:
        return np.asarray(rates[segment(times)[0]])

    cycle = [corners]
    for kink in system.kinks:
        inside = (levels[:-1] - kink) * (levels[1:] - kink) < 0
        cycle.append((corners[:-1] + (kink - levels[:-1]) / np.where(inside, rates, 1.0))[inside])
    one = np.unique(np.concatenate(cycle))
    repeated = (one + period * np.arange(math.ceil(length / period))[:, None]).ravel()
    cuts = np.union1d(own, repeated[repeated < length])
    tiny = np.concatenate([[False], np.diff(cuts) <= 1e-14 * length])
    tiny[-1] = False
    return Path(length, cuts[~tiny], value, slope)
