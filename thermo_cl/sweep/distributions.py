"""Distributions of single parameters, as maps from the unit interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["Distribution", "as_distribution", "choice", "column", "integers", "log_uniform", "uniform"]

_ROWS_SHOWN = 5
_EXACT_INTEGERS = 2**53  # whole numbers that a quantile can tell apart


@dataclass(frozen=True)
class Distribution:
    """Distribution of one parameter; make it with ``uniform``, ``log_uniform``, ``integers`` or ``choice``.

    Attributes
    ----------
    kind : str
        Name of the function that makes it.
    arguments : tuple of float
        Its arguments: the ends or the members.
    """

    kind: str
    arguments: tuple[float, ...]

    def values(self, quantile: FloatArray) -> Array:
        """Values at quantiles in [0, 1), elementwise."""
        if self.kind == "choice":
            members = np.asarray(self.arguments)
            return np.asarray(members[np.minimum((quantile * members.size).astype(np.int64), members.size - 1)])
        low, high = self.arguments
        if self.kind == "integers":
            return np.asarray(np.minimum(low + np.floor(quantile * (high - low)), high - 1).astype(np.int64))
        if self.kind == "uniform":
            return np.asarray(np.clip(low + quantile * (high - low), low, high))
        return np.asarray(np.clip(np.exp(np.log(low) + quantile * (np.log(high) - np.log(low))), low, high))

    def description(self) -> dict[str, Any]:
        """Kind and arguments, as JSON can hold them."""
        return {self.kind: list(self.arguments)}


def uniform(low: float, high: float) -> Distribution:
    """Numbers evenly distributed over [low, high].

    Parameters
    ----------
    low, high : float
        Ends, finite, low below high.

    Returns
    -------
    Distribution

    Raises
    ------
    InvalidParameterError
        If the ends are not finite and in order.
    """
    ends = check.single("low", check.finite("low", low)), check.single("high", check.finite("high", high))
    return Distribution("uniform", _increasing(ends))


def log_uniform(low: float, high: float) -> Distribution:
    """Numbers > 0 whose logarithms are evenly distributed over [log(low), log(high)].

    Parameters
    ----------
    low, high : float
        Ends, > 0 and finite, low below high.

    Returns
    -------
    Distribution

    Raises
    ------
    InvalidParameterError
        If the ends are not positive, finite and in order.
    """
    return Distribution(
        "log-uniform", _increasing((check.positive_number("low", low), check.positive_number("high", high)))
    )


def integers(low: int, high: int) -> Distribution:
    """Whole numbers low, ..., high - 1, all equally likely, as ``numpy.random`` has it.

    Parameters
    ----------
    low, high : int
        Ends, low included and high not.

    Returns
    -------
    Distribution

    Raises
    ------
    InvalidParameterError
        If low is not below high, or they are too far apart for exact draws.
    """
    first, end = (check.integer_at_least(n, v, -_EXACT_INTEGERS) for n, v in (("low", low), ("high", high)))
    ends = _increasing((first, end))
    if end - first > _EXACT_INTEGERS:
        raise InvalidParameterError("high - low", end - first, f"at most {_EXACT_INTEGERS}")
    return Distribution("integers", ends)


def choice(members: Sequence[float]) -> Distribution:
    """One of some numbers, all equally likely.

    Parameters
    ----------
    members : sequence of float
        Finite numbers, at least one.

    Returns
    -------
    Distribution

    Raises
    ------
    InvalidParameterError
        If there are none, or one is not finite.
    """
    return Distribution("choice", tuple(column("members", members).tolist()))


def as_distribution(name: str, given: Distribution | ArrayLike) -> Distribution:
    """Distribution of a parameter; a number stands for a constant, a list for a choice."""
    if isinstance(given, Distribution):
        return given
    return Distribution("choice", tuple(column(name, np.atleast_1d(np.asarray(given))).tolist()))


def column(name: str, given: ArrayLike) -> Array:
    """Read-only array of finite numbers, shape (n,), whole ones as int64 and others as float64.

    Raises
    ------
    InvalidParameterError
        Naming the first rows that are missing or not finite.
    """
    values = np.asarray(given)
    if values.ndim != 1 or not values.size:
        raise InvalidParameterError(f"{name}.shape", values.shape, "(n,), one number for each row")
    try:
        if values.dtype.kind not in "iufO":
            raise TypeError
        array = values.astype(np.int64 if values.dtype.kind in "iu" else float)
    except (TypeError, ValueError):
        raise InvalidParameterError(name, f"an array of {values.dtype}", "real numbers") from None
    if not np.array_equal(array, values) and values.dtype.kind == "u":
        raise InvalidParameterError(name, int(values.max()), "at most 2**63 - 1")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        more = f" and {bad.size - _ROWS_SHOWN} more" if bad.size > _ROWS_SHOWN else ""
        rows = ", ".join(map(str, bad[:_ROWS_SHOWN])) + more
        raise InvalidParameterError(name, float(array[bad[0]]), f"finite in every row; not in row {rows}")
    array.setflags(write=False)
    return np.asarray(array)


def _increasing(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise InvalidParameterError("low, high", ends, "in increasing order")
    return ends
