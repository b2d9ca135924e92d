"""Weight update of one synapse over a training cycle, exact for every amplitude at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel, PeriodicResponse, periodic_response
from thermo_cl.synapse.integral import flat_response, flat_rows
from thermo_cl.synapse.sawtooth import Sawtooth

__all__ = ["adaptive_threshold", "amplitude_window", "update_slope", "weight_update"]


def adaptive_threshold(kernel: Kernel, protocol: Sawtooth, amplitude_max: ArrayLike) -> FloatArray:
    r"""Threshold that just silences the slow ramp up to an amplitude (Falk et al. 2025, Eq. 45).

    :math:`\theta = |-A_{max}/\tau_s + I(\bar s + A_{max}/2)|`, with I the kernel's area.

    Parameters
    ----------
    kernel : Kernel
        Of first moment -1 (use ``kernel.normalized()``); the equation presumes it.
    protocol : Sawtooth
        Batch axes broadcast against the kernel's.
    amplitude_max : array_like, shape batch
        Largest amplitude A_max >= 0 that the synapse is meant for.

    Returns
    -------
    ndarray, shape batch
        In units of the kernel's output.
    """
    largest = check.non_negative("amplitude_max", amplitude_max)
    check.broadcast(kernel=np.zeros(kernel.batch_shape), protocol=np.zeros(protocol.batch_shape), amplitude_max=largest)
    return np.abs(-largest / protocol.slow + kernel.area * (protocol.mean + 0.5 * largest))[()]


def weight_update(kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: ArrayLike) -> FloatArray:
    r"""Exact weight update over one cycle in the periodic state, for many amplitudes.

    :math:`\Delta w = \int_0^P g(u(t)) dt` with g(u) = u where \|u\| >= threshold and 0 elsewhere
    (Falk et al. 2025, Eqs. 3, 6, 7). Crossings are polished to rounding, integrals are closed forms.

    Parameters
    ----------
    kernel, protocol : Kernel, Sawtooth
        Batch axes broadcast.
    amplitudes : array_like, shape (), (a,) or (..., a)
        Clamped-minus-free differences A >= 0; leading axes broadcast with the batch.
    threshold : array_like, shape batch
        Hard threshold >= 0, in units of the kernel's output.

    Returns
    -------
    ndarray, shape batch + (a,), or batch for a scalar amplitude
        In (output * time).

    Raises
    ------
    InvalidParameterError
        If an amplitude or a threshold is negative or not finite, or shapes do not fit.

    Examples
    --------
    >>> from thermo_cl import Sawtooth, chemotaxis_kernel
    >>> weight_update(chemotaxis_kernel(), Sawtooth(fast=1.0, slow=9.0), [5.0, 50.0], threshold=100 / 9)
    array([ 0.        , 47.743354...])
    """
    return update_and_slope(kernel, protocol, amplitudes, threshold)[0]


def update_slope(kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: ArrayLike) -> FloatArray:
    """Exact derivative of ``weight_update`` with respect to amplitude; same arguments and shapes.

    It includes the jump of the hard threshold at each moving crossing; one for an ideal contrastive rule.

    Parameters
    ----------
    kernel : Kernel, shape batch
    protocol : Sawtooth, shape batch
    amplitudes : array_like, shape (a,) or batch + (a,)
        Clamped minus free value of the signal, in signal units; a scalar gives the shape batch.
    threshold : array_like, shape batch
        Outputs below it in magnitude do not count; > 0, in output units.

    Returns
    -------
    float array, shape batch + (a,)
        A pure number for a normalised kernel.
    """
    return update_and_slope(kernel, protocol, amplitudes, threshold)[1]


def amplitude_window(kernel: Kernel, protocol: Sawtooth, *, threshold: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Exact amplitudes at which the two ramps reach the threshold.

    Parameters
    ----------
    kernel, protocol, threshold
        As for ``weight_update``.

    Returns
    -------
    opening, breakthrough : ndarray, shape batch
        The amplitude at which the largest response reaches +threshold (updates begin), and the one at which the
        smallest reaches -threshold (the slow ramp is no longer silent). Their ratio is the exact form of
        A_max/A_min <= tau_s/tau_f (Eqs. 9, 28). Zero when the mean response alone is past the threshold already.
    """
    floor = check.non_negative("threshold", threshold)
    response, bias, batch = _shape(kernel, protocol, floor)
    from thermo_cl.synapse._curve import extremes  # compiled code is imported where it is used

    lowest, highest, arrays = np.empty(bias.size), np.empty(bias.size), flat_response(response, batch)
    over_batch(lambda begin, end: extremes(begin, end, *arrays, lowest, highest), bias.size)
    limit = np.broadcast_to(floor, batch)
    above, below = np.maximum(highest.reshape(batch), 0.0), np.maximum(-lowest.reshape(batch), 0.0)
    return _ratio(np.maximum(limit - bias, 0.0), above)[()], _ratio(np.maximum(limit + bias, 0.0), below)[()]


def _ratio(level: FloatArray, height: FloatArray) -> FloatArray:
    """Amplitude at which a shape of some height reaches a level: zero for level zero, never for no height."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(level == 0.0, 0.0, np.where(height == 0.0, np.inf, level / height))


def _shape(
    kernel: Kernel, protocol: Sawtooth, threshold: FloatArray
) -> tuple[PeriodicResponse, FloatArray, tuple[int, ...]]:
    """Response of unit amplitude, constant part of the output, and common batch shape."""
    batch = check.broadcast(
        kernel=np.zeros(kernel.batch_shape), protocol=np.zeros(protocol.batch_shape), threshold=threshold
    )
    bias = np.broadcast_to(kernel.area * protocol.mean, batch)
    return periodic_response(kernel, protocol.unit_signal()), bias, batch


def update_and_slope(
    kernel: Kernel, protocol: Sawtooth, amplitudes: ArrayLike, threshold: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """``weight_update`` and ``update_slope`` from one pass, for the cost of either."""
    from thermo_cl.synapse._curve import curves  # compiled code is imported where it is used

    height, floor = check.non_negative("amplitudes", amplitudes), check.non_negative("threshold", threshold)
    scalar = height.ndim == 0
    height = np.atleast_1d(height)
    if height.size == 0:
        raise InvalidParameterError("amplitudes", amplitudes, "at least one amplitude")
    check.broadcast(
        amplitudes=height[..., 0], threshold=floor, kernel=np.zeros(kernel.batch_shape),
        protocol=np.zeros(protocol.batch_shape),
    )  # fmt: skip
    response, bias, batch = _shape(kernel, protocol, floor + np.zeros(height.shape[:-1]))
    grid = flat_rows(height, batch, 1)
    update, gradient = np.empty(grid.shape), np.empty(grid.shape)
    inputs = (*flat_response(response, batch), flat_rows(bias, batch, 0), flat_rows(floor, batch, 0), grid)
    over_batch(lambda begin, end: curves(begin, end, *inputs, update, gradient), grid.shape[0])
    shape = batch if scalar else (*batch, grid.shape[-1])
    return update.reshape(shape)[()], gradient.reshape(shape)[()]
