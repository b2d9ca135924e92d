"""Labelled data sets: names, dimensions, units and provenance in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Quantity", "label"]


class Quantity(NamedTuple):
    """Values with the dimensions, the long name and the unit under which they are stored.

    Attributes
    ----------
    dims : str or tuple of str
        Names of the dimensions of the values.
    values : array_like
    long_name : str
        Meaning, in words.
    units : str
        Unit of the values; ``1`` for a pure number.
    """

    dims: str | tuple[str, ...]
    values: ArrayLike
    long_name: str
    units: str


def label(
    variables: Mapping[str, Quantity], coordinates: Mapping[str, Quantity], attributes: Mapping[str, str]
) -> xr.Dataset:
    """Data set of labelled variables; dimensions of size one in the values are spread over the set's own.

    Parameters
    ----------
    variables, coordinates : mapping of name to Quantity
    attributes : mapping of str
        Of the whole set, usually from ``provenance``.

    Returns
    -------
    xarray.Dataset
        With ``long_name`` and ``units`` on every variable and coordinate.
    """
    import xarray as xr

    sizes: dict[str, int] = {}
    for quantity in (*coordinates.values(), *variables.values()):
        for dim, size in zip(_dims(quantity), np.shape(quantity.values), strict=True):
            if size != 1 or dim not in sizes:  # not the larger one: an axis may be empty
                sizes[dim] = size

    def variable(quantity: Quantity) -> xr.Variable:
        dims = _dims(quantity)
        values = np.broadcast_to(np.asarray(quantity.values), [sizes[d] for d in dims])
        return xr.Variable(dims, values, {"long_name": quantity.long_name, "units": quantity.units})

    return xr.Dataset(
        {name: variable(q) for name, q in variables.items()},
        {name: variable(q) for name, q in coordinates.items()},
        dict(attributes),
    )


def _dims(quantity: Quantity) -> tuple[str, ...]:
    return (quantity.dims,) if isinstance(quantity.dims, str) else tuple(quantity.dims)
