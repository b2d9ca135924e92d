"""Dynamic range against the ratio of ramp times, and its bound (Falk et al. 2025, Fig. 4C)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import BLACK, GREY, PAGE, STYLE, ln_scale, log_colours, new_figure, panel

DATASETS = ("dynamic_range",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Fitted and exact dynamic range of every protocol, under the bound tau_s / tau_f.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.dynamic_range``.
    """
    figure = new_figure(PAGE, 2.75)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    ratio, colour = data["slow"] / data["fast"], data["fast_in_timescales"]
    norm = LogNorm(float(colour.min()), float(colour.max()))
    fitted, exact = data["dynamic_range"], data["exact_dynamic_range"]
    for axes, value, keep, reason in (
        (panels[0], fitted, data["linear"], "no linear regime"),
        (panels[1], exact, exact > 1.0, r"no updates up to $A_\mathrm{max}$"),
    ):
        axes.scatter(
            ratio[~keep], value[~keep], s=6, facecolors="none", edgecolors=GREY, linewidths=0.5, clip_on=False,
            label=f"{reason} ({int((~keep).sum())})",
        )  # fmt: skip
        points = axes.scatter(ratio[keep], value[keep], c=colour[keep], norm=norm, s=7, linewidths=0)
        largest = float(ratio.max())
        axes.plot(
            (1, largest), (1, largest), color=BLACK, linestyle="--", linewidth=0.9, label=r"bound, $\tau_s/\tau_f$"
        )
        ln_scale(axes, "x")
        ln_scale(axes, "y")
        axes.set(xlabel=r"Ratio of ramp times, $\ln(\tau_s/\tau_f)$", ylim=(0.9, 1.15 * largest))
        axes.legend(loc="upper left")
    panels[0].set_ylabel(r"Dynamic range, $\ln(A_\mathrm{max}/A_\mathrm{min})$")
    panel(panels[0], "a", "three-segment fit")
    panel(panels[1], "b", "exact opening of the update")
    log_colours(figure, points, panels, r"Rise time $\tau_f$ (kernel timescales)")
    return figure
