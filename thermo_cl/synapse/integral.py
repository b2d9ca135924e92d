"""Exact integral of a thresholded output over one period of any piecewise-linear signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray
from thermo_cl.kernels import Kernel, PeriodicResponse, PeriodicSignal, periodic_response

__all__ = ["thresholded_integral"]


def thresholded_integral(kernel: Kernel, signal: PeriodicSignal, *, threshold: ArrayLike) -> FloatArray:
    r"""Exact integral of the thresholded response to a periodic signal, in its periodic state.

    :math:`\int_0^P g(u(t)) dt` with g(u) = u where \|u\| >= threshold and 0 elsewhere (Falk et al. 2025, Eqs. 3, 6, 7).
    Crossings are polished to rounding, integrals are closed forms. ``weight_update`` is this for a sawtooth, at many
    amplitudes at once.

    Parameters
    ----------
    kernel : Kernel
        Batch axes broadcast against the signal's.
    signal : PeriodicSignal
    threshold : array_like, shape batch
        Hard threshold >= 0, in units of the kernel's output.

    Returns
    -------
    ndarray, shape batch
        In (output * time).

    Raises
    ------
    InvalidParameterError
        If a threshold is negative or not finite, or shapes do not fit.

    Examples
    --------
    >>> from thermo_cl import PeriodicSignal, chemotaxis_kernel
    >>> staircase = PeriodicSignal([0.0, 1.0, 3.0, 4.0, 10.0], [0.0, 5.0, 5.0, 9.0, 0.0])
    >>> thresholded_integral(chemotaxis_kernel(), staircase, threshold=2.0)
    np.float64(8.29858...)
    """
    from thermo_cl.synapse._curve import curves  # compiled code is imported where it is used

    floor = check.non_negative("threshold", threshold)
    batch = check.broadcast(
        kernel=np.zeros(kernel.batch_shape), times=np.zeros(signal.times.shape[:-1]),
        values=np.zeros(signal.values.shape[:-1]), threshold=floor,
    )  # fmt: skip
    arrays = flat_response(periodic_response(kernel, signal), batch)
    size = arrays[0].shape[0]
    integral, slope = np.empty((size, 1)), np.empty((size, 1))
    inputs = (*arrays, np.zeros(size), flat_rows(floor, batch, 0), np.ones((size, 1)))
    over_batch(lambda begin, end: curves(begin, end, *inputs, integral, slope), size)
    return integral.reshape(batch)[()]


def flat_rows(array: Array, batch: tuple[int, ...], own_axes: int) -> Array:
    """Copy of an array, spread over the batch, with one batch axis; always the layout that is compiled for."""
    own = array.shape[array.ndim - own_axes :]
    return np.array(np.broadcast_to(array, batch + own), order="C").reshape(-1, *own)


def flat_response(response: PeriodicResponse, batch: tuple[int, ...]) -> list[Array]:
    """The response's arrays as the compiled loops take them."""
    one_axis = (response.lengths, response.intercepts, response.slopes)
    arrays = [flat_rows(array, batch, 1) for array in one_axis]
    return [*arrays, flat_rows(response.poly, batch, 3), flat_rows(response.rates, batch, 1)]
