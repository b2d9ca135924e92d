"""Networks that learn by their own physics, beside the rules they stand for: losses, angles and rates."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("physical_learning",)
LOOKS = {
    "physical": (BLUE, "-"),
    "physical, told the ramp": (BLACK, ":"),
    "two-state": (ORANGE, "--"),
    "exact gradient": (GREY, "-."),
}
LEAST = 1e-12  # of the loss before training: what is below is drawn there


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """A column for each network: losses and angles over cycles, and final losses over rates.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.physical_learning``.
    """
    names = [str(name) for name in data["network"].values]
    figure = new_figure(PAGE, 5.8)
    grid = figure.subplots(3, len(names), squeeze=False, sharey="row")
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for row, (plot, words) in enumerate(((_losses, "loss"), (_angles, "angle"), (_rates, "loss at other rates"))):
        for axes, name in zip(grid[row], names, strict=True):
            plot(axes, data.sel(network=name))
            panel(axes, next(letters), f"{name}: {words}")
    grid[0, 0].set_ylabel("Loss / loss before")
    grid[1, 0].set_ylabel("Angle to steepest descent (°)")
    grid[2, 0].set_ylabel("Final loss / loss before")
    grid[0, 1 % len(names)].legend(fontsize=6, loc="lower left")
    return figure


def _losses(axes: Axes, one: xr.Dataset) -> None:
    """Every seed a thin line, the geometric mean a thick one."""
    share = (one["loss"] / one["loss"].isel(cycle=0)).clip(min=LEAST)
    for rule, (colour, line) in LOOKS.items():
        if rule not in one["rule"].values:
            continue
        values = share.sel(rule=rule)
        for seed in values["seed"].values:
            axes.plot(one["cycle"], values.sel(seed=seed), color=colour, linestyle=line, linewidth=0.4, alpha=0.45)
        axes.plot(one["cycle"], geometric_mean(values), color=colour, linestyle=line, label=rule)
    axes.set(yscale="log", xlabel="Cycles", xlim=(0, None))
    axes.yaxis.set_minor_locator(NullLocator())


def _angles(axes: Axes, one: xr.Dataset) -> None:
    for rule in ("two-state", "physical"):
        colour, line = LOOKS[rule]
        for seed in one["seed"].values:
            axes.plot(
                one["update"], one["angle"].sel(rule=rule, seed=seed), color=colour, linestyle=line, linewidth=0.6
            )
    axes.axhline(90.0, color=GREY, linewidth=0.6, linestyle=":")
    axes.set(xlabel="Cycles", xlim=(0, None), ylim=(0, 100), yticks=(0, 30, 60, 90))


def _rates(axes: Axes, one: xr.Dataset) -> None:
    """Every seed a thin line, the geometric mean a thick one."""
    for rule, (colour, line) in LOOKS.items():
        if rule not in one["rule"].values:
            continue
        values = one["rate_loss"].sel(rule=rule).clip(min=LEAST)
        x, y = one["rate_factor"], geometric_mean(values)
        axes.plot(x, y, color=colour, linestyle=line, marker="o", markersize=2.5)
        for seed in values["seed"].values:
            axes.plot(x, values.sel(seed=seed), color=colour, linestyle=line, linewidth=0.4, alpha=0.45)
    axes.axvline(1.0, color=GREY, linewidth=0.6, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="Learning rate over the shipped one")
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=20))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}" if value >= 1 else f"1/{1 / value:g}")


def geometric_mean(values: xr.DataArray) -> xr.DataArray:
    """Over seeds; not a number where one is missing."""
    mean: xr.DataArray = xr.apply_ufunc(np.exp, xr.apply_ufunc(np.log, values).mean("seed", skipna=False))
    return mean
