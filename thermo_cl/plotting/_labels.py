"""Axis labels from a data set's attributes."""

from __future__ import annotations

import xarray as xr

__all__ = ["axis_label"]


def axis_label(variable: xr.DataArray) -> str:
    """Long name with a capital and the unit in brackets; dimensionless ones ("1") have none."""
    name, unit = str(variable.attrs.get("long_name", variable.name)), str(variable.attrs.get("units", "1"))
    text = name[:1].upper() + name[1:]
    return text if unit == "1" else f"{text}\n({unit})"
