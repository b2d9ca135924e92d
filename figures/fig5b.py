"""Weight update against amplitude for kernels of non-zero area (Falk et al. 2025, Fig. 5B)."""

from __future__ import annotations

from itertools import cycle

import xarray as xr
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from figures._axes import BLACK, BLUE, COLUMN, GREY, ORANGE, STYLE, new_figure, words

DATASETS = ("update_curve",)
LINES = ((BLUE, "-"), (ORANGE, "--"), (BLACK, "-."))


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Curves of several areas with the lines A + I s tau_f that they should follow.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.update_curve``.
    """
    figure = new_figure(COLUMN, 2.7)
    axes = figure.subplots()
    amplitude, largest, handles = data["amplitude"], float(data["amplitude"].max()), []
    kinks = False
    for area, (colour, line) in zip(data["area"].values, cycle(LINES), strict=False):
        curve = data.sel(area=area)
        axes.plot(amplitude, curve["ideal_update"], color=colour, linestyle="-", linewidth=0.6, alpha=0.6)
        handles += axes.plot(amplitude, curve["weight_update"], color=colour, linestyle=line, label=f"$I = {area:g}$")
        axes.plot(float(curve["opening"]), 0.0, "o", color=colour, clip_on=False, zorder=3)
        kink = float(curve["weight_update"].idxmax("amplitude"))
        if kink < largest:
            kinks = True
            axes.plot(kink, float(curve["weight_update"].max()), "o", color=colour, markerfacecolor="white", zorder=3)
    handles.append(Line2D([], [], color=GREY, linestyle="-", linewidth=0.6, label=r"$A + I\,\bar{s}\,\tau_f$"))
    axes.set(
        xlabel="Amplitude, clamped minus free, $A$ (signal)", ylabel=words(data["weight_update"], r"\Delta w"),
        xlim=(0, largest), ylim=(0, 1.01 * float(data["ideal_update"].max())),
    )  # fmt: skip
    events = axes.plot([], [], "o", color=GREY, label="updates begin")
    if kinks:
        label = "the slow fall passes\nthe threshold"
        events += axes.plot([], [], "o", color=GREY, markerfacecolor="white", label=label)
    axes.add_artist(axes.legend(handles=events, loc="lower right", handlelength=0.8))
    axes.legend(handles=handles, loc="upper left", title="kernel area (1 / time)", alignment="left")
    return figure
