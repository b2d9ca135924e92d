"""One minibatch of temporal contrast in the straightforward way, to be timed against.

Written from the description in Falk et al. 2025, Fig. 3 and App. B: every clamped state relaxed by itself, the current
of every synapse at 17 knots, interpolated to 100 times (``interp1d``), convolved with ten samples of the sine kernel
(``convolve1d``), thresholded, and integrated by the trapezoid rule: arrays of 784 x 500 x
time, of about 300 MB each, all functions with their default axis, the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interp1d
from scipy.ndimage import convolve1d

Array = NDArray[np.float64]

FAST, SLOW, STAGES, SAMPLES = 0.1, 0.9, 8, 100
WINDOW, HEIGHT, GAIN = 0.1, 1.0 / 3.0, 5000.0
THRESHOLDS = {"W1": 1.2e-6, "b1": 1e-5, "W2": 2e-5, "b2": 2e-4}


def naive_gradient(parameters: dict[str, Array], inputs: Array, targets: Array, nudge: float) -> dict[str, Array]:
    """Estimate of the gradient from states at rest: 20 free steps, then 4 for each clamped state."""
    hidden = np.zeros((len(inputs), parameters["b1"].size))
    output = np.zeros((len(inputs), parameters["b2"].size))
    free = _relax(parameters, inputs, hidden, output, targets, 0.0, 20)
    up = [free] + [_relax(parameters, inputs, *free, targets, nudge * i / STAGES, 4) for i in range(1, STAGES + 1)]
    states = up + up[-2::-1]
    count = len(inputs)
    gradient = {}
    for name, threshold in THRESHOLDS.items():
        if name == "W1":
            currents = [-inputs.T @ h / count for h, _ in states]
        elif name == "b1":
            currents = [-h.mean(axis=0) for h, _ in states]
        elif name == "W2":
            currents = [-h.T @ y / count for h, y in states]
        else:
            currents = [-y.mean(axis=0) for _, y in states]
        gradient[name] = GAIN / nudge * _memory(np.stack(currents, axis=-1), threshold)
    return gradient


def _relax(
    parameters: dict[str, Array], x: Array, h: Array, y: Array, targets: Array, nudge: float, steps: int
) -> tuple[Array, Array]:
    for _ in range(steps):
        pull_h = x @ parameters["W1"] + parameters["b1"] + y @ parameters["W2"].T - h
        pull_y = h @ parameters["W2"] + parameters["b2"] - y - 2.0 * nudge * (y - targets)
        h, y = np.clip(h + 0.5 * pull_h, 0.0, 1.0), np.clip(y + 0.5 * pull_y, 0.0, 1.0)
    return h, y


def _memory(currents: Array, threshold: float) -> Array:
    """Thresholded output of the sine kernel over one period."""
    step = (FAST + SLOW) / SAMPLES
    ramps = [np.linspace(0.0, FAST, STAGES + 1), FAST + np.linspace(0.0, SLOW, STAGES + 1)[1:]]
    currents_in_time = interp1d(np.concatenate(ramps), currents)(np.arange(SAMPLES) * step)
    kernel = HEIGHT * np.sin(2.0 * np.pi * np.arange(round(WINDOW / step)) * step / WINDOW)
    u = convolve1d(currents_in_time, kernel, mode="wrap") * step
    u[np.abs(u) < threshold] = 0.0
    return np.asarray(np.trapezoid(u, dx=step))
