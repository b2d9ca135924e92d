"""Adaptive mesh: intervals are split until the probabilities on each of them are accurate and positive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from thermo_cl._memory import require_memory
from thermo_cl._types import BoolArray, FloatArray, IntArray
from thermo_cl.errors import ConvergenceError, ReducibleNetworkError
from thermo_cl.markov.algebra.classes import communicating_classes
from thermo_cl.markov.driving.collocation import STAGES, bandwidth_order, defects, propagators, tableau
from thermo_cl.markov.driving.path import Path
from thermo_cl.markov.driving.positive import positive_propagators
from thermo_cl.markov.driving.system import DrivenNetwork

__all__ = ["Solution", "resolve"]

_LAYER_CUTS = (0.0, 1 / 16, 1 / 4)  # where an interval after a break is cut: its fast modes relax at its start
_MOST_PIECES = 4
_MOST_INTERVALS = 20_000
_FIRST_INTERVALS = 8  # at least, so that a smooth signal is seen before an estimate is believed
_MOST_VARIATION = 2.0  # of a rate on an interval: ten digits of what its logarithm costs
_NARROWEST = 1e-13  # of the duration


@dataclass(frozen=True, eq=False)
class Solution:
    """Probabilities along a path, by intervals.

    Attributes
    ----------
    times : ndarray, shape (k + 1,)
        Ends of the intervals.
    nodes : ndarray, shape (k + 1, n)
        Probabilities there.
    stages : ndarray, shape (k, s, n)
        Probabilities at the collocation points of each interval.
    generators : ndarray, shape (k, s, n, n)
        W at the collocation points.
    signals : ndarray, shape (k, s)
        The signal there.
    error : float
        Largest estimated error of a probability on an interval.
    """

    times: FloatArray
    nodes: FloatArray
    stages: FloatArray
    generators: FloatArray
    signals: FloatArray
    error: float


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Intervals with what was computed on them; every array has one row an interval."""

    begin: FloatArray
    end: FloatArray
    signals: FloatArray
    at_points: FloatArray
    between: FloatArray
    stage_increments: FloatArray
    stepwise: BoolArray
    varied: BoolArray

    def joined(self, other: _Pieces, kept: BoolArray) -> _Pieces:
        """The kept intervals and those of the other, in order of time."""
        both = {f.name: np.concatenate([getattr(self, f.name)[kept], getattr(other, f.name)]) for f in fields(self)}
        order = np.argsort(both["begin"], kind="stable")
        return _Pieces(**{name: array[order] for name, array in both.items()})


def resolve(
    system: DrivenNetwork,
    path: Path,
    tolerance: float,
    start: Callable[[FloatArray], FloatArray],
    *,
    irreducible: bool,
) -> Solution:
    """Solve along a path to a tolerance of the probabilities.

    Parameters
    ----------
    system, path : DrivenNetwork, Path
    tolerance : float
        Largest estimated error of a probability on one interval.
    start : callable
        Initial probabilities from the increments (k, n, n) of all intervals: the same each time, or the periodic state.
    irreducible : bool
        Whether all states must reach each other.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached, naming the time.
    MemoryLimitError
        If a hundred intervals would not fit.
    ReducibleNetworkError
        If the states do not reach each other where they must.
    """
    n = system.n_states or system.generators(path.value(path.breaks[:1])).shape[-1]
    require_memory(
        f"the driven state of {n} states", 100 * 4 * STAGES * n * n * 8 + 4 * (STAGES * n) ** 2 * 8,
        "Use fewer states: the propagators are dense",
    )  # fmt: skip
    per_break = -(-_FIRST_INTERVALS // (path.breaks.size - 1)) if path.slope is None else 1
    share = np.arange(per_break) / per_break
    begin = (path.breaks[:-1, None] + np.diff(path.breaks)[:, None] * share).ravel()
    end = np.append(begin[1:], path.duration)
    seen = system.generators(path.value(0.5 * (begin + end)))
    if irreducible:
        classes = communicating_classes(seen.sum(axis=0))
        if len(classes) > 1:
            raise ReducibleNetworkError(classes)
    order = bandwidth_order(seen)
    pieces = _solve_pieces(system, path, begin, end, order)
    while True:
        nodes, stages = _march(pieces, start(pieces.stage_increments[:, -1]))
        lengths = pieces.end - pieces.begin
        error = defects(lengths, pieces.between, nodes[:-1], stages)
        negative = (stages < 0).any(axis=(-1, -2)) | (nodes[1:] < 0).any(axis=-1)
        fixed = _made_positive(pieces, nodes, stages, negative & ~(error > tolerance), tolerance)
        if fixed is not None:
            pieces = fixed
            continue
        bad = ~(error <= tolerance) & ~pieces.stepwise | negative | pieces.varied
        if not bad.any():
            times = np.append(pieces.begin, path.duration)
            return Solution(
                times, nodes, stages, pieces.at_points, pieces.signals,
                float(error[~pieces.stepwise].max(initial=0.0)),
            )  # fmt: skip
        _require_progress(pieces, bad, error, tolerance, path.duration)
        pieces = _refined(system, path, pieces, bad, error / tolerance, order)


def _solve_pieces(system: DrivenNetwork, path: Path, begin: FloatArray, end: FloatArray, order: IntArray) -> _Pieces:
    rule, lengths = tableau(), end - begin
    positions = np.concatenate([rule.points, rule.between])
    times = begin[:, None] + lengths[:, None] * positions
    times[:, STAGES - 1] = end
    signals = path.value(times.ravel())
    generators = system.generators(signals)
    n = generators.shape[-1]
    generators = generators.reshape(begin.size, 2 * STAGES, n, n)
    at_points, between = generators[:, :STAGES], generators[:, STAGES:]
    increments = propagators(lengths, at_points, order)
    return _Pieces(
        begin, end, signals.reshape(begin.size, -1)[:, :STAGES], at_points, between, increments,
        np.zeros(begin.size, dtype=bool), _varied(at_points),
    )  # fmt: skip


def _varied(generators: FloatArray) -> BoolArray:
    """Whether a rate changes more than quadrature of the costs, which hold its logarithm, can follow."""
    own = np.arange(generators.shape[-1])
    rates = generators.copy()
    rates[..., own, own] = 0.0
    least, most = rates.min(axis=1), rates.max(axis=1)
    return np.asarray(((least > 0) & (most > _MOST_VARIATION * least)).any(axis=(-1, -2)))


def _march(pieces: _Pieces, initial: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities at all nodes and collocation points from those at the start."""
    increments = pieces.stage_increments
    nodes = np.empty((increments.shape[0] + 1, initial.size))
    nodes[0] = initial
    for k, last in enumerate(increments[:, -1]):
        nodes[k + 1] = nodes[k] + last @ nodes[k]
    stages = nodes[:-1, None, :] + np.matmul(increments, nodes[:-1, None, :, None])[..., 0]
    return nodes, np.asarray(stages)


def _made_positive(
    pieces: _Pieces, nodes: FloatArray, stages: FloatArray, candidates: BoolArray, tolerance: float
) -> _Pieces | None:
    """The pieces with propagators that are positive by construction where those are accurate enough; None if nowhere.

    Collocation is accurate on the candidates, but leaves states of next to no probability with the wrong sign.
    """
    candidates = candidates & ~pieces.stepwise & (nodes[:-1] >= 0).all(axis=-1)
    chosen = np.flatnonzero(candidates)
    if chosen.size == 0:
        return None
    lengths = pieces.end[chosen] - pieces.begin[chosen]
    increments, valid = positive_propagators(lengths, pieces.at_points[chosen])
    other = nodes[chosen][:, None, :] + np.matmul(increments, nodes[chosen][:, None, :, None])[..., 0]
    valid &= np.abs(other - stages[chosen]).max(axis=(-1, -2)) <= tolerance
    if not valid.any():
        return None
    replaced, stepwise = pieces.stage_increments.copy(), pieces.stepwise.copy()
    replaced[chosen[valid]], stepwise[chosen[valid]] = increments[valid], True
    return replace(pieces, stage_increments=replaced, stepwise=stepwise)


def _require_progress(pieces: _Pieces, bad: BoolArray, error: FloatArray, tolerance: float, duration: float) -> None:
    narrow = bad & (pieces.end - pieces.begin < _NARROWEST * duration)
    if narrow.any() or bad.size > _MOST_INTERVALS:
        at = int(np.argmax(narrow if narrow.any() else np.where(bad, error, 0.0)))
        raise ConvergenceError(
            f"the probabilities are not accurate to {tolerance:g} near t = {pieces.begin[at]:.6g} "
            f"(estimated error {error[at]:.2g} with {bad.size} intervals); "
            "give the times of kinks as breaks, or a larger tolerance"
        )


def _refined(
    system: DrivenNetwork, path: Path, pieces: _Pieces, bad: BoolArray, ratio: FloatArray, order: IntArray
) -> _Pieces:
    """Split the bad pieces: towards the start of those that follow a break, else evenly by the order of the method."""
    after_break = np.isin(pieces.begin, path.breaks)
    begin, end = [], []
    for k in np.flatnonzero(bad):
        a, width = pieces.begin[k], pieces.end[k] - pieces.begin[k]
        if after_break[k]:
            cuts = a + width * np.array(_LAYER_CUTS)
        else:
            wanted = np.ceil(min(ratio[k], 1e30) ** (1.0 / (STAGES + 1))) if np.isfinite(ratio[k]) else _MOST_PIECES
            count = int(min(max(wanted, 2), _MOST_PIECES))
            cuts = a + width * np.arange(count) / count
        begin.append(cuts)
        end.append(np.append(cuts[1:], pieces.end[k]))
    new = _solve_pieces(system, path, np.concatenate(begin), np.concatenate(end), order)
    return pieces.joined(new, ~bad)
