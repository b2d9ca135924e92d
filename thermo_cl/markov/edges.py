"""The edges of a network: every joined pair of states once, with its two rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from thermo_cl._types import Array, BoolArray, FloatArray, IntArray
from thermo_cl.errors import IrreversibleEdgeError

__all__ = ["Edges", "edges_of"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Joined pairs of states, source < target, in order of source then target.

    Attributes
    ----------
    source, target : ndarray of int, shape (m,)
        A positive current runs from source to target.
    forward, backward : ndarray, shape (..., m)
        Rates source -> target and target -> source, in 1/time; one of them may be zero.
    """

    source: IntArray
    target: IntArray
    forward: FloatArray
    backward: FloatArray

    def __len__(self) -> int:
        return int(self.source.size)

    @property
    def reversible(self) -> BoolArray:
        """Whether both rates are positive, shape (..., m)."""
        return np.asarray((self.forward > 0) & (self.backward > 0))

    def require_reversible(self) -> None:
        """``IrreversibleEdgeError`` naming the first edge with a rate in one direction only."""
        one_way = (self.forward > 0) != (self.backward > 0)
        if one_way.any():
            at = tuple(np.argwhere(one_way)[0])
            source, target = int(self.source[at[-1]]), int(self.target[at[-1]])
            raise IrreversibleEdgeError(*((source, target) if self.forward[at] > 0 else (target, source)))


def edges_of(rates: Array | scipy.sparse.sparray) -> Edges:
    """Edges of a generator, dense (batch axes lead) or sparse, that carry a rate in any member of the batch."""
    if scipy.sparse.issparse(rates):
        return _sparse_edges(rates)
    occurs = (rates > 0).any(axis=tuple(range(rates.ndim - 2)))
    source, target = np.nonzero(np.triu(occurs | occurs.T, k=1))
    forward, backward = rates[..., target, source], rates[..., source, target]
    return Edges(source.astype(np.int64), target.astype(np.int64), forward, backward)


def _sparse_edges(rates: scipy.sparse.sparray) -> Edges:
    """Edges by merging the sorted places of the rates below and above the diagonal."""
    entries, n = rates.tocoo(), rates.shape[0]
    target, source = (np.asarray(index, dtype=np.int64) for index in entries.coords)
    place, data = np.minimum(source, target) * n + np.maximum(source, target), np.asarray(entries.data, dtype=float)
    onward, back = (source < target) & (data != 0), (source > target) & (data != 0)
    places = np.union1d(place[onward], place[back])
    forward, backward = np.zeros(places.size), np.zeros(places.size)
    forward[np.searchsorted(places, place[onward])] = data[onward]
    backward[np.searchsorted(places, place[back])] = data[back]
    return Edges(places // n, places % n, forward, backward)
