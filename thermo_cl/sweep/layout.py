"""What a swept function returns: names, dimensions, types, found from a few points and required of every chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep.labels import Quantity
from thermo_cl.sweep.sources import as_bytes

__all__ = ["POINT", "RESERVED", "Field", "Layout", "Outcome", "outcome_of"]

POINT = "point"
RESERVED = ("chunk_checksum", "chunk", POINT)
UNSTATED = "unstated"


@dataclass(frozen=True)
class Field:
    """One variable of a sweep: everything about it but its values and the number of points."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    long_name: str
    units: str


@dataclass(frozen=True, eq=False)
class Layout:
    """Variables by point and constants, such as the axis of a curve, of a sweep."""

    parameters: Mapping[str, Field]
    results: Mapping[str, Field]
    constants: Mapping[str, Quantity]

    @property
    def fields(self) -> dict[str, Field]:
        """Everything that is stored by point."""
        return {**self.parameters, **self.results}

    def bytes_for(self, points: int) -> int:
        """Memory of so many points."""
        return points * sum(int(np.prod(f.shape)) * np.dtype(f.dtype).itemsize for f in self.fields.values())


class Outcome(NamedTuple):
    """Values of one chunk with their fields, and a digest of the constants, which must be those of every other."""

    values: dict[str, Array]
    fields: dict[str, Field]
    digest: str


def outcome_of(returned: Any, count: int) -> tuple[Outcome, dict[str, Quantity]]:
    """Values by point, checked, and constants of what a function returned for so many points.

    Raises
    ------
    InvalidParameterError
        If the function returned something else than a mapping of labelled or one-dimensional arrays of real numbers,
        one for each point.
    """
    if not isinstance(returned, Mapping):
        raise InvalidParameterError("function()", type(returned).__name__, "a mapping of names to arrays")
    values, fields, constants = dict[str, Array](), dict[str, Field](), dict[str, Quantity]()
    for name, given in returned.items():
        quantity = given if isinstance(given, Quantity) else Quantity(POINT, given, str(name), UNSTATED)
        dims = (quantity.dims,) if isinstance(quantity.dims, str) else tuple(quantity.dims)
        array = np.asarray(quantity.values)
        where = f"function()[{name!r}]"
        if name in RESERVED:
            raise InvalidParameterError(where, name, "named otherwise: the engine uses that name")
        if array.dtype.kind not in "biuf":
            raise InvalidParameterError(f"{where}.dtype", str(array.dtype), "a type of real numbers or booleans")
        if len(dims) != array.ndim:
            raise InvalidParameterError(
                f"{where}.shape", array.shape, f"({count},), or a Quantity that names its dimensions"
            )
        if POINT not in dims:
            constants[str(name)] = Quantity(quantity.dims, array, quantity.long_name, quantity.units)
            continue
        if dims[0] != POINT or array.shape[0] != count:
            raise InvalidParameterError(f"{where}.shape", array.shape, f"({count}, ...), with the points as first axis")
        values[str(name)] = array
        fields[str(name)] = Field(dims[1:], array.shape[1:], array.dtype.str, quantity.long_name, quantity.units)
    if not values:
        raise InvalidParameterError("function()", list(returned), "a mapping with an array over the points")
    return Outcome(values, fields, _digest(constants)), constants


def _digest(constants: Mapping[str, Quantity]) -> str:
    found = hashlib.sha256()
    for name in sorted(constants):
        found.update(f"{name}{constants[name].dims}".encode() + as_bytes(np.asarray(constants[name].values)))
    return found.hexdigest()
