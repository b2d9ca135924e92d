r"""Scaled cumulant generating function: the dominant eigenvalue of the tilted generator.

Newton's method on the logarithm of the left eigenvector: :math:`\psi` turns the tilted generator into that of a network
driven towards the rare event (Chetrite and Touchette, Ann. Henri Poincare 16, 2005 (2015)), with rates
:math:`W_{ij}e^{x_{ij}}`, :math:`x_{ij} = k d_{ij} + \psi_i - \psi_j`. Its subtraction-free steady state gives the
eigenvalue as :math:`\sum J_{ij}(1 - e^{-x_{ij}})` over its fluxes, with an error of second order in that of
:math:`\psi`, and from below. Close to k = 0 the series of cumulants takes over, so that small values keep their digits.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.markov.algebra.elimination import eliminate
from thermo_cl.markov.algebra.group_inverse import group_inverse
from thermo_cl.markov.fluctuations.cumulants import cumulants, solve_transposed
from thermo_cl.markov.fluctuations.increments import as_dense, checked_increments
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.splitting import relative_cost

__all__ = ["gallavotti_cohen_defect", "scaled_cumulant_generating_function"]

_EPSILON = float(np.finfo(float).eps)
_ORDER = 8  # of the series about zero
_MOST_STEPS = 200
_SETTLED = 1e-2  # change of an exponent from which one more step of Newton's method leaves only rounding
_ROUNDING = 1e-12  # change of an exponent that is nothing but rounding
_LONGEST = 50.0  # change of an exponent in one step
_LARGEST = 600.0  # exponent of a tilt, so that tilted rates neither overflow nor vanish


def scaled_cumulant_generating_function(network: MarkovNetwork, increments: ArrayLike, k: ArrayLike) -> FloatArray:
    r"""Growth rate of :math:`\langle e^{kQ}\rangle` for the time-integrated count Q of given increments.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed, one-way edges too.
    increments : array_like, shape (..., n, n)
        Entry (i, j) is counted at every jump j -> i; the diagonal is ignored.
    k : array_like, any shape
        Counting field, in inverse units of the increments.

    Returns
    -------
    ndarray, shape batch + k.shape
        :math:`\lambda(k) = \lim \ln\langle e^{kQ_t}\rangle/t`, in 1/time: convex, 0 at k = 0; its derivatives there are
        ``cumulants`` (Lebowitz and Spohn, J. Stat. Phys. 95, 333 (1999)).

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If arguments do not fit or are not finite, or the tilt overflows.
    ConvergenceError
        If the iteration does not settle.
    """
    network = as_dense(network)
    d, fields = checked_increments(network, increments), check.finite("k", k)
    largest = float(np.abs(fields).max(initial=0.0) * np.abs(d).max())
    if largest > _LARGEST:
        raise InvalidParameterError(
            "max |k * increments|", largest, f"at most {_LARGEST:g}, or the tilted rates overflow"
        )
    batch = np.broadcast_shapes(network.batch_shape, d.shape[:-2])
    flat = fields.ravel()
    terms = cumulants(network, d, _ORDER)[..., None, :] * np.stack(
        [flat**m / factorial(m) for m in range(1, _ORDER + 1)], axis=-1
    )
    series = terms.sum(axis=-1)
    tail = np.abs(terms[..., -2:]).sum(axis=-1)
    settled = tail <= 0.25 * _EPSILON * np.abs(series)
    values = np.where(settled, series, 0.0)
    rest = ~settled
    if rest.any():
        shape = (*batch, flat.size, network.n_states, network.n_states)
        rates = np.broadcast_to(network.generator[..., None, :, :], shape)[rest]
        tilt = np.broadcast_to(d[..., None, :, :] * flat[:, None, None], shape)[rest]
        values[rest] = _dominant_eigenvalue(np.where(rates > 0, rates, 0.0), tilt)
    return np.asarray(values.reshape((*batch, *fields.shape)))[()]


def _dominant_eigenvalue(rates: FloatArray, tilt: FloatArray) -> FloatArray:
    """Dominant eigenvalue of rates * exp(tilt) less the untilted outflow, shape (m,), for arrays (m, n, n)."""
    psi = _first_guess(rates, tilt)
    values = np.zeros(rates.shape[0])
    active = np.arange(rates.shape[0])
    for _ in range(_MOST_STEPS):
        own, exponents = rates[active], tilt[active] + psi[active, :, None] - psi[active, None, :]
        exponents = np.where(own > 0, np.clip(exponents, -_LARGEST, _LARGEST), 0.0)
        driven = own * np.exp(exponents)
        with np.errstate(over="ignore", invalid="ignore"):
            steady = np.asarray(eliminate(driven).steady_state())
        if not np.isfinite(steady).all():
            raise ConvergenceError(
                "the tilted rates span more than double precision holds; use smaller counting fields"
            )
        flux = driven * steady[:, None, :]
        gained, cost = np.sum(flux * tilt[active], axis=(-1, -2)), np.sum(relative_cost(flux, exponents), axis=(-1, -2))
        excess = own * np.expm1(exponents)
        local = excess.sum(axis=-2)  # the eigenvalue as state j sees it: the same for all in the end
        terms = np.abs(gained) + cost, np.sum(steady * np.abs(excess).sum(axis=-2), axis=-1)
        values[active] = np.where(terms[0] < terms[1], gained - cost, np.sum(steady * local, axis=-1))
        step = -solve_transposed(group_inverse(driven, steady), _curbed(local, values[active], own.sum(axis=-2)))
        change = np.where(own > 0, step[:, :, None] - step[:, None, :], 0.0)
        farthest = np.abs(change).max(axis=(-1, -2))
        psi[active] += step * np.minimum(1.0, _LONGEST / np.maximum(farthest, 1e-300))[:, None]
        missing = np.sum(flux * change**2, axis=(-1, -2))
        settled = (missing <= _EPSILON * np.minimum(*terms)) & (farthest < _SETTLED)
        active = active[~(settled | (farthest < _ROUNDING))]
        if not active.size:
            return values
    raise ConvergenceError(
        f"{active.size} dominant eigenvalues did not settle within {_MOST_STEPS} steps; use smaller counting fields"
    )


def _curbed(local: FloatArray, value: FloatArray, leaving: FloatArray) -> FloatArray:
    """Local eigenvalues, those far too large as if the equation were one between logarithms.

    An exponential that has overshot comes down by one unit of its exponent per Newton step, its logarithm at once.
    """
    wanted, found = value[:, None] + leaving, local + leaving
    high = (wanted > 0) & (found > 3.0 * wanted)
    ratio = np.where(high, found, 1.0) / np.where(high, wanted, 1.0)
    return np.where(high, value[:, None] + found * np.log(ratio), local)


def _first_guess(rates: FloatArray, tilt: FloatArray) -> FloatArray:
    """Logarithm of the left eigenvector, as far as plain diagonalization has it."""
    own = np.arange(rates.shape[-1])
    tilted = rates * np.exp(tilt)
    tilted[..., own, own] = -rates.sum(axis=-2)
    values, vectors = np.linalg.eig(np.swapaxes(tilted, -1, -2))
    first = np.argmax(values.real, axis=-1)
    vector = np.abs(np.take_along_axis(vectors, first[:, None, None], axis=-1)[..., 0])
    return np.asarray(np.log(np.maximum(vector / vector.max(axis=-1, keepdims=True), 1e-290)))


def gallavotti_cohen_defect(
    network: MarkovNetwork, increments: ArrayLike, k: ArrayLike, affinity: ArrayLike = 1.0
) -> FloatArray:
    r"""Defect :math:`\lambda(k) - \lambda(-A - k)` of the Gallavotti-Cohen symmetry, in 1/time.

    Zero to rounding for entropy increments with A = 1, and for any current that is proportional to entropy production,
    with A its affinity, the entropy produced per unit counted (Lebowitz and Spohn, J. Stat. Phys. 95, 333 (1999)).

    Parameters
    ----------
    network, increments, k
        As for ``scaled_cumulant_generating_function``.
    affinity : array_like
        A, in k_B per unit of the increments; broadcasts with k.
    """
    fields, a = check.finite("k", k), check.finite("affinity", affinity)
    here = scaled_cumulant_generating_function(network, increments, np.broadcast_arrays(fields, a)[0])
    return np.asarray(here - scaled_cumulant_generating_function(network, increments, -a - fields))[()]
