"""Named controllers: integral feedback with leak, lag and a second integrator, filters of first order."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear.controller import LinearController

__all__ = ["double_integral_feedback", "high_pass", "integral_feedback", "leaky_area", "leaky_first_moment", "low_pass",
           "sensed_integral_feedback"]  # fmt: skip


def integral_feedback(
    damping: ArrayLike, gain: ArrayLike, leak: ArrayLike = 0.0, *, set_point: ArrayLike = 0.0
) -> LinearController:
    r"""Integral feedback whose integrator may leak.

    :math:`u' = s - m - \lambda u`, :math:`m' = k (u - u_0) - \ell m` (Falk et al. 2025, Eqs. 14-15, with a leak), so
    that :math:`H(p) = (p + \ell)/((p + \lambda)(p + \ell) + k)`; states u and m as deviations from rest. Area
    :math:`\ell/(\lambda\ell + k)`, first moment :math:`(\ell^2 - k)/(\lambda\ell + k)^2`.

    Parameters
    ----------
    damping : array_like, shape batch
        :math:`\lambda > 0`, in 1/time.
    gain : array_like, shape batch
        k > 0, in 1/time**2.
    leak : array_like, shape batch, optional
        :math:`\ell \ge 0`, in 1/time.
    set_point : array_like, shape batch, optional
        :math:`u_0`, output per signal times signal; with a leak the output at rest is
        :math:`k u_0/(\lambda\ell + k)`.

    Raises
    ------
    InvalidParameterError
        If damping or gain is not positive, or the leak negative.

    Examples
    --------
    >>> controller = integral_feedback(damping=3.0, gain=2.0, leak=[0.0, 0.5])
    >>> controller.area
    array([0.        , 0.14285714])
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    loss, point = check.non_negative("leak", leak), check.finite("set_point", set_point)
    rate, strength, loss, point = _spread(damping=rate, gain=strength, leak=loss, set_point=point)
    a = _matrix([[-rate, -1.0], [strength, -loss]], rate.shape)
    rest = np.where(loss == 0.0, point, point * strength / (rate * loss + strength))
    return LinearController(a, [1.0, 0.0], [1.0, 0.0], set_point=rest)


def leaky_area(damping: ArrayLike, gain: ArrayLike, leak: ArrayLike) -> FloatArray:
    r"""Area :math:`\ell/(\lambda\ell + k)` of integral feedback with a leak; arguments as for ``integral_feedback``."""
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    rate, strength, loss = _spread(damping=rate, gain=strength, leak=check.non_negative("leak", leak))
    return np.asarray(loss / (rate * loss + strength))[()]


def leaky_first_moment(damping: ArrayLike, gain: ArrayLike, leak: ArrayLike) -> FloatArray:
    r"""First moment :math:`(\ell^2 - k)/(\lambda\ell + k)^2` of integral feedback with a leak.

    It vanishes where the leak is the square root of the gain: a faster leak leaves no memory of the slope but a lag.
    Arguments as for ``integral_feedback``.
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    rate, strength, loss = _spread(damping=rate, gain=strength, leak=check.non_negative("leak", leak))
    return np.asarray((loss**2 - strength) / (rate * loss + strength) ** 2)[()]


def sensed_integral_feedback(
    damping: ArrayLike, gain: ArrayLike, lag: ArrayLike, *, set_point: ArrayLike = 0.0
) -> LinearController:
    r"""Integral feedback whose integrator sees the output through a sensor with a lag T.

    :math:`u' = s - m - \lambda u`, :math:`T y' = u - y`, :math:`m' = k (y - u_0)`; states u, m, y. Area 0 and first
    moment -1/k as without the lag, but only while the loop is stable, :math:`T (k - \lambda^2) < \lambda`.

    Parameters
    ----------
    damping, gain, set_point
        As for ``integral_feedback``.
    lag : array_like, shape batch
        T > 0, in time.

    Raises
    ------
    InvalidParameterError
        If a parameter is not positive, or the loop is unstable.
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    slow, point = check.positive("lag", lag), check.finite("set_point", set_point)
    rate, strength, slow, point = _spread(damping=rate, gain=strength, lag=slow, set_point=point)
    excess = strength - rate**2
    unstable = slow * excess >= rate
    if unstable.any():
        raise InvalidParameterError(
            "lag", float(slow[unstable].flat[0]),
            f"below {float((rate[unstable] / excess[unstable]).flat[0]):.6g}, damping/(gain - damping**2), "
            "where the loop begins to oscillate",
        )  # fmt: skip
    sensing = _inverse("lag", slow)
    a = _matrix([[-rate, -1.0, 0.0], [0.0, 0.0, strength], [sensing, 0.0, -sensing]], rate.shape)
    return LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], set_point=point)


def double_integral_feedback(
    damping: ArrayLike, gain: ArrayLike, second_gain: ArrayLike, *, set_point: ArrayLike = 0.0
) -> LinearController:
    r"""Integral feedback with an integrator of the integrator, which adapts to ramps as well.

    :math:`u' = s - m - \lambda u`, :math:`m' = k (u - u_0) + n`, :math:`n' = k_2 (u - u_0)`; states u, m, n. Area and
    first moment are zero: the output answers the curvature of the signal, and teaches nothing on a sawtooth's ramps.

    Parameters
    ----------
    damping, gain, set_point
        As for ``integral_feedback``.
    second_gain : array_like, shape batch
        :math:`k_2`, in 1/time**3, greater than 0 and less than damping * gain, where the loop begins to oscillate.

    Raises
    ------
    InvalidParameterError
        If a parameter is not positive, or the loop is unstable.
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    second, point = check.positive("second_gain", second_gain), check.finite("set_point", set_point)
    rate, strength, second, point = _spread(damping=rate, gain=strength, second_gain=second, set_point=point)
    unstable = second >= rate * strength
    if unstable.any():
        raise InvalidParameterError(
            "second_gain", float(second[unstable].flat[0]),
            f"below {float((rate * strength)[unstable].flat[0]):.6g}, damping * gain, where the loop begins to "
            "oscillate",
        )  # fmt: skip
    a = _matrix([[-rate, -1.0, 0.0], [strength, 0.0, 1.0], [second, 0.0, 0.0]], rate.shape)
    return LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], set_point=point)


def high_pass(gain: ArrayLike, time: ArrayLike) -> LinearController:
    r"""High-pass filter, :math:`H(p) = G p\tau/(1 + p\tau)`: a Maxwell unit, or a resistor behind a capacitor.

    The state is what the dashpot (the capacitor) has taken up of the signal, d' = (s - d)/tau, and u = G (s - d).

    Parameters
    ----------
    gain : array_like, shape batch
        G, other than 0.
    time : array_like, shape batch
        tau > 0.

    Raises
    ------
    InvalidParameterError
        If the gain is zero, or the time not positive.
    """
    size, length = _spread(gain=check.finite("gain", gain), time=check.positive("time", time))
    if (size == 0).any():
        raise InvalidParameterError("gain", 0.0, "different from 0")
    rate = _inverse("time", length)[..., None]
    return LinearController(-rate[..., None], rate, -size[..., None], size)


def low_pass(gain: ArrayLike, time: ArrayLike) -> LinearController:
    r"""Low-pass filter, :math:`H(p) = G/(1 + p\tau)`: a lag, or an integrator with a leak.

    Arguments and errors as for ``high_pass``.
    """
    size, length = _spread(gain=check.finite("gain", gain), time=check.positive("time", time))
    rate = _inverse("time", length)[..., None]
    return LinearController(-rate[..., None], rate, size[..., None])


def _inverse(name: str, time: FloatArray) -> FloatArray:
    """Rates 1/time, which must be finite."""
    with np.errstate(over="ignore"):
        rate = 1.0 / np.asarray(time)
    if np.isinf(rate).any():
        raise InvalidParameterError(name, float(time[np.isinf(rate)].flat[0]), "so long that its inverse is finite")
    return np.asarray(rate)


def _spread(**parameters: FloatArray) -> list[FloatArray]:
    """Parameters over their common batch."""
    shape = check.broadcast(**parameters)
    return [np.broadcast_to(value, shape) for value in parameters.values()]


def _matrix(rows: list[list[ArrayLike]], batch: tuple[int, ...]) -> Array:
    """Batch of matrices, shape batch + (n, n), from entries of shape batch or single numbers."""
    return np.stack([np.stack([np.broadcast_to(entry, batch) for entry in row], axis=-1) for row in rows], axis=-2)
