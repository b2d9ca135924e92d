"""Steady-state thermodynamics of a network: currents, affinities, entropy production."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import IrreversibleEdgeError, NotConnectedError
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["cycle_affinity", "edge_entropy_production", "entropy_production_rate", "probability_currents"]


def _fluxes(network: MarkovNetwork, probabilities: ArrayLike | None) -> FloatArray:
    p = network.steady_state() if probabilities is None else network.check_distribution(probabilities)
    check.broadcast(network=np.zeros(network.batch_shape), probabilities=p[..., 0])
    flux = np.array(network.generator * p[..., None, :])
    own = np.arange(network.n_states)
    flux[..., own, own] = 0.0
    return flux


def probability_currents(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> FloatArray:
    """Net probability current of every edge, shape (..., n, n), in 1/time; entry (i, j) counts j -> i as positive.

    ``probabilities`` is the steady state unless another distribution, shape (..., n), is given.
    """
    flux = _fluxes(network, probabilities)
    return flux - np.swapaxes(flux, -1, -2)


def edge_entropy_production(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> FloatArray:
    r"""Entropy production rate of every edge, in k_B per time.

    Parameters
    ----------
    network : MarkovNetwork
        n states; every edge must have rates in both directions.
    probabilities : array_like, shape (..., n), optional
        The steady state by default.

    Returns
    -------
    ndarray, shape (..., n, n)
        Symmetric and not negative: :math:`(J^+ - J^-) \ln(J^+/J^-)` at (i, j) and (j, i)
        (Schnakenberg, Rev. Mod. Phys. 48, 571 (1976); Falk et al. 2025, Eq. 59).

    Raises
    ------
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    """
    flux = _fluxes(network, probabilities)
    one_way = (network.generator > 0) & (np.swapaxes(network.generator, -1, -2) == 0)
    if one_way.any():
        target, source = np.argwhere(one_way)[0][-2:]
        raise IrreversibleEdgeError(int(source), int(target))
    reverse = np.swapaxes(flux, -1, -2)
    both = (flux > 0) & (reverse > 0)  # an edge between two empty states carries nothing
    force = np.log(np.where(both, flux, 1.0)) - np.log(np.where(both, reverse, 1.0))
    near = np.abs(force) < 0.5  # there the difference of logarithms cancels, log1p does not
    ratio = np.where(both & near, flux - reverse, 0.0) / np.where(both & near, reverse, 1.0)
    force = np.where(near, np.log1p(ratio), force)
    return np.asarray(np.where(both, (flux - reverse) * force, 0.0))


def entropy_production_rate(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> FloatArray:
    """Total entropy production rate, shape batch, in k_B per time: the sum over edges, each counted once."""
    return np.asarray(0.5 * edge_entropy_production(network, probabilities).sum(axis=(-1, -2)))[()]


def cycle_affinity(network: MarkovNetwork, cycle: Sequence[int]) -> FloatArray:
    """Thermodynamic force around a closed cycle of states.

    The logarithm of the product of forward rates over the product of backward rates (Schnakenberg,
    Rev. Mod. Phys. 48, 571 (1976)); zero for every cycle exactly when detailed balance holds.

    Parameters
    ----------
    network : MarkovNetwork
        Rates in 1/time.
    cycle : sequence of int, shape (k,)
        State indices in order; consecutive states, and last to first, must be joined in both directions.

    Returns
    -------
    ndarray, shape batch
        In k_B.

    Raises
    ------
    NotConnectedError
        If two consecutive states are not joined by a reversible edge.
    """
    states = list(cycle)
    total = np.zeros(network.batch_shape)
    for source, target in zip(states, states[1:] + states[:1], strict=True):
        if not (0 <= source < network.n_states and 0 <= target < network.n_states) or source == target:
            raise NotConnectedError(
                f"cycle {states} asks for the edge {source} -> {target}, which no network of "
                f"{network.n_states} states has; use different indices from 0 to {network.n_states - 1}"
            )
        forward, backward = network.generator[..., target, source], network.generator[..., source, target]
        if (forward <= 0).any() or (backward <= 0).any():
            raise NotConnectedError(
                f"states {source} and {target} of cycle {states} are not joined by a reversible "
                "edge; choose a cycle of edges with rates in both directions"
            )
        total = total + np.log(forward) - np.log(backward)
    return np.asarray(total)[()]
