"""Labels written into images: right ones in the positive phase, wrong ones drawn in the negative one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["check_labels", "with_labels", "wrong_labels"]

_U = np.uint64
_STRIDE, _MIX1, _MIX2 = _U(0xD1B54A32D192ED03), _U(0xBF58476D1CE4E5B9), _U(0x94D049BB133111EB)


def check_labels(labels: IntArray, classes: int) -> None:
    """Refuse labels that are none of so many classes."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        seen = f"from {labels.min()} to {labels.max()}"
        raise InvalidParameterError("labels", seen, f"in 0 ... {classes - 1}")


def with_labels(inputs: Array, labels: IntArray, classes: int) -> Array:
    """Copy of the inputs whose first features are the one-hot label.

    Parameters
    ----------
    inputs : ndarray, shape (n, features)
    labels : ndarray of int, shape (n,)
    classes : int
        How many features are written over.

    Raises
    ------
    InvalidParameterError
        If a label is none of the classes, or there are fewer features than classes.
    """
    check_labels(labels, classes)
    if inputs.shape[-1] < classes:
        raise InvalidParameterError("features", inputs.shape[-1], f"at least {classes}: labels are written over them")
    written = inputs.copy()
    written[:, :classes] = labels[:, None] == np.arange(classes)
    return written


def wrong_labels(labels: IntArray, classes: int, seeds: NDArray[np.uint64]) -> IntArray:
    """Labels drawn uniformly from those that are wrong.

    The draw of row r is a hash of seed and r (the finaliser of splitmix64), so that it does not depend on the batch.

    Parameters
    ----------
    labels : ndarray of int, shape (..., n)
        The right ones.
    classes : int
        At least 2.
    seeds : ndarray of uint64, shape (...)
        One for each batch of n rows.

    Raises
    ------
    InvalidParameterError
        If a label is none of the classes, or there are fewer than two.
    """
    check_labels(labels, check.integer_at_least("classes", classes, 2))
    rows = np.arange(1, labels.shape[-1] + 1, dtype=np.uint64)
    z: NDArray[Any] = np.asarray(seeds, np.uint64)[..., None] + rows * _STRIDE
    z = (z ^ (z >> _U(30))) * _MIX1
    z = (z ^ (z >> _U(27))) * _MIX2
    z ^= z >> _U(31)
    shift = ((z >> _U(32)) * _U(classes - 1)) >> _U(32)  # 0 ... classes - 2, each with the same share of 2**32
    return (labels + 1 + shift.astype(np.int64)) % classes
