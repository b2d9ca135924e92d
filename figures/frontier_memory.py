"""Dissipation of ladders against how long they remember, and against the dynamic range they learn with."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("frontier",)
RATE = r"Dissipation $\sigma$ ($k_B$ / ladder time)"
COLOURS, MARKERS = (ORANGE, BLUE, BLACK), "os^"
SHOWN = 6.0  # accuracy of the sampled ladders in the first panel, at least
BOUND = 5.0  # slow over fast ramp, the speed-accuracy bound (Eq. 9)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Memory time at given offset, entropy per memory time, dynamic range.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.frontier``.
    """
    figure = new_figure(PAGE, 2.9)
    memory, cost, learning = figure.subplots(1, 3)
    for k, (colour, marker) in enumerate(zip(COLOURS, MARKERS, strict=False)):
        if k < data.sizes["memory_levels"]:
            one = data.isel(memory_levels=k)
            name = f"{int(one['memory_levels'])} levels"
            frontier = data.sel(levels=int(one["memory_levels"]))
            _memory(memory, one, frontier["rate"].isel(step=0), colour)
            cost.plot(
                one["relative_target"], one["memory_cost"], color=colour, marker=marker, linestyle="-", label=name
            )
            cost.plot(one["relative_target"], one["sweep_memory_cost"], color=colour, marker=marker, linestyle="",
                      markerfacecolor="none", markersize=4)  # fmt: skip
            _learning(learning, one, frontier, colour)
    memory.plot([], [], color=GREY, linestyle="-", label="$L' = 4$")
    memory.plot([], [], color=GREY, linestyle="--", label="$L' = 6$")
    memory.plot([], [], ".", color=GREY, markersize=2, label=r"swept, $L' \geq 6$")
    memory.set(xscale="log", yscale="log", xlabel=r"Memory time $\tau$ (ladder time)", ylabel=RATE)
    memory.set(xlim=(0.8, 12.0), ylim=(0.3, 40.0))
    memory.set_xticks([1.0, 2.0, 5.0, 10.0], ["1", "2", "5", "10"], minor=False)
    memory.minorticks_off()
    memory.legend(loc="upper right", fontsize=6.5)
    cost.plot([], [], "o", color=GREY, markerfacecolor="none", markersize=4, label="best of the sweep")
    cost.set(xlabel=r"Accuracy $\ln(\mu_1 / |I|\tau)$", ylabel=r"Entropy in a memory time $\sigma\tau$ ($k_B$)")
    cost.legend(loc="lower right", fontsize=6.5)
    cost.set_ylim(0.0, None)
    learning.axhline(BOUND, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
    learning.set(xscale="log", xlabel=RATE, ylabel=r"Dynamic range $A_\mathrm{max} / A_\mathrm{min}$")
    learning.set(xlim=(0.05, 50.0), ylim=(3.0, 15.0))
    for axes, letter, text in zip(
        (memory, cost, learning), "abc", ("longest memory", "in units of the memory", "dynamic range"), strict=True
    ):
        panel(axes, letter, text)
    return figure


def _memory(axes: Axes, one: xr.Dataset, rate: xr.DataArray, colour: str) -> None:
    """Longest memory by dissipation, from the frontier's own ladder on."""
    near = one.where(one["sample_accuracy"] >= SHOWN)
    axes.plot(
        near["sample_memory_time"],
        near["sample_rate"],
        ".",
        color=colour,
        markersize=1,
        alpha=0.4,
        zorder=1,
        rasterized=True,
    )
    for target, line in zip(one["memory_target"].values, ("-", "--"), strict=True):
        at = one.sel(memory_target=target)
        axes.plot(at["memory_time"], at["memory_rate"], color=colour, linestyle=line)
        if target in one["target"]:
            own = one.sel(target=target)
            axes.plot(own["frontier_memory_time"], rate.sel(target=target), "o", color=colour, markersize=3)


def _learning(axes: Axes, one: xr.Dataset, frontier: xr.Dataset, colour: str) -> None:
    """Dynamic range of sampled ladders and of those on the frontier."""
    axes.plot(
        one["sample_rate"],
        one["sample_dynamic_range"],
        ".",
        color=colour,
        markersize=1,
        alpha=0.4,
        zorder=1,
        rasterized=True,
    )
    axes.plot(frontier["rate"].isel(step=0), one["frontier_dynamic_range"], color=colour, linestyle="-",
              label=f"{int(np.asarray(one['memory_levels']))} levels")  # fmt: skip
