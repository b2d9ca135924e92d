r"""Entropy production away from the steady state, split into housekeeping and excess.

With the steady state pi, an edge has three forces: the steady :math:`\ln(W_{ij}\pi_j / W_{ji}\pi_i)`, the one of
relaxation :math:`\ln(p_j/\pi_j) - \ln(p_i/\pi_i)`, and their sum, :math:`\ln(J^+/J^-)`. Housekeeping (adiabatic),
excess (non-adiabatic) and total entropy production are one and the same sum over directed edges with these for x,
:math:`\sum J^+ (x + e^{-x} - 1)`: the last two terms add up to zero in each case. No term is negative, so that all
three keep their digits near equilibrium and near the steady state.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.currents import edge_flows

__all__ = ["EntropySplit", "relative_cost", "split_entropy_production"]

_SERIES = [(-1.0) ** n / factorial(n) for n in range(19, 1, -1)]  # of (x + exp(-x) - 1) / x^2, highest power first


@dataclass(frozen=True, eq=False)
class EntropySplit:
    """Entropy production rate and its two parts, shape batch, in k_B per time; none is negative.

    Attributes
    ----------
    total : ndarray
        Sum of the other two.
    housekeeping : ndarray
        Adiabatic part: what keeping the network from detailed balance costs.
    excess : ndarray
        Non-adiabatic part: the fall of the relative entropy to the steady state, per time.
    """

    total: FloatArray
    housekeeping: FloatArray
    excess: FloatArray


def split_entropy_production(network: MarkovNetwork, probabilities: ArrayLike) -> EntropySplit:
    """Total, housekeeping and excess entropy production rates at a distribution.

    Parameters
    ----------
    network : MarkovNetwork
        Dense, batch axes allowed, or sparse; every edge must have rates in both directions.
    probabilities : array_like, shape (..., n)
        The distribution p now; batch axes broadcast.

    Returns
    -------
    EntropySplit
        Total and excess are infinite where a state of zero probability is next to an occupied one, unless its steady
        probability is zero in double precision too.

    Raises
    ------
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If ``probabilities`` is no distribution, or occupies a state whose steady probability underflows.

    Notes
    -----
    Esposito and Van den Broeck, Phys. Rev. Lett. 104, 090601 (2010). Each rate is computed on its own, so that their
    sum rule is a check.
    """
    p = check.distributions("probabilities", probabilities, network.n_states)
    steady, edges = network.steady_state(), network.edges
    edges.require_reversible()
    check.broadcast(network=np.zeros(network.batch_shape), probabilities=p[..., 0])
    lost = (steady == 0) & (p > 0)
    if lost.any():
        raise InvalidParameterError(
            "probabilities", f"some probability on state {int(np.argwhere(lost)[0][-1])}",
            "zero where the steady probability is zero in double precision",
        )  # fmt: skip
    potential = log_ratio(p, steady)  # zero where both are empty, to underflow
    out, back = p[..., edges.source], p[..., edges.target]
    occupied = (out > 0) | (back > 0)
    relaxing = np.where(
        occupied,
        np.where(occupied, potential[..., edges.source], 0.0) - np.where(occupied, potential[..., edges.target], 0.0),
        0.0,
    )
    held = edge_flows(network).force
    forward, backward = edges.forward * out, edges.backward * back
    total, housekeeping, excess = (
        _gross(forward, backward, x).sum(axis=-1)[()]
        for x in (held + relaxing, np.broadcast_to(held, relaxing.shape), relaxing)
    )
    return EntropySplit(total, housekeeping, excess)


def _gross(forward: FloatArray, backward: FloatArray, force: FloatArray) -> FloatArray:
    """Both directions of an edge with force x."""
    return relative_cost(forward, force) + relative_cost(backward, -force)


def relative_cost(flux: FloatArray, force: FloatArray) -> FloatArray:
    """The term ``flux (x + exp(-x) - 1)`` of a force x, not negative and accurate for small and for large x.

    It is the relative entropy, per time, of Poisson jumps with this flux to jumps with ``flux exp(-x)``.
    """
    small = np.abs(force) < 1.0
    x = np.where(small, force, 0.0)
    series = np.full_like(x, _SERIES[0])
    for coefficient in _SERIES[1:]:
        series = series * x + coefficient
    flows = np.asarray(flux > 0)
    endless = np.isposinf(force)
    large = flows & ~small & ~endless
    f, y = np.where(large, flux, 1.0), np.where(large, force, 1.0)
    # the flux times the exponential is itself a flux: it need not overflow where the exponential does
    whole = f * (y - 1.0) + np.exp(np.log(f) - y)
    return np.where(flows, np.where(endless, np.inf, np.where(large, whole, flux * x**2 * series)), 0.0)
