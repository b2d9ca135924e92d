"""What the straight-line law of a kernel, u = area * s - first_moment * ds/dt, does on the ramps of a sawtooth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["RampLaw", "Range"]


class Range(NamedTuple):
    """Values from ``low`` to ``high``; empty if low is above high."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """Whether no value is in it."""
        return not self.low <= self.high

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float | np.number) and bool(self.low <= value <= self.high)

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g}" + (" (none)" if self.empty else "")


class RampLaw(NamedTuple):
    """Law of a kernel of first moment ``-size``, u = area * s + size * ds/dt, under a sawtooth about a mean signal.

    Arguments of its methods are single numbers > 0, not checked: amplitudes, thresholds and the ramps' times.
    """

    size: float
    area: float
    mean: float

    def _levels(self, amplitude: float) -> Range:
        """Smallest and largest of area * s along a ramp."""
        half = 0.5 * abs(self.area) * amplitude
        return Range(self.area * self.mean - half, self.area * self.mean + half)

    def smallest_on_rise(self, amplitude: float, fast: float) -> float:
        """Smallest output on the fast ramp."""
        return self.size * amplitude / fast + self._levels(amplitude).low

    def largest_on_fall(self, amplitude: float, slow: float) -> float:
        """Largest output, in size, on the slow ramp: at its end, or with a large area at its start."""
        level, drop = self._levels(amplitude), self.size * amplitude / slow
        return max(drop - level.low, level.high - drop)

    def thresholds(self, asked: Range, fast: float, slow: float) -> Range:
        """Between the slow ramp's largest and the fast ramp's smallest output, for amplitudes of a range."""
        return Range(
            max(self.largest_on_fall(a, slow) for a in asked), min(self.smallest_on_rise(a, fast) for a in asked)
        )

    def longest_rise(self, amplitude: float, threshold: float) -> float:
        """Fast ramp on which the smallest output just reaches the threshold."""
        lacking = threshold - self._levels(amplitude).low
        return self.size * amplitude / lacking if lacking > 0.0 else np.inf

    def falls(self, amplitude: float, threshold: float) -> Range:
        """Slow ramps that are silent."""
        level, reach = self._levels(amplitude), self.size * amplitude
        room, excess = threshold + level.low, level.high - threshold
        return Range(reach / room if room > 0.0 else np.inf, reach / excess if excess > 0.0 else np.inf)

    def amplitudes(self, threshold: float, fast: float, slow: float) -> Range:
        """Where the rise passes in full and the fall is silent at both ends: three conditions linear in amplitude."""
        bias, half = self.area * self.mean, 0.5 * abs(self.area)
        low, high = 0.0, np.inf
        for slope, level in (  # slope * amplitude >= level
            (self.size / fast - half, threshold - bias),
            (-self.size / slow - half, -threshold - bias),
            (self.size / slow - half, bias - threshold),
        ):
            if slope > 0.0:
                low = max(low, level / slope)
            elif slope < 0.0:
                high = min(high, level / slope)
            elif level > 0.0:
                low = np.inf
        return Range(low, high)
