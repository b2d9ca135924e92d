"""The arrays of a network: real, finite, of one type, read-only, and known by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["LayeredArrays", "Parameters", "check_float_type", "common_type", "finite_array", "read_only"]

Parameters = Mapping[str, Array]
"""Arrays by name, ``W1, b1, W2, b2, ...`` in networks of layers; ``Wl`` joins layer l - 1 to layer l."""


class LayeredArrays:
    """What networks share that have one array of weights and one of biases for each layer: their arrays by name."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating type of all arrays."""
        return self.weights[0].dtype

    @property
    def parameters(self) -> Parameters:
        """All arrays by name: ``W1, b1, W2, b2, ...``, read-only."""
        pairs = enumerate(zip(self.weights, self.biases, strict=True), start=1)
        return MappingProxyType({f"{kind}{n}": a for n, pair in pairs for kind, a in zip("Wb", pair, strict=True)})

    def with_parameters(self, parameters: Parameters) -> Self:
        """The same network with other weights and biases, all of ``parameters`` given by name.

        The arrays are taken as they are, not copied, and not looked through for numbers that are not finite.

        Raises
        ------
        InvalidParameterError
            If names, shapes or types are not those of this network.
        """
        check.same_arrays(parameters, self.parameters)
        layers = range(1, len(self.weights) + 1)
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]  # a dataclass is one
        values["weights"] = tuple(parameters[f"W{n}"] for n in layers)
        values["biases"] = tuple(parameters[f"b{n}"] for n in layers)
        other = object.__new__(type(self))
        check.freeze(other, **values)
        return other


def finite_array(name: str, values: ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    """Array of finite numbers, of float32 if it is that, else of float64.

    Raises
    ------
    InvalidParameterError
        If the numbers are not real and finite, or not of that shape.
    """
    array = check.real_array(name, values)
    if shape is not None and array.shape != shape:
        raise InvalidParameterError(f"{name}.shape", array.shape, f"{shape}")
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise InvalidParameterError(name, "an array", "finite in every entry")
    return array


def common_type(arrays: Iterable[Array]) -> type[np.float32 | np.float64]:
    """float32 if all arrays are of it, else float64."""
    return np.float32 if all(a.dtype == np.float32 for a in arrays) else np.float64


def read_only(array: Array, dtype: Any) -> Array:
    """A C-ordered copy that nobody can change."""
    values = np.array(array, dtype=dtype, order="C")
    values.setflags(write=False)
    return values


def check_float_type(dtype: Any) -> None:
    """Refuse what is neither float32 nor float64."""
    if dtype not in (np.float32, np.float64, "float32", "float64"):
        raise InvalidParameterError("dtype", dtype, "float32 or float64")
