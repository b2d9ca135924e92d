"""Dual propagation beside backpropagation: accuracy, Lipschitz product, attacks, angles, inner loops."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from figures._axes import BLACK, GREY, PAGE, STYLE, new_figure, panel, plain_log

DATASETS = ("dual_propagation",)
SHADES = {0.0: "#1B4F8C", 0.5: "#7A7A00", 1.0: "#E08214"}  # of alpha
LINES = {"DPT": "-", "DP": "--", "damped DP": ":"}
MARKERS = {"DPT": "o", "DP": "s", "damped DP": "^"}
OTHERS = {"backpropagation": BLACK, "adversarial training": "#B33A6B"}
LEFT_OUT = "checked"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """The first network in panels a to e, the last accuracies and Lipschitz products of the others in f to h.

    Curves are means over seeds, bands and bars span all of them; a cross ends a rule of which a seed could not go on.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.dual_propagation``.
    """
    networks = [str(name) for name in data["network"].values]
    figure = new_figure(PAGE, 6.6)
    grid = figure.subplots(3, 3)
    shown = data.set_coords("alpha").sel(rule=[r for r in data["rule"].values if LEFT_OUT not in str(r)])
    main = shown.isel(network=0).sel(epoch=slice(None, int(shown["epochs"][0])))
    main = main.sel(probe=main["probe"][main["probe"] <= int(main["epochs"])])
    first = grid[0]
    _curves(first[0], 100 * (1 - main["test_accuracy"]), "epoch")
    first[0].set(xlabel="Epochs", ylabel="Test error (%)", yscale="log")
    plain_log(first[0].yaxis)
    _curves(first[1], main["lipschitz_product"], "epoch")
    first[1].set(xlabel="Epochs", ylabel="Lipschitz product", yscale="log")
    plain_log(first[1].yaxis)
    _curves(first[2], 100 * main["robust_accuracy"].sel(attack="PGD"), "size")
    first[2].set(xlabel="Largest change of a pixel", ylabel="Accuracy under PGD (%)", ylim=(0, 100))
    _curves(grid[1, 0], main["angle"].isel(layer=0), "probe")
    grid[1, 0].set(xlabel="Epochs", ylabel="Angle to gradient (°)", ylim=(0, None))
    _curves(grid[1, 1], main["stability_number"], "probe")
    grid[1, 1].axhline(1, color=GREY, linewidth=0.6)
    grid[1, 1].set(xlabel="Epochs", ylabel="Stability number", yscale="log")
    plain_log(grid[1, 1].yaxis)
    _curves(grid[1, 2], main["inner_sweeps"], "probe", loops=True)
    grid[1, 2].set(xlabel="Epochs", ylabel="Sweeps to rest", yscale="log", ylim=(0.8, 120))
    plain_log(grid[1, 2].yaxis)
    titles = [f"{networks[0]}", "product of all weights", "10 ascent steps", "first layer", "inner loop, probed",
              "inner loop, probed"]  # fmt: skip
    for axes, k in zip(grid[2], range(3), strict=True):
        if k < len(networks):
            _ends(axes, shown.isel(network=k))
            titles.append(networks[k])
        else:
            axes.set_axis_off()
            titles.append("")
    for letter, axes, text in zip("abcdefghi", grid.ravel(), titles, strict=True):
        if axes.axison:
            panel(axes, letter, text)
    figure.legend(handles=_handles(first[0], shown), loc="outside upper center", ncols=5)
    return figure


def _look(rule: str, alpha: float) -> tuple[str, str, str]:
    """Colour, line and marker: colour tells alpha, line and marker the form."""
    if rule in OTHERS:
        return OTHERS[rule], "-", "D"
    form = "DPT" if alpha == 0.5 else rule.split(",", maxsplit=1)[0]
    return SHADES[alpha], LINES[form], MARKERS[form]


def _handles(axes: Axes, data: xr.Dataset) -> list[Line2D]:
    """Line and marker of every rule."""
    looks = {str(rule): _look(str(rule), float(data["alpha"].sel(rule=rule))) for rule in data["rule"].values}
    return [
        axes.plot([], [], color=shade, linestyle=line, marker=marker, markersize=4, label=_name(rule))[0]
        for rule, (shade, line, marker) in looks.items()
    ]


def _name(rule: str) -> str:
    return rule.replace("DPT", "DP$^T$").replace("alpha", r"$\alpha$")


def _curves(axes: Axes, values: xr.DataArray, along: str, *, loops: bool = False) -> None:
    """A curve of every rule within the range of its seeds, or of those with inner loops only."""
    for rule in values["rule"].values:
        one = values.sel(rule=rule)
        if loops and bool(one.isnull().all()):
            continue
        shade, line, _ = _look(str(rule), float(values["alpha"].sel(rule=rule)))
        x, mean = one[along].values, one.mean("seed", skipna=False)
        axes.fill_between(x, one.min("seed"), one.max("seed"), color=shade, alpha=0.15, linewidth=0)
        axes.plot(x, mean, color=shade, linestyle=line)
        whole = np.flatnonzero(mean.notnull().values)
        if 0 < len(whole) < len(x) and whole[-1] < len(x) - 1:
            axes.plot(x[whole[-1]], mean[whole[-1]], "x", color=shade, markersize=5)


def _ends(axes: Axes, data: xr.Dataset) -> None:
    """Test error against Lipschitz product after the last epoch, with the range of the seeds."""
    last = data.sel(epoch=int(data["epochs"]))
    for rule in data["rule"].values:
        shade, _, marker = _look(str(rule), float(data["alpha"].sel(rule=rule)))
        x, y = last["lipschitz_product"].sel(rule=rule), 100 * (1 - last["test_accuracy"].sel(rule=rule))
        if bool(x.isnull().any()):
            continue
        spread = [[[float(v.mean() - v.min())], [float(v.max() - v.mean())]] for v in (x, y)]
        axes.errorbar(
            float(x.mean()), float(y.mean()), xerr=spread[0], yerr=spread[1], color=shade, marker=marker,
            markersize=4, linewidth=0.8,
        )  # fmt: skip
    gone = [_name(str(r)) for r in data["rule"].values if bool(last["test_accuracy"].sel(rule=r).isnull().any())]
    if gone:
        axes.text(0.03, 0.62, "diverged:\n" + "\n".join(gone), transform=axes.transAxes, fontsize=6.5, va="top")
    axes.set(xlabel="Lipschitz product", ylabel="Test error (%)", xscale="log", yscale="log")
    axes.margins(0.1)
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        plain_log(axis)
        if high < 5 * low:  # ticks 1, 2, 5 would be too few
            axis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)))
