"""Paths of ladders under a periodic, piecewise-linear signal, exact by thinning, and the entropy along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.markov.driving import drive
from thermo_cl.markov.ladder import Ladder
from thermo_cl.markov.trajectories.entropy import EntropySamples, entropy_samples
from thermo_cl.markov.trajectories.paths import SampledPaths, sampling_times
from thermo_cl.markov.trajectories.streams import Seed, stream_key
from thermo_cl.markov.trajectories.tables import alias_rows, distribution

__all__ = ["DrivenTables", "driven_tables", "driven_trajectory_entropy", "sample_driven_paths"]

_BIN = 0.1  # change of energy difference within a bin, k_B T: at most a tenth of the candidates are then in vain
_MOST_BINS = 4096


@dataclass(frozen=True, eq=False)
class DrivenTables:
    """A ladder under a signal prepared for thinning; ``start`` is the distribution that ``rows`` draw from."""

    start: FloatArray
    rows: tuple[Array, Array, Array]
    rates: tuple[FloatArray, float, FloatArray, float, float]
    bins: tuple[FloatArray, FloatArray, FloatArray, FloatArray]

    @property
    def arrays(self) -> tuple[Array | float, ...]:
        """Everything but the start, as the compiled loops take it."""
        return *self.rows, *self.rates, *self.bins


def driven_tables(ladder: Ladder, signal: PeriodicSignal, initial: ArrayLike | None) -> DrivenTables:
    """Check a single ladder and its signal; bins, bounds of the rates, and the start (steady unless given)."""
    if ladder.batch_shape:
        raise InvalidParameterError("ladder", f"a batch of shape {ladder.batch_shape}", "a single ladder")
    if not isinstance(signal, PeriodicSignal):
        raise InvalidParameterError("signal", signal, "a PeriodicSignal; sample_thinned_paths takes any function")
    corners, values = signal.times, signal.values
    if corners.ndim > 1 or values.ndim > 1:
        raise InvalidParameterError("signal", f"a batch of shape {corners.shape[:-1]}", "a single signal")
    energy = ladder.energy_difference(values)  # refuses signals below zero
    n, inactive, active = ladder.n_levels, float(ladder.inactive_dissociation), float(ladder.active_dissociation)
    start = ladder.steady_state(values[0]) if initial is None else distribution("initial", 2 * n, initial)
    occupied = np.flatnonzero(start)
    counts = np.append(np.zeros(2 * n, np.int64), occupied.size)

    pieces = np.clip(np.ceil(np.abs(np.diff(energy[:, 0])) / _BIN), 1, _MOST_BINS).astype(np.int64)
    require_memory(
        "bounds of the driven rates", 96 * n * int(pieces.sum()), "Use a signal of fewer corners or a smaller ladder."
    )
    spread = [np.arange(k + 1) / k for k in pieces]
    edges = [corners[i] + (corners[i + 1] - corners[i]) * x for i, x in enumerate(spread)]
    levels = [values[i] + (values[i + 1] - values[i]) * x for i, x in enumerate(spread)]
    starts, stops = np.concatenate([e[:-1] for e in edges]), np.concatenate([e[1:] for e in edges])
    signals = np.stack([np.concatenate([v[:-1] for v in levels]), np.concatenate([v[1:] for v in levels])], axis=-1)
    stops[:-1] = starts[1:]

    up, down = ladder._vertical_rates(signals)  # refuses rates that overflow
    bounds = np.concatenate([down, up], axis=-1).max(axis=1)  # within a bin they are monotone
    boltzmann = np.exp(ladder.energy_difference(0.0))
    along, against = np.ones(n), np.full(n, float(ladder.backward_rate))
    along[0] = against[-1] = 0.0
    horizontal = np.concatenate([along + against, (along + against)[::-1]])
    return DrivenTables(
        start,
        alias_rows(counts, start[occupied], occupied),
        (horizontal, float(ladder.rate_factor), boltzmann, inactive, active),
        (starts, stops, signals, bounds),
    )


def sample_driven_paths(
    ladder: Ladder,
    signal: PeriodicSignal,
    times: ArrayLike,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> SampledPaths:
    """States of independent ladders under a signal at given times, simulated jump by jump.

    Exact by thinning (Lewis and Shedler, Nav. Res. Logist. Q. 26, 403 (1979)): on a linear piece of the signal
    every rate is monotone, so that its ends bound it.

    Parameters
    ----------
    ladder : Ladder
        A single ladder of n levels.
    signal : PeriodicSignal
        A single signal >= 0, in micromolar; ``Sawtooth(...).signal(amplitude)`` is one.
    times : array_like, shape (t,)
        Times >= 0, in any order.
    copies, rng, first_copy
        As for ``sample_paths``.
    initial : int or array_like, shape (2 n,), optional
        State or distribution at time 0; by default the steady state at the signal's first value.

    Returns
    -------
    SampledPaths

    Raises
    ------
    InvalidParameterError
        If the signal leaves the ladder's domain or an argument fits as little as in ``sample_paths``.
    MemoryLimitError
        If the states would not fit into memory.

    Examples
    --------
    >>> from thermo_cl import Ladder, Sawtooth
    >>> signal = Sawtooth(fast=3.0, slow=15.0, mean=25.0).signal(50.0)
    >>> paths = sample_driven_paths(Ladder(gamma=1e-3), signal, [0.0, 3.0], copies=10_000, rng=1)
    >>> paths.average(Ladder(gamma=1e-3).top_rail).round(2)  # lower at the end of the rise
    array([0.51, 0.43])
    """
    chosen, states, _, _ = _run(ladder, signal, times, copies, initial, rng, first_copy, entropy=False)
    return SampledPaths(chosen, states, method="thinning")


def driven_trajectory_entropy(
    ladder: Ladder,
    signal: PeriodicSignal,
    duration: float,
    *,
    copies: int = 1,
    initial: ArrayLike | None = None,
    final: ArrayLike | None = None,
    rng: Seed = None,
    first_copy: int = 0,
) -> EntropySamples:
    r"""Total entropy production along paths of driven ladders (Seifert, Phys. Rev. Lett. 95, 040602 (2005)).

    Every jump counts with the rates at its own time; :math:`\langle e^{-\Delta s_{tot}}\rangle = 1`.

    Parameters
    ----------
    ladder, signal, copies, initial, rng, first_copy
        As for ``sample_driven_paths``.
    duration : float
        Length of every path, > 0; the signal starts at its own time 0.
    final : array_like, shape (2 n,), optional
        Distribution at the end; by default the initial one propagated by ``drive``, for up to about 50 states.
        The equality holds for any other too.

    Returns
    -------
    EntropySamples

    Raises
    ------
    InvalidParameterError, MemoryLimitError
        As for ``sample_driven_paths``.
    ConvergenceError
        If a path ends in a state to which ``final`` gives no probability, or ``drive`` does not get there.
    """
    length = check.positive_number("duration", duration)
    end = None if final is None else distribution("final", 2 * ladder.n_levels, final)
    _, states, entropy, start = _run(ladder, signal, [0.0, length], copies, initial, rng, first_copy, entropy=True)
    if end is None:
        end = drive(ladder, signal, start, length).probabilities[-1]
    first, last = states[:, 0].astype(np.int64), states[:, 1].astype(np.int64)
    return entropy_samples(entropy[:, 1].copy(), start, end, length, first, last, "thinning")


def _run(
    ladder: Ladder,
    signal: PeriodicSignal,
    times: ArrayLike,
    copies: int,
    initial: ArrayLike | None,
    rng: Seed,
    first_copy: int,
    *,
    entropy: bool,
) -> tuple[FloatArray, Array, FloatArray, FloatArray]:
    """Times, states and entropies at them, in the order of the times, and the initial distribution."""
    chosen, order = sampling_times(times)
    count, first = check.integer_at_least("copies", copies, 1), check.integer_at_least("first_copy", first_copy, 0)
    tables, key = driven_tables(ladder, signal, initial), stream_key(rng)
    size = count * chosen.size
    require_memory(f"the states of {count} copies at {chosen.size} times", 16 * size, "Ask for fewer at a time.")
    from thermo_cl.markov.trajectories._thinning import sample_driven  # compiled code is imported where it is used

    states, flows = np.empty((count, chosen.size), np.int32), np.empty((count, chosen.size if entropy else 0))
    increasing = chosen[order]
    log_backward = float(np.log(ladder.gamma) + 0.5 * ladder.energy_step)
    over_batch(
        lambda begin, end: sample_driven(
            begin, end, *key, first, *tables.arrays, increasing, log_backward, states, flows
        ),
        count,
    )  # fmt: skip
    back = np.argsort(order, kind="stable")
    return chosen, states[:, back], flows[:, back] if entropy else flows, tables.start
