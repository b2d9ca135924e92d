r"""Cumulants of time-integrated counts, from the Taylor series of the dominant eigenvalue, term by term.

With the left eigenvector of the tilted generator written as :math:`e^{\psi}`, the eigenvalue equation reads
:math:`\sum_i W_{ij}(e^{x_{ij}} - 1) = \lambda` for every j, :math:`x_{ij} = k d_{ij} + \psi_i - \psi_j`. Order by order
in k it is one solve with the generator, always the same. The logarithm makes every term a sum over jumps of what they
add beyond their mean: the variance is a sum of squares, with no cancellation.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.markov.algebra.group_inverse import GroupInverse
from thermo_cl.markov.fluctuations.increments import as_dense, checked_increments
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.currents import EdgeFlows, edge_flows

__all__ = ["cumulants", "solve_transposed"]


def cumulants(network: MarkovNetwork, increments: ArrayLike, order: int = 4) -> FloatArray:
    """Scaled cumulants of a counted quantity: cumulants per unit time, over a long time, in the steady state.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed, one-way edges too.
    increments : array_like, shape (..., n, n)
        Entry (i, j) is counted at every jump j -> i; the diagonal is ignored.
    order : int
        How many, >= 1.

    Returns
    -------
    ndarray, shape batch + (order,)
        Mean rate, variance per time, and so on, in increments**m per time: the derivatives of
        ``scaled_cumulant_generating_function`` at zero, without finite differences.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If increments do not fit or are not finite, or the order is below 1.
    ConvergenceError
        If rates are so many decades apart that steady currents are lost to rounding.

    Notes
    -----
    Of currents (antisymmetric increments) the first and third keep their digits near equilibrium, where they vanish.
    Recursion of Wachtel, Vollmer and Altaner, Phys. Rev. E 92, 042132 (2015), in logarithmic form.
    """
    network = as_dense(network)
    d, last = checked_increments(network, increments), check.integer_at_least("order", order, 1)
    batch = np.broadcast_shapes(network.batch_shape, d.shape[:-2])
    steady, inverse, flows = network.steady_state(), network.group_inverse, edge_flows(network, weak_currents=True)
    rates = np.where(network.generator > 0, network.generator, 0.0)
    flux = rates * steady[..., None, :]
    found = [_mean(network, d, flows)]
    is_current = bool((np.where(rates + np.swapaxes(rates, -1, -2) > 0, d + np.swapaxes(d, -1, -2), 0.0) == 0).all())
    psi = np.zeros_like(steady)
    x: list[FloatArray] = []  # derivatives of the exponents x at k = 0
    bell = [np.ones(d.shape)]  # those of exp(x)
    for m in range(1, last + 1):
        known = sum((comb(m - 1, i) * bell[m - 1 - i] * x[i] for i in range(m - 1)), d if m == 1 else np.zeros(d.shape))
        if m == 3 and is_current:
            found.append(_third(network, flows, x[0], psi))
        elif m > 1:
            found.append(np.sum(flux * known, axis=(-1, -2)))
        if m < last:
            psi = -solve_transposed(inverse, np.sum(rates * known, axis=-2))
            step = psi[..., :, None] - psi[..., None, :]
            x.append(d + step if m == 1 else step)
            bell.append(known + step)
    return np.stack([np.broadcast_to(c, batch) for c in found], axis=-1)


def solve_transposed(inverse: GroupInverse, right_side: FloatArray) -> FloatArray:
    """Solution y of ``W^T y = b - (p.b)`` with ``p.y = 0``, shape (..., n)."""
    root = inverse.root
    return np.asarray(np.einsum("...ij,...i->...j", inverse.scaled, root * right_side) / root)


def _mean(network: MarkovNetwork, d: FloatArray, flows: EdgeFlows) -> FloatArray:
    """Mean rate: the antisymmetric part of the increments sees the currents only, the symmetric part the traffic."""
    edges, steady = network.edges, network.steady_state()
    traffic = edges.forward * steady[..., edges.source] + edges.backward * steady[..., edges.target]
    along, back = d[..., edges.target, edges.source], d[..., edges.source, edges.target]
    odd, even = 0.5 * along - 0.5 * back, 0.5 * along + 0.5 * back
    return np.asarray(np.sum(odd * flows.current + even * traffic, axis=-1))


def _third(network: MarkovNetwork, flows: EdgeFlows, first: FloatArray, psi: FloatArray) -> FloatArray:
    """Third cumulant of a current: its sums over both directions of an edge, done by hand, leave the net current."""
    source, target = network.edges.source, network.edges.target
    x = first[..., target, source]
    return np.asarray(np.sum(flows.current * x * (x**2 + 3.0 * (psi[..., source] + psi[..., target])), axis=-1))
