"""Offset and dynamic range of ladders against what they dissipate."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from thermo_cl.plotting._axes import axis_label, rule, scale_for

__all__ = ["plot_dissipation"]


def plot_dissipation(dataset: xr.Dataset) -> Figure:
    """Kernel area, offset and dynamic range against entropy production rate, one point a ladder.

    Parameters
    ----------
    dataset : xarray.Dataset
        Variables ``entropy_production_rate``, ``kernel_area``, ``offset``, ``dynamic_range`` and ``linear`` over
        ``ladder``, as ``thermo-cl dissipation --save`` or ``python -m analysis dissipation`` write them. Ladders
        without a linear regime have no offset; they are drawn hollow where they have a value.
    """
    figure = Figure(figsize=(10.0, 3.4), layout="constrained")
    sigma, linear = dataset["entropy_production_rate"], dataset["linear"].values.astype(bool)
    size = 30.0 if sigma.size < 100 else 4.0
    for axes, name in zip(figure.subplots(1, 3, sharex=True), ("kernel_area", "offset", "dynamic_range"), strict=True):
        values = dataset[name]
        rule(axes)
        axes.scatter(sigma[linear], values[linear], s=size, color="C0")
        axes.scatter(sigma[~linear], values[~linear], s=size, facecolors="none", edgecolors="C0")
        scale_for(axes, values)
        axes.set_ylabel(axis_label(values, width=32))
    figure.supxlabel(axis_label(sigma), fontsize="medium")
    if missing := int((~linear).sum()):
        figure.suptitle(f"{missing} of {linear.size} ladders have no linear regime", fontsize="medium")
    return figure
