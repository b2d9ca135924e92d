"""First-order high-pass filters in closed form: relaxation under a ramp, and the square of it that is dissipated.

z' = e' - z/tau: the part of a strain (or voltage) e that an element in series with a storing one still feels.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.shape import Shape, ramp_shape
from thermo_cl.kernels import PeriodicSignal, high_pass_kernel
from thermo_cl.synapse import Sawtooth

__all__ = ["cycle_square", "ramp_shapes", "ramp_square", "relaxed"]

_SERIES_BELOW, _SERIES_TERMS = 0.5, 20


def relaxed(start: FloatArray, slope: FloatArray, length: FloatArray | float, time: FloatArray | float) -> FloatArray:
    r"""Value at the end of a ramp, :math:`z_0 e^{-h/\tau} + v\tau(1 - e^{-h/\tau})`.

    Parameters
    ----------
    start, slope, length, time : ndarray or float, of shapes that broadcast
        Value z0 at the start, slope v of the signal, duration h >= 0 and relaxation time tau > 0. Not checked.
    """
    ratio = np.asarray(length) / np.asarray(time)
    return np.asarray(start * np.exp(-ratio) - slope * np.asarray(time) * np.expm1(-ratio))


def ramp_square(
    start: FloatArray, slope: FloatArray, length: FloatArray | float, time: FloatArray | float
) -> FloatArray:
    r"""Integral of z**2 over a ramp, free of cancellation whatever the ratio of its duration to the relaxation time.

    With E = 1 - exp(-h/tau) it is :math:`\tau[z_0^2 (1 - e^{-2h/\tau})/2 + z_0 (v\tau) E^2
    + (v\tau)^2 (h/\tau - E - E^2/2)]`. Arguments as for ``relaxed``.
    """
    tau = np.asarray(time, dtype=float)
    ratio = np.asarray(length) / tau
    plateau, part = slope * tau, -np.expm1(-ratio)
    small = np.where(ratio < _SERIES_BELOW, ratio, 0.0)
    series = sum((-small) ** n * (2.0 - 2.0 ** (n - 1)) / factorial(n) for n in range(3, 3 + _SERIES_TERMS))
    rest = np.where(ratio < _SERIES_BELOW, series, ratio - part - 0.5 * part**2)
    square = -0.5 * np.square(start) * np.expm1(-2.0 * ratio) + start * plateau * part**2 + plateau**2 * rest
    return np.asarray(tau * square)


def cycle_square(signal: PeriodicSignal, time: ArrayLike) -> FloatArray:
    """Integral of z**2 over a period, in the periodic state, of a high-passed piecewise-linear signal.

    Parameters
    ----------
    signal : PeriodicSignal
        Batch axes broadcast against the time's.
    time : array_like
        Relaxation time > 0.

    Returns
    -------
    ndarray, shape batch
        In signal**2 times time.

    Raises
    ------
    InvalidParameterError
        If the time is not positive and finite.

    Examples
    --------
    >>> from thermo_cl import Sawtooth
    >>> fast, slow, tau = 1.0, 9.0, 1e-3
    >>> float(cycle_square(Sawtooth(fast, slow).unit_signal(), tau) / (tau**2 * (1 / fast + 1 / slow)))
    0.998...
    """
    tau = check.positive("time", time)
    batch = check.broadcast(
        time=tau, signal=np.zeros(np.broadcast_shapes(signal.values.shape, signal.times.shape)[:-1])
    )
    lengths = np.broadcast_to(np.diff(signal.times), (*batch, signal.times.shape[-1] - 1))
    slopes = np.broadcast_to(signal.slopes, (*batch, lengths.shape[-1]))
    value = np.zeros(batch)
    for i in range(lengths.shape[-1]):  # what one period makes of rest
        value = relaxed(value, slopes[..., i], lengths[..., i], tau)
    value = value / -np.expm1(-np.broadcast_to(signal.period, batch) / tau)
    total = np.zeros(batch)
    for i in range(lengths.shape[-1]):
        total = total + ramp_square(value, slopes[..., i], lengths[..., i], tau)
        value = relaxed(value, slopes[..., i], lengths[..., i], tau)
    return np.asarray(total)[()]


def ramp_shapes(time: float, protocol: Sawtooth) -> tuple[Shape, Shape]:
    """The high-passed sawtooth A(t) of amplitude 1, and a(t) A(t), in the periodic state.

    Parameters
    ----------
    time : float
        Relaxation time > 0.
    protocol : Sawtooth
        Single; a(t) runs from mean - 1/2 to mean + 1/2 and back.

    Returns
    -------
    tuple of Shape
        An edge of strain ``free + a(t) change`` feels ``z = change * A`` on its relaxing element, and
        ``z * strain = free * change * A + change**2 * a A``.

    Raises
    ------
    InvalidParameterError
        For a batch of protocols, or a time that is not positive, or so long beside the period that digits would cancel.
    """
    tau = check.positive_number("time", time)
    high = driven_shape(high_pass_kernel(1.0, tau), protocol)
    return high, high.times(ramp_shape(protocol))
