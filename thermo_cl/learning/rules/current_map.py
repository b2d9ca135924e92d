"""Convolved currents as one linear map of the currents in the clamped states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel, PeriodicSignal, periodic_response
from thermo_cl.learning.rules.cycle import ClampingCycle

__all__ = ["CurrentMap"]

_ROUNDING = 16 * np.finfo(float).eps


@dataclass(frozen=True, eq=False, init=False)
class CurrentMap:
    r"""Output of a synapse over one cycle, :math:`u_j = \sum_i M_{ji} s_i`, of the currents s of its levels.

    Parameters
    ----------
    matrix : array_like, shape (samples, levels)
        Output at each time per unit current in each level, levels as ``ClampingCycle.levels`` has them.
    weights : array_like, shape (samples,)
        Of the quadrature over one period, in time.
    times : array_like, shape (samples,)
        Of the samples.
    area : float, optional
        Sum of every row: the output per unit of constant current; given where it is known to more digits.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit or a number is not finite.
    """

    matrix: FloatArray
    weights: FloatArray
    times: FloatArray
    area: float

    def __init__(self, matrix: ArrayLike, weights: ArrayLike, times: ArrayLike, *, area: float | None = None) -> None:
        rows, shares, at = (
            check.finite("matrix", matrix),
            check.finite("weights", weights),
            check.finite("times", times),
        )
        if rows.ndim != 2 or rows.shape[1] < 2 or shares.shape != rows.shape[:1] or at.shape != shares.shape:
            shapes = f"{rows.shape}, {shares.shape} and {at.shape}"
            raise InvalidParameterError("shapes", shapes, "(samples, levels), (samples,) and (samples,), levels >= 2")
        sums, sizes = rows.sum(axis=1), np.abs(rows).sum(axis=1).max()
        total = float(sums.mean() if area is None else area)
        if np.abs(sums - total).max() > 1e-9 * sizes:
            raise InvalidParameterError("matrix", "rows of different sums", "of one sum: the answer to a constant")
        check.freeze(
            self, matrix=rows, weights=shares, times=at, area=0.0 if abs(total) <= _ROUNDING * sizes else total
        )

    @classmethod
    def exact(cls, kernel: Kernel, cycle: ClampingCycle, samples: int = 100) -> CurrentMap:
        """The periodic state in closed form, at equally spaced times; kernels may outlast the period.

        Parameters
        ----------
        kernel : Kernel
            A single one.
        cycle : ClampingCycle
        samples : int
            Times j * period / samples; the threshold is applied at these.

        Raises
        ------
        InvalidParameterError
            For a batch of kernels, or terms too slow for the period (see ``periodic_response``).
        """
        count = _checked(kernel, samples)
        response = periodic_response(kernel, PeriodicSignal(cycle.times, _hats(cycle)))
        times = np.arange(count) * (cycle.period / count)
        return cls(
            response(times).T, np.full(count, cycle.period / count), times, area=float(kernel.area)
        )  # fmt: skip

    @classmethod
    def gauss(cls, kernel: Kernel, cycle: ClampingCycle, nodes: int = 3) -> CurrentMap:
        r"""The periodic state in closed form, at Gauss points between its breakpoints.

        For kernels much shorter than the spacing of equal times: every stretch between two breakpoints of the
        response (corners of the currents, and the same later by the window) is cut once and four times the kernel's
        memory time :math:`|\mu_2/2\mu_1|` after its start, and every piece has so many Gauss points. With three the
        integral of u is good to some 1e-4 of that of \|u\|, or to 1e-2 for a kernel that rings within its memory time;
        a threshold is applied at the points.

        Parameters
        ----------
        kernel, cycle
            As for ``exact``.
        nodes : int
            Points on every piece, >= 1.
        """
        count = check.integer_at_least("nodes", nodes, 1)
        _require_single(kernel)
        response = periodic_response(kernel, PeriodicSignal(cycle.times, _hats(cycle)))
        starts, lengths = response.starts[0], response.lengths[0]  # those of all levels
        first, second = float(kernel.first_moment), float(kernel.moment(2))
        memory = abs(second / (2.0 * first)) if first else np.inf
        cuts = np.stack([0.0 * lengths, *(np.minimum(n * memory, lengths) for n in (1.0, 4.0)), lengths], axis=1)
        pieces = np.diff(cuts)[..., None]
        points, shares = np.polynomial.legendre.leggauss(count)
        times = (starts[:, None] + cuts[:, :-1])[..., None] + 0.5 * pieces * (points + 1.0)
        weights = 0.5 * pieces * shares
        used = weights > _ROUNDING * cycle.period  # a cut may all but meet a breakpoint
        return cls(response(times[used]).T, weights[used], times[used], area=float(kernel.area))

    @classmethod
    def sampled(cls, kernel: Kernel, cycle: ClampingCycle, samples: int = 100) -> CurrentMap:
        r"""The paper's program: interpolated currents, ``convolve1d`` with a sampled kernel, the trapezoid rule.

        The kernel is sampled at the spacing of the currents over its window, or until it is below rounding. The
        convolution is centred, as ``scipy.ndimage`` makes it: a shift in time, which is nothing to a periodic state.
        The trapezoid rule gives half weights to the first and the last sample and so misses the last interval.

        Parameters
        ----------
        kernel, cycle, samples
            As for ``exact``.

        Raises
        ------
        InvalidParameterError
            For a batch of kernels, a kernel with an instantaneous part, which has no samples, or one that is longer
            than the period or shorter than one sample.
        """
        from scipy.ndimage import convolve1d  # takes a third of a second to import

        count = _checked(kernel, samples)
        if kernel.feedthrough != 0.0:
            raise InvalidParameterError(
                "kernel.feedthrough", float(kernel.feedthrough), "0 for a kernel that is sampled; take "
                "convolution='exact', which has the instantaneous part in closed form"
            )  # fmt: skip
        step = cycle.period / count
        times = np.arange(count) * step
        memory = kernel(np.arange(_memory_samples(kernel, step, count)) * step)
        currents = np.stack([np.interp(times, cycle.times, hat) for hat in _hats(cycle)], axis=1)
        weights = np.full(count, step)
        weights[[0, -1]] *= 0.5
        convolved = step * convolve1d(currents, memory, axis=0, mode="wrap")
        return cls(convolved, weights, times, area=float(step * memory.sum()))

    @property
    def steps(self) -> FloatArray:
        """Output per unit difference of successive levels, shape (samples, levels - 1).

        u is ``area * s[0] + steps @ diff(s)``; entries that are zero to rounding, outside a kernel's window, are zero.
        """
        after = np.cumsum(self.matrix[:, :0:-1], axis=1)[:, ::-1]
        size = np.abs(self.matrix).sum(axis=1).max()
        # from whichever end the sum is the smaller one, so that nothing is left where a window has passed
        before = self.area - np.cumsum(self.matrix[:, :-1], axis=1)
        chosen = np.where(np.abs(after) <= np.abs(before), after, before)
        return np.where(np.abs(chosen) <= _ROUNDING * size, 0.0, chosen)


def _hats(cycle: ClampingCycle) -> FloatArray:
    """One at the knots of each level and zero at all others, shape (levels, knots)."""
    return np.eye(cycle.levels.size)[:, cycle.visits]


def _require_single(kernel: Kernel) -> None:
    if kernel.batch_shape:
        raise InvalidParameterError("kernel", f"a batch of shape {kernel.batch_shape}", "a single kernel")


def _checked(kernel: Kernel, samples: int) -> int:
    _require_single(kernel)
    return check.integer_at_least("samples", samples, 2)


def _memory_samples(kernel: Kernel, step: float, count: int) -> int:
    """Samples of a kernel over its window, or until all its terms are below rounding."""
    window = float(kernel.window)
    if np.isinf(window):
        times = np.arange(count + 1) * step
        weight = np.abs(kernel.coefficients)[:, None] * times ** kernel.powers[:, None]
        size = np.sum(weight * np.exp(kernel.rates.real[:, None] * times), axis=0)
        alive = size > np.finfo(float).eps * size.max()
        needed = count + 1 if alive[-1] else int(np.flatnonzero(alive)[-1]) + 1
    else:
        needed = round(window / step) if abs(window / step - round(window / step)) < 1e-9 else int(window / step) + 1
    if needed > count:
        length = "no end within the period" if np.isinf(window) else f"a window of {window:g}"
        raise InvalidParameterError(
            "kernel", f"one with {length} of {count * step:g}", "no longer than the period when it is sampled; cut it "
            "with kernel.windowed(length), or take convolution='exact'"
        )  # fmt: skip
    if needed < 2:
        raise InvalidParameterError("samples", count, f"enough to resolve a kernel of length {window:g}")
    return needed
