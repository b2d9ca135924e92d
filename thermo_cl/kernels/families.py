"""Kernel families of the papers, with their closed-form area and first moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels.kernel import Kernel

__all__ = ["chemotaxis_kernel", "high_pass_kernel", "integral_feedback_kernel", "sine_kernel"]

_SERIES_DEGREE = 17  # highest power of time kept near critical damping; the next term is below rounding


def chemotaxis_kernel(area: ArrayLike = 0.0, decay_rate: ArrayLike = 20.0) -> Kernel:
    r"""Kernel :math:`a e^{-bt}(t - ct^2)` of E. coli chemotaxis, with first moment -1 and a given area.

    Parameters
    ----------
    area : array_like, shape batch
        Wanted integral I; 0 gives an exact finite-time derivative. Not below -b/3, where a vanishes.
    decay_rate : array_like, shape batch
        b > 0, in 1/time; the kernel's timescale is 1/b.

    Returns
    -------
    Kernel
        With a = b^3 + 3Ib^2 and c = (b^2 + 2bI)/(2b + 6I) (Falk et al. 2025, Eqs. 32, 33, 46-48).

    Raises
    ------
    InvalidParameterError
        If the decay rate is not positive, the area not finite, or the area equals -b/3.
    """
    b = check.positive("decay_rate", decay_rate)
    wanted = check.finite("area", area)
    check.broadcast(area=wanted, decay_rate=b)
    if (b + 3.0 * wanted == 0).any():
        raise InvalidParameterError("area", area, "different from -decay_rate/3, where the kernel vanishes")
    # a c = b^3 (b + 2I)/2 needs no division, so the limit c -> infinity is harmless
    a, ac = b**2 * (b + 3.0 * wanted), 0.5 * b**3 * (b + 2.0 * wanted)
    exact = (np.broadcast_to(wanted, a.shape), -np.ones_like(a))
    return Kernel(np.stack([a, -ac], axis=-1), np.stack([-b, -b], axis=-1), np.array([1, 2]), known_moments=exact)


def sine_kernel(duration: ArrayLike = 0.1, amplitude: ArrayLike = 1.0 / 3.0) -> Kernel:
    r"""One period of a sine, :math:`A \sin(2\pi t/\tau_K)` on :math:`[0, \tau_K]` (Falk et al. 2025, Eq. 31).

    Parameters
    ----------
    duration : array_like, shape batch
        Window and period :math:`\tau_K` > 0, in time units.
    amplitude : array_like, shape batch
        Height A; the first moment is :math:`-A \tau_K^2 / (2\pi)`.

    Returns
    -------
    Kernel, shape batch
        In the unit of the amplitude, of window ``duration``.

    Raises
    ------
    InvalidParameterError
        If the duration is not positive or the amplitude not finite.
    """
    length, height = check.positive("duration", duration), check.finite("amplitude", amplitude)
    check.broadcast(duration=length, amplitude=height)
    return Kernel(-1j * height[..., None], 2j * np.pi / length[..., None], window=length)


def high_pass_kernel(gain: ArrayLike, time: ArrayLike) -> Kernel:
    r"""Kernel :math:`G[\delta(t) - e^{-t/\tau}/\tau]` of a high-pass filter, from signal s to output u.

    The output follows fast changes, u = G s, and forgets with time: u' = G s' - u/tau. It is the stress of a Maxwell
    unit (spring constant G in series with a dashpot G tau) under a strain, and, with G = 1 and tau = RC, the voltage
    of a resistor in series with a capacitor. Area 0 and first moment -G tau, exactly.

    Parameters
    ----------
    gain : array_like, shape batch
        Instantaneous output per signal G, other than 0.
    time : array_like, shape batch
        Relaxation time tau > 0.

    Returns
    -------
    Kernel, shape batch
        In output per signal and time; its output is in the unit of the gain times that of the signal.

    Raises
    ------
    InvalidParameterError
        If the gain is zero or not finite, or the time not positive and finite.

    Examples
    --------
    >>> kernel = high_pass_kernel(gain=2.0, time=0.5)
    >>> float(kernel.area), float(kernel.first_moment)
    (0.0, -1.0)
    >>> kernel.step_response([0.0, 0.5])
    array([2.        , 0.73575888])
    """
    size, length = check.finite("gain", gain), check.positive("time", time)
    shape = check.broadcast(gain=size, time=length)
    if (size == 0).any():
        raise InvalidParameterError("gain", 0.0, "different from 0, where the kernel vanishes")
    instant, rate = np.broadcast_to(size, shape), np.broadcast_to(1.0 / length, shape)
    return Kernel(
        -(instant * rate)[..., None], -rate[..., None], known_moments=(np.zeros(shape), -instant * length),
        feedthrough=instant,
    )  # fmt: skip


def integral_feedback_kernel(damping: ArrayLike, gain: ArrayLike, leak: ArrayLike = 0.0) -> Kernel:
    r"""Kernel of integral feedback, from signal s to output u.

    The equations u' = s - m - damping * u, m' = gain * (u - u0) (Falk et al. 2025, Eqs. 14-15) give
    :math:`K = (r_+ e^{-r_+ t} - r_- e^{-r_- t})/(r_+ - r_-)`, continued through critical damping to complex roots:
    area 0 and first moment -1/gain, exactly. An integrator that leaks, m' = gain * (u - u0) - leak * m, leaves the
    area :math:`\ell/(\lambda\ell + k)` and the first moment :math:`(\ell^2 - k)/(\lambda\ell + k)^2`, and the weights
    :math:`r_\pm - \ell` in place of :math:`r_\pm`.

    Parameters
    ----------
    damping : array_like, shape batch
        Relaxation rate :math:`\lambda` of the output, > 0, in 1/time.
    gain : array_like, shape batch
        Strength k of the integrator, > 0, in 1/time**2.
    leak : array_like, shape batch, optional
        Relaxation rate :math:`\ell` of the integrator, >= 0, in 1/time.

    Returns
    -------
    Kernel, shape batch
        Its output is in units of signal times time.

    Raises
    ------
    InvalidParameterError
        If damping or gain is not positive and finite, or the leak negative.
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    loss = check.non_negative("leak", leak)
    shape = check.broadcast(damping=rate, gain=strength, leak=loss)
    half = np.broadcast_to(0.5 * (rate + loss), shape)
    tilt = np.broadcast_to(0.5 * (loss - rate), shape)
    square = tilt**2 - strength  # discriminant / 4
    product = strength + rate * loss
    known = (
        np.broadcast_to(loss / product, shape),
        # without a leak -1/k as it is, for its last digit
        np.broadcast_to(np.where(loss == 0.0, -1.0 / strength, (loss**2 - strength) / product**2), shape),
    )
    near = np.abs(square) < 1e-4 * half**2
    split = np.sqrt(np.where(near, half**2, square).astype(complex))
    fast, slow = half + split, product / (half + split)  # the product of the roots
    # (r_+ - leak)(r_- - leak) is the gain: the factor without cancellation gives the other
    outer = np.where(tilt <= 0.0, split - tilt, -strength / np.where(tilt <= 0.0, 1.0, tilt + split))
    simple = np.stack([outer, -strength / outer], axis=-1) / (2.0 * split[..., None])
    rates = np.stack([-fast, -slow], axis=-1)
    if not near.any():
        return Kernel(simple, rates, known_moments=known)
    # exp(-half t) [cosh(dt) + (tilt/d) sinh(dt)] as a series in d^2: no division by the vanishing difference of roots
    powers = np.concatenate([[0, 0], np.arange(_SERIES_DEGREE + 1)])
    series = _near_critical(tilt, np.where(near, square, 0.0))
    coefficients = np.concatenate([np.where(near[..., None], 0.0, simple), near[..., None] * series], axis=-1)
    centre = np.broadcast_to(-half[..., None], series.shape)
    return Kernel(coefficients, np.concatenate([rates, centre], axis=-1), powers, known_moments=known)


def _near_critical(tilt: FloatArray, square: FloatArray) -> FloatArray:
    """Coefficients of t**0 ... t**degree of cosh(dt) + tilt sinh(dt)/d with d**2 = square."""
    columns, factorial = [], 1.0
    for n in range(_SERIES_DEGREE + 1):
        factorial *= max(n, 1)
        columns.append(square ** (n // 2) * (1.0 if n % 2 == 0 else tilt) / factorial)
    return np.stack(columns, axis=-1)
