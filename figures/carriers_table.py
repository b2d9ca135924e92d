"""Table of the four physical carriers: constants, kernel, admissible window, energy of an update."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.figure import Figure

from figures._axes import GREY, PAGE, STYLE, new_figure, parameter
from figures.carriers import pretty

DATASETS = ("carriers",)
SIZE = 6.5  # points
LINE = 0.125  # inches
LEFT, WIDTH = 1.12, 1.46  # of the columns, in inches
LETTERS = 27  # of a line in a column


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """A column for each carrier.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.carriers``.
    """
    blocks = _blocks(data)
    lines = sum(max(len(cell) for cell in cells) for _, cells in blocks)
    height = LINE * lines + 0.1 * (len(blocks) + 1) + 0.5
    figure = new_figure(PAGE, height)
    figure.set_layout_engine("none")  # places are in inches
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, PAGE), ylim=(height, 0))
    axes.axis("off")
    y = 0.22
    for k, name in enumerate(data["carrier"].values):
        axes.text(LEFT + WIDTH * k, y, str(name), fontsize=7.5, weight="bold", va="center")
    y += 0.12
    for heading, cells in blocks:
        axes.plot([0.06, PAGE - 0.06], [y, y], color=GREY, linewidth=0.5, linestyle="-")
        y += 0.1
        for n, line in enumerate(heading.split("\n")):
            axes.text(0.08, y + LINE * n, line, fontsize=SIZE, style="italic", va="center")
        for k, cell in enumerate(cells):
            for n, line in enumerate(cell):
                axes.text(LEFT + WIDTH * k, y + LINE * n, line, fontsize=SIZE, va="center")
        y += LINE * max(len(cell) for cell in cells)
    axes.plot([0.06, PAGE - 0.06], [y, y], color=GREY, linewidth=0.5, linestyle="-")
    fast, ratio = parameter(data, "fast"), parameter(data, "ratio")
    axes.text(
        0.08, y + 0.12,
        rf"Windows and energies for a fast ramp of {fast:g} $\tau_K$ and a slow one {ratio:g} times as long, at the "
        "threshold given; energies at 37 °C, of different things.",
        fontsize=SIZE, va="center", color=GREY,
    )  # fmt: skip
    return figure


def _blocks(data: xr.Dataset) -> list[tuple[str, list[list[str]]]]:
    """Headings, and lines of every carrier."""
    columns = [data.sel(carrier=name) for name in data["carrier"].values]

    def unit(one: xr.Dataset, name: str) -> str:
        return pretty(str(one[f"{name}_unit"].values))

    def span(one: xr.Dataset, name: str, of: str) -> list[str]:
        low, high = number(float(one[f"{name}_low"])), number(float(one[f"{name}_high"]))
        return [f"{low} to {high} {unit(one, of)}"]

    def per(one: xr.Dataset, time: str = "") -> str:
        """Unit of output times time over signal."""
        signal, output = unit(one, "signal"), unit(one, "output")
        if signal == output:
            return f" {time}".rstrip()
        return " ".join(["", output, *([time] if time else []), "/", f"({signal})" if "/" in signal else signal])

    return [
        ("signal\noutput", [[unit(one, "signal"), unit(one, "output")] for one in columns]),
        ("constants", [_constants(one) for one in columns]),
        ("area $I$", [[number(float(one["area"])) + per(one)] for one in columns]),
        (
            r"first moment $\mu_1$",
            [[number(float(one["first_moment"])) + per(one, unit(one, "time"))] for one in columns],
        ),
        (r"memory time $\tau_K$", [[f"{number(float(one['timescale']))} {unit(one, 'time')}"] for one in columns]),
        (r"fast ramp $\tau_f$", [span(one, "fast", "time") for one in columns]),
        (r"slow ramp $\tau_s$", [span(one, "slow", "time") for one in columns]),
        (r"threshold $\theta$", [span(one, "threshold", "output") for one in columns]),
        ("amplitude $A$", [span(one, "amplitude", "signal") for one in columns]),
        ("energy per\nupdate", [_energy(one) for one in columns]),
    ]  # fmt: skip


def _constants(one: xr.Dataset) -> list[str]:
    rows = zip(one["constant_name"].values, one["constant_value"].values, one["constant_unit"].values, strict=True)
    return [
        f"{str(name).replace('_', ' ')} {number(float(value))} {'' if unit == '1' else pretty(str(unit))}".rstrip()
        for name, value, unit in rows
        if name
    ]


def _energy(one: xr.Dataset) -> list[str]:
    value, thermal = float(one["energy"]), float(one["energy_kT"])
    unit = str(one["energy_unit"].values)
    if np.isnan(value):
        first = ["not defined"]
    elif unit == "k_B T":
        first = [f"{number(thermal)} $k_BT$"]
    else:
        first = [f"{number(value)} {unit} = {number(thermal)} $k_BT$"]
    return first + textwrap.wrap(str(one["energy_note"].values), LETTERS)


def number(value: float) -> str:
    """Three digits, with a power of ten where there are many zeros."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return r"$\infty$"
    sign, size = "−" if value < 0 else "", abs(value)
    if 1e-2 <= size < 1e4:
        return f"{sign}{size:.3g}" if size < 1000 else f"{sign}{size:.0f}"
    mantissa, power = f"{size:.2e}".split("e")
    digits = f"{float(mantissa):g}"
    factor = "" if digits == "1" else rf"{digits} \times "
    return rf"{sign}${factor}10^{{{int(power)}}}$"
