"""The cost of accuracy of ladders: finite size around the critical drive, the collapse of all designs, what is left."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, PALE_BLUE, STYLE, log_colours, new_figure, panel

DATASETS = ("cost_law",)
SYMBOLS = (r"$n\sigma/2\ln(1/\gamma)$", r"$-nI/d$", r"$10\,\mu_1/nd$", r"$2\epsilon y/\ln(1/\gamma)$")
COLOURS = (BLUE, ORANGE, BLACK, GREY)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Four panels.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.cost_law``.
    """
    figure = new_figure(PAGE, 5.6)
    panels = figure.subplots(2, 2)
    _scaling(panels[0, 0], data)
    _collapse(figure, panels[0, 1], data)
    _residuals(panels[1, 0], data)
    _crossing(panels[1, 1], data)
    texts = (
        "scaling functions and ladders",
        "all designs",
        "cost over the leading law, centred ladders",
        "a quarter is no bound",
    )
    for axes, letter, text in zip(panels.flat, "abcd", texts, strict=True):
        panel(axes, letter, text)
    return figure


def _scaling(axes: Axes, data: xr.Dataset) -> None:
    """Lines are the scaling functions; markers ladders of the first case of a few numbers of levels."""
    fine, shown = data["x"], data["levels"].values[[0, 2, -1]] if data.sizes["levels"] > 3 else data["levels"].values
    for k, (symbol, colour) in enumerate(zip(SYMBOLS, COLOURS, strict=True)):
        factor = 10.0 if k == 2 else 1.0
        axes.plot(fine, factor * data["scaling_function"][k], "-", color=colour, linewidth=1.0, label=symbol)
        for n, marker in zip(shown, "x+o", strict=False):
            scaled = factor * data["scaled"].isel(quantity=k, case=0).sel(levels=n)
            axes.plot(fine, scaled, marker, color=colour, markersize=3, markerfacecolor="none", markeredgewidth=0.6)
    for n, marker in zip(shown, "x+o", strict=False):
        axes.plot([], [], marker, color=BLACK, markersize=3, markerfacecolor="none", label=f"n = {n:g}")
    axes.axhline(0.0, color=GREY, linewidth=0.5, zorder=0)
    axes.set(xlabel=r"Scaled distance $x = n\,\ln(1/r)$", ylabel="Scaled number", ylim=(-2.6, 7.2))
    axes.legend(loc="upper left", ncols=2, fontsize=6.5)


def _collapse(figure: Figure, axes: Axes, data: xr.Dataset) -> None:
    room, step, factor = data["sample_room"], data["sample_energy_step"], data["sample_rate_factor"]
    share, height = data["sample_accuracy"] / (room**2 * step), (data["sample_cost"] - 0.25) / room
    points = axes.scatter(
        share, height, c=factor, norm=LogNorm(1e-2, 1e3), s=3, linewidths=0, cmap="viridis", rasterized=True
    )
    s = np.linspace(0.0, 0.125, 400)
    axes.plot(s, 0.25 * (1 - np.sqrt(1 - 8 * s)), "-", color=BLACK, label=r"$\frac{1}{4}[1 - \sqrt{1 - 8s}\,]$")
    axes.plot(s, s, "--", color=ORANGE, label="line $s$")
    axes.set(
        xlabel=r"$s = L\,/\,N^2\epsilon$", ylabel=r"$(y - 1/4)\,/\,N$", xlim=(0, 0.14), ylim=(-0.02, 0.4)
    )  # fmt: skip
    axes.legend(loc="lower right")
    log_colours(figure, points, axes, "Rate factor $F$")


def _residuals(axes: Axes, data: xr.Dataset) -> None:
    """Quantiles of cost over the law's for centred ladders: bars 5 to 95 %, boxes 25 to 75 %, by rate factor."""
    regimes = data["regime"].values
    width = 0.19
    shades = colormaps["viridis"](np.linspace(0.05, 0.85, data.sizes["factor_class"]))
    classes = data["ratio"].sel(law="leading", centring="centred", step_class="whole")
    for f, shade in enumerate(shades):
        for r in range(regimes.size):
            at = r + (f - 1.5) * width
            low, first, middle, third, high = classes.isel(factor_class=f, regime=r).values
            axes.plot([at, at], [low, high], "-", color=shade, linewidth=0.8)
            axes.plot([at, at], [first, third], "-", color=shade, linewidth=4.0, solid_capstyle="butt")
            axes.plot([at - 0.07, at + 0.07], [middle, middle], "-", color=ORANGE, linewidth=1.2)
        axes.plot([], [], "-", color=shade, linewidth=4.0, label=rf"$F \geq$ {float(data['factor_low'][f]):g}")
    axes.axhline(1.0, color=GREY, linewidth=0.5, zorder=0)
    axes.set_yscale("log")
    axes.set_xticks(range(regimes.size), [str(name) for name in regimes])
    axes.set(
        xlabel=r"Distance to the critical drive, $x = n\,\ln(1/r)$", ylabel=r"Cost over the law, $y\,/\,y_{law}(L)$"
    )
    axes.legend(loc="lower right", fontsize=6.5, ncols=1)


def _crossing(axes: Axes, data: xr.Dataset) -> None:
    """Cost of memory of the ladders of the first case, and its bulk value for each number of levels."""
    step = float(data["case_energy_step"][0])
    shades = colormaps["viridis"](np.linspace(0.0, 0.85, data.sizes["levels"]))
    x = data["x"]
    function = data["scaling_function"][3]
    for n, shade in zip(data["levels"].values, shades, strict=True):
        drive = (x / n + step / 2) / (2 * step)
        cost = drive * data["scaled"].isel(quantity=3, case=0).sel(levels=n)
        axes.plot(x, drive * function, "-", color=shade, linewidth=0.8)
        axes.plot(x, cost, "o", color=shade, markersize=2.5, label=f"{n:g}")
    axes.axhline(0.25, color=ORANGE, linewidth=1.0, linestyle="--")
    axes.axhline(0.0, color=GREY, linewidth=0.5, zorder=0)
    axes.axvspan(float(x.min()), 0.0, color=PALE_BLUE, alpha=0.3, linewidth=0)
    axes.text(float(x.min()) + 0.2, 0.36, "no adaptation", color=BLACK, fontsize=6.5)
    axes.set(
        xlabel=r"Scaled distance $x = n\,\ln(1/r)$", ylabel=r"Cost of memory $y = \sigma\mu_1/\Delta\ell$",
        ylim=(-0.3, 0.5), xlim=(float(x.min()), float(x.max())),
    )  # fmt: skip
    axes.legend(title="levels $n$", ncols=2, loc="lower right", fontsize=6.5, title_fontsize=6.5)
