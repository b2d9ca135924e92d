"""Weight update against amplitude, beside its ideal line (Falk et al. 2025, Fig. 4B)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.figure import Figure

from figures._axes import BLACK, BLUE, COLUMN, STYLE, new_figure, words

DATASETS = ("update_curve",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Curve of the zero-area kernel, the line it should follow, and the amplitude at which updates begin.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.update_curve``.
    """
    figure = new_figure(COLUMN, 2.7)
    axes = figure.subplots()
    curve = data.sel(area=0.0)
    opening, largest = float(curve["opening"]), float(curve["amplitude"].max())
    axes.plot(
        curve["amplitude"],
        curve["ideal_update"],
        color=BLACK,
        linestyle="--",
        linewidth=0.9,
        label=r"ideal, $\Delta w = A$",
    )
    axes.plot(curve["amplitude"], curve["weight_update"], color=BLUE, linestyle="-", label="kernel of zero area")
    axes.plot(opening, 0.0, "o", color=BLACK, markersize=4, clip_on=False, zorder=3)
    axes.annotate(
        f"updates begin at $A_\\mathrm{{min}} = {opening:.2f}$", (opening, 0.0), xytext=(26, 5),
        textcoords="offset points", va="bottom", arrowprops={"arrowstyle": "-", "linewidth": 0.6, "shrinkB": 3},
    )  # fmt: skip
    axes.set(
        xlabel="Amplitude, clamped minus free, $A$ (signal)", ylabel=words(curve["weight_update"], r"\Delta w"),
        xlim=(0, largest), ylim=(0, largest),
    )  # fmt: skip
    axes.legend(loc="upper left")
    return figure
