"""Weight update over its ideal value against the rise time (Falk et al. 2025, Fig. 8)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, COLUMN, STYLE, new_figure

DATASETS = ("ramp_speed",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """How slow the rise must be for the update to reach the amplitude.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.ramp_speed``.
    """
    figure = new_figure(COLUMN, 2.4)
    axes = figure.subplots()
    axes.axhline(1.0, color=BLACK, linestyle="--", linewidth=0.9, label=r"ideal, $\Delta w = A$")
    axes.plot(
        data["fast_in_timescales"], data["relative_update"], "o-", color=BLUE, markersize=2.5, linewidth=0.8,
        clip_on=False, label="exact",
    )  # fmt: skip
    axes.set(
        xlabel=r"Rise time $\tau_f$ (kernel timescales $\tau_K$)", ylabel=r"Relative weight update, $\Delta w / A$",
        xlim=(0, 160), ylim=(0, 1.05),
    )  # fmt: skip
    axes.legend(loc="lower right")
    return figure
