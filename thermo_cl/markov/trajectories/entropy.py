"""Entropy production along simulated paths (Seifert 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.markov.dynamics import propagate
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.trajectories.counts import accumulate_increments
from thermo_cl.markov.trajectories.streams import Seed
from thermo_cl.markov.trajectories.tables import distribution

__all__ = ["EntropySamples", "entropy_samples", "trajectory_entropy"]


@dataclass(frozen=True, eq=False)
class EntropySamples:
    r"""Entropy production of independent copies, in k_B.

    Attributes
    ----------
    total, medium, system : ndarray, shape (copies,)
        :math:`\Delta s_{tot} = \Delta s_m + \Delta s`; the medium's part sums :math:`\ln(W_{ij}/W_{ji})` over the
        jumps j -> i, the system's is :math:`\ln p_0(x_0) - \ln p_\tau(x_\tau)`.
    duration : float
        Length of every path.
    initial_states, final_states : ndarray of int, shape (copies,)
        Where each path begins and ends.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    total: FloatArray
    medium: FloatArray
    system: FloatArray
    duration: float
    initial_states: IntArray
    final_states: IntArray
    method: str = "direct"
    status: str = "exact"


def entropy_samples(
    medium: FloatArray,
    start: FloatArray,
    end: FloatArray,
    duration: float,
    first: IntArray,
    last: IntArray,
    method: str,
) -> EntropySamples:
    """Add the system's part; ``ConvergenceError`` where a path ends in a state whose probability has no digits."""
    if (end[last] <= 0).any():
        state = int(last[np.argmax(end[last] <= 0)])
        raise ConvergenceError(
            f"a path ends in state {state}, whose probability at the end came out as {end[state]:.3g}; "
            "give the final distribution (final=) to more digits"
        )
    system = np.log(start[first]) - np.log(end[last])
    return EntropySamples(medium + system, medium, system, duration, first, last, method)


def trajectory_entropy(
    network: MarkovNetwork,
    duration: float,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    final: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> EntropySamples:
    r"""Total entropy production along paths of independent copies (Seifert, Phys. Rev. Lett. 95, 040602 (2005)).

    It obeys :math:`\langle e^{-\Delta s_{tot}}\rangle = 1` for any start and duration, and in a steady state
    :math:`P(\Delta s_{tot}) = e^{\Delta s_{tot}} P(-\Delta s_{tot})`.

    Parameters
    ----------
    network : MarkovNetwork
        A single network of n states, every edge with rates in both directions.
    duration : float
        Length of every path, > 0.
    copies, initial, rng, first_copy
        As for ``sample_paths``; the same seed gives the same copies.
    final : array_like, shape (n,), optional
        Distribution at the end; by default the initial one propagated, itself if it is steady.

    Returns
    -------
    EntropySamples

    Raises
    ------
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    ConvergenceError
        If a path ends where the propagated probability is lost in rounding.
    InvalidParameterError, ReducibleNetworkError, MemoryLimitError
        As for ``sample_paths``.

    Examples
    --------
    >>> from thermo_cl import Ladder
    >>> entropy = trajectory_entropy(Ladder(gamma=0.3).network(), 1.0, copies=100_000, rng=1)
    >>> float(np.exp(-entropy.total).mean())
    0.99...
    """
    length = check.positive_number("duration", duration)
    network.edges.require_reversible()
    forward = np.log(network.edges.forward) - np.log(network.edges.backward)
    per_transition = np.stack([forward, -forward], axis=-1).reshape(-1, 1)
    if final is not None:
        end = distribution("final", network.n_states, final)
    elif initial is None:
        end = network.steady_state()
    else:
        end = propagate(network, distribution("initial", network.n_states, initial), length)
    sums, _, first, last, start = accumulate_increments(
        network, length, per_transition, copies=copies, initial=initial, rng=rng, first_copy=first_copy
    )
    return entropy_samples(sums[:, 0], start, end, length, first, last, "direct")
