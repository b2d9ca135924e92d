"""What learning by physics demands of ramps, threshold and leak."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel
from figures.physical_learning import geometric_mean

DATASETS = ("physical_learning",)
COLOURS = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (BLACK, "-.", "^"))
LEAST = 1e-12  # of the loss before training: what is below is drawn there
VARIED = {
    "fast": ("fast_ramp", r"Fast ramp $\tau_f/\tau_K$", "both ramps"),
    "ratio": ("ramp_ratio", r"Slow ramp $\tau_s/\tau_f$", "slow ramp"),
    "threshold": ("threshold_factor", "Threshold / shipped one", "threshold"),
    "leak": ("leak", r"Area $|I|\,\tau_s/|\mu_1|$", "leak"),
}
ROWS = {"loss": "Final loss / loss before", "angle": "Mean angle (°)", "updated": "Share of edges changed"}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Final loss, mean angle and share of edges over ramp time, ratio of ramps, threshold and leak.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.physical_learning``.
    """
    figure = new_figure(PAGE, 5.6)
    grid = figure.subplots(len(ROWS), len(VARIED), sharex="col", sharey="row")
    letters = iter("abcdefghijklmnop")
    for row, (what, words) in enumerate(ROWS.items()):
        for column, (name, (dimension, meaning, title)) in enumerate(VARIED.items()):
            axes = grid[row, column]
            _lines(axes, data[f"{name}_{what}"], dimension, what)
            panel(axes, next(letters), title if row == 0 else "")
            if row == len(ROWS) - 1:
                axes.set_xlabel(meaning)
        grid[row, 0].set_ylabel(words)
    grid[2, 3].legend(fontsize=6, loc="lower left")
    grid[1, 0].set(ylim=(0, 130), yticks=(0, 30, 60, 90, 120))
    for axes in grid[1]:
        axes.axhline(90.0, color=GREY, linewidth=0.6, linestyle=":")
    grid[2, 0].set_ylim(-0.03, 1.05)
    return figure


def _lines(axes: Axes, values: xr.DataArray, dimension: str, what: str) -> None:
    """Mean over seeds, geometric for losses, and range."""
    for (colour, line, marker), network in zip(COLOURS, values["network"].values, strict=False):
        one = values.sel(network=network)
        if what == "loss":
            one = one.clip(min=LEAST)
            middle = geometric_mean(one)
        else:
            middle = one.mean("seed")
        low, high = one.min("seed"), one.max("seed")
        axes.plot(
            values[dimension], middle, color=colour, linestyle=line, marker=marker, markersize=2.5, label=str(network)
        )
        axes.fill_between(values[dimension].values, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=5))
    axes.xaxis.set_minor_locator(NullLocator())
    if what == "loss":
        axes.axhline(1.0, color=GREY, linewidth=0.6, linestyle=":")
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
