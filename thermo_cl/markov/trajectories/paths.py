"""Paths of independent copies of a network: states at chosen times, or every jump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.trajectories.streams import Seed, stream_key
from thermo_cl.markov.trajectories.tables import jump_tables

__all__ = ["JumpRecord", "SampledPaths", "record_paths", "sample_paths", "sampling_times"]


@dataclass(frozen=True, eq=False)
class SampledPaths:
    """States of independent copies at given times.

    Attributes
    ----------
    times : ndarray, shape (t,)
        As given.
    states : ndarray of int32, shape (copies, t)
        Indices of states.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    times: FloatArray
    states: Array
    method: str = "direct"
    status: str = "exact"

    def average(self, observable: ArrayLike) -> FloatArray:
        """Mean over the copies of an observable, shape (n,), at each time: shape (t,)."""
        return np.asarray(np.asarray(observable, dtype=float)[self.states].mean(axis=0))


@dataclass(frozen=True, eq=False)
class JumpRecord:
    """Every jump of independent copies.

    Attributes
    ----------
    duration : float
        Length of every path.
    offsets : ndarray of int, shape (copies + 1,)
        Copy i owns the entries from ``offsets[i]`` to ``offsets[i + 1]``.
    times : ndarray, shape (copies + jumps,)
        Time at which the state was entered, 0 for the first of each copy.
    states : ndarray of int32, shape (copies + jumps,)
        State entered.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    duration: float
    offsets: IntArray
    times: FloatArray
    states: Array
    method: str = "direct"
    status: str = "exact"

    def path(self, copy: int = 0) -> tuple[FloatArray, Array]:
        """Times and states of one copy; the last state lasts until ``duration``."""
        if not 0 <= copy < self.offsets.size - 1:
            raise InvalidParameterError("copy", copy, f"from 0 to {self.offsets.size - 2}")
        own = slice(self.offsets[copy], self.offsets[copy + 1])
        return self.times[own], self.states[own]


def sampling_times(times: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Checked times >= 0, shape (t,), and the order that sorts them."""
    chosen = check.non_negative("times", times)
    if chosen.ndim > 1 or chosen.size == 0:
        raise InvalidParameterError("times.shape", chosen.shape, "(t,), at least one time")
    chosen = np.atleast_1d(chosen)
    return chosen, np.argsort(chosen, kind="stable")


def sample_paths(
    network: MarkovNetwork,
    times: ArrayLike,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> SampledPaths:
    """States of independent copies at given times, simulated jump by jump.

    The direct method (Gillespie, J. Comput. Phys. 22, 403 (1976)) with random numbers of one stream per copy: copy i
    of a seed is the same in every function of this package, on any number of threads. Exact means to the rounding
    of a double: a waiting time comes in steps of at most 2**-48 of its mean, and a transition's share of its state's
    exit rate in steps of 2**-64. A copy that reaches an absorbing state stays there.

    Parameters
    ----------
    network : MarkovNetwork
        A single network of n states.
    times : array_like, shape (t,)
        Times >= 0, in any order.
    copies : int
        Number of copies, >= 1.
    initial : int or array_like, shape (n,), optional
        State or distribution at time 0; the steady state by default.
    rng : int, SeedSequence, Generator or None
        Seed of the streams; a generator draws one key from itself.
    first_copy : int
        Index of the first copy, to go on where another call stopped.

    Returns
    -------
    SampledPaths

    Raises
    ------
    InvalidParameterError
        If a time is negative, there is no copy, ``initial`` fits no state, or the network is a batch.
    ReducibleNetworkError
        If the steady start is not unique.
    MemoryLimitError
        If the states would not fit into memory.

    Examples
    --------
    >>> network = MarkovNetwork([[0.0, 2.0], [3.0, 0.0]])
    >>> paths = sample_paths(network, [0.0, 1.0], copies=100_000, initial=0, rng=1)
    >>> paths.average([1.0, 0.0]).round(2)  # 0.4 + 0.6 exp(-5 t)
    array([1. , 0.4])
    """
    chosen, order = sampling_times(times)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    tables, _ = jump_tables(network, initial)
    key = stream_key(rng)
    require_memory(
        f"the states of {count} copies at {chosen.size} times", 8 * count * chosen.size, "Ask for fewer at a time."
    )
    from thermo_cl.markov.trajectories._jumps import sample  # compiled code is imported where it is used

    states, increasing = np.empty((count, chosen.size), np.int32), chosen[order]
    over_batch(lambda begin, end: sample(begin, end, *key, first, *tables.arrays, increasing, states), count)
    back = np.argsort(order, kind="stable")
    return SampledPaths(chosen, states if (back[1:] > back[:-1]).all() else states[:, back])


def record_paths(
    network: MarkovNetwork,
    duration: float,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> JumpRecord:
    """Every jump of independent copies; arguments, streams and errors as for ``sample_paths``.

    The copies are run twice, once to count their jumps, so that memory is known before it is taken.

    Parameters
    ----------
    network : MarkovNetwork
        A single network of n states.
    duration : float
        Length of every path, > 0.
    copies, initial, rng, first_copy
        As for ``sample_paths``.

    Returns
    -------
    JumpRecord

    Examples
    --------
    >>> record = record_paths(MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]), 100.0, initial=0, rng=1)
    >>> times, states = record.path()
    >>> states[:4]
    array([0, 1, 0, 1], dtype=int32)
    """
    length = check.positive_number("duration", duration)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    tables, _ = jump_tables(network, initial)
    key = stream_key(rng)
    from thermo_cl.markov.trajectories._jumps import accumulate, record  # compiled code is imported where it is used

    initials, finals, jumps = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    nothing, sums = np.empty((2 * len(network.edges), 0)), np.empty((count, 0))
    over_batch(
        lambda begin, end: accumulate(
            begin, end, *key, first, *tables.arrays, length, initials, finals, nothing, sums, jumps
        ),
        count,
    )
    offsets = np.concatenate([[0], np.cumsum(jumps + 1)])
    total = int(offsets[-1])
    require_memory(f"the record of {total - count} jumps", 12 * total, "Ask for a shorter duration or fewer copies.")
    times, states = np.empty(total), np.empty(total, np.int32)
    over_batch(lambda begin, end: record(begin, end, *key, first, *tables.arrays, offsets, times, states), count)
    return JumpRecord(length, offsets, times, states)
