"""Nonlinear controllers by brute force: wait period after period with an explicit integrator of high order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

Motion = Callable[[np.ndarray, float], object]


def waited(
    motion: Motion, corners: np.ndarray, levels: np.ndarray, start: object, periods: int, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Signals and states of the last of so many periods, at given shares of every ramp."""
    state = np.array(start, dtype=float)
    signals, states = [], []
    for _ in range(periods):
        signals, states = [], []
        for (begin, end), (low, high) in zip(pairwise(corners), pairwise(levels), strict=True):
            slope = (high - low) / (end - begin)

            def right(t: float, x: np.ndarray, low: float = low, slope: float = slope) -> object:
                return motion(x, low + slope * t)

            found = solve_ivp(
                right, (0.0, end - begin), state, method="DOP853", rtol=1e-12, atol=1e-14, t_eval=share * (end - begin)
            )
            state = found.y[:, -1]
            signals.append(low + slope * found.t)
            states.append(found.y.T)
    return np.concatenate(signals), np.concatenate(states)
