"""An energy network taught by both phases, by random ones and by temporal contrast: errors, compute, angle, noise."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, PALE_BLUE, STYLE, new_figure, panel, parameter

DATASETS = ("energy_schedules",)
LINES = {
    "temporal contrast": (ORANGE, "-"),
    "equilibrium propagation": (BLACK, "-"),
    "learner: both phases": (BLACK, "--"),
    "random, b = 0.5": (BLUE, "-"),
    "always on, fixed": (BLUE, ":"),
    "learner: random": (GREY, "--"),
    "learner: random, baseline": (BLUE, "--"),
}
SHADES = (PALE_BLUE, BLUE, BLACK)  # of weights further and further trained
TICKS = (5, 10, 20, 40, 80)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Errors over epochs and steps of some ways above; of all, error after the last epoch, angle and noise below.

    Bands and bars span all seeds. A hollow marker is the spread over draws alone.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.energy_schedules``.
    """
    figure = new_figure(PAGE, 5.9)
    grid = figure.add_gridspec(2, 1, height_ratios=(1.0, 1.35))
    upper, lower = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    epochs, steps = upper.subplots(1, 2, sharey=True)
    updates = parameter(data, "updates")
    for way, (colour, line) in LINES.items():
        if way not in data["way"].values:
            continue
        one = 100 * data["error"].sel(way=way)
        each = updates * float(data["steps"].sel(way=way)) / 1000
        for axes, x in ((epochs, one["epoch"].values), (steps, one["epoch"].values * each)):
            axes.fill_between(x, one.min("seed"), one.max("seed"), color=colour, alpha=0.15, linewidth=0)
            axes.plot(x, one.mean("seed"), color=colour, linestyle=line, label=way)
    for axes in (epochs, steps):
        axes.set(yscale="log", ylim=(6, 100), ylabel="Test error (%)")
        _plain(axes)
    epochs.set(xlabel="Epochs", xlim=(0, None))
    epochs.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    steps.set(xlabel="Relaxation steps of a minibatch (1,000)", xlim=(0, None))
    upper.legend(*epochs.get_legend_handles_labels(), loc="outside right upper")
    error, angle, noise = lower.subplots(1, 3, sharey=True)
    rows = np.arange(data.sizes["way"])
    _errors(error, data, rows)
    _estimates(angle, data["angle"], data, rows)
    _estimates(noise, data["noise"], data, rows)
    for n, shade in enumerate(_shades(data)):
        noise.plot(data["draw_noise"].isel(stage=n), rows, "o", color=shade, markerfacecolor="none", markersize=4.5)
    error.set_yticks(rows, [str(way) for way in data["way"].values])
    error.set(ylim=(rows[-1] + 0.6, -0.6), ylabel="Way to learn", xlabel="Last test error (%)")
    angle.set(xlabel="Angle (degree)", xlim=(0, 90), xticks=(0, 30, 60, 90))
    low, high = float(data["noise"].min()), float(data["noise"].max())
    noise.set(xlabel="Noise over mean", xscale="log", xlim=(low / 2, 2 * high))
    handles, labels = angle.get_legend_handles_labels()
    ring = Line2D([], [], color=BLACK, linestyle="", marker="o", markerfacecolor="none", markersize=4.5)
    upper.legend(
        [*handles, ring], [*labels, "e: of the phases\ndrawn alone"], loc="outside right lower",
        title="d, e: epochs of\nequilibrium propagation", title_fontsize=7,
    )  # fmt: skip
    words = (
        "same number of updates",
        "compute",
        "after the last epoch",
        "mean estimate to gradient",
        "noise of an estimate",
    )
    for axes, letter, text in zip((epochs, steps, error, angle, noise), "abcde", words, strict=True):
        panel(axes, letter, text)
    return figure


def _plain(axes: Axes) -> None:
    axes.set_yticks(TICKS)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def _errors(axes: Axes, data: xr.Dataset, rows: np.ndarray) -> None:
    last = 100 * data["error"].isel(epoch=-1)
    axes.hlines(rows, last.min("seed"), last.max("seed"), color=BLUE, linewidth=1.0)
    axes.plot(last.mean("seed"), rows, "o", color=BLUE, markersize=3.5)
    axes.set_xlim(0, None)
    for row in rows:
        axes.axhline(row, color=GREY, linewidth=0.2, zorder=0)


def _shades(data: xr.Dataset) -> list[str]:
    return [SHADES[n % len(SHADES)] for n in range(data.sizes["stage"])]


def _estimates(axes: Axes, values: xr.DataArray, data: xr.Dataset, rows: np.ndarray) -> None:
    for n, shade in enumerate(_shades(data)):
        axes.plot(values.isel(stage=n), rows, "o", color=shade, markersize=2.5, label=f"{int(data['stage'][n])}")
    for row in rows:
        axes.axhline(row, color=GREY, linewidth=0.2, zorder=0)
