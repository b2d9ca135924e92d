"""Least dissipation of ladders at a given accuracy: sweep, optimisation, the paper's ladder, slopes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, DISSIPATION, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("frontier",)
ACCURACY = r"Accuracy $L' = \ln(\mu_1 / |I|)$"
MARKERS = "os^Dv"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Swept ladders under the paper's, the frontier by number of levels, its slopes, sweep against optimisation.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.frontier``.
    """
    figure = new_figure(PAGE, 5.2)
    swept, lines, slopes, gap = figure.subplots(2, 2).ravel()
    _swept(figure, swept, data)
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, data.sizes["levels"]))
    for k, colour in enumerate(colours):
        one, name, marker = data.isel(levels=k), f"{int(data['levels'][k])} levels", MARKERS[k % len(MARKERS)]
        lines.plot(one["target"], one["rate"].isel(step=0), "-", color=colour, label=name)
        lines.plot(one["target"], one["rate"].isel(step=1), "--", color=colour, linewidth=0.8)
        lines.plot(one["target"], one["sweep_rate"].isel(step=0), marker, color=colour, markersize=2.2)
        ratio = (one["sweep_rate"] / one["rate"]).isel(step=0) - 1.0
        gap.plot(one["target"], 100.0 * ratio, marker=marker, color=colour, linestyle="-", label=name, markersize=2.5)
    lines.plot([], [], "-", color=GREY, label="step 0 to 200 µM")
    lines.plot([], [], "--", color=GREY, linewidth=0.8, label="any step")
    lines.plot([], [], "o", color=GREY, markersize=2.2, label="best of the sweep")
    lines.set(yscale="log", xlabel=ACCURACY, ylabel=DISSIPATION)
    lines.legend(loc="lower right", fontsize=6, ncols=2)
    panel(lines, "b", "frontier by optimisation")
    _slopes(slopes, data)
    gap.axhline(0.0, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
    gap.set(xlabel=ACCURACY, ylabel="Sweep's best above the optimum (%)")
    gap.legend(fontsize=6.5, ncols=2)
    panel(gap, "d", "two ways compared")
    return figure


def _swept(figure: Figure, axes: Axes, data: xr.Dataset) -> None:
    """Density of swept ladders of the fewest levels, their frontier and the paper's ladder over gamma."""
    one = data.isel(levels=0)
    counts = one["density"].transpose("log_rate", "accuracy")
    shown = counts.where(counts > 0)
    mesh = axes.pcolormesh(
        one["accuracy"], np.exp(one["log_rate"]), shown, norm=LogNorm(1.0, max(float(counts.max()), 2.0)), cmap="Greys",
        rasterized=True, linewidth=0,
    )  # fmt: skip
    figure.colorbar(mesh, ax=axes, label="Ladders in a bin", aspect=30, pad=0.02)
    axes.plot(one["target"], one["rate"].isel(step=0), color=BLUE, linestyle="-", label="least")
    axes.plot(one["paper_accuracy"], one["paper_rate"], color=ORANGE, linestyle="--", label=r"paper's, over $\gamma$")
    rate = np.interp(-np.log(1e-3), -np.log(one["gamma"]), one["paper_rate"])
    axes.plot(
        one["same_accuracy"], rate, "s", color=ORANGE, markeredgecolor=BLACK, markersize=4.5,
        label=r"... at $\gamma = 10^{-3}$",
    )  # fmt: skip
    axes.set(xlabel=ACCURACY, ylabel=DISSIPATION, yscale="log", xlim=(0.0, 12.0), ylim=(0.02, 50.0))
    axes.legend(loc="lower right", fontsize=6.5)
    panel(axes, "a", f"{int(one['levels'])} levels, step 0 to 200 µM")


def _slopes(axes: Axes, data: xr.Dataset) -> None:
    """Slopes of the frontier over the number of levels."""
    levels = data["levels"]
    axes.plot(levels, data["fitted_slope"].isel(step=0), "o", color=BLUE, label="fitted, step 0 to 200 µM")
    axes.plot(
        levels, data["fitted_slope"].isel(step=1), "s", color=BLUE, markerfacecolor="none", label="fitted, any step"
    )
    axes.plot(levels, data["bulk_slope"], "x", color=ORANGE, label="bulk laws, 0 to 200 µM")
    axes.plot(levels, data["asymptotic_slope"], color=BLACK, linestyle="-", linewidth=0.8,
              label=r"$1/u^2$, $u^2 + u = n/2$")  # fmt: skip
    axes.set(
        xscale="log", yscale="log", xlabel="Number of levels $n$", ylabel=r"Slope $d\sigma / dL'$ ($k_B$ / ladder time)"
    )
    axes.set_xticks(levels.values, [str(n) for n in levels.values])
    axes.set_yticks([0.1, 0.2, 0.5, 1.0], ["0.1", "0.2", "0.5", "1"])
    axes.minorticks_off()
    axes.legend(loc="lower left", fontsize=6.5)
    panel(axes, "c", r"slopes over $8 \leq L' \leq 10$")
