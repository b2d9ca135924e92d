"""What every figure shares: sizes, the style, labels from a data set's own words, and axes in natural logarithms."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

STYLE = Path(__file__).with_name("style.mplstyle")
COLUMN, PAGE = 3.4, 7.0  # widths in inches of one column and of two
BLUE, ORANGE, BLACK, GREY = "#1B4F8C", "#E08214", "#000000", "#8C8C8C"  # they differ in lightness too
PALE_BLUE, PALE_ORANGE = "#9DBFE0", "#FBE3C4"
DISSIPATION = r"Entropy production rate $\sigma$ ($k_B$ / ladder time)"


def new_figure(width: float, height: float) -> Figure:
    """Empty figure of the given size in inches, laid out so that nothing overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def parameter(dataset: xr.Dataset, name: str) -> float:
    """One of the parameters that a data set records about itself.

    Parameters
    ----------
    dataset : xarray.Dataset
        With an attribute ``parameters``, JSON.
    name : str
        Key of a number in it.
    """
    return float(json.loads(dataset.attrs["parameters"])[name])


def words(variable: xr.DataArray, symbol: str = "") -> str:
    """Axis label from a variable's long name and units, with a mathtext symbol between them."""
    name, units = str(variable.attrs["long_name"]), str(variable.attrs["units"])
    parts = [name[:1].upper() + name[1:], f"${symbol}$" if symbol else "", f"({units})" if units != "1" else ""]
    return " ".join(part for part in parts if part)


def panel(axes: Axes, letter: str, text: str = "") -> None:
    """Letter and a few words above a panel."""
    axes.set_title(rf"$\mathbf{{{letter}}}$  {text}".rstrip())


def ln_scale(axes: Axes, which: str, step: int = 1) -> None:
    """Logarithmic axis whose ticks show natural logarithms, every ``step``; data stay as they are.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    which : {"x", "y"}
    step : int
        Distance of the ticks, in units of the logarithm.
    """
    axis: Axis
    if which == "x":
        axes.set_xscale("log")
        axis = axes.xaxis
    else:
        axes.set_yscale("log")
        axis = axes.yaxis
    axis.set_major_locator(LogLocator(base=math.exp(step), numticks=50))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(math.log(value)):d}".replace("-", "−")))


_MANY = 300.0  # of a range whose ticks 1, 2, 5 would crowd


def plain_log(axis: Axis) -> None:
    """Ticks 1, 2, 5 of every decade on a logarithmic axis, written out; of many decades the first alone."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < _MANY * low else (1.0,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def log_colours(figure: Figure, points: ScalarMappable, beside: Axes | Sequence[Axes], label: str) -> None:
    """Colour bar of a logarithmic norm, beside one panel or several."""
    bar = figure.colorbar(points, ax=beside, label=label, aspect=30, pad=0.02)
    plain_log(bar.ax.yaxis)
