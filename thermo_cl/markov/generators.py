"""Generators, dense or sparse, from arrays of rates: checked, with a diagonal of minus the column sums, read-only."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["generator", "sparse_generator"]

_COLUMN_SUM_TOLERANCE = 1e-9
_DENSE_FORM = "a numeric array of shape (..., n, n)"


def generator(rates: ArrayLike) -> FloatArray:
    """Read-only generator, shape (..., n, n), of dense rates or a dense generator."""
    try:
        given = np.asarray(rates)
    except ValueError:  # rows of different lengths
        raise InvalidParameterError("rates", type(rates).__name__, _DENSE_FORM) from None
    if given.dtype.kind not in "iufb":
        raise InvalidParameterError("rates", str(given.dtype), _DENSE_FORM)
    array = given.astype(float)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] < 2:
        raise InvalidParameterError("rates.shape", array.shape, "square, (..., n, n), with at least 2 states")
    if not np.isfinite(array).all():
        raise InvalidParameterError("rates", float(array[~np.isfinite(array)][0]), "finite")
    own = np.arange(array.shape[-1])
    diagonal = array[..., own, own].copy()
    array[..., own, own] = 0.0
    if (array < 0).any():
        at = tuple(np.argwhere(array < 0)[0].tolist())
        _refuse_negative(at, array[at])
    with np.errstate(over="ignore"):
        leaving, entering = array.sum(axis=-2), array.sum(axis=-1)
    _check_diagonal(diagonal, leaving, entering)
    array[..., own, own] = -leaving
    array.setflags(write=False)
    return array


def sparse_generator(rates: scipy.sparse.sparray | scipy.sparse.spmatrix) -> scipy.sparse.csc_array:
    """Generator as a canonical ``csc_array`` of float64: entries given twice summed, stored zeros dropped."""
    if rates.ndim != 2 or rates.shape[0] != rates.shape[1] or rates.shape[0] < 2:
        raise InvalidParameterError("rates.shape", rates.shape, "square, (n, n), with at least 2 states")
    if rates.dtype.kind not in "iufb":
        raise InvalidParameterError("rates", str(rates.dtype), "a numeric sparse array of shape (n, n)")
    entries, n = scipy.sparse.coo_array(rates, dtype=float), rates.shape[0]
    if not np.isfinite(entries.data).all():
        raise InvalidParameterError("rates", float(entries.data[~np.isfinite(entries.data)][0]), "finite")
    array = scipy.sparse.csc_array(entries)
    array.sum_duplicates()
    diagonal = array.diagonal()
    array = scipy.sparse.csc_array(array - scipy.sparse.diags_array(diagonal))
    array.eliminate_zeros()
    if (array.data < 0).any():
        at = int(np.flatnonzero(array.data < 0)[0])
        column = int(np.searchsorted(array.indptr, at, side="right")) - 1
        _refuse_negative((int(array.indices[at]), column), array.data[at])
    with np.errstate(over="ignore"):
        leaving, entering = (np.asarray(array.sum(axis=k)).ravel() for k in (0, 1))
    _check_diagonal(diagonal, leaving, entering)
    array = scipy.sparse.csc_array(array - scipy.sparse.diags_array(leaving, shape=(n, n)))
    array.eliminate_zeros()
    array.sort_indices()
    for part in (array.data, array.indices, array.indptr):
        part.setflags(write=False)
    return array


def _refuse_negative(at: tuple[int, ...], rate: float) -> None:
    raise InvalidParameterError(f"rates[{', '.join(map(str, at))}]", float(rate), "not negative off the diagonal")


def _check_diagonal(diagonal: FloatArray, leaving: FloatArray, row_sums: FloatArray) -> None:
    """Refuse column sums that overflow, and a diagonal that is neither zero nor minus these sums."""
    if not np.isfinite(leaving).all():
        raise InvalidParameterError("rates", "a column whose sum overflows", "below 1e308 in sum")
    wrong = np.abs(diagonal + leaving) > _COLUMN_SUM_TOLERANCE * leaving
    if not (diagonal != 0).any() or not wrong.any():
        return
    if (np.abs(diagonal + row_sums) <= _COLUMN_SUM_TOLERANCE * row_sums).all():
        raise InvalidParameterError(
            "rates", "a generator whose rows sum to zero", "transposed: columns sum to zero, W[i, j] is j -> i"
        )
    at = np.argwhere(wrong)[0]
    raise InvalidParameterError(
        f"rates diagonal at {tuple(at.tolist())}",
        float(diagonal[tuple(at)]),
        f"0, or minus the sum of its column ({-float(leaving[tuple(at)]):.6g})",
    )
