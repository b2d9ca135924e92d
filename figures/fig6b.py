"""Offset of the weight update against the dissipation of the ladder behind it (Falk et al. 2025, Fig. 6B)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import (
    BLACK,
    BLUE,
    DISSIPATION,
    GREY,
    ORANGE,
    PAGE,
    STYLE,
    ln_scale,
    log_colours,
    new_figure,
    panel,
    parameter,
    plain_log,
)

DATASETS = ("dissipation",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Offset over the mean signal: its logarithm as in the paper, and with its sign.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.dissipation``; only ladders with a linear regime are drawn.
    """
    figure = new_figure(PAGE, 2.9)
    paper, signed = figure.subplots(1, 2, width_ratios=(1.0, 1.2))
    kept = data.where(data["linear"], drop=True)
    sigma, offset = kept["entropy_production_rate"], kept["offset"] / parameter(data, "mean")
    for sign, colour, marker, text in ((offset < 0, ORANGE, "v", "negative"), (offset > 0, BLUE, ".", "positive")):
        paper.plot(
            sigma[sign], abs(offset[sign]), marker, color=colour, markersize=2.5, markeredgewidth=0, linestyle="none",
            label=f"{text} ({int(sign.sum())})",
        )  # fmt: skip
    ln_scale(paper, "y", 2)
    paper.set(
        xlabel=DISSIPATION,
        ylabel=r"Offset over mean signal, $\ln\,|\Delta/\bar{s}|$",
    )
    paper.plot([], [], linestyle="none", label=f"no linear regime ({int((~data['linear']).sum())}): not drawn")
    paper.legend(title=r"sign of the offset $\Delta$", markerscale=2.5, handlelength=1.0, alignment="left")
    panel(paper, "a", "as the paper plots it")

    points = signed.scatter(sigma, offset, c=kept["signal"], norm=LogNorm(), s=4, linewidths=0)
    signed.axhline(0.0, color=BLACK, linewidth=0.6, linestyle="--", zorder=0)
    signed.text(float(sigma.min()), 0.15, "axis linear in the band", fontsize=7, color="#606060", va="bottom")
    signed.axhspan(-1.0, 1.0, color=GREY, alpha=0.12, linewidth=0, zorder=0)
    signed.set_xscale("log")
    plain_log(signed.xaxis)
    signed.set_yscale("symlog", linthresh=1.0)
    signed.set(
        xlabel=DISSIPATION,
        ylabel=r"Offset over mean signal, $\Delta/\bar{s}$",
        ylim=(3.0 * float(offset.min()), 10.0),
    )
    panel(signed, "b", "with its sign")
    log_colours(figure, points, signed, "Height of the step (µM)")
    return figure
