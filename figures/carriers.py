"""Kernels of the four physical carriers, and their full responses to a sawtooth beside what the kernels predict."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, PALE_BLUE, STYLE, new_figure, panel, parameter

DATASETS = ("carriers",)
SHOWN = 3  # amplitudes of a response
SHADES = ((BLUE, "-"), (ORANGE, "-"), (PALE_BLUE, "-"))


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """A column for each carrier: kernel and response to a step, sawtooth responses, and their distance from the line.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.carriers``.
    """
    names = [str(name) for name in data["carrier"].values]
    figure = new_figure(PAGE, 5.6)
    grid = figure.subplots(3, len(names), squeeze=False, sharey="row")
    letters = iter("abcdefghijkl")
    for row, plot in enumerate((_kernel, _sawtooth, _difference)):
        for axes, name in zip(grid[row], names, strict=True):
            plot(axes, data.sel(carrier=name))
            panel(axes, next(letters), name if row == 0 else "")
    for axes in grid[1]:
        axes.set_xlabel(r"Time in the cycle / $\tau_f$")
    grid[0, 0].set_ylabel(r"Kernel, step response")
    grid[1, 0].set_ylabel(r"Output $u\,\tau_f/|\mu_1| A$")
    grid[2, 0].set_ylabel("Relative deviation")
    grid[0, 1].legend(fontsize=6, loc="upper right")
    grid[1, 0].legend(fontsize=6, loc="upper right")
    grid[2, 0].annotate("admissible", (0.04, 0.9), xycoords="axes fraction", color=GREY, fontsize=6)
    fast, ratio = parameter(data, "fast"), parameter(data, "ratio")
    figure.supxlabel(rf"Fast ramp of {fast:g} $\tau_K$, slow one {ratio:g} times as long", fontsize=7)
    return figure


def _kernel(axes: Axes, one: xr.Dataset) -> None:
    axes.axhline(0.0, color=GREY, linewidth=0.5)
    size = max(1.0, float(np.abs(one["kernel"]).max()))
    power = 1.0 if size < 5 else 0.1
    label = r"$K\tau_K^2/|\mu_1|$"
    axes.plot(one["lag"], power * one["kernel"], color=BLUE, linestyle="-", label=label)
    axes.plot(one["lag"], one["step_response"], color=ORANGE, linestyle="--", label="step response")
    instant = float(one["instant"])
    if instant:
        top = 1.3
        axes.annotate(
            "", (0.0, top), (0.0, 0.0), arrowprops={"arrowstyle": "-|>", "color": BLUE, "shrinkA": 0, "shrinkB": 0}
        )
        axes.text(0.25, top, rf"${instant:g}\,\delta$", color=BLUE, fontsize=6.5, va="center")
    elif power != 1:
        axes.text(0.97, 0.62, "kernel / 10", color=BLUE, fontsize=6, ha="right", transform=axes.transAxes)
    axes.set(xlim=(-0.3, 8.0), xlabel=r"Time / $\tau_K$")


def _sawtooth(axes: Axes, one: xr.Dataset) -> None:
    """Full outputs of several amplitudes, and the line that the kernel predicts for all of them."""
    axes.axhline(0.0, color=GREY, linewidth=0.5)
    shares = one["fraction"].values
    for share, (colour, line) in zip(shares[:SHOWN], SHADES, strict=False):
        words = "largest $A$" if share == 1 else f"$A$ / {1 / share:.3g}"
        axes.plot(one["phase"], one["response"].sel(fraction=share), color=colour, linestyle=line, label=words)
    axes.plot(
        one["phase"],
        one["linear_response"].isel(fraction=-1),
        color=BLACK,
        linestyle=":",
        linewidth=1.0,
        label="kernel",
    )


def _difference(axes: Axes, one: xr.Dataset) -> None:
    """Difference from the linear response over amplitude, with the amplitudes of the window."""
    unit = float(one["full_amplitude"])
    amplitude = unit * one["fraction"].values
    low, high = float(one["amplitude_low"]), float(one["amplitude_high"])
    axes.axvspan(low, high, color=PALE_BLUE, alpha=0.4, linewidth=0)
    axes.plot(amplitude, one["difference"], "o-", color=BLUE)
    axes.plot(
        amplitude, one["difference"].values[-1] * amplitude / amplitude[-1], color=GREY, linestyle=":", linewidth=0.8
    )
    axes.set(xscale="log", yscale="log", xlabel=f"Amplitude ({pretty(str(one['signal_unit'].values))})")
    axes.set_xlim(min(low, float(amplitude.min())) / 2, 2 * max(high, float(amplitude.max())))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())


def pretty(unit: str) -> str:
    """A unit with its powers raised and its Greek prefix."""
    return unit.replace("uM", "µM").replace("^2", "²").replace("k_B T", "$k_BT$")
