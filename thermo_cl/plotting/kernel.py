"""A memory kernel over time and the response to a step that it gives."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.plotting._axes import axis_label, rule, scale_for
from thermo_cl.sweep import Quantity, label, provenance

__all__ = ["kernel_dataset", "plot_kernel"]

_WIDE = 100.0  # slowest over fastest mode from which even times would hide the fast one


def kernel_dataset(kernel: Kernel, times: ArrayLike | None = None) -> xr.Dataset:
    """Samples of a kernel and of its step response, as ``plot_kernel`` takes them.

    Parameters
    ----------
    kernel : Kernel
        Single.
    times : array_like, shape (n,), optional
        Increasing, >= 0; by default until the slowest mode has decayed, even in the logarithm where modes differ a lot.

    Raises
    ------
    InvalidParameterError
        For a batch of kernels.
    """
    if kernel.batch_shape:
        raise InvalidParameterError("kernel", f"a batch of shape {kernel.batch_shape}", "a single kernel")
    time = _times(kernel) if times is None else np.asarray(times, dtype=float)
    return label(
        {
            "area": Quantity((), kernel.area, "area I of the kernel", "output / signal"),
            "first_moment": Quantity((), kernel.first_moment, "first moment", "output time / signal"),
            "kernel": Quantity("time", kernel(time), "memory kernel", "output / signal / time"),
            "step_response": Quantity("time", kernel.step_response(time), "response to a unit step", "output / signal"),
        },
        {"time": Quantity("time", time, "time", "time")},
        provenance("thermo_cl.Kernel", {}),
    )


def _times(kernel: Kernel) -> np.ndarray:
    """Times over which a kernel lives."""
    live = np.abs(kernel.rates[(kernel.coefficients != 0) & (kernel.rates != 0)])
    window = float(kernel.window)
    if not live.size:
        return np.linspace(0.0, window if np.isfinite(window) else 1.0, 400)
    end = min(8.0 / live.min(), 1.1 * window)
    if live.max() * end > 8.0 * _WIDE:
        return np.geomspace(0.01 / live.max(), end, 400)
    return np.linspace(0.0, end, 400)


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
