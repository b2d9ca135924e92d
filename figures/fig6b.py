"""Offset of the weight update against the dissipation of the ladder behind it (Falk et al. 2025, Fig. 6B)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import (
    BLACK,
    BLUE,
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
SIGMA = r"$\sigma$ ($k_B$ / ladder time)"


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Offset over the mean signal: as in the paper, with its sign, and that of the tangent inside the window.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.dissipation``; only ladders with a linear regime are drawn.
    """
    figure = new_figure(PAGE, 2.7)
    paper, signed, tangent = figure.subplots(1, 3)
    norm = LogNorm(float(data["signal"].min()), float(data["signal"].max()))
    kept = data.where(data["linear"], drop=True)
    sigma, offset = kept["entropy_production_rate"], kept["offset"] / parameter(data, "mean")
    for sign, colour, marker, text in ((offset < 0, ORANGE, "v", "negative"), (offset > 0, BLUE, ".", "positive")):
        paper.plot(
            sigma[sign], abs(offset[sign]), marker, color=colour, markersize=2.5, markeredgewidth=0, linestyle="none",
            label=f"{text} ({int(sign.sum())})",
        )  # fmt: skip
    ln_scale(paper, "y", 2)
    paper.set(
        xlabel=SIGMA,
        ylabel=r"Offset over mean, $\ln\,|\Delta/\bar{s}|$",
    )
    paper.plot([], [], linestyle="none", label=f"not drawn, no line ({int((~data['linear']).sum())})")
    paper.legend(title=r"sign of the offset $\Delta$", markerscale=2.5, handlelength=1.0, alignment="left")
    panel(paper, "a", "as the paper plots it")

    signed.scatter(sigma, offset, c=kept["signal"], norm=norm, s=4, linewidths=0)
    signed.axhline(0.0, color=BLACK, linewidth=0.6, linestyle="--", zorder=0)
    signed.axhspan(-1.0, 1.0, color=GREY, alpha=0.12, linewidth=0, zorder=0)
    signed.set_xscale("log")
    plain_log(signed.xaxis)
    signed.set_yscale("symlog", linthresh=1.0)
    signed.set(
        xlabel=SIGMA,
        ylabel=r"Offset over mean, $\Delta/\bar{s}$",
        ylim=(3.0 * float(offset.min()), 10.0),
    )
    panel(signed, "b", "with its sign (grey: linear)")

    window = data.where(data["exact_linear"], drop=True)
    exact, law = (window[name] / parameter(data, "mean") for name in ("exact_offset", "predicted_offset"))
    points = tangent.scatter(
        law, exact, c=window["signal"], norm=norm, s=4, linewidths=0, label=f"tangent ({exact.size})"
    )
    ends = [0.0, float(law.max()) if law.size else 1.0]
    tangent.plot(ends, ends, color=BLACK, linewidth=0.8, linestyle="--", label="equal to the law")
    tangent.set(xlabel=r"Law $I\,\tau_f$ (Eq. 36)", ylabel=r"Offset over mean, $\Delta/\bar{s}$")
    tangent.set(xlim=(0.0, None), ylim=(0.0, None))
    tangent.legend(markerscale=2.0, handlelength=1.4, loc="upper left")
    panel(tangent, "c", "inside the window")
    log_colours(figure, points, tangent, "Height of the step (µM)")
    return figure
