"""Landauer units: entropy and energy in k_B, bits and joules, and the cost of a comparison per bit.

The library works in k_B and k_B T. One bit of entropy is ln 2 k_B; erasing it releases at least k_B T ln 2 of heat
(Landauer, IBM J. Res. Dev. 5, 183 (1961)). Heat Q into a bath at temperature T is entropy Q / T, so that energies in
k_B T and entropies in k_B are the same number.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["BOLTZMANN", "comparison_bits", "convert", "cost_per_bit", "landauer_limit"]

BOLTZMANN = 1.380649e-23
"""Boltzmann constant in J/K, exact by definition of the kelvin (SI, 2019)."""

_IN_BOLTZMANN = {"k_B": 1.0, "bit": math.log(2.0), "J/K": 1.0 / BOLTZMANN}
_ENERGIES = ("J",)


def convert(value: ArrayLike, unit: str, to: str, *, temperature: ArrayLike | None = None) -> FloatArray:
    """Entropy, or energy as the entropy it brings to a bath, in another unit.

    Parameters
    ----------
    value : array_like of any shape
        In ``unit``.
    unit, to : {"k_B", "bit", "J/K", "J"}
        ``k_B`` also stands for energies in k_B T.
    temperature : array_like, optional
        Of the bath, in kelvin, > 0; needed where one of the units is joule.

    Returns
    -------
    ndarray of the broadcast shape

    Raises
    ------
    InvalidParameterError
        For an unknown unit, or joules without a temperature.

    Examples
    --------
    >>> convert(1.0, "bit", "k_B")
    np.float64(0.693147180559945)
    >>> convert(1.0, "bit", "J", temperature=300.0)  # Landauer's limit at room temperature
    np.float64(2.870979e-21)
    """
    amount = check.finite("value", value)
    return np.asarray(amount * (_factor("unit", unit, temperature) / _factor("to", to, temperature)))[()]


def _factor(name: str, unit: str, temperature: ArrayLike | None) -> FloatArray:
    """One of a unit in k_B."""
    if unit in _IN_BOLTZMANN:
        return np.asarray(_IN_BOLTZMANN[unit])
    if unit not in _ENERGIES:
        raise InvalidParameterError(name, unit, f"one of {', '.join((*_IN_BOLTZMANN, *_ENERGIES))}")
    if temperature is None:
        raise InvalidParameterError("temperature", None, "given in kelvin where a unit is joule")
    return np.asarray(1.0 / (BOLTZMANN * check.positive("temperature", temperature)))


def landauer_limit(temperature: ArrayLike) -> FloatArray:
    r"""Least heat of erasing one bit at a temperature in kelvin, :math:`k_B T \ln 2`, in joules.

    Parameters
    ----------
    temperature : array_like
        In kelvin, > 0.

    Returns
    -------
    float array, of its shape
        In joules.
    """
    return convert(1.0, "bit", "J", temperature=temperature)


def comparison_bits(amplitude: ArrayLike, error: ArrayLike) -> FloatArray:
    r"""Information that a comparison of the free with the clamped state conveys at least, in bits.

    To report a Gaussian difference of root-mean-square size A with a root-mean-square error :math:`\delta` (offset and
    noise together) takes at least :math:`\max(0, \log_2(A/\delta))` bits, its rate-distortion function (Shannon,
    IRE Nat. Conv. Rec. 7(4), 142 (1959)). A synapse that stays silent, whose error is the difference itself, gets none.

    Parameters
    ----------
    amplitude, error : array_like, shapes broadcast
        In the same unit, >= 0; an error of zero gives infinitely many bits.

    Returns
    -------
    float array
        In bits, >= 0.
    """
    size, noise = check.non_negative("amplitude", amplitude), check.non_negative("error", error)
    check.broadcast(amplitude=size, error=noise)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(size > noise, size / noise, 1.0)
    return np.asarray(np.log2(ratio))[()]


def cost_per_bit(entropy: ArrayLike, bits: ArrayLike) -> FloatArray:
    """Entropy in k_B spent per bit, in units of Landauer's ln 2: one where the limit is met.

    Parameters
    ----------
    entropy : array_like
        Entropy produced per cycle, in k_B, >= 0.
    bits : array_like
        Bits obtained per cycle, >= 0, from ``comparison_bits``; none at all costs infinitely much per bit.

    Returns
    -------
    float array
        A pure number, in units of k_B ln 2 per bit.
    """
    spent, obtained = check.non_negative("entropy", entropy), check.non_negative_or_infinite("bits", bits)
    check.broadcast(entropy=spent, bits=obtained)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(obtained == 0, np.inf, spent / (obtained * math.log(2.0))))[()]
