"""Holdout error of a network against what its synapses, which are ladders, dissipate."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, DISSIPATION, GREY, ORANGE, PAGE, STYLE, new_figure, panel, parameter

DATASETS = ("accuracy_dissipation",)
COLOURS, MARKERS = (ORANGE, BLUE, BLACK), "os^"
CHANCE = 90.0  # per cent


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Error against dissipation, error against the kernel's area, and error against the number of ladders in a synapse.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.accuracy_dissipation``.
    """
    figure = new_figure(PAGE, 3.0)
    rate, area, noise = figure.subplots(1, 3, sharey=True)
    last = data.isel(epoch=-1)
    for axes in (rate, area, noise):
        axes.axhline(CHANCE, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
        axes.set(xscale="log", yscale="log")
        axes.set_yticks([3, 5, 10, 20, 50, 90], ["3", "5", "10", "20", "50", "90"], minor=False)
        axes.minorticks_off()
    for design, colour, marker in zip(range(data.sizes["design"]), COLOURS, MARKERS, strict=False):
        one = last.isel(design=design)
        for thresholds, line in zip(data["thresholds"].values, ("-", "--"), strict=True):
            error = 100 * one["holdout_error"].sel(thresholds=thresholds)
            name = f"{int(one['levels'])} levels" if line == "-" else None
            _points(rate, one["entropy_production_rate"], error, colour, marker, line, name)
            _points(area, abs(one["kernel_area"]), error, colour, marker, "", None, filled=line == "-")
    for k, marker in zip(range(data.sizes["noisy"]), MARKERS, strict=False):
        one = last.isel(noisy=k)
        label = rf"{int(one['noisy_levels'])} levels, $\gamma$ = {float(one['noisy_gamma']):g}"
        error = 100 * one["noisy_holdout_error"]
        noise.plot(one["copies"], error, marker=marker, color=BLACK, linestyle="-", label=label)
    area.plot([], [], color=GREY, marker="o", linestyle="-", label="paper's thresholds")
    area.plot([], [], color=GREY, marker="o", linestyle="--", markerfacecolor="none", label="... raised by $I$")
    rate.legend(loc="lower left", fontsize=6.5)
    area.legend(loc="center left", fontsize=6.5)
    period = parameter(data, "fast") * (1.0 + parameter(data, "ratio"))
    cycle = rate.secondary_xaxis("top", functions=(lambda x: x * period, lambda x: x / period))
    cycle.set_xlabel("per learning cycle ($k_B$)")
    noise.legend(loc="lower left", fontsize=6.5)
    rate.set(xlabel=DISSIPATION, ylabel=f"Holdout error after {int(data['epoch'][-1])} epochs (%)")
    area.set(xlabel="Kernel area $|I|$ (1 / ladder time)")
    noise.set(xlabel="Ladders in a synapse $N$")
    for axes, letter, text in zip(
        (rate, area, noise), "abc", ("dissipation", "area", "noise of $N$ ladders"), strict=True
    ):
        panel(axes, letter, text)
    return figure


def _points(
    axes: Axes, x: xr.DataArray, error: xr.DataArray, colour: str, marker: str, line: str, name: str | None,
    *, filled: bool = True,
) -> None:  # fmt: skip
    """Mean over seeds with a bar over all of them."""
    mean = error.mean("seed")
    below, above = mean - error.min("seed"), error.max("seed") - mean
    face = colour if filled else "none"
    axes.errorbar(
        x, mean, yerr=[below, above], color=colour, marker=marker, linestyle=line, markerfacecolor=face, label=name,
        elinewidth=0.6, markersize=3,
    )  # fmt: skip
