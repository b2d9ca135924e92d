"""Checks of arguments, shared by the constructors of every room."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import Array, BoolArray, FloatArray
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


def non_negative_or_infinite(name: str, value: ArrayLike) -> FloatArray:
    """Float array of numbers >= 0, infinity included."""
    return _require(name, value, lambda a: a >= 0, "not negative (infinity is allowed)")


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


def single(name: str, array: FloatArray) -> float:
    """The number that an array without axes holds."""
    if array.ndim:
        raise InvalidParameterError(f"{name}.shape", array.shape, "(), a single number")
    return float(array)


def positive_number(name: str, value: ArrayLike) -> float:
    """A single finite number > 0."""
    return single(name, positive(name, value))


def distributions(name: str, value: ArrayLike, n_states: int) -> FloatArray:
    """Probabilities of so many states, shape (..., n)."""
    p = non_negative(name, value)
    valid = f"probabilities of {n_states} states that sum to 1"
    if p.ndim == 0 or p.shape[-1] != n_states:
        raise InvalidParameterError(name, f"an array of shape {p.shape}", valid)
    total = p.sum(axis=-1)
    if (np.abs(total - 1.0) > 1e-9).any():
        raise InvalidParameterError(name, f"an array of sum {float(total.flat[np.argmax(np.abs(total - 1.0))])}", valid)
    return p


def distribution(name: str, value: ArrayLike, n_states: int) -> FloatArray:
    """Probabilities of so many states, shape (n,)."""
    p = distributions(name, value, n_states)
    if p.ndim > 1:
        raise InvalidParameterError(f"{name}.shape", p.shape, f"({n_states},), a single distribution")
    return p


def generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    """Random generator, from a seed unless it is one already."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise InvalidParameterError("rng", rng, "a whole number >= 0, a SeedSequence or a Generator") from None


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


def real_array(name: str, value: ArrayLike) -> Array:
    """Array of real numbers, of the type that it has."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise InvalidParameterError(name, "rows of different lengths", "arrays of real numbers") from None
    if array.dtype.kind not in "iufb":
        raise InvalidParameterError(name, f"an array of {array.dtype}", "arrays of real numbers")
    return array


def same_arrays(parameters: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Refuse arrays by name that have not the names, shapes and types of others."""
    if set(parameters) != set(expected):
        raise InvalidParameterError("parameters", sorted(parameters), f"the names {', '.join(expected)}")
    for name, array in expected.items():
        given = parameters[name]
        if not isinstance(given, np.ndarray) or given.shape != array.shape or given.dtype != array.dtype:
            seen = f"{given.dtype} {given.shape}" if isinstance(given, np.ndarray) else type(given).__name__
            raise InvalidParameterError(name, seen, f"{array.dtype} {array.shape}")
