r"""Derivatives of steady states by all rates at once: the adjoint of the subtraction-free elimination.

A number f(p) of the steady state p has, for perturbed rates, :math:`df = -w^T W^\# dW\, p` with w its derivatives by p:
one solve with the transpose gives it for every rate. The solve is done by running the elimination of Grassmann, Taksar
and Heyman backwards, step by step. Each of its steps passes a derivative on as fractions that add up to one, so that
:math:`\partial f/\partial \ln W_{ij}` is known beside :math:`\sum_k |w_k| p_k`, however stiff the rates: a group
inverse would multiply the error by the slowest time over the fastest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.algebra.elimination import eliminate
from thermo_cl.markov.algebra.group_inverse import reordered
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["OrderedElimination", "by_log_rates", "ordered_elimination", "steady_state_sensitivities"]


def steady_state_sensitivities(
    network: MarkovNetwork, weights: ArrayLike | None = None, *, log_rates: bool = False
) -> FloatArray:
    r"""Derivative of the steady state, or of weighted sums of it, by every rate.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed.
    weights : array_like, shape (..., n), optional
        Derivatives w of a number f by the steady probabilities; leading axes broadcast with the batch. All of the
        probabilities themselves by default.
    log_rates : bool
        Derivatives by the logarithms of the rates: zero where there is no rate.

    Returns
    -------
    ndarray, shape (..., n, n), or (..., n, n, n) without weights
        Entry (i, j) is the derivative by the rate j -> i, in time (plain numbers by log rates), the diagonal is zero;
        without weights, entry (k, i, j) is that of :math:`p_k`. Rates that are zero have derivatives as well.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    MemoryLimitError
        If the derivatives would not fit.

    Notes
    -----
    :math:`\partial p_k/\partial W_{ij} = (D_{ki} - D_{kj})\,p_j` with the deviation matrix D (Schweitzer, J. Appl.
    Probab. 5, 401 (1968)); derivatives by log rates of :math:`\ln p_k` lie between -1 and 1, and rounding of them is
    some machine epsilons.

    Examples
    --------
    >>> steady_state_sensitivities(MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]), [1.0, 0.0])
    array([[ 0.  ,  0.12],
           [-0.08,  0.  ]])
    """
    n = network.n_states
    if weights is None:
        size = 8 * n**3 * int(np.prod(network.batch_shape))
        require_memory(f"derivatives of {n} probabilities by {n * n} rates", 2 * size, "Give weights, or fewer states.")
        spread = np.eye(n).reshape(n, *(1,) * len(network.batch_shape), n)
        found = np.moveaxis(ordered_elimination(network).weighted(spread), 0, -3)
        return by_log_rates(network.dense_generator()[..., None, :, :], found) if log_rates else found
    given = check.finite("weights", weights)
    if given.ndim == 0 or given.shape[-1] != n:
        raise InvalidParameterError("weights.shape", given.shape, f"(..., {n}), one number per state")
    check.broadcast(network=np.zeros(network.batch_shape), weights=given[..., 0])
    found = ordered_elimination(network).weighted(given)
    return by_log_rates(network.dense_generator(), found) if log_rates else found


def by_log_rates(rates: FloatArray, sensitivities: FloatArray) -> FloatArray:
    """Derivatives by log rates from those by rates; generators may be given, the diagonals are zero."""
    own = np.arange(rates.shape[-1])
    found = rates * sensitivities
    found[..., own, own] = 0.0
    return np.asarray(found)


class OrderedElimination(NamedTuple):
    """Elimination of the states of a network from the rarest on, which keeps the digits of what few jumps change."""

    order: IntArray
    factors: FloatArray
    outflow: FloatArray
    steady: FloatArray

    def weighted(self, weights: Array) -> FloatArray:
        """Derivatives by all rates, (..., n, n), of numbers whose derivatives by the steady state are given, (..., n).

        Leading axes broadcast with the network's batch.
        """
        factors, outflow, p, n = self.factors, self.outflow, self.steady, self.steady.shape[-1]
        spread, order = np.broadcast_arrays(weights, self.order)
        passed = np.take_along_axis(spread, order, axis=-1)
        # less their mean, by differences: little of it is left for a state that is nearly always occupied
        passed = np.asarray(np.einsum("...kl,...l->...k", passed[..., :, None] - passed[..., None, :], p))
        found, leaving = np.zeros((*passed.shape, n)), np.zeros(passed.shape)
        for k in range(n - 1, 0, -1):
            share = passed[..., k, None] / outflow[..., k, None]
            found[..., k, :k] = share * p[..., :k]
            leaving[..., k] = -share[..., 0] * p[..., k]
            passed[..., :k] += share * factors[..., k, :k]
        for k in range(1, n):
            entering, onward, inner = factors[..., k, :k], factors[..., :k, k], found[..., :k, :k]
            by_onward = np.einsum("...ij,...j->...i", inner, entering)
            found[..., k, :k] += np.einsum("...ij,...i->...j", inner, onward)
            mean = np.einsum("...i,...i->...", by_onward, onward)[..., None]
            found[..., :k, k] = (by_onward - mean) / outflow[..., k, None] + leaving[..., k, None]
        return reordered(found, np.argsort(order, axis=-1))

    def differences(self, observable: Array) -> FloatArray:
        r"""Differences v_i - v_j, at (i, j), of the v with :math:`v^T W = c^T - (c^T p)\,1^T`, shape (..., n, n).

        Minus what the integral of the observable gains by a start in i rather than in j. Each is found as one, from
        those between the states that a jump leads to, so that states which soon reach each other keep its digits.
        """
        factors, outflow, p, n = self.factors, self.outflow, self.steady, self.steady.shape[-1]
        source = np.take_along_axis(np.broadcast_to(observable, p.shape), self.order, axis=-1)
        source = np.asarray(np.einsum("...kl,...l->...k", source[..., :, None] - source[..., None, :], p))
        found = np.zeros((*p.shape, n))
        for k in range(n - 1, 0, -1):
            source[..., k] /= outflow[..., k]
            source[..., :k] += factors[..., k, :k] * source[..., k, None]
        for k in range(1, n):
            found[..., k, :k] = np.einsum("...i,...ij->...j", factors[..., :k, k], found[..., :k, :k])
            found[..., k, :k] -= source[..., k, None]
            found[..., :k, k] = -found[..., k, :k]
        return reordered(found, np.argsort(self.order, axis=-1))


def ordered_elimination(network: MarkovNetwork) -> OrderedElimination:
    """Elimination of a network's states, rarest first."""
    network.require_irreducible()
    steady = network.steady_state()
    order = np.argsort(-steady, axis=-1, kind="stable")
    elimination = eliminate(reordered(network.dense_generator(arrays=6), order))
    return OrderedElimination(
        order, elimination.factors, elimination.outflow, np.take_along_axis(steady, order, axis=-1)
    )
