"""What decides the numbers of a run, as plain values that can be stored and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork
from thermo_cl.learning.feedforward import FeedForwardNetwork

__all__ = ["describe", "differences"]

_LISTED = 16  # entries up to which an array is written out rather than hashed


def describe(value: Any) -> Any:
    """A value as JSON can hold it: two values of equal description give the same numbers.

    Data sets, networks and long arrays become sizes and a SHA-256 sum; other objects their type and fields.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, complex):
        return [value.real, value.imag]
    for kind, plain in _PLAIN:
        if isinstance(value, kind):
            return plain(value)
    if is_dataclass(value):
        parts = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
    else:
        parts = getattr(value, "__dict__", None) or {"value": repr(value)}
    return {"type": type(value).__qualname__} | describe(parts)


def differences(kept: Any, wanted: Any, path: str = "") -> list[str]:
    """One phrase for each entry in which two descriptions differ, by its dotted path."""
    if isinstance(kept, dict) and isinstance(wanted, dict):
        found = []
        for name in [*kept, *(n for n in wanted if n not in kept)]:
            found += differences(kept.get(name), wanted.get(name), f"{path}.{name}" if path else name)
        return found
    return [] if kept == wanted else [f"{path} was {_short(kept)} and is now {_short(wanted)}"]


def _short(value: Any) -> str:
    if isinstance(value, dict) and "type" in value:
        return str(value["type"])
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _digest(*arrays: Array) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def _array(array: Array) -> Any:
    if array.size <= _LISTED:
        return describe(array.tolist())
    return {"shape": list(array.shape), "sha256": _digest(array)}


def _dataset(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "examples": len(data),
        "features": data.inputs.shape[1],
        "classes": data.classes,
        "sha256": _digest(data.inputs, data.labels),
    }


def _network(network: EnergyNetwork) -> dict[str, Any]:
    return {
        "sizes": list(network.sizes),
        "dtype": network.dtype.name,
        "activation": describe(network.activation),
        "sha256": _digest(*network.parameters.values()),
    }


def _feed_forward(network: FeedForwardNetwork) -> dict[str, Any]:
    return {
        "input_shape": list(network.input_shape),
        "connections": describe(network.connections),
        "dtype": network.dtype.name,
        "activation": describe(network.activation),
        "loss": describe(network.loss),
        "sha256": _digest(*network.parameters.values()),
    }


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (np.ndarray, _array),
    (Dataset, _dataset),
    (EnergyNetwork, _network),
    (FeedForwardNetwork, _feed_forward),
    (Mapping, lambda value: {str(key): describe(entry) for key, entry in value.items()}),
    ((list, tuple), lambda value: [describe(entry) for entry in value]),
)
