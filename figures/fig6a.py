"""A driven ladder in its steady state, and its answer to a step (Falk et al. 2025, Fig. 6A)."""

from __future__ import annotations

import math

import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from figures._axes import BLACK, GREY, ORANGE, PAGE, PALE_BLUE, PALE_ORANGE, STYLE, new_figure, panel, parameter

DATASETS = ("ladder_currents",)
RADIUS, HEIGHT = 0.2, 1.3  # of a node, and of the ladder, in units of the distance between levels
FULL, THIN = 5.0, 0.5  # widths in points of the largest current's arrow and of the thinnest
NEGLIGIBLE = 1e-4  # currents below this fraction of the largest get a dotted line
ROUNDING = 1e-14  # currents below this are zero, as all are at detailed balance


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Ladder with occupancies and currents, step response, kernel.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.ladder_currents``.
    """
    figure = new_figure(PAGE, 2.75)
    grid = figure.add_gridspec(2, 2, width_ratios=(2.1, 1.0))
    ladder = figure.add_subplot(grid[:, 0])
    _ladder(ladder, data)
    response, kernel = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    panel(ladder, "a", rf"steady state at $s = 0$: $\gamma = {_power(parameter(data, 'gamma'))}$, "
          rf"$\sigma = {float(data['entropy_production_rate']):.2f}\ k_B$ per ladder time")  # fmt: skip

    time = data["time"]
    response.plot(time, data["step_response"], color=BLACK, linestyle="-")
    response.set(ylabel=r"$\Delta P_\mathrm{top}$")
    response.tick_params(labelbottom=False)
    panel(response, "b", rf"step to $s = {parameter(data, 'signal'):g}$ µM")
    k = data["kernel"]
    kernel.fill_between(time, k, where=k >= 0, interpolate=True, facecolor=PALE_BLUE, linewidth=0)
    kernel.fill_between(
        time, k, where=k <= 0, interpolate=True, facecolor=PALE_ORANGE, edgecolor=ORANGE, hatch="/////", linewidth=0
    )
    kernel.plot(time, k, color=BLACK, linestyle="-")
    panel(kernel, "c", "kernel of that step")
    kernel.set_yscale("symlog", linthresh=0.1)
    kernel.set(xlabel="Time after the step (ladder time)", ylabel="$K$ (1 / ladder time)")
    for axes in (response, kernel):
        axes.set_xscale("log")
        axes.set_xlim(float(time[time > 0].min()), float(time.max()))
        axes.axhline(0.0, color=GREY, linewidth=0.6, linestyle="-", zorder=0)
    figure.align_ylabels((response, kernel))
    return figure


def _ladder(axes: Axes, data: xr.Dataset) -> None:
    """Nodes filled by occupancy; arrows along the currents."""
    occupancy, levels = data["occupancy"], data.sizes["level"]
    most = float(occupancy.max())
    largest = max(
        ROUNDING / NEGLIGIBLE, *(float(abs(data[f"{way}_current"]).max()) for way in ("horizontal", "vertical"))
    )
    for rail, y, side in (("top", HEIGHT, 1), ("bottom", 0.0, -1)):
        for level in range(levels):
            p = float(occupancy.sel(rail=rail, level=level))
            axes.add_patch(Circle((level, y), RADIUS, facecolor="white", edgecolor=BLACK, linewidth=0.7, zorder=2))
            inner = RADIUS * math.sqrt(p / most)
            axes.add_patch(Circle((level, y), inner, facecolor=PALE_BLUE, linewidth=0, zorder=2))
            axes.text(level, y + side * (RADIUS + 0.08), f"${_power(p)}$", ha="center",
                      va="bottom" if side > 0 else "top", fontsize=7)  # fmt: skip
        for gap in range(levels - 1):
            current = float(data["horizontal_current"].sel(rail=rail, gap=gap))
            start, end = (gap + 1, gap) if rail == "top" else (gap, gap + 1)
            _arrow(axes, (start, y), (end, y), current, largest)
        axes.text(-0.3, y, f"{rail}\nrail", ha="right", va="center")
    for level in range(levels):
        current = float(data["vertical_current"].sel(level=level))
        _arrow(axes, (level, HEIGHT), (level, 0.0), current, largest)
        axes.text(level + 0.12, HEIGHT / 2, _amount(current), rotation=90, ha="left", va="center", fontsize=7)
        axes.text(level, -0.52, f"level {level}", ha="center", va="top")
    for gap in range(levels - 1):
        text = _amount(float(data["horizontal_current"].sel(rail="top", gap=gap)))
        axes.text(gap + 0.5, HEIGHT - 0.13, text, ha="center", va="top", fontsize=6.5)
    axes.set(xlim=(-0.75, levels - 0.6), ylim=(-1.15, HEIGHT + 0.45), aspect="equal")
    axes.text(
        (levels - 1) / 2, -0.82, "filled area: occupancy; width of an arrow: square root of its current\n"
        "(1 / ladder time; horizontal currents are equal on both rails)",
        ha="center", va="top", fontsize=7,
    )  # fmt: skip
    axes.axis("off")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], current: float, largest: float) -> None:
    """Arrow between two nodes along the sign of the current, as wide as the root of its share of the largest."""
    if current < 0:
        start, end = end, start
    share = abs(current) / largest
    length = math.dist(start, end)
    cut = RADIUS + 0.05
    unit = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    tail = (start[0] + cut * unit[0], start[1] + cut * unit[1])
    head = (end[0] - cut * unit[0], end[1] - cut * unit[1])
    if share < NEGLIGIBLE:
        axes.plot(*zip(tail, head, strict=True), color=GREY, linestyle=":", linewidth=THIN, zorder=1)
        return
    width = max(FULL * math.sqrt(share), THIN)
    axes.add_patch(
        FancyArrowPatch(
            tail, head, arrowstyle=f"simple,tail_width={0.6 * width},head_width={width + 3},head_length=5",
            facecolor=ORANGE, linewidth=0, shrinkA=0, shrinkB=0, mutation_scale=1, zorder=1,
        )
    )  # fmt: skip


def _amount(current: float) -> str:
    """Size of a current; its direction is the arrow's."""
    return f"${_power(abs(current))}$" if abs(current) > ROUNDING else "0"


def _power(value: float) -> str:
    """Short mathtext of a number > 0: a plain decimal, or two digits and a power of ten."""
    if value >= 0.01:
        return f"{value:.3f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    factor = "" if mantissa == "1.0" else rf"{mantissa}\!\times\!"
    return f"{factor}10^{{{int(exponent)}}}"
