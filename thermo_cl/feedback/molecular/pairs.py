"""Linkers of every pair of species, taught by one sawtooth between a free and a clamped state."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.threshold import threshold_integral
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.synapse import Sawtooth

__all__ = ["linker_updates"]


def linker_updates(synapse: DimerSynapse, protocol: Sawtooth, free: ArrayLike, clamped: ArrayLike) -> FloatArray:
    r"""Change of the linkers of all pairs of species over one cycle, by the small-signal kernel.

    All concentrations rise from free to clamped and fall back together, :math:`x_i + a(t)(y_i - x_i)`, so that the
    signal of a pair is a parabola in a(t), and its thresholded output is integrated exactly. In the window of the
    protocol the change tends to :math:`-\mu_1 g_L (y_i y_j - x_i x_j)`: the contrastive Hebbian rule, with g_L the
    linker rate.

    Parameters
    ----------
    synapse : DimerSynapse
        The molecules of each pair, all alike.
    protocol : Sawtooth
        Ramp times in s, single; its mean is not used.
    free, clamped : array_like, shape (..., n)
        Concentrations of n species in uM, >= 0; leading axes are patterns.

    Returns
    -------
    ndarray, shape (..., n, n)
        In uM of linkers, symmetric; the diagonal is that of a species with itself.

    Raises
    ------
    InvalidParameterError
        If shapes differ, a concentration is negative or not finite, or the protocol is a batch.

    Examples
    --------
    >>> protocol = Sawtooth(fast=200.0, slow=6000.0)
    >>> float(linker_updates(DimerSynapse(removal_constant=0.0), protocol, [1.0, 1.0], [1.0, 1.3])[0, 1])
    0.01972...
    """
    if protocol.batch_shape:
        raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
    x, y = check.non_negative("free", free), check.non_negative("clamped", clamped)
    if x.ndim == 0 or x.shape != y.shape:
        raise InvalidParameterError("clamped.shape", y.shape, f"(..., n), as free, which has {x.shape}")
    between = Sawtooth(protocol.fast, protocol.slow, mean=0.5)
    first, second = (driven_shape(synapse.kernel, between, power) for power in (1, 2))
    rise = y - x
    cross = x[..., :, None] * rise[..., None, :]
    bias = float(synapse.kernel.area) * (x[..., :, None] * x[..., None, :] - synapse.mean_signal)
    integral = threshold_integral(
        first, second, cross + np.swapaxes(cross, -1, -2), rise[..., :, None] * rise[..., None, :],
        synapse.threshold, bias=bias,
    )  # fmt: skip
    return synapse.linker_rate * integral
