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
        joined = scipy.sparse.triu(rates + rates.T, k=1).tocsr()  # rates are not negative: nothing cancels
        joined.sort_indices()
        source, target = joined.nonzero()
        forward, backward = np.asarray(rates[target, source]).ravel(), np.asarray(rates[source, target]).ravel()
    else:
        occurs = (rates > 0).any(axis=tuple(range(rates.ndim - 2)))
        source, target = np.nonzero(np.triu(occurs | occurs.T, k=1))
        forward, backward = rates[..., target, source], rates[..., source, target]
    return Edges(source.astype(np.int64), target.astype(np.int64), forward, backward)
