"""Periodic functions of time that are polynomials times exponentials on every ramp of a cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import _exponential as exponential
from thermo_cl.synapse import Sawtooth

__all__ = ["Shape", "ramp_shape"]


@dataclass(frozen=True, eq=False, init=False)
class Shape:
    r"""Periodic function of time, :math:`F(t) = \mathrm{Re} \sum_{kq} c_{ikq} x^q e^{\lambda_k x}` on segment i.

    x is the time since the segment's start. A polynomial is the term of rate 0.

    Parameters
    ----------
    starts : array_like, shape (segments,)
        Begin of every segment, increasing from 0.
    lengths : array_like, shape (segments,)
        > 0; each segment ends where the next one starts, and the last at the period.
    rates : array_like of complex, shape (k,)
        Exponents in 1/time.
    coefficients : array_like of complex, shape (segments, k, degree + 1)
        In value / time**q.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a number is not finite, or the segments leave gaps.
    """

    starts: FloatArray
    lengths: FloatArray
    rates: ComplexArray
    coefficients: ComplexArray

    def __init__(self, starts: ArrayLike, lengths: ArrayLike, rates: ArrayLike, coefficients: ArrayLike) -> None:
        begin, length = check.finite("starts", starts), check.positive("lengths", lengths)
        rate, weight = np.asarray(rates, dtype=complex), np.asarray(coefficients, dtype=complex)
        if begin.ndim != 1 or begin.shape != length.shape or begin.size == 0:
            raise InvalidParameterError("lengths.shape", length.shape, "that of the starts, (segments,)")
        if rate.ndim != 1 or weight.ndim != 3 or weight.shape[:2] != (begin.size, rate.size) or 0 in weight.shape[2:]:
            valid = f"({begin.size}, {rate.size}, degree + 1), one row for a segment and a rate"
            raise InvalidParameterError("coefficients.shape", weight.shape, valid)
        if not (np.isfinite(rate).all() and np.isfinite(weight).all()):
            raise InvalidParameterError("coefficients", "a number that is not finite", "finite, as the rates are")
        ends = begin + length
        if begin[0] != 0.0 or np.abs(ends[:-1] - begin[1:]).max(initial=0.0) > 1e-12 * ends[-1]:
            raise InvalidParameterError("starts", begin.tolist(), "increasing from 0, each where the one before ends")
        check.freeze(self, starts=begin, lengths=length, rates=rate, coefficients=weight)

    @property
    def period(self) -> float:
        """Length of one cycle."""
        return float(self.starts[-1] + self.lengths[-1])

    @property
    def degree(self) -> int:
        """Highest power of time."""
        return int(self.coefficients.shape[-1]) - 1

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Value at any times, shape of t."""
        phase = np.mod(np.asarray(t, dtype=float), self.period)
        index = np.sum(phase[..., None] >= self.starts[1:], axis=-1)
        return exponential.evaluate(self.coefficients[index], self.rates, phase - self.starts[index])[()]

    def derivative(self) -> Shape:
        """Rate of change within every segment; at a jump or a corner nothing is added."""
        change = self.rates[:, None] * self.coefficients
        change[..., :-1] += self.coefficients[..., 1:] * np.arange(1, self.degree + 1)
        return Shape(self.starts, self.lengths, self.rates, change)

    def primitive(self) -> Shape:
        """Integral from the start of the period to t, within the period; periodic only if the mean is zero."""
        room = int((self.rates == 0).any())
        padded = np.pad(self.coefficients, ((0, 0), (0, 0), (0, room)))
        inside = exponential.primitive(padded, self.rates)
        zero = np.zeros(self.starts.size)
        begin, end = (exponential.evaluate(inside, self.rates, x) for x in (zero, self.lengths))
        until = np.concatenate([[0.0], np.cumsum(end - begin)[:-1]])
        constant = np.zeros((self.starts.size, 1, inside.shape[-1]), dtype=complex)
        constant[:, 0, 0] = until - begin
        rates = np.concatenate([self.rates, [0.0]])
        return Shape(self.starts, self.lengths, rates, np.concatenate([inside, constant], axis=1))

    def integral(self) -> float:
        """Integral over the period."""
        whole = self.primitive()
        return float(exponential.evaluate(whole.coefficients[-1], whole.rates, self.lengths[-1]))

    def scaled(self, factor: float) -> Shape:
        """The function times a number."""
        return Shape(self.starts, self.lengths, self.rates, self.coefficients * check.finite("factor", factor))

    def times(self, polynomial: Shape) -> Shape:
        """Product with a piecewise polynomial on the same segments.

        Raises
        ------
        InvalidParameterError
            If the other shape has exponentials, or other segments.
        """
        if (polynomial.rates != 0).any():
            raise InvalidParameterError("polynomial.rates", polynomial.rates.tolist(), "all 0: polynomials only")
        if not same_segments(self, polynomial):
            raise InvalidParameterError("polynomial.starts", polynomial.starts.tolist(), f"{self.starts.tolist()}")
        factor = polynomial.coefficients.sum(axis=1).real
        segments, modes, size = self.coefficients.shape
        product = np.zeros((segments, modes, size + factor.shape[-1] - 1), dtype=complex)
        for q in range(factor.shape[-1]):
            product[..., q : q + size] += factor[:, None, q : q + 1] * self.coefficients
        return Shape(self.starts, self.lengths, self.rates, product)


def same_segments(first: Shape, second: Shape) -> bool:
    """Whether two shapes are cut at the same times."""
    return np.array_equal(first.starts, second.starts) and np.array_equal(first.lengths, second.lengths)


def ramp_shape(protocol: Sawtooth, power: int = 1) -> Shape:
    """The sawtooth a(t) of amplitude 1 to a whole power >= 0: from mean - 1/2 up to mean + 1/2, and back.

    Raises
    ------
    InvalidParameterError
        For a batch of protocols, or a power below 0.
    """
    fast, slow, mean = single_protocol(protocol)
    order = check.integer_at_least("power", power, 0)
    lines = ([mean - 0.5, 1.0 / fast], [mean + 0.5, -1.0 / slow])
    rows = [np.polynomial.polynomial.polypow(line, order) for line in lines]
    return Shape([0.0, fast], [fast, slow], [0.0], np.stack(rows)[:, None, :])


def single_protocol(protocol: Sawtooth) -> tuple[float, float, float]:
    """Fast and slow ramp time and mean of a protocol that is no batch."""
    if protocol.batch_shape:
        raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
    return float(protocol.fast), float(protocol.slow), float(protocol.mean)
