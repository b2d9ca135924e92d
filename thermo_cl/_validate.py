"""Checks of arguments, shared by the constructors of every room."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.errors import InvalidParameterError


def _real_array(name: str, value: ArrayLike) -> FloatArray:
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iufb":
            raise TypeError
        return array.astype(float)
    except (TypeError, ValueError):
        raise InvalidParameterError(name, value, "a real number or an array of them") from None


def _require(name: str, value: ArrayLike, accepted: Callable[[FloatArray], BoolArray], valid: str) -> FloatArray:
    array = _real_array(name, value)
    good = np.asarray(accepted(array))
    if not good.all():
        raise InvalidParameterError(name, float(array[~good].flat[0]), valid)
    array.setflags(write=False)
    return array


def finite(name: str, value: ArrayLike) -> FloatArray:
    """Float array of finite numbers."""
    return _require(name, value, np.isfinite, "finite")


def positive(name: str, value: ArrayLike, *, below: float = math.inf) -> FloatArray:
    """Float array of finite numbers > 0."""
    valid = "finite and greater than 0" + ("" if math.isinf(below) else f" and below {below:g}")
    return _require(name, value, lambda a: np.isfinite(a) & (a > 0) & (a < below), valid)


def non_negative(name: str, value: ArrayLike) -> FloatArray:
    """Float array of finite numbers >= 0."""
    return _require(name, value, lambda a: np.isfinite(a) & (a >= 0), "finite and not negative")


def positive_or_infinite(name: str, value: ArrayLike) -> FloatArray:
    """Float array of numbers > 0, infinity included."""
    return _require(name, value, lambda a: a > 0, "greater than 0 (infinity is allowed)")


def integer_at_least(name: str, value: Any, least: int) -> int:
    """Plain int not below ``least``; a float is accepted only when it is a whole number."""
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number // 1:
        raise InvalidParameterError(name, value, f"a whole number of at least {least}")
    if number < least:
        raise InvalidParameterError(name, value, f"a whole number of at least {least}")
    return int(number)


def broadcast(**arrays: ArrayLike) -> tuple[int, ...]:
    """Common shape of named arrays, or an error that names their shapes."""
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InvalidParameterError("shapes", listed, "broadcastable against each other") from None


def freeze(instance: object, **values: object) -> None:
    """Set the fields of a frozen dataclass from its own constructor, once they are checked."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)
