"""Sparse elimination of one irreducible network, with the work and the memory known before anything is allocated.

States are eliminated in nested-dissection order (George, SIAM J. Numer. Anal. 10, 345 (1973)), which keeps the
fill of chains, trees and lattices low: O(n log n) numbers and O(n^1.5) operations in two dimensions. Pivots are
sums of rates, as in the dense elimination of Grassmann, Taksar and Heyman, so nothing is ever subtracted and every
steady probability keeps its relative accuracy. Networks that have no small separators (random graphs) fill up; the
plan says so, and iteration is the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.markov.algebra.classes import out_of_range

__all__ = ["EliminationPlan", "plan_elimination", "steady_state_eliminated", "steady_state_lu", "symmetric_graph"]

_BYTES_PER_FILL = 20  # two factors and an index
_LIKELY = 1e3  # ratio to the largest probability at which another state is left out
_REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class EliminationPlan:
    """Order and fill of a sparse elimination.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        States in the order of their elimination.
    fill : int
        Pairs of states that are joined during the elimination; a lower bound if not ``complete``.
    operations : float
        Multiplications, about.
    complete : bool
        Whether the count was carried through: it stops at the limit it was given.
    """

    order: IntArray
    fill: int
    operations: float
    complete: bool
    graph: tuple[IntArray, IntArray, FloatArray, FloatArray]
    parent: IntArray
    counts: IntArray

    @property
    def bytes(self) -> int:
        """Memory of the factors."""
        return _BYTES_PER_FILL * self.fill + 100 * self.order.size

    def require_memory(self) -> None:
        """``MemoryLimitError`` if the factors would not fit."""
        bound = "" if self.complete else "at least "
        require_memory(
            f"sparse elimination of {self.order.size} states ({bound}{self.fill:.2g} joined pairs)",
            self.bytes,
            "Use method='iterative', which stores the rates only",
        )


def plan_elimination(generator: scipy.sparse.csc_array, most: int) -> EliminationPlan:
    """Order the states and count the fill, without allocating it; the count stops past ``most`` pairs."""
    from thermo_cl.markov.algebra._sparse import dissect, fill_counts

    graph = symmetric_graph(generator)
    order = dissect(*graph[:2])
    parent, counts, fill = fill_counts(*graph[:2], order, _inverse(order), most)
    return EliminationPlan(order, int(fill), float(np.square(counts, dtype=float).sum()), bool(fill <= most), graph,
                           parent, counts)  # fmt: skip


def symmetric_graph(generator: scipy.sparse.csc_array) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Symmetric pattern in compressed rows, with the rates outwards from and inwards to the row's state."""
    n = generator.shape[0]
    source = np.repeat(np.arange(n), np.diff(generator.indptr))
    target = generator.indices.astype(np.int64)
    off = source != target
    source, target, rate = source[off], target[off], np.asarray(generator.data, dtype=float)[off]
    row, column = np.concatenate([source, target]), np.concatenate([target, source])
    key, at = np.unique(row * n + column, return_inverse=True)
    outwards, inwards = np.zeros(key.size), np.zeros(key.size)
    outwards[at[: rate.size]] = rate  # of a canonical matrix: no place comes twice
    inwards[at[rate.size :]] = rate
    pointer = np.searchsorted(key, np.arange(n + 1) * n).astype(np.int64)
    return pointer, (key % n).astype(np.int64), outwards, inwards


def _inverse(order: IntArray) -> IntArray:
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return place


def steady_state_eliminated(plan: EliminationPlan) -> FloatArray:
    """Steady probabilities of an irreducible network, shape (n,), entrywise accurate.

    Raises
    ------
    MemoryLimitError
        If the fill of the plan would not fit.
    ConvergenceError
        If a rate of the censored networks underflows.
    """
    plan.require_memory()
    from thermo_cl.markov.algebra._banded import to_probabilities
    from thermo_cl.markov.algebra._sparse import eliminate_sparse, fill_structure, substitute_sparse

    n, place = plan.order.size, _inverse(plan.order)
    pointer = np.concatenate([[0], np.cumsum(plan.counts)])
    index, factors, outflow = np.empty(plan.fill, dtype=np.int32), np.empty((plan.fill, 2)), np.ones(n)
    fill_structure(*plan.graph[:2], plan.order, place, plan.parent, pointer, index)
    stuck = eliminate_sparse(*plan.graph, plan.order, place, pointer, index, factors, outflow)
    if stuck >= 0:
        raise out_of_range(int(plan.order[stuck]))
    mantissa, exponent, p = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n)
    never = substitute_sparse(pointer, index, factors, outflow, mantissa, exponent)
    if never >= 0:
        raise out_of_range(int(plan.order[never]))
    to_probabilities(mantissa, exponent, p)
    return np.asarray((p / p.sum())[place])


def steady_state_lu(generator: scipy.sparse.csc_array, plan: EliminationPlan) -> tuple[FloatArray, int]:
    """Steady state by SuperLU without one of the likely states, refined; for comparison with the elimination.

    Returns
    -------
    p : ndarray, shape (n,)
        Sums to one; entries that are small beside the largest may have lost their digits, or their sign.
    refinements : int
        Steps of iterative refinement that made the residual smaller.

    Raises
    ------
    MemoryLimitError
        If the fill of the plan would not fit.
    """
    plan.require_memory()
    order = plan.order
    for _ in range(3):  # the equation left out should be that of a likely state, or the rest is ill-conditioned
        ordered = scipy.sparse.csc_array(generator[order][:, order])
        p, refinements = _without_last(ordered)
        likely = int(np.argmax(np.abs(np.where(np.isfinite(p), p, 0.0))))
        if np.abs(p[likely]) <= _LIKELY * np.abs(p[-1]):
            break
        order = np.append(np.delete(order, likely), order[likely])
    return np.asarray(p[_inverse(order)] if np.isfinite(p).all() else np.full(order.size, np.nan)), refinements


def _without_last(ordered: scipy.sparse.csc_array) -> tuple[FloatArray, int]:
    """Solution with the last state's equation left out and its weight set to one, then scaled to a sum of one."""
    from scipy.sparse.linalg import splu

    kept, source = ordered[:-1, :-1].tocsc(), -ordered[:-1, [-1]].toarray()[:, 0]
    kept.indices, kept.indptr = kept.indices.astype(np.int32), kept.indptr.astype(np.int32)
    # columns are dominated by their diagonal: no pivoting is needed, and the fill is the planned one
    try:
        factors = splu(kept, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    except RuntimeError:  # exactly singular
        return np.full(ordered.shape[0], np.nan), 0
    weights, steps = factors.solve(source), 0
    missing = source - kept @ weights
    for _ in range(_REFINEMENTS):
        better = weights + factors.solve(missing)
        still = source - kept @ better
        if not np.abs(still).max() < np.abs(missing).max():
            break
        weights, missing, steps = better, still, steps + 1
    with np.errstate(all="ignore"):  # overflow ends as NaN and is refused by the caller
        p = np.append(weights, 1.0)
        return np.asarray(p / p.sum()), steps
