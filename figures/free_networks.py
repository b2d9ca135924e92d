"""Cost of adaptation against its error, for ladders and for networks of free rates, and what the best look like."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel, parameter

DATASETS = ("free_networks",)
COLOURS = (ORANGE, BLUE, BLACK)
LINES = ("--", "-", "")
FLOOR = 0.25  # sigma |mu1| over step of a ladder in the limit of PHYSICS.md, section 2
FLOWING = 0.02  # smallest current over the largest that is drawn


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Cost and sigma |mu1| / step against the error held, sigma |mu1| / step against the gain held, and two networks.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.free_networks``.
    """
    figure = new_figure(PAGE, 4.6)
    grid = figure.add_gridspec(2, 6, height_ratios=(1.15, 1.0))
    cost, ratio, gain = (figure.add_subplot(grid[0, 2 * k : 2 * k + 2]) for k in range(3))
    error = np.exp(data["log_error"].values)
    for n, colour in zip(data["levels"].values, COLOURS, strict=False):
        for family, line in zip(data["family"].values, LINES, strict=True):
            one = data.sel(family=family, levels=n)
            marker = "x" if line == "" else "o"
            for axes, name in ((cost, "cost"), (ratio, "ratio")):
                axes.plot(error, one[name], color=colour, linestyle=line or "none", marker=marker, markersize=3)
        cost.plot([], [], color=colour, linestyle="-", label=f"{n} levels")
    for family, line in zip(data["family"].values, LINES, strict=True):
        ratio.plot([], [], color=GREY, linestyle=line or "none", marker="x" if line == "" else "o", label=str(family))
    ratio.axhline(FLOOR, color=GREY, linewidth=0.8, linestyle=":")
    ratio.annotate("1/4", (float(error.max()), FLOOR), (0, 1), textcoords="offset points", color=GREY, va="bottom")
    gain.plot(data["gain_gain"], data["gain_ratio"], "o-", color=BLUE)
    gain.plot(data["held_gain"], data["gain_estimate"], color=GREY, linestyle="--", label="estimate")
    ratio.plot(error, data["estimate"], color=GREY, linestyle="--", linewidth=0.8, label="estimate")
    gain.axhline(FLOOR, color=GREY, linewidth=0.8, linestyle=":")
    for axes in (cost, ratio):
        axes.set(xscale="log", yscale="log", xlabel=r"Error: rms $|I|\,/\,A$")
        axes.invert_xaxis()
    gain.set(xscale="log", yscale="log", xlabel="Gain (1: two states at best)")
    _plain(cost, (1, 2, 5))
    _plain(ratio, (0.1, 0.2, 0.5, 1))
    cost.set_ylabel(r"Entropy per response $\bar\sigma\tau$ ($k_B$)")
    for axes in (ratio, gain):
        axes.set_ylabel(r"$\sigma\,|\mu_1|\,/\,\Delta\ell$ ($k_B$)")
    for axes in (cost, ratio, gain):
        axes.legend(loc="upper left", fontsize=6)
    panel(cost, "a", "least cost found")
    panel(ratio, "b", "the same networks")
    varied = int(parameter(data, "varied"))
    panel(gain, "c", f"{varied} levels, free rates, error $e^{{{parameter(data, 'gain_log_error'):g}}}$")
    pictures = [figure.add_subplot(grid[1, 3 * k : 3 * k + 3]) for k in range(2)]
    known = data.sel(levels=varied)
    solved = np.isfinite(known["cost"].values[:2]).all(axis=0)
    shown = int(np.nonzero(solved)[0][-1]) if solved.any() else 0
    for axes, letter, k in zip(pictures, "de", (0, 1), strict=True):
        one = known.isel(family=k, log_error=shown)
        _network(axes, one, varied)
        title = f"{one['family'].item()}: cost {float(one['cost']):.2f} $k_B$ at error $e^{{{one['log_error']:g}}}$"
        panel(axes, letter, title)
    return figure


def _plain(axes: Axes, ticks: tuple[float, ...]) -> None:
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.set_xticks([np.exp(-k) for k in range(1, 5)], [f"$e^{{-{k}}}$" for k in range(1, 5)])


def _network(axes: Axes, one: xr.Dataset, levels: int) -> None:
    """States as discs with areas in proportion to probability, edges as arrows along the net current."""
    axes.set_axis_off()
    place = np.array([(m, rail) for rail in (1.0, 0.0) for m in range(levels)])
    current, rates = one["current"].values, one["log_rates"].values
    most = np.nanmax(np.abs(current))
    for i in range(2 * levels):
        for j in range(i):
            if not np.isfinite(rates[i, j]):
                continue
            axes.plot(*place[[i, j]].T, color=GREY, linewidth=0.5, linestyle="-", zorder=0)
            flow = current[i, j] / most
            if abs(flow) > FLOWING:
                tail, head = (j, i) if flow > 0 else (i, j)
                way = place[head] - place[tail]
                arrow = {"arrowstyle": "-|>", "linewidth": 0.4 + 2.4 * abs(flow), "color": ORANGE, "mutation_scale": 8}
                axes.annotate(
                    "",
                    place[head] - 0.22 * way,
                    place[tail] + 0.22 * way,
                    arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0},
                )
            middle = place[[i, j]].mean(axis=0)
            sideways = abs(place[i, 1] - place[j, 1]) < 0.5
            text = _pair(rates[i, j], rates[j, i], sideways)
            shift = (0, 7 if place[i, 1] > 0.5 else -7) if sideways else (6, 0)
            axes.annotate(
                text, middle, shift, textcoords="offset points", ha="center" if sideways else "left", va="center",
                fontsize=5.5,
            )  # fmt: skip
    p = one["occupancy"].values[: 2 * levels]
    axes.scatter(place[:, 0], place[:, 1], s=30 + 500 * p, color=BLUE, zorder=3)
    for (x, y), probability in zip(place, p, strict=True):
        above = 15 if y > 0.5 else -15
        axes.annotate(
            f"{probability:.2f}", (x, y), (0, above), textcoords="offset points", ha="center", va="center", fontsize=6
        )
    axes.set(xlim=(-0.4, levels - 0.4), ylim=(-0.45, 1.45))


def _pair(to_first: float, to_second: float, sideways: bool) -> str:
    """Log rates of both directions of an edge: to the right and left, or down and up."""
    first, second = (f"{value:.1f}".replace("-", "−") for value in (to_first, to_second))
    return f"→{first}  ←{second}" if sideways else f"↓{first}\n↑{second}"
