"""Checks of arrays of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["bits"]


def bits(name: str, values: ArrayLike, units: int | None, dtype: Any = np.float64) -> Array:
    """States of so many units, shape (n, units), as a C-ordered array of ``dtype``; copied only if need be.

    Of any number of units, at least 1, for None.

    Raises
    ------
    InvalidParameterError
        If the shape is another, or an entry is neither 0 nor 1.
    """
    shape = f"(n, {'units' if units is None else units})"
    try:
        given = np.asarray(values)
    except ValueError:
        raise InvalidParameterError(name, "rows of different lengths", f"of shape {shape}") from None
    if given.dtype.kind not in "iufb":
        kind = type(values).__name__ if given.dtype == object and not given.ndim else f"an array of {given.dtype}"
        raise InvalidParameterError(name, kind, "a dense array of zeros and ones")
    if given.ndim != 2 or 0 in given.shape or units not in (None, given.shape[1]):
        raise InvalidParameterError(f"{name}.shape", given.shape, f"{shape} with n >= 1, a state in each row")
    wrong = (given != 0) & (given != 1)  # as given: another type may round to them
    if wrong.any():
        raise InvalidParameterError(
            name, float(given[wrong].flat[0]), "0 or 1 in every entry; data.binarised thresholds grey values"
        )
    return np.ascontiguousarray(given, dtype)
