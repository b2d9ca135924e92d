"""Entropy produced per learning cycle against the error of the update, for three models of the synapse."""

from __future__ import annotations

import math

import xarray as xr
from matplotlib import style
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import GREY, PAGE, STYLE, log_colours, new_figure, panel, parameter

DATASETS = ("learning_cost",)
SHARE = 0.5  # amplitude over the mean that is drawn, or the nearest there is
TITLES = {"step kernel": "step kernel", "small-signal kernel": "small-signal kernel", "driven": "driven ladder"}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """One panel for each model and design; a line is one ramp time, along it the drive grows to the right.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.learning_cost``.
    """
    figure = new_figure(PAGE, 4.3)
    rows = data.sizes["design"]
    panels = figure.subplots(rows, len(TITLES), sharex=True, sharey=True, squeeze=False)
    norm = LogNorm(float(data["fast"].min()), float(data["fast"].max()))
    colour = ScalarMappable(norm, "viridis")
    drawn = data.sel(amplitude=SHARE * parameter(data, "mean"), method="nearest")
    for row in range(rows):
        for column, (model, title) in enumerate(TITLES.items()):
            axes, part = panels[row, column], drawn.isel(design=row).sel(model=model).sortby("gamma")
            for fast in data["fast"].values:
                one = part.sel(fast=fast)
                axes.plot(
                    one["entropy_production"], one["relative_error"], "o-", color=colour.to_rgba(fast), markersize=2.5,
                    linewidth=0.9,
                )  # fmt: skip
            axes.axhline(1.0, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
            axes.set(xscale="log", yscale="log")
            letter = "abcdef"[row * len(TITLES) + column]
            panel(axes, letter, f"{title}, {int(part['levels'])} levels")
            if row == rows - 1:
                axes.set_xlabel("Entropy per cycle ($k_B$)")
            if row == 0:
                bits = axes.secondary_xaxis("top", functions=(lambda x: x / math.log(2), lambda x: x * math.log(2)))
                bits.set_xlabel(r"($k_B \ln 2$)")
        panels[row, 0].set_ylabel(r"Error $|\Delta w - A| / A$")
    log_colours(figure, colour, list(panels.ravel()), "Rise time (ladder units)")
    return figure
