"""What a kernel makes of the powers of a sawtooth, in its periodic state and in closed form."""

from __future__ import annotations

from math import factorial

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.shape import Shape, ramp_shape
from thermo_cl.kernels import Kernel
from thermo_cl.kernels import _exponential as exponential
from thermo_cl.synapse import Sawtooth

__all__ = ["driven_shape"]

_MOST_CANCELLATION = 1e8  # largest sum of terms over the response they add up to


def driven_shape(kernel: Kernel, protocol: Sawtooth, power: int = 1) -> Shape:
    r"""Periodic response of a kernel to the sawtooth of amplitude 1 to a power, exact.

    On a polynomial signal the response is :math:`\sum_j (-1)^j \mu_j s^{(j)}/j!`, with the kernel's moments. A corner
    at which :math:`s^{(j)}` jumps by d adds :math:`d E_j(x)` at the time x after it, where
    :math:`E_j(x) = -\int_x^\infty K(t) (x - t)^j/j!\, dt` is the decaying (j + 1)-th primitive of the kernel. The
    echoes of all earlier periods are geometric sums. An instantaneous part of the kernel enters the moment 0 alone.

    Parameters
    ----------
    kernel : Kernel
        Single, without a window.
    protocol : Sawtooth
        Single; a(t) runs from mean - 1/2 to mean + 1/2 and back.
    power : int
        >= 1; the signal is a(t)**power.

    Returns
    -------
    Shape
        Of two segments, the fast and the slow ramp, in output per (signal of size 1).

    Raises
    ------
    InvalidParameterError
        For a batch, a cut kernel, a power below 1, or a term so slow that eight digits would cancel.

    Examples
    --------
    >>> from thermo_cl import Sawtooth, chemotaxis_kernel
    >>> shape = driven_shape(chemotaxis_kernel(), Sawtooth(fast=1.0, slow=9.0))
    >>> shape([0.9, 9.9])  # the rates of change of both ramps
    array([ 0.99999694, -0.11111111])
    """
    if kernel.batch_shape:
        raise InvalidParameterError("kernel", f"a batch of shape {kernel.batch_shape}", "a single kernel")
    if np.isfinite(kernel.window):
        raise InvalidParameterError("kernel.window", float(kernel.window), "infinite: what remembers is not cut")
    order = check.integer_at_least("power", power, 1)
    signal = ramp_shape(protocol, order)
    live = kernel.coefficients != 0
    rates, powers = kernel.rates[live], kernel.powers[live]
    degree = max(int(powers.max(initial=0)), order)
    echo = kernel.terms(degree)[live]

    derivatives = [signal]
    for _ in range(order):
        derivatives.append(derivatives[-1].derivative())
    steady = np.zeros((2, degree + 1))
    for j, part in enumerate(derivatives):
        polynomial = part.coefficients[:, 0, :].real
        steady[:, : order + 1] += (-1) ** j / factorial(j) * float(kernel.moment(j)) * polynomial

    terms = np.zeros((2, rates.size, degree + 1), dtype=complex)
    gross = np.zeros(terms.shape)
    echo = exponential.primitive(echo, rates)
    for j in range(1, order + 1):
        echo = exponential.primitive(echo, rates)
        jumps = _jumps(derivatives[j])
        for corner in range(2):
            for segment in range(2):
                elapsed = np.array(0.0 if segment == corner else signal.lengths[corner])
                sums = exponential.shifted_sums(rates, elapsed, np.array(signal.period), degree)
                added = jumps[corner] * exponential.recentre(echo, sums)
                terms[segment] += added
                gross[segment] += np.abs(added)
    coefficients = np.concatenate([steady[:, None, :], terms], axis=1)
    shape = Shape(signal.starts, signal.lengths, np.concatenate([[0.0], rates]), coefficients)
    _refuse_cancellation(shape, np.maximum(gross, np.abs(terms)), rates)
    return shape


def _jumps(part: Shape) -> FloatArray:
    """By how much a piecewise polynomial jumps at the start of the fast ramp and of the slow one."""
    polynomial = part.coefficients[:, 0, :].real
    ends = [float(np.polynomial.polynomial.polyval(x, row)) for x, row in zip(part.lengths, polynomial, strict=True)]
    return np.array([polynomial[0, 0] - ends[1], polynomial[1, 0] - ends[0]])


def _refuse_cancellation(shape: Shape, gross: FloatArray, rates: ComplexArray) -> None:
    """Raise if terms much slower than the period leave fewer than about eight digits of the response."""
    slow = np.abs(rates) * shape.period < 1.0
    if not slow.any():
        return
    reach = shape.lengths[:, None, None] ** np.arange(gross.shape[-1])
    terms = np.sum(gross * reach * slow[:, None], axis=(-1, -2)).max()
    seen = np.abs(shape(np.linspace(0.0, shape.period, 9)[:-1])).max()
    if terms > _MOST_CANCELLATION * seen:
        raise InvalidParameterError(
            "kernel", f"a term of rate {float(np.abs(rates).min()):.3g} under a period of {shape.period:.3g}",
            "faster: terms much slower than the period cancel, and fewer than eight digits would be left",
        )  # fmt: skip
