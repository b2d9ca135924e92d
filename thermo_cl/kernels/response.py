"""Exact response of a kernel to a periodic piecewise-linear signal, in its periodic state.

After a corner at which the slope of the signal jumps by ``d``, the response differs from its straight-line
law ``area * s - first_moment * ds/dt`` by ``d * K2(elapsed)``, where K2(t) is the integral of (t' - t) K(t')
over t' > t: itself a sum of the kernel's own terms. Summing the echoes of every corner over all earlier
periods is a geometric series. Between breakpoints the response is therefore affine plus those terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import _exponential as exponential
from thermo_cl.kernels.kernel import Kernel
from thermo_cl.kernels.signals import PeriodicSignal

__all__ = ["PeriodicResponse", "periodic_response"]

_MOST_CANCELLATION = 1e10  # largest sum of terms over the response they add up to


@dataclass(frozen=True, eq=False)
class PeriodicResponse:
    """Piecewise affine-plus-exponential periodic function of time.

    On segment i, with local time x = t - starts[..., i], the value is
    ``intercepts + slopes * x + Re sum_kq poly[..., i, k, q] x**q exp(rates[..., k] x)``.

    Attributes
    ----------
    starts, lengths, intercepts, slopes : ndarray, shape (..., segments)
        Segment starts and lengths (time), value and slope of the affine part.
    poly : ndarray of complex, shape (..., segments, k, degree + 1)
    rates : ndarray of complex, shape (..., k)
    """

    starts: FloatArray
    lengths: FloatArray
    intercepts: FloatArray
    slopes: FloatArray
    poly: ComplexArray
    rates: ComplexArray

    @property
    def period(self) -> FloatArray:
        """Length of one period, shape batch."""
        return np.asarray(self.starts[..., -1] + self.lengths[..., -1])

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Value at any times, shape batch + t.shape."""
        time = np.asarray(t, dtype=float)
        batch = self.starts.shape[:-1]
        phase = np.mod(time.reshape(-1), self.period[..., None])
        index = np.sum(phase[..., None] >= self.starts[..., None, 1:], axis=-1)

        def pick(array: FloatArray) -> FloatArray:
            return np.take_along_axis(array, index, axis=-1)

        local = phase - pick(self.starts)
        value = pick(self.intercepts) + pick(self.slopes) * local
        chosen = np.take_along_axis(self.poly, index[..., None, None], axis=-3)
        value = value + exponential.evaluate(chosen, self.rates[..., None, :], local)
        return np.asarray(value.reshape(batch + time.shape))[()]


def periodic_response(kernel: Kernel, signal: PeriodicSignal) -> PeriodicResponse:
    """Exact periodic state of ``u(t) = integral of K(t') s(t - t')`` (Falk et al. 2025, Eq. 3).

    Parameters
    ----------
    kernel : Kernel
        Batch axes broadcast against the signal's.
    signal : PeriodicSignal

    Returns
    -------
    PeriodicResponse
        Breakpoints are the corners of the signal and, for a windowed kernel, the corners shifted by the window.

    Raises
    ------
    InvalidParameterError
        If the batch shapes do not fit, or a term is so slow that fewer than six digits would be left.

    Notes
    -----
    A term ``t**n exp(rate t)`` much slower than the period cancels against the affine part: about n + 3 digits
    are lost for each decade of ``|rate| * period`` below one.
    """
    batch = check.broadcast(
        kernel=np.zeros(kernel.batch_shape),
        signal=np.zeros(signal.times.shape[:-1]),
        values=np.zeros(signal.values.shape[:-1]),
    )
    # a window past the decay of every term cuts nothing that could be seen
    whole = np.all((kernel.coefficients == 0) | (kernel.rates.real * kernel.window[..., None] < -50.0), axis=-1)
    window = np.where(np.broadcast_to(whole, batch), np.inf, np.broadcast_to(kernel.window, batch))
    period = np.broadcast_to(signal.period, batch)
    corners = np.broadcast_to(signal.times[..., :-1], (*batch, signal.times.shape[-1] - 1))
    slope = np.broadcast_to(signal.slopes, corners.shape)
    jumps = slope - np.roll(slope, 1, axis=-1)
    windowed = bool(np.isfinite(window).any())

    starts = corners
    if windowed:
        echo = np.where(
            np.isfinite(window)[..., None],
            np.mod(corners + np.where(np.isfinite(window), window, 0.0)[..., None], period[..., None]),
            corners,
        )
        starts = np.sort(np.concatenate([corners, echo], axis=-1), axis=-1)
    ends = np.concatenate([starts[..., 1:], period[..., None]], axis=-1)
    lengths = ends - starts
    middle = 0.5 * (starts + ends)

    which = np.sum(middle[..., None] >= corners[..., None, 1:], axis=-1)  # signal segment under each response segment
    slopes_here = np.take_along_axis(slope, which, axis=-1)
    corner_here = np.take_along_axis(corners, which, axis=-1)
    values = np.broadcast_to(signal.values[..., :-1], corners.shape)
    level = np.take_along_axis(values, which, axis=-1) + slopes_here * (starts - corner_here)
    area, first = np.asarray(kernel.area)[..., None], np.asarray(kernel.first_moment)[..., None]
    intercepts, affine = area * level - first * slopes_here, area * slopes_here

    degree = kernel.degree + 2 * int((kernel.rates == 0).any())
    rates = np.broadcast_to(kernel.rates, (*batch, kernel.rates.shape[-1]))
    once = exponential.primitive(kernel.terms(degree), kernel.rates)
    twice = np.broadcast_to(exponential.primitive(once, kernel.rates), (*batch, rates.shape[-1], degree + 1))
    poly = np.zeros((*batch, starts.shape[-1], rates.shape[-1], degree + 1), dtype=complex)
    gross = np.zeros(poly.shape)  # sizes before the corners' echoes cancel among each other
    for j in range(corners.shape[-1]):
        since = np.mod(middle - corners[..., j, None], period[..., None])
        elapsed = np.maximum(since - 0.5 * lengths, 0.0)  # from the corner to the start of the segment
        jump = jumps[..., j, None]
        if not windowed:
            sums = exponential.shifted_sums(rates[..., None, :], elapsed[..., None], period[..., None, None], degree)
            echoes = jump[..., None, None] * exponential.recentre(twice[..., None, :, :], sums)
            poly += echoes
            gross += np.abs(echoes)
            continue
        _add_windowed_echoes(poly, intercepts, affine, jump, since, elapsed, once, twice, rates, window, period)
    response = PeriodicResponse(starts, lengths, intercepts, affine, poly, rates)
    _refuse_cancellation(response, np.maximum(gross, np.abs(poly)), kernel)
    return response


def _refuse_cancellation(response: PeriodicResponse, gross: FloatArray, kernel: Kernel) -> None:
    """Raise if terms much slower than the period leave fewer than about six digits of the response."""
    reach = response.lengths[..., None, None] ** np.arange(response.poly.shape[-1])
    slow = np.abs(response.rates) * response.period[..., None] < 1.0  # a fast term may well leave nothing behind
    terms = np.sum(gross * reach * slow[..., None, :, None], axis=(-1, -2))
    middle = 0.5 * response.lengths
    values = [
        response.intercepts + response.slopes * x
        + exponential.evaluate(response.poly, response.rates[..., None, :], np.asarray(x))
        for x in (0.0 * middle, middle)
    ]  # fmt: skip
    seen = np.max(np.abs(np.stack(values)), axis=(0, -1))
    if (terms.max(axis=-1) > _MOST_CANCELLATION * seen).any():
        slowest = float(np.min(np.abs(kernel.rates), initial=np.inf))
        raise InvalidParameterError(
            "kernel", f"a term of rate {slowest:.3g} under a period of {float(response.period.min()):.3g}",
            "faster: terms much slower than the period cancel, and fewer than six digits of the response would be left",
        )  # fmt: skip


def _add_windowed_echoes(
    poly: ComplexArray,
    intercepts: FloatArray,
    affine: FloatArray,
    jump: FloatArray,
    since: FloatArray,
    elapsed: FloatArray,
    once: ComplexArray,
    twice: ComplexArray,
    rates: ComplexArray,
    window: FloatArray,
    period: FloatArray,
) -> None:
    """Add, in place, one corner's echoes that are still inside the window (an infinite one ends with its decay)."""
    degree = twice.shape[-1] - 1
    endless = np.isinf(window)
    length = np.where(endless, 0.0, window)
    end_value = np.where(endless, 0.0, exponential.evaluate(twice, rates, length))[..., None]
    end_slope = np.where(endless, 0.0, exponential.evaluate(once, rates, length))[..., None]
    if endless.any():
        with np.errstate(all="ignore"):
            sums = exponential.shifted_sums(rates[..., None, :], elapsed[..., None], period[..., None, None], degree)
        all_echoes = jump[..., None, None] * exponential.recentre(twice[..., None, :, :], sums)
        poly += np.where(endless[..., None, None, None], all_echoes, 0.0)
    images = np.where(endless[..., None], 0, np.ceil((length[..., None] - since) / period[..., None]))
    for m in range(int(images.max(initial=0))):
        inside = np.where(m < images, jump, 0.0)
        at = elapsed + m * period[..., None]
        sums = exponential.single_shift(rates[..., None, :], at[..., None], degree)
        poly += inside[..., None, None] * exponential.recentre(twice[..., None, :, :], sums)
        intercepts -= inside * (end_value + end_slope * (at - length[..., None]))
        affine -= inside * end_slope
