"""Steady states by multilevel aggregation: for networks that no elimination can hold, as large random graphs.

Gauss-Seidel sweeps make neighbours agree; groups of states that trade much are then merged, with the shares of
their members fixed, and the smaller network of groups is treated the same way (Horton and Leutenegger, ACM
SIGMETRICS 1994; iterative aggregation of Koury, McAllister and Stewart, SIAM J. Algebr. Discrete Methods 5, 164
(1984)). Every step adds, multiplies and divides positive numbers, so that the balance of each state is reached in
relative terms, however rare the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import ConvergenceError

__all__ = ["steady_state_iterated"]

_COARSEST = 60  # states that are left to a dense elimination
_SWEEPS = 2
_DONE = 2e-15  # imbalance that rounding alone leaves
_ACCEPTED = 1e-12  # imbalance at which a stalled iteration still counts as converged
_PATIENCE = 6  # cycles without progress before giving up

Graph = tuple[IntArray, IntArray, FloatArray, FloatArray]


@dataclass(eq=False)
class _Level:
    """One level's graph and probabilities; written to in place, as the cycles go on."""

    indptr: IntArray
    indices: IntArray
    outwards: FloatArray
    inwards: FloatArray
    outflow: FloatArray
    p: FloatArray
    group: IntArray | None = None
    entry: IntArray | None = None


def steady_state_iterated(graph: Graph, most_cycles: int = 400) -> tuple[FloatArray, int]:
    """Steady probabilities, shape (n,), of an irreducible network, and the number of cycles taken.

    Parameters
    ----------
    graph : tuple of ndarray
        Symmetric pattern in compressed rows, with the rates outwards from and inwards to the row's state.
    most_cycles : int
        Cycles to give up after.

    Raises
    ------
    ConvergenceError
        If the imbalance of inflow and outflow stays above 1e-12 in some state.
    """
    from thermo_cl.markov.algebra._aggregation import imbalance, sweep

    indptr, indices, outwards, inwards = graph
    n = indptr.size - 1
    top = _Level(*graph, np.add.reduceat(outwards, indptr[:-1]), np.full(n, 1.0 / n))
    sweep(indptr, indices, inwards, top.outflow, top.p, _SWEEPS, False)
    best, found, idle, rebuild = np.inf, top.p, 0, 0
    levels: list[_Level] = []
    for cycle in range(1, most_cycles + 1):
        if cycle > rebuild:  # groups follow the probabilities while these still move
            levels, rebuild = _hierarchy(top), 2 * rebuild + 1
        _cycle(levels, 0)
        top.p /= top.p.sum()
        off = float(imbalance(indptr, indices, inwards, top.outflow, top.p))
        idle = 0 if off < 0.9 * best else idle + 1
        if off < best:
            best, found = off, top.p.copy()
        if best <= _DONE or (idle >= _PATIENCE and best <= _ACCEPTED):
            return found, cycle
        if not np.isfinite(off) or idle >= 10 * _PATIENCE:
            break
    raise ConvergenceError(
        f"the iteration stopped after {cycle} cycles with an imbalance of {best:.1e} between inflow and outflow of "
        f"some state, above {_ACCEPTED:g}. Use method='gth' if its memory fits; rates many decades apart are hard to "
        "iterate"
    )


def _hierarchy(top: _Level) -> list[_Level]:
    """Levels of groups of about four, down to a network that is small enough to eliminate."""
    from thermo_cl.markov.algebra._aggregation import pair

    levels = [top]
    while levels[-1].p.size > _COARSEST:
        fine = levels[-1]
        group = np.empty(fine.p.size, dtype=np.int64)
        count = int(pair(fine.indptr, fine.indices, fine.outwards, fine.inwards, fine.p, group))
        if count > 0.9 * fine.p.size:
            break
        fine.group = group
        levels.append(_coarse(fine, count))
    return levels


def _coarse(fine: _Level, count: int) -> _Level:
    """Pattern and rates of the network of groups."""
    assert fine.group is not None
    row = np.repeat(fine.group, np.diff(fine.indptr))
    column = fine.group[fine.indices]
    between = row != column
    key, at = np.unique(row[between] * count + column[between], return_inverse=True)
    fine.entry = np.full(row.size, -1)
    fine.entry[between] = at
    indptr = np.searchsorted(key, np.arange(count + 1) * count).astype(np.int64)
    coarse = _Level(indptr, key % count, np.empty(key.size), np.empty(key.size), np.empty(count), np.empty(count))
    _restrict(fine, coarse)
    return coarse


def _restrict(fine: _Level, coarse: _Level) -> None:
    from thermo_cl.markov.algebra._aggregation import coarse_rates

    coarse_rates(fine.indptr, fine.indices, fine.outwards, fine.inwards, fine.p, fine.group, fine.entry, coarse.p,
                 coarse.outwards, coarse.inwards, coarse.outflow, coarse.indptr)  # fmt: skip


def _cycle(levels: list[_Level], depth: int) -> None:
    """One cycle: sweep, correct by the network of groups, sweep."""
    from thermo_cl.markov.algebra._aggregation import solve_coarsest, spread, sweep

    fine = levels[depth]
    if depth == len(levels) - 1:
        if fine.p.size <= 4 * _COARSEST:
            solve_coarsest(fine.indptr, fine.indices, fine.outwards, fine.p)
        else:
            sweep(fine.indptr, fine.indices, fine.inwards, fine.outflow, fine.p, 10, False)
        return
    coarse = levels[depth + 1]
    sweep(fine.indptr, fine.indices, fine.inwards, fine.outflow, fine.p, _SWEEPS, False)
    _restrict(fine, coarse)
    before = coarse.p.copy()
    # twice only where that stays cheap: groups of a random graph are joined nearly as often as its states
    for _ in range(2 if 1.7 * coarse.indices.size < fine.indices.size else 1):
        _cycle(levels, depth + 1)
    spread(fine.group, coarse.p, before, fine.p)
    sweep(fine.indptr, fine.indices, fine.inwards, fine.outflow, fine.p, _SWEEPS, True)
