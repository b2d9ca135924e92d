"""Area of a ladder's kernel against its dissipation (Falk et al. 2025, Fig. 9B)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures._axes import DISSIPATION, GREY, PAGE, STYLE, log_colours, new_figure, panel

DATASETS = ("dissipation",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Kernel area on a linear axis of dissipation, where it saturates, and on a logarithmic one, where it diverges.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.dissipation``.
    """
    figure = new_figure(PAGE, 2.75)
    panels = figure.subplots(1, 2, sharey=True)
    sigma, area, adapts = data["entropy_production_rate"], data["kernel_area"], data["first_moment"] > 0
    norm = LogNorm(float(data["signal"].min()), float(data["signal"].max()))
    for axes in panels:
        axes.scatter(
            sigma[~adapts], area[~adapts], s=7, marker="v", facecolors="none", edgecolors=GREY, linewidths=0.4,
            label=rf"first moment $\mu_1 < 0$: no adaptation ({int((~adapts).sum())})",
        )  # fmt: skip
        points = axes.scatter(
            sigma[adapts], area[adapts], c=data["signal"][adapts], norm=norm, s=4, linewidths=0,
            label=rf"first moment $\mu_1 > 0$ ({int(adapts.sum())})",
        )  # fmt: skip
        axes.set_xlabel(DISSIPATION)
        axes.set_yscale("log")
    panels[1].set_xscale("log")
    panels[0].set_ylabel("Area of the normalised kernel $I$\n(1 / protocol time)")
    panels[0].legend(loc="upper right", markerscale=1.5)
    panel(panels[0], "a", "saturates with dissipation")
    panel(panels[1], "b", r"diverges where $\mu_1$ changes sign")
    log_colours(figure, points, panels, "Height of the step (µM)")
    return figure
