"""Stiffness (conductance) matrix of the free degrees of freedom, its pattern made once for all coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl._types import Array, FloatArray, IntArray

__all__ = ["Assembly"]

_DENSE = 220  # free degrees of freedom up to which a dense matrix is faster


class Assembly:
    """B_f^T diag(c) B_f for coefficients c, with the elimination order that keeps its factors sparse.

    Parameters
    ----------
    compatibility : csr_array, shape (edges, dofs)
    imposed : ndarray of int, shape (m,)

    Attributes
    ----------
    free : ndarray of int
        The other degrees of freedom, in the order of elimination.
    of_free, of_imposed : csr_array
        The compatibility's columns of each.
    dense : bool
        Whether the matrix is small enough to be dense.
    """

    def __init__(self, compatibility: Any, imposed: IntArray) -> None:
        is_free = np.ones(compatibility.shape[1], dtype=bool)
        is_free[imposed] = False
        free = np.flatnonzero(is_free)
        self.dense = len(free) <= _DENSE
        columns = compatibility.tocsc()
        if not self.dense:
            free = free[_elimination_order(columns[:, free])]
        self.free: IntArray = free
        self.of_free: Any = columns[:, free].tocsr()
        self.of_imposed: Any = columns[:, imposed].tocsr()
        self.from_edges: Any = self.of_free.T.tocsr()
        self._weights, self._rows, self._starts = _pattern(self.of_free)

    @property
    def size(self) -> int:
        """Number of free degrees of freedom."""
        return len(self.free)

    def matrix(self, coefficients: FloatArray) -> Any:
        """The matrix, symmetric: an ndarray if ``dense``, else a csc_array."""
        from scipy import sparse

        entries = self._weights @ coefficients
        if self.dense:
            full: Array = np.zeros((self.size, self.size))
            full[self._rows, np.repeat(np.arange(self.size), np.diff(self._starts))] = entries
            return full
        return sparse.csc_array((entries, self._rows, self._starts), shape=(self.size, self.size))


def _elimination_order(columns: Any) -> IntArray:
    """Minimum-degree order of the symmetric pattern, as SuperLU finds it."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    pattern = sparse.csc_array(abs(columns).T @ abs(columns))
    dominant = pattern + sparse.diags_array(1.0 + pattern.sum(axis=0), format="csc")  # cannot be singular
    order = splu(sparse.csc_array(dominant), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).perm_c
    return np.asarray(np.argsort(order), dtype=np.int64)


def _pattern(of_free: Any) -> tuple[Any, IntArray, IntArray]:
    """Linear map from coefficients to the matrix' entries, their rows, and where each column starts."""
    from scipy import sparse

    edges, size = of_free.shape
    counts = np.diff(of_free.indptr)
    starts = of_free.indptr[:-1]
    widest = int(counts.max(initial=0))
    keys, values, owners = [], [], []
    for a in range(widest):
        for b in range(widest):
            e = np.flatnonzero(counts > max(a, b))
            i, j = starts[e] + a, starts[e] + b
            keys.append(of_free.indices[j].astype(np.int64) * size + of_free.indices[i])
            values.append(of_free.data[i] * of_free.data[j])
            owners.append(e)
    places, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    weights = sparse.csr_array(
        (np.concatenate(values), (inverse, np.concatenate(owners))), shape=(len(places), edges)
    )  # fmt: skip
    columns, rows = np.divmod(places, size)
    return weights, rows, np.searchsorted(columns, np.arange(size + 1))
