"""Variance of the one-phase estimator over the probability of its positive phase, and two terms for comparison."""

from __future__ import annotations

import xarray as xr
from matplotlib import colormaps, style
from matplotlib.figure import Figure

from figures._axes import BLACK, GREY, PAGE, STYLE, new_figure, panel

DATASETS = ("phase_variance",)
LINES = {"none": "-", "best": "--"}


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Traces at each stage for both pictures, and for the last stage all estimators at the same number of phases.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.phase_variance``.
    """
    figure = new_figure(PAGE, 2.7)
    panels = figure.subplots(1, data.sizes["machine"] + 1)
    b, stages = data["probability"], data["stage"].values
    shades = colormaps["viridis"]([0.85 * k / max(1, len(stages) - 1) for k in range(len(stages))])
    for axes, letter, machine in zip(panels, "ab", data["machine"].values, strict=False):
        part = data.sel(machine=machine)
        for stage, shade in zip(stages, shades, strict=True):
            for baseline, line in LINES.items():
                one = part.sel(stage=stage, baseline=baseline)
                text = f"{stage}" if baseline == "none" else None
                axes.plot(b, one["trace"], linestyle=line, color=shade, label=text)
                axes.plot(one["best_probability"], one["least_trace"], "o", color=shade, markersize=3)
        top = 4.0 * float(part["least_trace"].max())
        axes.set(xlim=(0, 1), ylim=(0, top), xlabel="Probability of the positive phase $b$")
        axes.set_ylabel(r"Trace of the covariance, tr Cov $\hat g$" if letter == "a" else "tr Cov $\\hat g$")
        panel(axes, letter, f"bars and stripes {machine.replace('x', '×')}")
    panels[0].legend(title="steps learnt", title_fontsize=6.5, fontsize=6.5, loc="upper center", ncols=2)
    kinds = [
        panels[-2].plot([], [], linestyle=line, color=BLACK, label=text)[0]
        for line, text in zip(LINES.values(), ("no baseline", "best baseline"), strict=True)
    ]
    kinds += panels[-2].plot([], [], "o", color=BLACK, markersize=3, label="least, at $b^*$")
    panels[-2].legend(handles=kinds, fontsize=6.5, loc="upper center")
    axes, last = panels[-1], data.isel(machine=-1, stage=-1)
    two = float(last["two_term_trace"])
    for baseline, line, text in (("none", "-", "ISD"), ("best", "--", "ISD, best baseline")):
        axes.plot(b, last["trace"].sel(baseline=baseline) / (2.0 * two), linestyle=line, color=BLACK, label=text)
    axes.axhline(1.0, color=GREY, linestyle=":", label="two terms")
    axes.set(xlim=(0, 1), ylim=(0, 4), xlabel="Probability of the positive phase $b$")
    axes.set_ylabel("Variance at the same number of phases,\nover that of two terms")
    axes.legend(loc="upper center", fontsize=6.5)
    panel(axes, "c", f"{str(last['machine'].values).replace('x', '×')}, {int(last['stage'])} steps learnt")
    return figure
