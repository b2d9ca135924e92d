"""Statistics of simulated paths: residence times, jump counts, time-integrated currents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.trajectories.streams import Seed, stream_key
from thermo_cl.markov.trajectories.tables import jump_tables

__all__ = ["CurrentSamples", "JumpCounts", "accumulate_increments", "count_jumps", "sample_currents"]


@dataclass(frozen=True, eq=False)
class JumpCounts:
    """Residence times and jump counts of independent copies.

    Attributes
    ----------
    edges : Edges
        Of the network, m of them.
    duration : float
        Length of every path.
    residence_times : ndarray, shape (copies, n)
        Time spent in each state; rows sum to ``duration``.
    forward_counts, backward_counts : ndarray of int, shape (copies, m)
        Jumps along each edge from its source to its target, and back.
    initial_states, final_states : ndarray of int, shape (copies,)
        Where each path begins and ends.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    edges: Edges
    duration: float
    residence_times: FloatArray
    forward_counts: IntArray
    backward_counts: IntArray
    initial_states: IntArray
    final_states: IntArray
    method: str = "direct"
    status: str = "exact"

    @property
    def jumps(self) -> IntArray:
        """Number of jumps of each copy, shape (copies,)."""
        return np.asarray((self.forward_counts + self.backward_counts).sum(axis=-1))

    @property
    def net_counts(self) -> IntArray:
        """Integrated current of each edge, shape (copies, m): jumps from source to target less those back."""
        return self.forward_counts - self.backward_counts


@dataclass(frozen=True, eq=False)
class CurrentSamples:
    """Time-integrated currents of independent copies.

    Attributes
    ----------
    values : ndarray, shape (copies, ...)
        Sum of the increments of each copy's jumps; trailing axes are those that lead the increments.
    jumps : ndarray of int, shape (copies,)
        Number of jumps.
    duration : float
        Length of every path.
    initial_states, final_states : ndarray of int, shape (copies,)
        Where each path begins and ends.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    values: FloatArray
    jumps: IntArray
    duration: float
    initial_states: IntArray
    final_states: IntArray
    method: str = "direct"
    status: str = "exact"


def count_jumps(
    network: MarkovNetwork,
    duration: float,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> JumpCounts:
    """Residence times and jump counts of independent copies, simulated jump by jump.

    Parameters
    ----------
    network : MarkovNetwork
        A single network of n states and m edges.
    duration : float
        Length of every path, > 0.
    copies, initial, rng, first_copy
        As for ``sample_paths``; the same seed gives the same copies.

    Returns
    -------
    JumpCounts

    Raises
    ------
    InvalidParameterError, ReducibleNetworkError, MemoryLimitError
        As for ``sample_paths``.

    Examples
    --------
    >>> counts = count_jumps(MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]), 1e5, rng=1)
    >>> counts.residence_times / counts.duration
    array([[0.40..., 0.59...]])
    """
    length = check.positive_number("duration", duration)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    tables, _ = jump_tables(network, initial)
    key, m = stream_key(rng), len(network.edges)
    require_memory(
        f"counts of {count} copies on {network.n_states} states and {m} edges",
        8 * count * (network.n_states + 4 * m), "Count fewer copies at a time (first_copy), or use sample_currents.",
    )  # fmt: skip
    from thermo_cl.markov.trajectories._jumps import count as run  # compiled code is imported where it is used

    residence, counts = np.zeros((count, network.n_states)), np.zeros((count, 2 * m), np.int64)
    initials, finals = np.empty(count, np.int64), np.empty(count, np.int64)
    over_batch(
        lambda begin, end: run(
            begin, end, *key, first, *tables.arrays, length, initials, finals, residence, counts
        ),
        count,
    )  # fmt: skip
    return JumpCounts(network.edges, length, residence, counts[:, ::2].copy(), counts[:, 1::2].copy(), initials, finals)


def accumulate_increments(
    network: MarkovNetwork,
    duration: float,
    per_transition: FloatArray,
    *,
    copies: int,
    initial: ArrayLike | None,
    rng: Seed,
    first_copy: int,
) -> tuple[FloatArray, IntArray, IntArray, IntArray, FloatArray]:
    """Sums, jumps, first and last states, and the initial distribution, for increments of shape (2 m, k)."""
    length = check.positive_number("duration", duration)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    tables, start = jump_tables(network, initial)
    key, width = stream_key(rng), per_transition.shape[1]
    require_memory(f"currents of {count} copies", 8 * count * (width + 3), "Ask for fewer at a time (first_copy).")
    from thermo_cl.markov.trajectories._jumps import accumulate  # compiled code is imported where it is used

    sums, increments = np.zeros((count, width)), np.ascontiguousarray(per_transition, float)
    initials, finals, jumps = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    over_batch(
        lambda begin, end: accumulate(
            begin, end, *key, first, *tables.arrays, length, initials, finals, increments, sums, jumps
        ),
        count,
    )
    return sums, jumps, initials, finals, start


def sample_currents(
    network: MarkovNetwork,
    duration: float,
    increments: ArrayLike | scipy.sparse.sparray,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> CurrentSamples:
    """Time-integrated currents of independent copies: each jump adds its increment.

    Parameters
    ----------
    network : MarkovNetwork
        A single network of n states.
    duration : float
        Length of every path, > 0.
    increments : array_like, shape (..., n, n), or scipy.sparse of shape (n, n)
        Entry (i, j) is added at a jump j -> i, antisymmetric for a current; entries without a jump are ignored.
    copies, initial, rng, first_copy
        As for ``sample_paths``; the same seed gives the same copies.

    Returns
    -------
    CurrentSamples

    Raises
    ------
    InvalidParameterError, ReducibleNetworkError, MemoryLimitError
        As for ``sample_paths``, and if the increments do not fit the states or are not finite.
    """
    length = check.positive_number("duration", duration)
    source = np.stack([network.edges.source, network.edges.target], axis=-1).ravel()
    target = np.stack([network.edges.target, network.edges.source], axis=-1).ravel()
    sparse = scipy.sparse.issparse(increments)
    square: Array = scipy.sparse.csr_array(increments) if sparse else check.finite("increments", increments)
    if square.shape[-2:] != (network.n_states, network.n_states):
        shape = f"(..., {network.n_states}, {network.n_states})"
        raise InvalidParameterError("increments.shape", square.shape, shape)
    values = check.finite("increments", square[target, source] if sparse else square[..., target, source])
    leading = values.shape[:-1]
    sums, jumps, initials, finals, _ = accumulate_increments(
        network, length, values.reshape(-1, source.size).T, copies=copies, initial=initial, rng=rng,
        first_copy=first_copy,
    )  # fmt: skip
    return CurrentSamples(sums.reshape(sums.shape[0], *leading), jumps, length, initials, finals)
