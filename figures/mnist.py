"""A network of synapses learns MNIST by temporal contrast (Falk et al. 2025, Fig. 3B), beside two other rules."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures._axes import BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("mnist",)
COLOURS = {"temporal contrast": BLUE, "equilibrium propagation": ORANGE, "backpropagation": GREY}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Errors, angle to the gradient and share of updated weights over epochs; lines are means, bands span all seeds.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.mnist``.
    """
    figure = new_figure(PAGE, 4.2)
    training, holdout, angle, share = figure.subplots(2, 2, sharex=True).ravel()
    for rule in data["rule"].values:
        one, colour = data.sel(rule=rule), COLOURS[str(rule)]
        _band(training, 100 * one["running_error"], colour, str(rule))
        _band(holdout, 100 * one["holdout_error"], colour)
        if bool(one["angle_all"].notnull().any()):
            _band(angle, one["angle_all"], colour)
        _band(share, 100 * one["update_share"].sel(parameter="W1"), colour)
    training.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    training.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    share.set_yscale("log")
    training.set(ylabel="Training error (%)", ylim=(-0.002, None))
    training.legend(loc="lower left")
    holdout.set(ylabel="Holdout error (%)", ylim=(0, None))
    holdout.axhline(5.0, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
    angle.set(ylabel="Angle to the gradient (degrees)", ylim=(0, 90), xlabel="Epoch")
    share.set(ylabel="Updated weights $W_1$ (%)", xlabel="Epoch")
    words = ("in the free phases of the epoch", "after the epoch", "on 100 examples", "of a minibatch, on average")
    for axes, letter, text in zip((training, holdout, angle, share), "abcd", words, strict=True):
        panel(axes, letter, text)
    return figure


def _band(axes: Axes, values: xr.DataArray, colour: str, name: str | None = None) -> None:
    """Mean over seeds, within the range of all of them."""
    epochs = values["epoch"]
    axes.fill_between(epochs, values.min("seed"), values.max("seed"), color=colour, alpha=0.25, linewidth=0)
    axes.plot(epochs, values.mean("seed"), color=colour, linestyle="-", label=name)
