"""Boltzmann machines learn with phases drawn at random: exact cost over phases, and over their probability."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("rbm_learning",)
LINES = {
    "two-term": (BLACK, "-", "s"),
    "ISD": (BLUE, "-", "o"),
    "always-on, fixed": (ORANGE, "--", "^"),
    "always-on, random": (GREY, ":", "D"),
}
RUNS = ("replica", "large_replica", "mnist_seed")
COST = "Exact cost (nat)"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Costs of bars and stripes and of MNIST above, over b below; bands and bars are standard errors over runs.

    Of MNIST, which has few runs, bands and bars span them all.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.rbm_learning``.
    """
    figure = new_figure(PAGE, 4.4)
    (small, large, mnist), (small_b, mnist_b, error) = figure.subplots(2, 3)
    for axes, name in ((small, "small"), (large, "large"), (mnist, "mnist")):
        for trainer in data["trainer"].values:
            _curve(axes, data[f"{name}_cost"].sel(trainer=trainer), f"{name}_phase", str(trainer))
        axes.set(xlabel="Phases done (thousand)", xlim=(0, None))
        if name != "mnist":
            axes.axhline(float(data[f"{name}_bound"]), color=BLACK, linewidth=0.5, zorder=0)
    for axes, name, width in ((small_b, "small_cost", "probability"), (mnist_b, "mnist_cost", "mnist_probability")):
        _over_b(axes, data, name, width)
        axes.set_xlabel("Probability of the positive phase $b$")
    for trainer in data["trainer"].values:
        _curve(error, 100 * data["mnist_error"].sel(trainer=trainer), "mnist_phase", str(trainer))
    for axes in (small, large, mnist, small_b, mnist_b):
        axes.set_ylabel(COST)
    error.set(xlabel="Phases done (thousand)", xlim=(0, None), ylabel="Test error of the label (%)")
    small.legend(fontsize=6.5)
    words = (
        "bars and stripes 3 × 3", "bars and stripes 4 × 4", "binarised MNIST, test rows",
        "3 × 3, after the last phase", "MNIST, after the last phase", "binarised MNIST",
    )  # fmt: skip
    for axes, letter, text in zip((small, large, mnist, small_b, mnist_b, error), "abcdef", words, strict=True):
        panel(axes, letter, text)
    return figure


def _curve(axes: Axes, values: xr.DataArray, over: str, trainer: str) -> None:
    colour, line, _ = LINES[trainer]
    centre, low, high = _spread(values)
    phases = values[over] / 1000
    axes.fill_between(phases, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(phases, centre, color=colour, linestyle=line, label=trainer)


def _over_b(axes: Axes, data: xr.Dataset, name: str, over: str) -> None:
    values = data[f"{name}_by_probability"]
    for trainer in values["random_trainer"].values:
        colour, line, marker = LINES[str(trainer)]
        centre, low, high = _spread(values.sel(random_trainer=trainer))
        axes.errorbar(
            values[over], centre, (centre - low, high - centre), color=colour, linestyle=line, marker=marker,
            markersize=3, capsize=1.5, elinewidth=0.7,
        )  # fmt: skip
    last = data[name].sel(trainer="two-term").isel({f"{name.partition('_')[0]}_phase": -1})
    axes.axhline(float(last.mean()), color=BLACK, linewidth=1.0)


def _spread(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mean over runs, and its standard error on either side, or all runs if they are fewer than four."""
    run = next(name for name in RUNS if name in values.dims)
    centre, count = values.mean(run), values.sizes[run]
    if count < 4:
        return centre, values.min(run), values.max(run)
    error = values.std(run, ddof=1) / count**0.5
    return centre, centre - error, centre + error
