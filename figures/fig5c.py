"""Offset of the weight update against the rise time for a kernel of non-zero area (Falk et al. 2025, Fig. 5C)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import BLACK, GREY, PAGE, STYLE, log_colours, new_figure, panel, parameter

DATASETS = ("offset",)
LARGEST = 0.5  # of offset / A_max that the paper keeps
BOTTOM, TOP = -0.06, 0.09  # of the axis, which is about the kept points


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Fitted and exact offset of every protocol, with the line I s tau_f of the theory.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.offset``.
    """
    figure = new_figure(PAGE, 2.75)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    unit, colour, rise = parameter(data, "amplitude_max"), data["period_in_timescales"], data["fast_in_timescales"]
    shown = colour[data["linear"] & ((data["offset"] > 0.0) | (data["exact_offset"] > 0.0))]
    norm = LogNorm(float(shown.min()), float(shown.max()))
    line = data.sortby("fast")
    for axes, name in zip(panels, ("offset", "exact_offset"), strict=True):
        value = data[name] / unit
        keep = data["linear"] & (value > 0.0) & (value <= LARGEST)
        rest = data["linear"] & ~keep
        axes.scatter(
            rise[rest], value[rest], s=6, facecolors="none", edgecolors=GREY, linewidths=0.5,
            label=rf"linear, $\Delta \leq 0$ ({int(rest.sum())}, {int((value[rest] < BOTTOM).sum())} below the axis)",
        )  # fmt: skip
        points = axes.scatter(rise[keep], value[keep], c=colour[keep], norm=norm, s=7, linewidths=0)
        axes.plot(
            line["fast_in_timescales"], line["predicted_offset"] / unit, color=BLACK, linestyle="--", linewidth=0.9,
            label=r"theory, $I\,\bar{s}\,\tau_f / A_\mathrm{max}$",
        )  # fmt: skip
        axes.set_xlabel(r"Rise time $\tau_f$ (kernel timescales)")
        axes.set_ylim(BOTTOM, TOP)
        axes.legend(loc="upper left")
    panels[0].set_ylabel(r"Offset of the update, $\Delta / A_\mathrm{max}$")
    panel(panels[0], "a", "three-segment fit")
    panel(panels[1], "b", "exact tangent")
    log_colours(figure, points, panels, r"Period $\tau_f + \tau_s$ (kernel timescales)")
    return figure
