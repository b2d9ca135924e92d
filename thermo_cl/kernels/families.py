"""Kernel families of the papers, with their closed-form area and first moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels.kernel import Kernel

__all__ = ["chemotaxis_kernel", "integral_feedback_kernel", "sine_kernel"]

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

    Raises
    ------
    InvalidParameterError
        If the duration is not positive or the amplitude not finite.
    """
    length, height = check.positive("duration", duration), check.finite("amplitude", amplitude)
    check.broadcast(duration=length, amplitude=height)
    return Kernel(-1j * height[..., None], 2j * np.pi / length[..., None], window=length)


def integral_feedback_kernel(damping: ArrayLike, gain: ArrayLike) -> Kernel:
    r"""Kernel of integral feedback, from signal s to output u.

    The equations u' = s - m - damping * u, m' = gain * (u - u0) (Falk et al. 2025, Eqs. 14-15) give
    :math:`K = (r_+ e^{-r_+ t} - r_- e^{-r_- t})/(r_+ - r_-)`, continued through critical damping to complex roots:
    area 0 and first moment -1/gain, exactly.

    Parameters
    ----------
    damping : array_like, shape batch
        Relaxation rate of the output, > 0, in 1/time.
    gain : array_like, shape batch
        Strength of the integrator, > 0, in 1/time**2.

    Raises
    ------
    InvalidParameterError
        If a parameter is not positive and finite.
    """
    rate, strength = check.positive("damping", damping), check.positive("gain", gain)
    shape = check.broadcast(damping=rate, gain=strength)
    half = np.broadcast_to(0.5 * rate, shape)
    square = half**2 - strength  # discriminant / 4
    known = (np.zeros(shape), np.broadcast_to(-1.0 / strength, shape))
    near = np.abs(square) < 1e-4 * half**2
    split = np.sqrt(np.where(near, half**2, square).astype(complex))
    fast, slow = half + split, strength / (half + split)  # the product of the roots is the gain
    simple = np.stack([fast, -slow], axis=-1) / (2.0 * split[..., None])
    rates = np.stack([-fast, -slow], axis=-1)
    if not near.any():
        return Kernel(simple, rates, known_moments=known)
    # exp(-half t) [cosh(dt) - (half/d) sinh(dt)] as a series in d^2: no division by the vanishing difference of roots
    powers = np.concatenate([[0, 0], np.arange(_SERIES_DEGREE + 1)])
    series = _near_critical(half, np.where(near, square, 0.0))
    coefficients = np.concatenate([np.where(near[..., None], 0.0, simple), near[..., None] * series], axis=-1)
    centre = np.broadcast_to(-half[..., None], series.shape)
    return Kernel(coefficients, np.concatenate([rates, centre], axis=-1), powers, known_moments=known)


def _near_critical(half: FloatArray, square: FloatArray) -> FloatArray:
    """Coefficients of t**0 ... t**degree of cosh(dt) - half sinh(dt)/d with d**2 = square."""
    columns, factorial = [], 1.0
    for n in range(_SERIES_DEGREE + 1):
        factorial *= max(n, 1)
        columns.append(square ** (n // 2) * (1.0 if n % 2 == 0 else -half) / factorial)
    return np.stack(columns, axis=-1)
