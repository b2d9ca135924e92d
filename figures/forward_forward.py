"""Forward-forward learning by both phases and by random ones: errors over phases, active units, rates and batches."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures._axes import BLACK, GREY, PAGE, STYLE, new_figure, panel, parameter

DATASETS = ("forward_forward",)
MARKERS = "osD^v<>"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Test errors and active units over phases, bands spanning all seeds; errors of shorter runs at other settings.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.forward_forward``; with all of MNIST where it has it.
    """
    whole = "full_error" in data
    figure = new_figure(PAGE, 4.4 if whole else 4.6)
    panels = figure.subplots(2, 3 if whole else 2).ravel()
    errors, settings, first, last = (panels[k] for k in ((0, 2, 3, 4) if whole else range(4)))
    shades = _shades(data)
    for rule in data["rule"].values:
        one = data.sel(rule=rule)
        _band(errors, 100 * one["error"], shades[str(rule)], str(rule))
        for axes, layer in ((first, 0), (last, -1)):
            _band(axes, 100 * one["active_units"].isel(layer=layer), shades[str(rule)], str(rule))
    _error_axis(errors, 100 * float(data["error"].max()))
    figure.legend(*errors.get_legend_handles_labels(), loc="outside upper center", ncols=len(shades))
    for axes in (first, last):
        axes.set(ylim=(0, 100), xlabel="Phases (1,000)", ylabel="Active units (%)")
    _settings(settings, data, shades)
    images = f"{int(parameter(data, 'train')):,} images"
    titled = {
        errors: images, settings: "other rates and batches", first: f"layer 1, {images}",
        last: f"layer {data.sizes['layer']}, {images}",
    }  # fmt: skip
    if whole:
        titled |= _whole(data, shades, panels[1], panels[5])
    for letter, axes in zip("abcdef", panels, strict=False):
        panel(axes, letter, titled[axes])
    return figure


def _shades(data: xr.Dataset) -> dict[str, object]:
    """Colour of every rule, the same for runs on part and on all of MNIST."""
    rules = [str(rule) for rule in data["rule"].values]
    if "full_rule" in data:
        rules += [str(rule) for rule in data["full_rule"].values if str(rule) not in rules]
    return dict(
        zip(rules, [BLACK, *colormaps["viridis"](np.linspace(0.05, 0.85, max(1, len(rules) - 1)))], strict=False)
    )


def _whole(data: xr.Dataset, shades: dict[str, object], errors: Axes, active: Axes) -> dict[Axes, str]:
    """Errors and active units of the runs on all of MNIST; returns the panels' titles."""
    block = data[["full_error", "full_active_units"]].rename(full_rule="rule", full_seed="seed", full_phase="phase")
    for rule in block["rule"].values:
        one = block.sel(rule=rule)
        _band(errors, 100 * one["full_error"], shades[str(rule)], str(rule))
        for layer, line in ((0, "-"), (-1, "--")):
            _band(active, 100 * one["full_active_units"].isel(layer=layer), shades[str(rule)], str(rule), line)
    _error_axis(errors, 100 * float(block["full_error"].max()))
    errors.axhline(8, color=GREY, linewidth=0.6, linestyle=":")
    errors.annotate("8 %", (0.01, 8), xycoords=("axes fraction", "data"), fontsize=6.5, va="top")
    active.set(ylim=(0, 100), xlabel="Phases (1,000)", ylabel="Active units (%)")
    count = f"all {json.loads(data.attrs['parameters'])['full']['train']:,}"
    return {errors: f"{count} images", active: f"{count}, layer {data.sizes['layer']} dashed"}


def _error_axis(axes: Axes, top: float) -> None:
    axes.set(yscale="log", ylim=(4, 1.2 * top), ylabel="Test error (%)", xlabel="Phases (1,000)")
    axes.set_yticks([5, 10, 20, 50])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def _band(axes: Axes, values: xr.DataArray, shade: object, name: str, line: str = "-") -> None:
    """Mean over seeds, within the range of all of them, from the first phases on."""
    thousands = values["phase"] / 1000
    axes.fill_between(thousands, values.min("seed"), values.max("seed"), color=shade, alpha=0.2, linewidth=0)
    axes.plot(thousands, values.mean("seed"), color=shade, linestyle=line, label=name)


def _settings(axes: Axes, data: xr.Dataset, shades: dict[str, object]) -> None:
    """Error of every rule and setting; hollow where a layer died."""
    count, rules = data.sizes["setting"], [str(rule) for rule in data["rule"].values]
    for n, rule in enumerate(rules):
        one, shade = data.sel(rule=rule), shades[rule]
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
