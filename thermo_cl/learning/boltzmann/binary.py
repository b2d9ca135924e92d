"""Checks of arrays of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["bits"]


def bits(name: str, values: ArrayLike, units: int, dtype: Any = np.float64) -> Array:
    """States of so many units, shape (n, units), as a C-ordered array of ``dtype``; copied only if need be.

    Raises
    ------
    InvalidParameterError
        If the shape is another, or an entry is neither 0 nor 1.
    """
    try:
        given = np.asarray(values)
    except ValueError:
        raise InvalidParameterError(name, "rows of different lengths", f"of shape (n, {units})") from None
    if given.dtype.kind not in "iufb":
        raise InvalidParameterError(name, f"an array of {given.dtype}", "zeros and ones")
    if given.ndim != 2 or given.shape[1] != units or not len(given):
        raise InvalidParameterError(f"{name}.shape", given.shape, f"(n, {units}) with n >= 1, a state in each row")
    x = np.ascontiguousarray(given, dtype)
    wrong = (x != 0) & (x != 1)
    if wrong.any():
        raise InvalidParameterError(
            name, float(x[wrong].flat[0]), "0 or 1 in every entry; data.binarised thresholds grey values"
        )
    return x
