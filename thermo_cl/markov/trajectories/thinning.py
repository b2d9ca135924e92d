"""Paths of any network under any signal: thinning of all copies in step, for rates given as a function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.trajectories.paths import SampledPaths, sampling_times
from thermo_cl.markov.trajectories.streams import Seed, following_numbers, stream_key, streams
from thermo_cl.markov.trajectories.tables import distribution

__all__ = ["sample_thinned_paths"]

_AT_ONCE = 2**22  # rates held at a time
_ROUNDING = 1e-12  # by which a rate may exceed its bound, as sums of rates do


def sample_thinned_paths(
    generator: Callable[[FloatArray], ArrayLike],
    signal: Callable[[FloatArray], ArrayLike],
    times: ArrayLike,
    *,
    rate_bound: ArrayLike,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> SampledPaths:
    """States of independent copies at given times, for rates that follow any signal.

    Exact by thinning (Lewis and Shedler, Nav. Res. Logist. Q. 26, 403 (1979)) as long as the bound holds; it is
    checked at every candidate. For a ladder and a piecewise-linear signal ``sample_driven_paths`` is far faster.

    Parameters
    ----------
    generator : callable
        Maps m signals to rates of shape (m, n, n), entry (i, j) the rate of j -> i; diagonals are ignored.
    signal : callable
        Maps m times to m signals.
    times : array_like, shape (t,)
        Times >= 0, in any order.
    rate_bound : array_like, shape () or (n,)
        Number > 0 which the rate of leaving each state never exceeds until the last time.
    copies, rng, first_copy
        As for ``sample_paths``.
    initial : int or array_like, shape (n,), optional
        State or distribution at time 0; by default the steady state at the signal of time 0.

    Returns
    -------
    SampledPaths
        ``status`` says under which condition it is exact.

    Raises
    ------
    InvalidParameterError
        If a rate is negative or not finite, or exceeds its bound (time and rate are named), or an argument fits
        as little as in ``sample_paths``.
    MemoryLimitError
        If the states would not fit into memory.

    Examples
    --------
    >>> def flipping(s):
    ...     return np.multiply.outer(1.0 + s, np.ones((2, 2)))
    >>> paths = sample_thinned_paths(flipping, np.sin, [1.0], rate_bound=2.0, copies=10_000, initial=0, rng=1)
    >>> paths.average([1.0, 0.0])  # (1 + exp(-2 - 2 (1 - cos 1))) / 2
    array([0.52...])
    """
    for name, function in (("generator", generator), ("signal", signal)):
        if not callable(function):
            raise InvalidParameterError(name, function, "a function of an array")
    chosen, order = sampling_times(times)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    rates = _rates(generator, signal, np.zeros(1))
    n = rates.shape[-1]
    bound = check.positive("rate_bound", rate_bound)
    if bound.shape not in {(), (n,)}:
        raise InvalidParameterError("rate_bound.shape", bound.shape, f"() or ({n},), one bound per state")
    start = MarkovNetwork(rates[0]).steady_state() if initial is None else distribution("initial", n, initial)
    require_memory(
        f"the states of {count} copies at {chosen.size} times", 4 * count * chosen.size, "Ask for fewer at a time."
    )
    key, states = stream_key(rng), np.empty((count, chosen.size), np.int32)
    step = max(1, _AT_ONCE // n**2)
    for begin in range(0, count, step):
        part = states[begin : begin + step]
        random = streams(key, np.arange(begin, begin + len(part)) + first)
        _sample(generator, signal, chosen[order], np.broadcast_to(bound, n), start, random, part)
    return SampledPaths(
        chosen, states[:, np.argsort(order, kind="stable")], "thinning", "exact while the rates keep to their bound"
    )


def _rates(
    generator: Callable[[FloatArray], ArrayLike], signal: Callable[[FloatArray], ArrayLike], times: FloatArray
) -> FloatArray:
    """Checked off-diagonal rates at some times, shape (m, n, n)."""
    levels = check.finite("signal(t)", signal(times))
    rates = np.array(generator(np.broadcast_to(levels, times.shape)), dtype=float)
    if rates.ndim != 3 or rates.shape[0] != times.size or rates.shape[1] != rates.shape[2] or rates.shape[1] < 2:
        raise InvalidParameterError(
            "generator(signals).shape", rates.shape, f"({times.size}, n, n) for {times.size} signals, n >= 2"
        )
    own = np.arange(rates.shape[-1])
    rates[:, own, own] = 0.0
    return check.non_negative("generator(signals)", rates)


def _sample(
    generator: Callable[[FloatArray], ArrayLike],
    signal: Callable[[FloatArray], ArrayLike],
    times: FloatArray,
    bound: FloatArray,
    start: FloatArray,
    random: Array,
    states: Array,
) -> None:
    """Fill the states of some copies at increasing times, one candidate of every unfinished copy at a time."""
    total = np.cumsum(start)
    state = np.searchsorted(total, following_numbers(random) * total[-1], side="right")
    now, seen, copy = np.zeros(state.size), np.zeros(state.size, np.int64), np.arange(state.size)
    while copy.size:
        now = now - np.log(following_numbers(random)) / bound[state]
        passed = np.searchsorted(times, now, side="left")
        fresh = passed - seen
        row = np.repeat(np.arange(copy.size), fresh)
        column = np.arange(row.size) - np.repeat(np.cumsum(fresh) - fresh - seen, fresh)
        states[copy[row], column] = state[row]
        going = passed < times.size
        now, seen, copy, state, random = now[going], passed[going], copy[going], state[going], random[:, going].copy()
        if not copy.size:
            return
        leaving = _rates(generator, signal, now)[np.arange(copy.size), :, state]
        reached = np.cumsum(leaving, axis=-1)
        beyond = reached[:, -1] > bound[state] * (1.0 + _ROUNDING)
        if beyond.any():
            at = int(np.argmax(beyond))
            raise InvalidParameterError(
                "rate_bound", float(bound[state[at]]),
                f"at least {reached[at, -1]:.9g}, the rate of leaving state {state[at]} at t = {now[at]:.9g}",
            )  # fmt: skip
        aim = following_numbers(random) * bound[state]
        target = (reached <= aim[:, None]).sum(axis=-1)
        state = np.where(target < reached.shape[-1], target, state)
