"""Boltzmann machines learn with phases drawn at random: exact cost over phases, over their probability, and at last."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, PALE_BLUE, STYLE, new_figure, panel

DATASETS = ("rbm_learning",)
LINES = {
    "two-term": (BLACK, "-", "s"),
    "ISD": (BLUE, "-", "o"),
    "ISD, baseline": (PALE_BLUE, "-.", "v"),
    "always-on, fixed": (ORANGE, "--", "^"),
    "always-on, random": (GREY, ":", "D"),
}
RUNS = ("replica", "sweep_replica", "large_replica", "mnist_seed")
COST = "Exact cost (nat)"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Costs over phases, over b, and differences of final costs; bands and bars are standard errors over runs.

    Of MNIST, which has few runs, bands and bars span them all. Lines below costs are the entropy of the rows.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.rbm_learning``.
    """
    figure = new_figure(PAGE, 6.6)
    above, below = figure.subfigures(2, 1, height_ratios=(2.15, 1), squeeze=False).flat
    rows = [*above.subplots(2, 3), below.subplots(1, 3)]
    rows[2][1].sharey(rows[2][0])
    for axes, name in zip(rows[0], ("small", "large", "mnist"), strict=True):
        for trainer in LINES:
            _curve(axes, data[f"{name}_cost"].sel(trainer=trainer), f"{name}_phase", trainer)
        axes.set(xlabel="Phases done (thousand)", xlim=(0, None), ylabel=COST)
        if name != "mnist":
            _bound(axes, float(data[f"{name}_bound"]))
    for axes, name, over in zip(rows[1], ("small", "large", "mnist"), ("", "", "mnist_"), strict=True):
        _over_b(axes, data, name, f"{over}probability")
        axes.set(xlabel="Probability of the positive phase $b$", ylabel=COST)
    for axes, name in zip(rows[2][:2], ("small", "large"), strict=True):
        _differences(axes, data, name)
    for trainer in LINES:
        _curve(rows[2][2], 100 * data["mnist_error"].sel(trainer=trainer), "mnist_phase", trainer)
    rows[2][2].set(xlabel="Phases done (thousand)", xlim=(0, None), ylabel="Test error of the label (%)")
    rows[2][1].tick_params(labelleft=False)
    handles, labels = rows[1][0].get_legend_handles_labels()
    above.legend(handles, labels, loc="outside upper center", ncols=len(LINES), fontsize=7)
    words = (
        "bars and stripes 3 × 3", "bars and stripes 4 × 4", "binarised MNIST",
        "3 × 3, last phase", "4 × 4, a third of the phases", "MNIST, last phase",
        "3 × 3, last phase", "4 × 4, last phase", "binarised MNIST",
    )  # fmt: skip
    for axes, letter, text in zip((axes for row in rows for axes in row), "abcdefghi", words, strict=True):
        panel(axes, letter, text)
    return figure


def _curve(axes: Axes, values: xr.DataArray, over: str, trainer: str) -> None:
    colour, line, _ = LINES[trainer]
    centre, low, high = _spread(values)
    phases = values[over] / 1000
    axes.fill_between(phases, low, high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(phases, centre, color=colour, linestyle=line)


def _bound(axes: Axes, value: float) -> None:
    axes.axhline(value, color=BLACK, linewidth=0.5, zorder=0)
    axes.annotate("bound", (0, value), (2, 2), xycoords=("axes fraction", "data"), textcoords="offset points",
                  ha="left", fontsize=6.5)  # fmt: skip


def _over_b(axes: Axes, data: xr.Dataset, name: str, over: str) -> None:
    values = data[f"{name}_cost_by_probability"]
    for trainer, (colour, line, marker) in LINES.items():
        if trainer == "two-term":  # has no b: a line, from curves at the phase of the others
            axes.plot([], [], color=colour, linestyle=line, label=trainer)
            continue
        centre, low, high = _spread(values.sel(random_trainer=trainer))
        axes.errorbar(
            values[over], centre, (centre - low, high - centre), color=colour, linestyle=line, marker=marker,
            markersize=3, capsize=1.5, elinewidth=0.8, label=trainer,
        )  # fmt: skip
    if name != "large":
        last = data[f"{name}_cost"].sel(trainer="two-term").isel({f"{name}_phase": -1})
        axes.axhline(float(last.mean()), color=BLACK, linewidth=1.0)


def _differences(axes: Axes, data: xr.Dataset, name: str) -> None:
    """Paired differences from the two-term trainer's final cost, with one and with two standard errors."""
    others = [str(trainer) for trainer in data["trainer"].values if trainer != "two-term"]
    chosen = {"trainer": others, "other_trainer": "two-term"}
    centre, error = data[f"{name}_difference"].sel(chosen), data[f"{name}_difference_error"].sel(chosen)
    at = np.arange(len(others))[::-1]
    axes.errorbar(centre, at, xerr=2 * error, color=GREY, linestyle="", elinewidth=0.8, capsize=2)
    axes.errorbar(centre, at, xerr=error, color=BLUE, linestyle="", elinewidth=1.8, marker="o", markersize=3)
    axes.axvline(0.0, color=BLACK, linewidth=0.5, zorder=0)
    axes.set_yticks(at, others, fontsize=6.5)
    axes.set(xlabel="Less two-term (nat)", ylim=(-0.6, len(others) - 0.4))
    if name == "small":
        axes.set_ylabel("Way to learn")


def _spread(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mean over runs, and its standard error on either side, or all runs if they are fewer than four."""
    run = next(name for name in RUNS if name in values.dims)
    centre, count = values.mean(run), values.sizes[run]
    if count < 4:
        return centre, values.min(run), values.max(run)
    error = values.std(run, ddof=1) / count**0.5
    return centre, centre - error, centre + error
