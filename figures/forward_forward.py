"""Forward-forward learning by both phases and by random ones: errors over phases, active units, rates and batches."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures._axes import BLACK, PAGE, STYLE, new_figure, panel

DATASETS = ("forward_forward",)
MARKERS = "osD^v<>"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Test errors and active units over phases, bands spanning all seeds; errors of shorter runs at other settings.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.forward_forward``.
    """
    figure = new_figure(PAGE, 4.6)
    errors, settings, first, last = figure.subplots(2, 2).ravel()
    rules = [str(rule) for rule in data["rule"].values]
    shades = [BLACK, *colormaps["viridis"](np.linspace(0.05, 0.85, max(1, len(rules) - 1)))]
    for rule, shade in zip(rules, shades, strict=False):
        one = data.sel(rule=rule)
        _band(errors, 100 * one["error"], shade, rule)
        for axes, layer in ((first, 0), (last, -1)):
            _band(axes, 100 * one["active_units"].isel(layer=layer), shade, rule)
    top = 100 * float(data["error"].max())
    errors.set(yscale="log", ylim=(4, 1.2 * top), ylabel="Test error (%)", xlabel="Phases (1,000)")
    errors.set_yticks([5, 10, 20, 50])
    errors.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    errors.minorticks_off()
    errors.legend(loc="upper right")
    for axes in (first, last):
        axes.set(ylim=(0, 100), xlabel="Phases (1,000)", ylabel="Active units (%)")
    _settings(settings, data, rules, shades)

    words = ("one example a phase, Adam 0.01", "other rates and batches", "layer 1", f"layer {data.sizes['layer']}")
    for axes, letter, text in zip((errors, settings, first, last), "abcd", words, strict=True):
        panel(axes, letter, text)
    return figure


def _band(axes: Axes, values: xr.DataArray, shade: object, name: str) -> None:
    """Mean over seeds, within the range of all of them, from the first phases on."""
    thousands = values["phase"] / 1000
    axes.fill_between(thousands, values.min("seed"), values.max("seed"), color=shade, alpha=0.2, linewidth=0)
    axes.plot(thousands, values.mean("seed"), color=shade, linestyle="-", label=name)


def _settings(axes: Axes, data: xr.Dataset, rules: list[str], shades: list[object]) -> None:
    """Error of every rule and setting; hollow where a layer died."""
    count = data.sizes["setting"]
    for n, (rule, shade) in enumerate(zip(rules, shades, strict=False)):
        one = data.sel(rule=rule)
        dead = one["setting_dead_phase"].notnull().any("layer").values
        x = np.arange(count) + 0.16 * (n - (len(rules) - 1) / 2)
        y, marker = 100 * one["setting_error"].values, MARKERS[n % len(MARKERS)]
        axes.plot(x[~dead], y[~dead], marker, color=shade, label=rule)
        axes.plot(x[dead], y[dead], marker, color=shade, markerfacecolor="none")
    if bool(data["setting_dead_phase"].notnull().any()):
        axes.text(0.02, 0.03, "hollow: a layer is dead", transform=axes.transAxes, fontsize=6.5)
    names = [f"{float(r):g}\n{int(k)}" for r, k in zip(data["rate"], data["batch"], strict=True)]
    axes.set_xticks(range(count), names)
    axes.minorticks_off()
    axes.set(ylim=(0, 100), xlim=(-0.6, count - 0.4), xlabel="Rate, and examples a phase", ylabel="Test error (%)")
