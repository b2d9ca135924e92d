"""Angle between the temporal-contrast update and the true gradient, over kernel area, threshold and ramp times."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("gradient_angle",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """One panel for each of the three; equilibrium propagation on the same minibatches as a dotted line.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.gradient_angle``.
    """
    figure = new_figure(PAGE, 2.6)
    panels = figure.subplots(1, 3, sharey=True)
    whole = data.sel(parameter="all")
    floor = float(whole["equilibrium_angle"])
    for axes in panels:
        axes.axhline(floor, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
        axes.axhline(90.0, color=GREY, linewidth=0.5, zorder=0)
        axes.set_xscale("log")
    for thresholds, colour, marker in zip(data["thresholds"].values, (BLUE, ORANGE), "os", strict=True):
        angle = whole["area_angle"].sel(thresholds=thresholds)
        panels[0].plot(data["area"], angle, marker=marker, color=colour, label=f"thresholds {thresholds}")
    panels[0].text(float(data["area"][0]), floor - 1.5, "equilibrium propagation", color=BLACK, va="top", fontsize=6.5)
    panels[0].set(xlabel="Kernel area $I$ (1 / fast ramp)", ylabel="Angle to the gradient (degrees)", ylim=(0, 115))
    _family(panels[1], whole["threshold_angle"], "factor", "Thresholds over the paper's")
    panels[1].axvline(1.0, color=GREY, linewidth=0.5, zorder=0)
    _family(panels[2], whole["ramp_angle"], "ramp", r"Fast ramp over kernel time $\tau_f / \tau_K$")
    panels[0].legend(loc="upper left")
    panels[2].legend(title="slow / fast ramp", loc=(0.55, 0.5), ncols=2, title_fontsize=6.5, fontsize=6.5)
    for axes, letter, text in zip(panels, "abc", ("area", "threshold", "ramp times"), strict=True):
        panel(axes, letter, text)
    return figure


def _family(axes: Axes, angle: xr.DataArray, along: str, words: str) -> None:
    """One line for each ratio of the ramps."""
    shades = colormaps["viridis"](np.linspace(0.0, 0.85, angle.sizes["ratio"]))
    for ratio, shade in zip(angle["ratio"].values, shades, strict=True):
        axes.plot(angle[along], angle.sel(ratio=ratio), "o-", color=shade, label=f"{ratio:g}")
    axes.set_xlabel(words)
