"""A memory kernel over time and the response to a step that it gives."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from thermo_cl.plotting._labels import axis_label

__all__ = ["plot_kernel"]


def plot_kernel(dataset: xr.Dataset) -> Figure:
    """Kernel above, step response below, over a common time axis.

    Parameters
    ----------
    dataset : xarray.Dataset
        Variables ``kernel`` and ``step_response`` over ``time``, and the scalar ``area``, which the response tends
        to, as ``thermo_cl kernel --save`` writes them. Times that begin above 0 get a logarithmic axis.
    """
    figure = Figure(figsize=(6.0, 5.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    time, kernel, response = (dataset[name] for name in ("time", "kernel", "step_response"))
    for axes, values in ((top, kernel), (bottom, response)):
        axes.axhline(0.0, color="0.6", linewidth=0.8)
        axes.plot(time, values, color="C0")
        axes.set_ylabel(axis_label(values))
        axes.grid(color="0.93")
    if time.values[0] > 0:
        bottom.set_xscale("log")
    else:
        bottom.set_xlim(left=0.0)
    bottom.axhline(dataset["area"].item(), color="C3", linestyle="--", linewidth=1.0, label="area of the kernel")
    bottom.legend(frameon=False)
    bottom.set_xlabel(axis_label(time).replace("\n", " "))
    size = np.abs(kernel.values)
    if size.max() > 20.0 * np.quantile(size, 0.75) > 0:  # a fast spike and a slow tail: neither may hide the other
        top.set_yscale("symlog", linthresh=10.0 ** np.floor(np.log10(size.max())) / 1e3)
    return figure
