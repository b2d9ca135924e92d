"""The networks before and after they have learnt by their own physics."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from figures._axes import BLACK, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("physical_learning",)
CHANGE = 2.0  # most change of a coefficient, in powers of 2, that the colours tell apart
NODES = {"inner": (GREY, "o", 1.5), "input": (BLACK, "s", 5.0), "output": (ORANGE, "^", 5.5)}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """One network of each kind, before above and after below; edges as wide as the root of their coefficient.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.physical_learning``.
    """
    names = [str(name) for name in data["network"].values]
    figure = new_figure(PAGE, 5.4)
    grid = figure.subplots(2, len(names), squeeze=False)
    norm = CenteredNorm(0.0, CHANGE)
    for row, words in enumerate(("before", "after")):
        for column, name in enumerate(names):
            one = data.sel(network=name)
            lines = _network(grid[row, column], one, f"coefficient_{words}", norm)
            title = f"{name}, {words}"
            if row:
                rule = one["loss"].sel(rule="physical", seed=int(one["drawn_seed"]))
                title += f": loss × {float(rule[-1] / rule[0]):.2g}"
            panel(grid[row, column], "abcdef"[row * len(names) + column], title)
    bar = figure.colorbar(lines, ax=grid.ravel().tolist(), orientation="horizontal", aspect=60, pad=0.02, extend="both")
    bar.set_label("Change of an edge's coefficient, in powers of 2")
    key = [
        Line2D([], [], marker=marker, color=colour, markersize=size, linestyle="none", label=kind)
        for kind, (colour, marker, size) in NODES.items()
        if kind != "inner"
    ]
    figure.legend(handles=key, loc="outside upper right", ncols=2, handlelength=1.0)
    return figure


def _network(axes: Axes, one: xr.Dataset, name: str, norm: CenteredNorm) -> LineCollection:
    """Edges as wide as their coefficient, coloured by what has changed."""
    axes.set_axis_off()
    axes.set_aspect("equal")
    place, ends = one["position"].values, one["end"].values
    known = ends[:, 0] >= 0
    coefficient = one[name].values[known]
    change = np.log2(coefficient / one["coefficient_before"].values[known])
    lines = LineCollection(
        place[ends[known]], array=np.clip(change, -CHANGE, CHANGE), cmap="coolwarm_r", norm=norm, zorder=1,
        linewidths=np.clip(1.2 * np.sqrt(np.nan_to_num(coefficient)), 0.3, 4.0), capstyle="round",
    )  # fmt: skip
    axes.add_collection(lines)
    for kind, (colour, marker, size) in NODES.items():
        here = one["node_kind"].values == kind
        axes.plot(*place[here].T, marker, color=colour, markersize=size, linestyle="none", zorder=2)
    middles = place[ends[known]].mean(axis=1)[one["edge_kind"].values[known] == "output"]
    colour, marker, size = NODES["output"]
    axes.plot(*middles.T, marker, color=colour, markersize=size, linestyle="none", zorder=3)
    axes.autoscale_view()
    return lines
