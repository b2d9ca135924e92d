"""Data sets as text: aligned tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["as_json", "quantities", "table"]


def quantities(dataset: xr.Dataset, names: Iterable[str]) -> str:
    """Scalars, one a line: name, value, unit, meaning."""
    rows = [
        (name, _number(dataset[name].item(), 10), _unit(dataset[name]), dataset[name].attrs["long_name"])
        for name in names
    ]
    return _aligned(rows, left=(0, 2, 3))


def table(dataset: xr.Dataset, names: Sequence[str], *, every: int = 1) -> str:
    """Variables over one dimension as columns under their names and units, taking one row of ``every``."""
    columns = [
        [name, _unit(dataset[name]), *(_number(value, 6) for value in dataset[name].values[::every].tolist())]
        for name in names
    ]
    return _aligned(list(zip(*columns, strict=True)))


def as_json(dataset: xr.Dataset) -> str:
    """All values of a data set with units and provenance; numbers that are not finite become null."""
    document = {
        "source": dataset.attrs["source"],
        "parameters": json.loads(dataset.attrs["parameters"]),
        "versions": json.loads(dataset.attrs["versions"]),
        "dimensions": {name: list(variable.dims) for name, variable in dataset.variables.items()},
        "units": {name: variable.attrs["units"] for name, variable in dataset.variables.items()},
        "results": {name: variable.values.tolist() for name, variable in dataset.variables.items()},
    }
    return json.dumps(_plain(document), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | bool, digits: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.{digits}g}"


def _unit(variable: xr.DataArray) -> str:
    unit = str(variable.attrs["units"])
    return "" if unit == "1" else unit


def _aligned(rows: Sequence[Sequence[str]], *, left: Sequence[int] = ()) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(f"  {line}".rstrip() for line in lines)
