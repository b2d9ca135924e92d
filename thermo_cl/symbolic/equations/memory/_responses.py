"""Numbers of the library that checks share."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel, PeriodicSignal, periodic_response

__all__ = ["on_ramp", "plain"]


def on_ramp(kernel: Kernel, rate: FloatArray, start: FloatArray, slope: FloatArray, time: FloatArray) -> FloatArray:
    """Library's output at a time late on a long rise of a periodic signal that is ``start + slope t`` there."""
    rise = 60.0 / rate  # a kernel's memory of the corner is gone after 45 of its time scales
    begin = time - 0.75 * rise
    low, high = start + slope * begin, start + slope * (begin + rise)
    signal = PeriodicSignal(np.stack([0.0 * rise, rise, 2.0 * rise], -1), np.stack([low, high, low], -1))
    return np.array([periodic_response(kernel, signal)(0.75 * length)[i] for i, length in enumerate(rise)])


def plain(kernel: Kernel) -> Kernel:
    """The kernel without the moments that its maker declared: they are then computed from its terms."""
    return Kernel(kernel.coefficients, kernel.rates, kernel.powers, kernel.window)
