"""A memory kernel over time and the response to a step that it gives."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from thermo_cl.plotting._axes import axis_label, rule, scale_for

__all__ = ["plot_kernel"]


def plot_kernel(dataset: xr.Dataset) -> Figure:
    """Kernel above, step response below, over a common time axis.

    Parameters
    ----------
    dataset : xarray.Dataset
        Variables ``kernel`` and ``step_response`` over ``time``, and the scalar ``area``, which the response tends
        to, as ``thermo-cl kernel --save`` writes them. Times that begin above 0 get a logarithmic axis, and the
        kernel is drawn times time: what lies under that curve is the area that each stretch of the axis adds.
    """
    figure = Figure(figsize=(6.0, 5.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    time, kernel, response = (dataset[name] for name in ("time", "kernel", "step_response"))
    rule(top)
    rule(bottom)
    if time.values[0] > 0:
        product = (time * kernel).assign_attrs(units=response.attrs["units"])
        top.fill_between(time, product, color="C0", alpha=0.15, linewidth=0)
        top.plot(time, product, color="C0")
        top.set_ylabel(axis_label(product, name=f"time x {kernel.attrs['long_name']}", width=35))
        bottom.set_xscale("log")
    else:
        top.plot(time, kernel, color="C0")
        top.set_ylabel(axis_label(kernel, width=35))
        scale_for(top, kernel)
    bottom.plot(time, response, color="C0")
    bottom.axhline(dataset["area"].item(), color="C3", linestyle="--", linewidth=1.0, label="area of the kernel")
    bottom.set_ylabel(axis_label(response, width=35))
    bottom.set_xlabel(axis_label(time))
    bottom.set_xlim(time.values[0], time.values[-1])
    bottom.legend(frameon=False)
    return figure
