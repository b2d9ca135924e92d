"""Exact derivatives of the weight update by threshold, protocol and kernel, moving crossings included."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel, PeriodicResponse, periodic_response
from thermo_cl.kernels import _exponential as exponential
from thermo_cl.synapse.integral import flat_response, flat_rows
from thermo_cl.synapse.sawtooth import Sawtooth
from thermo_cl.synapse.update import update_and_slope

__all__ = ["UpdateSensitivities", "ramp_time_sensitivities", "update_sensitivities", "update_tangent"]

_DECAYED = -50.0  # exponent at the window's end past which it cuts nothing that could be seen


@dataclass(frozen=True, eq=False)
class UpdateSensitivities:
    """Weight updates and their derivatives, each of shape batch + (a,), or batch for a scalar amplitude.

    Attributes
    ----------
    update : ndarray
        ``weight_update``, in (output * time).
    by_amplitude, by_threshold, by_mean : ndarray
        Derivatives at a fixed kernel; the first is ``update_slope``.
    """

    update: FloatArray
    by_amplitude: FloatArray
    by_threshold: FloatArray
    by_mean: FloatArray


def update_sensitivities(
    kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: ArrayLike
) -> UpdateSensitivities:
    r"""Weight updates with their exact derivatives by amplitude, threshold and mean signal.

    A response u that changes by :math:`\delta u` changes :math:`\Delta w = \int g(u) dt` (Falk et al. 2025, Eqs. 6,
    7) by

    .. math:: \delta\Delta w = \int_{|u| \ge \theta} \delta u\,dt + \theta \sum_{|u(t_i)| = \theta}
              \frac{\delta u(t_i)}{|\dot u(t_i)|}, \qquad
              \frac{\partial\Delta w}{\partial\theta} = \theta \Big(\sum_{u(t_i) = -\theta}
              - \sum_{u(t_i) = \theta}\Big) \frac{1}{|\dot u(t_i)|}.

    Parameters
    ----------
    kernel, protocol, amplitudes, threshold
        As for ``weight_update``.

    Returns
    -------
    UpdateSensitivities
        One-sided where the response just touches the threshold: the update itself is not smooth there.

    Raises
    ------
    InvalidParameterError
        If an amplitude or a threshold is negative or not finite, or shapes do not fit.

    Examples
    --------
    >>> from thermo_cl import Sawtooth, chemotaxis_kernel
    >>> found = update_sensitivities(chemotaxis_kernel(), Sawtooth(fast=1.0, slow=9.0), 50.0, threshold=100 / 9)
    >>> found.by_threshold
    np.float64(-0.0938880...)
    """
    update, slope = update_and_slope(kernel, protocol, amplitudes, threshold)
    response = periodic_response(kernel, protocol.unit_signal())
    _, passed = _derivatives(kernel, protocol, amplitudes, threshold, response, _still(response))
    floor, area = np.asarray(threshold, dtype=float), np.asarray(kernel.area)
    if np.ndim(amplitudes):
        floor, area = floor[..., None], area[..., None]
    time, above, below = np.moveaxis(passed, -1, 0)
    by_mean = area * (time + floor * (above + below))
    return UpdateSensitivities(update, slope, (floor * (below - above))[()], by_mean[()])


def update_tangent(
    kernel: Kernel, tangent: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: ArrayLike
) -> FloatArray:
    """Exact derivative of ``weight_update`` along a derivative of its kernel, at a fixed threshold.

    Parameters
    ----------
    kernel, protocol, amplitudes, threshold
        As for ``weight_update``.
    tangent : Kernel
        Derivative of the kernel by a parameter, with the kernel's window: of ``ladder_kernel_tangents``, for
        instance, after the same ``windowed`` and ``rescaled`` and with ``normalized_tangent`` for ``normalized``. Any
        one kernel is the derivative by its own weight in a sum. Its batch is that of the kernel after at most one
        leading axis, for several parameters.

    Returns
    -------
    ndarray, shape (parameters,) + batch + (a,)
        Without the first axis if the tangent has none, without the last for a scalar amplitude.

    Raises
    ------
    InvalidParameterError
        As for ``weight_update``, or if the tangent's batch or window do not fit.
    """
    extra = len(tangent.batch_shape) - len(kernel.batch_shape)
    if extra not in {0, 1} or tangent.batch_shape[extra:] != kernel.batch_shape:
        raise InvalidParameterError(
            "tangent.batch_shape", tangent.batch_shape, f"{kernel.batch_shape}, after one more axis or none"
        )
    if (tangent.window != kernel.window).any():
        raise InvalidParameterError("tangent.window", tangent.window, f"that of the kernel, {kernel.window}")
    members = _members(tangent, extra)
    signal = protocol.unit_signal()
    response, *changes = (periodic_response(each, signal) for each in (kernel, *members))
    if any(change.lengths.shape != response.lengths.shape for change in changes):
        # the window cuts some of them only, and they have breakpoints of their own
        kernels = [kernel, *members]
        response, *changes = (periodic_response(_with_silent(each, kernels), signal) for each in kernels)
    # of the area times the mean the compiled loop knows the product alone
    biases = [np.broadcast_to(np.asarray(each.area) * protocol.mean, response.period.shape) for each in members]
    along = _along_responses(changes, biases)
    found, _ = _derivatives(kernel, protocol, amplitudes, threshold, response, along)
    return (found if extra else found[0])[()]


def ramp_time_sensitivities(
    kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Exact derivatives of ``weight_update`` by the rise and the fall time of the sawtooth, ``fast`` and ``slow``.

    Arguments, shapes and errors are those of ``weight_update``; moreover the kernel must be whole, not windowed,
    else ``InvalidParameterError``.

    Parameters
    ----------
    kernel : Kernel, shape batch
    protocol : Sawtooth, shape batch
    amplitudes : array_like, shape (a,) or batch + (a,)
        Clamped minus free value of the signal, in signal units; a scalar gives the shape batch.
    threshold : array_like, shape batch
        Outputs below it in magnitude do not count; > 0, in output units.

    Returns
    -------
    tuple of two float arrays, shape batch + (a,)
        By ``fast`` and by ``slow``, in signal units per time for a normalised kernel.

    Raises
    ------
    InvalidParameterError
        If the kernel is windowed, or as ``weight_update``.
    """
    cut = (kernel.coefficients != 0) & (kernel.rates.real * kernel.window[..., None] >= _DECAYED)
    if cut.any():
        raise InvalidParameterError(
            "kernel.window", float(kernel.window.min()), "infinite for derivatives by ramp times"
        )
    response = periodic_response(kernel, protocol.unit_signal())
    moving = _moving_corners(kernel, protocol, response)
    fast, slow = _derivatives(kernel, protocol, amplitudes, threshold, response, moving)[0]
    return fast[()], slow[()]


class _Tangents(NamedTuple):
    """Derivatives of a unit response in several directions: the parts of a response after an axis of directions.

    ``bias`` is the derivative of the area, ``lengths`` those of the segments' lengths.
    """

    intercepts: FloatArray
    slopes: FloatArray
    poly: ComplexArray
    rates: ComplexArray
    bias: FloatArray
    lengths: FloatArray

    def flat(self, batch: tuple[int, ...]) -> list[Array]:
        """Arrays as the compiled loop takes them: (batch, direction, ...)."""
        parts = []
        for array, own in zip(self, (1, 1, 3, 1, 0, 1), strict=True):
            count, shape = array.shape[0], array.shape[array.ndim - own :]
            spread = array.reshape(count, *(1,) * (len(batch) + 1 + own - array.ndim), *array.shape[1:])
            leading = np.moveaxis(np.broadcast_to(spread, (count, *batch, *shape)), 0, len(batch))
            parts.append(np.array(leading, order="C").reshape(math.prod(batch), count, *shape))
        return parts


def _still(response: PeriodicResponse) -> _Tangents:
    """No direction at all."""
    arrays = (response.intercepts, response.slopes, response.poly, response.rates)
    intercepts, slopes, poly, rates = (np.zeros((0, *array.shape), array.dtype) for array in arrays)
    bias, lengths = np.zeros((0, *response.lengths.shape[:-1])), np.zeros((0, *response.lengths.shape))
    return _Tangents(intercepts, slopes, poly, rates, bias, lengths)


def _along_responses(changes: list[PeriodicResponse], biases: list[FloatArray]) -> _Tangents:
    """Directions in which responses change, on the segments of the response itself."""
    parts = [(change.intercepts, change.slopes, change.poly, change.rates, change.lengths) for change in changes]
    columns = (np.stack(np.broadcast_arrays(*column)) for column in zip(*parts, strict=True))
    intercepts, slopes, poly, rates, lengths = columns
    return _Tangents(intercepts, slopes, poly, rates, np.stack(biases), np.zeros(lengths.shape))


def _with_silent(kernel: Kernel, others: list[Kernel]) -> Kernel:
    """The same kernel with all terms of the others added and taken away, so that a window cuts all or none."""
    weights, rates, powers = [kernel.coefficients], [kernel.rates], [kernel.powers]
    for other in others:
        weights += [other.coefficients, -other.coefficients]
        rates += [other.rates, other.rates]
        powers += [other.powers, other.powers]
    batch = kernel.batch_shape
    spread = ([np.broadcast_to(x, (*batch, x.shape[-1])) for x in parts] for parts in (weights, rates))
    coefficients, exponents = (np.concatenate(parts, axis=-1) for parts in spread)
    return Kernel(
        coefficients, exponents, np.concatenate(powers), kernel.window, kernel.known_moments, kernel.feedthrough
    )


def _members(tangent: Kernel, extra: int) -> list[Kernel]:
    """The kernels along the first axis, if there is one more axis than the kernel's."""
    if not extra:
        return [tangent]
    axes, count = len(tangent.batch_shape), tangent.batch_shape[0]

    def pick(array: Array, own: int, k: int) -> Array:
        return array[k % array.shape[0]] if array.ndim - own == axes else array

    return [
        Kernel(
            pick(tangent.coefficients, 1, k), pick(tangent.rates, 1, k), tangent.powers, pick(tangent.window, 0, k),
            tuple(pick(moment, 0, k) for moment in tangent.known_moments), pick(tangent.feedthrough, 0, k),
        )
        for k in range(count)
    ]  # fmt: skip


def _moving_corners(kernel: Kernel, protocol: Sawtooth, response: PeriodicResponse) -> _Tangents:
    """Derivatives of the unit response by the ramp times, at fixed time since the start of a ramp.

    On ramp i the response is its straight line plus, for each corner j, the jump of the signal's slope times the sum of
    K2(x + e_ij + m P) over m >= 0: jumps, the time e_ij since the corner and the period P all move.
    """
    batch = response.lengths.shape[:-1]
    fast, slow = (np.broadcast_to(part, batch) for part in (protocol.fast, protocol.slow))
    period, degree = fast + slow, response.poly.shape[-1] - 1
    twice = exponential.primitive(exponential.primitive(kernel.terms(degree), kernel.rates), kernel.rates)
    area, first = (np.broadcast_to(part, batch) for part in (kernel.area, kernel.first_moment))
    nothing, jump = np.zeros(batch), 1.0 / fast + 1.0 / slow
    rates = response.rates
    parts = []
    for d_fast, d_slow in ((1.0, 0.0), (0.0, 1.0)):
        d_slopes = np.stack([-d_fast / fast**2, d_slow / slow**2], axis=-1)
        d_jump = d_slopes[..., 0] - d_slopes[..., 1]
        poly = np.zeros(response.poly.shape, dtype=complex)
        for i, j, since, d_since in (
            (0, 0, nothing, 0.0), (0, 1, slow, d_slow), (1, 0, fast, d_fast), (1, 1, nothing, 0.0),
        ):  # fmt: skip
            sums = exponential.shifted_sums(rates, since[..., None], period[..., None], degree + 1)
            moved = _moved_sums(sums, rates, since[..., None], d_since, period[..., None], d_fast + d_slow)
            change, still = exponential.recentre(twice, moved), exponential.recentre(twice, sums[:-1])
            sign = 1.0 if j == 0 else -1.0
            poly[..., i, :, :] += sign * (jump[..., None, None] * change + d_jump[..., None, None] * still)
        parts.append((-first[..., None] * d_slopes, area[..., None] * d_slopes, poly))
    intercepts, slopes, polynomials = (np.stack([part[k] for part in parts]) for k in range(3))
    both = np.stack([np.broadcast_to(unit, response.lengths.shape) for unit in np.eye(2)])
    return _Tangents(
        intercepts, slopes, polynomials, np.broadcast_to(rates, (2, *rates.shape)), np.zeros((2, *batch)), both
    )


def _moved_sums(
    sums: list[ComplexArray],
    rates: ComplexArray,
    start: FloatArray,
    d_start: float,
    period: FloatArray,
    d_period: float,
) -> list[ComplexArray]:
    """Derivatives of ``shifted_sums`` by start and period; one order less than the sums that are given."""
    later = [(sums[r + 1] - start * sums[r]) / period for r in range(len(sums) - 1)]  # each term times its m
    moved = []
    for r in range(len(sums) - 1):
        by_start, by_period = rates * sums[r], rates * later[r]
        if r:
            by_start, by_period = by_start + r * sums[r - 1], by_period + r * later[r - 1]
        moved.append(np.asarray(d_start * by_start + d_period * by_period))
    return moved


def _derivatives(
    kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, threshold: ArrayLike, response: PeriodicResponse,
    tangents: _Tangents,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Derivatives (direction, batch + (a,)) along the tangents, and (batch + (a,), 3) what update and crossings are."""
    from thermo_cl.synapse._crossings import derivatives  # compiled code is imported where it is used

    height, floor = check.non_negative("amplitudes", amplitudes), check.non_negative("threshold", threshold)
    scalar = height.ndim == 0
    height = np.atleast_1d(height)
    if height.size == 0:
        raise InvalidParameterError("amplitudes", amplitudes, "at least one amplitude")
    batch = check.broadcast(
        amplitudes=height[..., 0], threshold=floor, kernel=np.zeros(kernel.batch_shape),
        protocol=np.zeros(protocol.batch_shape),
    )  # fmt: skip
    grid, bias = flat_rows(height, batch, 1), flat_rows(np.asarray(kernel.area * protocol.mean), batch, 0)
    inputs = (*flat_response(response, batch), bias, flat_rows(floor, batch, 0), grid, *tangents.flat(batch))
    along, passed = np.empty((*grid.shape, len(tangents.bias))), np.empty((*grid.shape, 3))
    over_batch(lambda begin, end: derivatives(begin, end, *inputs, along, passed), grid.shape[0])
    shape = batch if scalar else (*batch, grid.shape[-1])
    return np.moveaxis(along, -1, 0).reshape(along.shape[-1], *shape), passed.reshape(*shape, 3)
