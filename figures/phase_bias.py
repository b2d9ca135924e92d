"""Bias of phases of finite length: always-on learning, persistent states, moving parameters."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, GREY, ORANGE, PAGE, STYLE, new_figure, panel

DATASETS = ("phase_bias",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Bias over phase length, over b with a persistent state, and over length with moving parameters.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.phase_bias``.
    """
    figure = new_figure(PAGE, 2.7)
    lengths, states, moving = figure.subplots(1, 3)
    _always_on(lengths, data.isel(machine=-1))
    _persistent(states, data)
    _moving(moving, data)
    for axes, letter, text in zip(
        (lengths, states, moving),
        "abc",
        ("phase length, 3 × 3", "persistent state, 2 × 2", "moving weight"),
        strict=True,
    ):
        panel(axes, letter, text)
    return figure


def _always_on(axes: Axes, part: xr.Dataset) -> None:
    tau = part["tau"]
    axes.plot(tau, part["bias_constant"] / tau, color=GREY, linestyle=":", label=r"$|f^T\!DP\mu|/\tau$")
    for kind, colour, marker in (("fixed", BLUE, "o"), ("geometric", ORANGE, "s")):
        one = part.sel(length=kind)
        axes.plot(tau, one["always_on_bias"], marker, color=colour, label=f"always, {kind}", linestyle="")
    at_end = part["end_bias"].sel(length="fixed")
    axes.plot(tau, at_end.where(at_end > 1e-9), color=BLACK, linestyle="-.", label="at the end, fixed")
    axes.set(xscale="log", yscale="log", ylim=(1e-6, 20), xlabel=r"Mean phase length $\tau$ (steps)")
    axes.set_ylabel("Norm of the gradient's bias")
    axes.legend(fontsize=6.5, loc="lower left")


def _persistent(axes: Axes, data: xr.Dataset) -> None:
    b, line = data["probability"], {"fixed": "-", "geometric": "--"}
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, data.sizes["step"]))
    for steps, shade in zip(data["step"].values, shades, strict=True):
        for kind, stroke in line.items():
            one = data.sel(step=steps, length=kind)
            share = one["persistent_bias"] / one["restarted_bias"].isel(machine=0)
            text = f"{steps}" if kind == "fixed" else None
            axes.plot(b, share, stroke, color=shade, label=text)
    for kind, stroke in line.items():
        axes.plot([], [], stroke, color=BLACK, label=kind)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=0.8)
    axes.text(0.66, 0.6, "$b$", color=GREY)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Probability of the positive phase $b$")
    axes.set_ylabel("Bias over that from the data")
    axes.legend(title="steps a phase", title_fontsize=6.5, fontsize=6.5, loc="lower right")


def _moving(axes: Axes, data: xr.Dataset) -> None:
    t, rates = data["moving_length"], data["rate"].values
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, len(rates)))
    for rate, shade in zip(rates, shades, strict=True):
        scaled = np.abs(data["moving_bias"].sel(rate=rate)) / rate**2
        axes.plot(t, scaled.sel(length="fixed"), "o", color=shade, label=rf"$\eta$ = {rate:g}", linestyle="")
        axes.plot(t, scaled.sel(length="geometric"), "s--", color=shade, markerfacecolor="none", linewidth=0.8)
    axes.plot(t, np.abs(data["moving_constant"]) / t, color=GREY, linestyle=":", label="$|C|/T$")
    axes.plot([], [], "o", color=BLACK, linestyle="", label="fixed")
    axes.plot([], [], "s--", color=BLACK, markerfacecolor="none", linewidth=0.8, label="geometric")
    axes.set(xscale="log", yscale="log", xlabel="Mean phase length (steps)", ylabel=r"Bias of the weight over $\eta^2$")
    axes.set_ylim(3e-5, 0.2)
    axes.set_xticks(t.values, [f"{n}" for n in t.values], minor=False)
    axes.minorticks_off()
    axes.legend(fontsize=6.5, loc="lower left", ncols=2, columnspacing=1.0)
