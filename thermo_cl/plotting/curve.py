"""A weight-update curve, its ideal, and the window of amplitudes between the ramps' thresholds."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from thermo_cl.plotting._axes import axis_label, rule

__all__ = ["plot_curve"]


def plot_curve(dataset: xr.Dataset) -> Figure:
    """Weight update against amplitude.

    Parameters
    ----------
    dataset : xarray.Dataset
        ``weight_update`` over ``amplitude`` and the scalars ``opening``, ``breakthrough``, ``amplitude_max``,
        ``amplitude_min``, ``offset``, ``slope``, as ``thermo-cl curve --save`` writes them.
    """
    figure = Figure(figsize=(6.0, 4.2), layout="constrained")
    axes = figure.subplots()
    amplitude, update = dataset["amplitude"], dataset["weight_update"]
    opening, breakthrough, largest, lowest, offset, slope = (
        dataset[name].item()
        for name in ("opening", "breakthrough", "amplitude_max", "amplitude_min", "offset", "slope")
    )
    rule(axes)
    end = float(amplitude[-1])
    axes.axvspan(
        min(opening, end), min(breakthrough, end), color="C0", alpha=0.1, linewidth=0, label="opening to breakthrough"
    )
    axes.axline((0.0, 0.0), slope=1.0, color="0.5", linestyle="--", linewidth=1.0, label="contrastive rule")
    axes.plot(amplitude, update, color="C0", label="weight update")
    if lowest < largest:
        ends = (lowest, largest)
        axes.plot(ends, [offset + slope * a for a in ends], color="C3", linestyle=":", label="fitted line")
    axes.axvline(largest, color="0.6", linewidth=0.8)
    axes.annotate(
        r"$A_{\mathrm{max}}$", (largest, 0.0), (3, 3), xycoords=("data", "axes fraction"), textcoords="offset points"
    )
    low, high = min(0.0, float(update.min())), max(end, float(update.max()))  # the fitted line may leave the figure
    axes.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    axes.set_xlim(0.0, end)
    axes.set_xlabel(axis_label(amplitude))
    axes.set_ylabel(axis_label(update))
    axes.legend(frameon=False)
    return figure
