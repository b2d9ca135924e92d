"""All learning rules side by side: error against compute, and the table of what each rule needs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from figures._axes import GREY, PAGE, STYLE, new_figure, panel, plain_log
from thermo_cl._types import FloatArray

DATASETS = ("rules",)
Column = tuple[float, str, Callable[[xr.Dataset], str], str]  # place in inches, heading, text of a rule, alignment
MARKERS = "osD^v<>PXp*hd8"
SMALL = 6.2  # points
ROW = 0.165  # inches
_SHORT = {
    "states of its two neurons": "both neurons' states",
    "what it saw before": "what it saw before",
    "which phase it is": "which phase it is",
    "when to update": "when to update",
    "a second signal of a neuron": "neuron's 2nd signal",
    "its weight used both ways": "weight both ways",
    "slope of the activation": "activation's slope",
    "a sum over its layer": "sum over the layer",
}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Test error over multiply-adds and over processor time of a run, and the table, with the markers of all rules.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.rules``.
    """
    rows = data.sizes["rule"] + len(_groups(data))
    below = ROW * rows + 1.4
    figure = new_figure(PAGE, 2.6 + below)
    grid = figure.add_gridspec(2, 1, height_ratios=(2.6, below))
    first, second = figure.add_subfigure(grid[0]).subplots(1, 2, sharey=True)
    examples = 100 * (1 - data["accuracy"])
    compute = data["multiply_adds"] * data["updates"]
    _points(first, data, examples, compute / 1e9)
    _points(second, data, examples, data["update_time"] * data["updates"])
    first.set(xlabel=r"Multiply-adds of a run ($10^9$)", ylabel="Test error (%)")
    second.set(xlabel="Processor time of a run (s)")
    panel(first, "a", "error against compute, by formula; markers as in c")
    panel(second, "b", "error against compute, measured")
    _table(figure.add_subfigure(grid[1]).add_axes((0.0, 0.0, 1.0, 1.0)), data, below)
    return figure


def look(data: xr.Dataset) -> dict[str, tuple[object, str]]:
    """Colour by locality and marker of every rule."""
    groups = _groups(data)
    shades = colormaps["viridis"](np.linspace(0.0, 0.78, max(2, len(groups))))
    names = [str(name) for name in data["rule"].values]
    of = {name: shade for (_, members), shade in zip(groups, shades, strict=False) for name in members}
    return {name: (of[name], MARKERS[n % len(MARKERS)]) for n, name in enumerate(names)}


def _groups(data: xr.Dataset) -> list[tuple[str, list[str]]]:
    """Rules that follow each other and are of one locality."""
    pairs = zip(map(str, data["locality"].values), map(str, data["rule"].values), strict=True)
    return [(word, [name for _, name in members]) for word, members in itertools.groupby(pairs, lambda pair: pair[0])]


def _size(marker: str) -> float:
    return 7.5 if marker == "*" else 4.5  # a star is small within its circle


def _points(axes: Axes, data: xr.Dataset, errors: xr.DataArray, cost: xr.DataArray) -> None:
    """Mean and range over seeds; rules whose runs all diverged are left out."""
    for name, (shade, marker) in look(data).items():
        values, x = errors.sel(rule=name).values, float(cost.sel(rule=name))
        if np.isnan(values).all():
            continue
        axes.plot([x, x], [np.nanmin(values), np.nanmax(values)], color=shade, linestyle="-", linewidth=0.8)
        axes.plot(
            x,
            np.nanmean(values),
            marker,
            color=shade,
            markersize=_size(marker),
            markeredgecolor="white",
            markeredgewidth=0.3,
        )
    axes.set(xscale="log", yscale="log")
    plain_log(axes.xaxis)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(
        FixedLocator([t for t in (1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100) if low <= t <= high])
    )
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _table(axes: Axes, data: xr.Dataset, height: float) -> None:
    """Numbers and dots, in inches from the upper left corner."""
    axes.set(xlim=(0, PAGE), ylim=(height, 0))
    axes.axis("off")
    columns = _columns()
    top = height - ROW * (data.sizes["rule"] + len(_groups(data))) - 0.08
    axes.text(0.05, 0.08, r"$\mathbf{c}$  what an update needs", fontsize=7.5, va="center")
    for x, heading, _, align in columns:
        axes.text(x, top - 0.1, heading, fontsize=SMALL, ha=align, va="bottom", linespacing=1.1)
    dots = np.linspace(5.46, PAGE - 0.14, data.sizes["knowledge"])
    axes.text(dots[0] - 0.03, 0.08, "a synapse must know", fontsize=SMALL, ha="left", va="center", style="italic")
    for x, what in zip(dots, data["knowledge"].values, strict=True):
        words = _SHORT.get(str(what), str(what))
        axes.text(x, top - 0.1, words, fontsize=SMALL, ha="center", va="bottom", rotation=90)
    axes.plot([0.05, PAGE - 0.05], [top - 0.05, top - 0.05], color="black", linewidth=0.6, linestyle="-")
    looks, y = look(data), top
    for word, members in _groups(data):
        y += ROW
        axes.text(0.05, y - ROW / 2, word, fontsize=SMALL, style="italic", va="center", color=looks[members[0]][0])
        for name in members:
            y += ROW
            _row(axes, data.sel(rule=name), y - ROW / 2, looks[name], columns, dots)
        axes.plot([0.05, PAGE - 0.05], [y, y], color=GREY, linewidth=0.4, linestyle="-")


def _row(
    axes: Axes, row: xr.Dataset, y: float, drawn: tuple[object, str], columns: Sequence[Column], dots: FloatArray
) -> None:
    shade, marker = drawn
    axes.plot(0.13, y, marker, color=shade, markersize=_size(marker))
    for x, _, text, align in columns:
        axes.text(x, y, text(row), fontsize=SMALL, ha=align, va="center")
    for x, known in zip(dots, row["must_know"].values, strict=True):
        axes.plot(x, y, "o" if known else ".", color="black" if known else GREY, markersize=3.6 if known else 1.2)


def _columns() -> list[Column]:
    return [
        (0.25, "rule", lambda r: pretty(str(r["rule"].values)), "left"),
        (1.95, "accuracy (%)\nmean, range", _accuracy, "center"),
        (2.46, "phases", lambda r: f"{int(r['phases'])}", "center"),
        (2.78, "steps", lambda r: f"{float(r['steps']):g}", "center"),
        (3.14, "$10^3$ mul-\ntiply-adds/\nexample", _thousands, "center"),
        (3.58, "µs per\nexample", _microseconds, "center"),
        (3.98, "numbers\nper syn-\napse", _kept, "center"),
        (4.31, "per\nneu-\nron", lambda r: f"{float(r['neuron_memory']):g}", "center"),
        (4.85, "told of\nthe phase", _told, "center"),
    ]  # fmt: skip


def pretty(name: str) -> str:
    """Name of a rule as it is written in the literature."""
    return name.replace("DPT", "DP$^T$").replace("alpha", r"$\alpha$")


def _accuracy(row: xr.Dataset) -> str:
    values = 100 * row["accuracy"].values
    if np.isnan(values).all():
        return "diverged"
    return f"{np.nanmean(values):.1f}, {np.nanmin(values):.1f}–{np.nanmax(values):.1f}"


def _thousands(row: xr.Dataset) -> str:
    return _rounded(1e-3 * float(row["multiply_adds"] / row["batch"]))


def _microseconds(row: xr.Dataset) -> str:
    return _rounded(1e6 * float(row["update_time"] / row["batch"]))


def _kept(row: xr.Dataset) -> str:
    own, more = float(row["synapse_memory"]), float(row["optimizer_memory"])
    return f"{own:g}" + (f" + {more:g}" if more else "")


def _told(row: xr.Dataset) -> str:
    words = str(row["phase_signal"].values)
    return "–" if words == "none" else words.replace(" or ", " /\u200a").replace(" label", "")


def _rounded(value: float) -> str:
    """Three digits, all of larger whole numbers."""
    return f"{value:.0f}" if value >= 100 else f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"
