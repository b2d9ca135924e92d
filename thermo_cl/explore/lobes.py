"""The lobes of a memory kernel: where it changes sign, and the area of each part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel

__all__ = ["Lobes", "lobes"]

_PARTS, _ROUNDS = 32, 6  # of a step between two times: nine digits of it, and the area is stationary at a zero


@dataclass(frozen=True, eq=False)
class Lobes:
    """Parts of a kernel of one sign each.

    Attributes
    ----------
    zeros : ndarray, shape (k,)
        Times at which the kernel changes sign.
    areas : ndarray, shape (k + 1,)
        Area before, between and after them; their sum is the kernel's area.
    """

    zeros: FloatArray
    areas: FloatArray

    @property
    def positive(self) -> float:
        """Area above the axis."""
        return float(self.areas[self.areas > 0].sum())

    @property
    def negative(self) -> float:
        """Area below it, not positive."""
        return float(self.areas[self.areas < 0].sum())


def lobes(kernel: Kernel, times: FloatArray) -> Lobes:
    """Split a single kernel where it changes sign.

    Parameters
    ----------
    kernel : Kernel
        Not a batch, and without an instantaneous part.
    times : ndarray, shape (m,)
        Increasing times that see every change of sign; each is then found to nine digits of a step.
    """
    sign = np.sign(kernel(times))
    before = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    low, high = times[before], times[before + 1]
    share = np.linspace(0.0, 1.0, _PARTS + 1)
    for _ in range(_ROUNDS if before.size else 0):
        between = low[:, None] + (high - low)[:, None] * share
        changed = np.sign(kernel(between[:, 1:-1])) != sign[before, None]
        first = np.where(changed.any(axis=1), changed.argmax(axis=1), _PARTS - 1)[:, None]
        low, high = (np.take_along_axis(between, first + k, axis=1)[:, 0] for k in (0, 1))
    zeros = 0.5 * (low + high)
    grown = np.concatenate([[0.0], np.atleast_1d(kernel.step_response(zeros)), [float(kernel.area)]])
    return Lobes(zeros, np.diff(grown))
