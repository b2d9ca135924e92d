"""Linear controllers of any order between a signal and an output, and their exact kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import poles as fractions
from thermo_cl.feedback.linear import rational
from thermo_cl.kernels import Kernel

__all__ = ["LinearController"]

_LARGEST_ORDER = 20  # integers grow with the order, and so does the time


@dataclass(frozen=True, eq=False, init=False)
class LinearController:
    r"""Linear equations :math:`x' = A x + B s`, :math:`u = u_0 + C x + D s` between a signal s and an output u.

    The state x is the deviation from rest under no signal, so that :math:`u_0` is the output there; with an integrator
    it is the output under every constant signal. The kernel of u - u_0 is :math:`D\delta(t) + C e^{At} B`, its Laplace
    transform :math:`H(p) = C (p - A)^{-1} B + D`. Floats are taken as the rational numbers that they are: modes that
    cancel from H are dropped, moments are rounded once, and an area is exactly zero where the equations make it so.
    Leading axes are a batch of controllers.

    Parameters
    ----------
    state_matrix : array_like, shape (..., n, n)
        A, in 1/time for states of one unit; n at most 20.
    input_vector, output_vector : array_like, shape (..., n)
        B, in state / (signal * time), and C, in output per state.
    feedthrough : array_like, shape (...), optional
        D, in output per signal.
    set_point : array_like, shape (...), optional
        Output :math:`u_0` at rest under no signal.
    functions : sequence of (numerator, denominator), optional
        H as pairs of integer polynomials, lowest power first, one pair for each member of the batch, from a maker that
        knows H more exactly than the rounded matrices do.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a number is not finite, a mode that the output shows does not decay or one that it does
        not show grows; the message names the mode.
    ConvergenceError
        If the modes cannot be resolved, see ``kernel``.

    Examples
    --------
    Eqs. 14-15 of Falk et al. 2025, whose integrator makes the area zero:

    >>> controller = LinearController([[-3.0, -1.0], [2.0, 0.0]], [1.0, 0.0], [1.0, 0.0])
    >>> float(controller.area), float(controller.first_moment), float(controller.timescale)
    (0.0, -0.5, 1.0)
    >>> controller.kernel()([0.0, 1.0])
    array([ 1.        , -0.09720888])
    """

    state_matrix: FloatArray
    input_vector: FloatArray
    output_vector: FloatArray
    feedthrough: FloatArray
    set_point: FloatArray
    functions: tuple[rational.Rational, ...]

    def __init__(
        self,
        state_matrix: ArrayLike,
        input_vector: ArrayLike,
        output_vector: ArrayLike,
        feedthrough: ArrayLike = 0.0,
        *,
        set_point: ArrayLike = 0.0,
        functions: Sequence[rational.Rational] | None = None,
    ) -> None:
        a, b = check.finite("state_matrix", state_matrix), check.finite("input_vector", input_vector)
        c, d = check.finite("output_vector", output_vector), check.finite("feedthrough", feedthrough)
        point = check.finite("set_point", set_point)
        if a.ndim < 2 or a.shape[-1] != a.shape[-2] or a.shape[-1] > _LARGEST_ORDER:
            raise InvalidParameterError("state_matrix.shape", a.shape, f"(..., n, n) with n at most {_LARGEST_ORDER}")
        n = a.shape[-1]
        for name, vector in (("input_vector", b), ("output_vector", c)):
            if vector.ndim < 1 or vector.shape[-1] != n:
                raise InvalidParameterError(f"{name}.shape", vector.shape, f"(..., {n}), as the state has")
        batch = check.broadcast(
            state_matrix=np.zeros(a.shape[:-2]), input_vector=np.zeros(b.shape[:-1]),
            output_vector=np.zeros(c.shape[:-1]), feedthrough=d, set_point=point,
        )  # fmt: skip
        a, b, c = (np.broadcast_to(x, batch + own) for x, own in ((a, (n, n)), (b, (n,)), (c, (n,))))
        d, point = np.broadcast_to(d, batch), np.broadcast_to(point, batch)
        if functions is None:
            size = prod(batch)
            rows = zip(a.reshape(size, n, n), b.reshape(size, n), c.reshape(size, n), d.ravel(), strict=True)
            functions = [rational.system_function(*row) for row in rows]
        elif len(functions) != prod(batch):
            raise InvalidParameterError("functions", f"{len(functions)} of them", f"{prod(batch)}, one a controller")
        parts = [rational.reduced(function) for function in functions]
        check.freeze(
            self, state_matrix=a, input_vector=b, output_vector=c, feedthrough=d, set_point=point,
            functions=tuple(function for function, _ in parts),
        )  # fmt: skip
        _require_bounded([hidden for _, hidden in parts], a)
        _require_decay(self._modes)

    @classmethod
    def from_transfer_function(
        cls, numerator: ArrayLike, denominator: ArrayLike, *, set_point: float = 0.0
    ) -> LinearController:
        """One controller from its transfer function, coefficients highest power first as in ``scipy.signal``.

        Parameters
        ----------
        numerator, denominator : array_like, shape (j,) and (k,)
            In output per signal, of the Laplace variable in 1/time; proper, j <= k after leading zeros are dropped.
        set_point : float, optional
            Output at rest under no signal.

        Raises
        ------
        InvalidParameterError
            If the degrees do not fit, the denominator is zero, or a pole does not decay.

        Examples
        --------
        >>> lag = LinearController.from_transfer_function([2.0, 0.0], [1.0, 3.0, 2.0])
        >>> float(lag.area), float(lag.first_moment)
        (0.0, -1.0)
        """
        parts = []
        for name, given in (("numerator", numerator), ("denominator", denominator)):
            values = check.finite(name, given)
            if values.ndim != 1:
                raise InvalidParameterError(f"{name}.shape", values.shape, "(k,), the coefficients of one polynomial")
            parts.append([Fraction(float(value)) for value in np.trim_zeros(values, "f")][::-1])
        top, bottom = parts
        if not bottom:
            raise InvalidParameterError("denominator", denominator, "different from zero")
        if len(top) > len(bottom):
            raise InvalidParameterError(
                "numerator",
                f"of degree {len(top) - 1}",
                f"of degree at most {len(bottom) - 1}, that of the denominator",
            )
        return cls(
            *_observable_form(top, bottom), set_point=set_point,
            functions=[rational.integers(top, bottom)],  # type: ignore[list-item]
        )  # fmt: skip

    # ------------------------------------------------------------------ numbers

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single controller."""
        return self.feedthrough.shape

    @property
    def order(self) -> int:
        """Number n of state variables, those that cancel from the kernel included."""
        return int(self.state_matrix.shape[-1])

    def moment(self, n: int) -> FloatArray:
        r"""Moment :math:`\int t^n K dt` of the kernel, shape batch, in (output per signal) * time**n; rounded once."""
        order = check.integer_at_least("n", n, 0)
        return self._moments(order + 1)[order][()]

    @property
    def area(self) -> FloatArray:
        """Area :math:`D - C A^{-1} B`, shape batch: steady output per unit of constant signal."""
        return self.moment(0)

    @property
    def first_moment(self) -> FloatArray:
        """First moment of the kernel, shape batch; on a ramp u - u_0 = area * s - first_moment * ds/dt."""
        return self.moment(1)

    @property
    def poles(self) -> ComplexArray:
        """Rates of the kernel's modes, shape batch + (k,), in 1/time; not a number where a controller has fewer."""
        rates = [rates for _, rates in self._modes]
        width = max(map(len, rates), default=0)
        padded = [[*each, *[complex(np.nan)] * (width - len(each))] for each in rates]
        return np.array(padded, dtype=complex).reshape(*self.batch_shape, width)

    @property
    def timescale(self) -> FloatArray:
        r"""Memory time :math:`\tau_K`, shape batch: the decay time of the slowest mode, 0 without modes.

        It is 1/b for the chemotaxis kernel :math:`e^{-bt}(t - ct^2)`, as in Falk et al. 2025.
        """
        times = [max((-1.0 / rate.real for rate in rates), default=0.0) for _, rates in self._modes]
        return np.reshape(times, self.batch_shape)[()]

    def transfer(self, p: ArrayLike) -> ComplexArray:
        """Transfer function H(p), shape batch + p.shape, at complex p in 1/time.

        ``kernel().frequency_response(omega)`` is H(i omega).
        """
        at = np.asarray(p, dtype=complex)
        values = [_value(top, at, bottom[-1]) / _value(bottom, at, bottom[-1]) for top, bottom in self.functions]
        return np.reshape(values, self.batch_shape + at.shape)[()]

    def kernel(self, moments: int = 4) -> Kernel:
        """Exact kernel through the modes, of the controller's batch, with so many moments known by exact division.

        Raises
        ------
        ConvergenceError
            If so many poles lie close together without coinciding that fewer than ten digits would be left: more than
            about ten within a factor of three. (Raised on construction, which looks at the modes as well.)
        """
        count = check.integer_at_least("moments", moments, 0)
        rows = [terms for terms, _ in self._modes]
        powers: list[int] = []
        for power in range(max((term.power for terms in rows for term in terms), default=-1) + 1):
            powers += [power] * max(sum(term.power == power for term in terms) for terms in rows)
        shape = (len(rows), len(powers))
        weights, rates = np.zeros(shape, dtype=complex), np.full(shape, -1.0, dtype=complex)
        for i, terms in enumerate(rows):
            free = list(range(len(powers)))
            for term in terms:
                k = next(k for k in free if powers[k] == term.power)
                free.remove(k)
                weights[i, k], rates[i, k] = term.coefficient, term.rate
            rates[i, free] = terms[0].rate if terms else -1.0
        own = (*self.batch_shape, len(powers))
        return Kernel(
            weights.reshape(own), rates.reshape(own), np.array(powers, dtype=int),
            known_moments=self._moments(count), feedthrough=self.feedthrough,
        )  # fmt: skip

    def __repr__(self) -> str:
        batch = f", batch {self.batch_shape}" if self.batch_shape else ""
        return f"LinearController(order {self.order}{batch})"

    # ------------------------------------------------------------------ helpers

    @cached_property
    def _modes(self) -> list[tuple[list[fractions.Term], list[complex]]]:
        """Terms of the kernel and poles, of each member of the batch."""
        return [fractions.kernel_terms(function) for function in self.functions]

    def _moments(self, count: int) -> list[FloatArray]:
        """First moments, each of shape batch."""
        exact = [rational.series_moments(function, count) for function in self.functions]
        return [np.reshape([float(row[n]) for row in exact], self.batch_shape) for n in range(count)]


def _value(polynomial: rational.Polynomial, p: ComplexArray, unit: int) -> ComplexArray:
    total = np.zeros(p.shape, dtype=complex)
    for coefficient in reversed(polynomial):
        total = total * p + float(Fraction(coefficient, unit))
    return total


def _observable_form(top: list[Fraction], bottom: list[Fraction]) -> tuple[Array, Array, Array, float]:
    """Matrices A, B, C, D of a transfer function, lowest power first, with its integrator as the last state.

    The last state is scaled so that it integrates -u without rounding where the numerator vanishes at p = 0.
    """
    n = len(bottom) - 1
    top = top + [Fraction(0)] * (n + 1 - len(top))
    lower = [value / bottom[n] for value in bottom]
    d = top[n] / bottom[n]
    upper = [value / bottom[n] - q * d for value, q in zip(top, lower, strict=True)]
    a, b, c = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    if n == 0:
        return a, b, c, float(d)
    a[: n - 1, 1:] += np.eye(n - 1)
    a[:, 0] = [-float(value) for value in lower[n - 1 :: -1]]
    b[:] = [float(value) for value in upper[n - 1 :: -1]]
    c[0] = 1.0
    unit = float(lower[0])
    if unit > 0.0:  # else a pole does not decay, which is refused later
        if n == 1:
            c[0] = unit
        else:
            a[n - 2, n - 1], a[n - 1, 0] = unit, -1.0
        b[n - 1] = float(top[0] / bottom[0]) - float(d)
    return a, b, c, float(d)


def _require_decay(modes: list[tuple[list[fractions.Term], list[complex]]]) -> None:
    for member, (_, rates) in enumerate(modes):
        slowest = max(rates, key=lambda rate: rate.real, default=complex(-1.0))
        if slowest.real >= 0.0:
            raise _not_decaying(slowest, member, len(modes))


def _not_decaying(rate: complex, member: int, members: int) -> InvalidParameterError:
    which = f" (member {member} of the batch)" if members > 1 else ""
    turning = "" if rate.imag == 0.0 else f", turning at {abs(rate.imag):.6g} rad per time"
    return InvalidParameterError(
        "state_matrix", f"a matrix with the mode exp({rate.real:.6g} t){turning}{which}",
        "stable: every mode that the output shows must decay; strengthen the damping, close the loop around an "
        "integrator, or take a conserved quantity out of the state",
    )  # fmt: skip


def _require_bounded(hidden: list[rational.Polynomial], a: FloatArray) -> None:
    """Refuse a mode that the output does not show and that grows; one that stays, a conserved quantity, is let be."""
    matrices = a.reshape(len(hidden), *a.shape[-2:])
    for member, (factor, matrix) in enumerate(zip(hidden, matrices, strict=True)):
        if len(factor) < 2:
            continue
        scale = np.abs(matrix).max(initial=0.0)
        with np.errstate(all="ignore"):
            unit = [float(Fraction(value, factor[-1])) for value in reversed(factor)]
        growing = [rate for rate in np.roots(unit) if rate.real > 1e-9 * scale]
        if growing:
            raise _not_decaying(complex(growing[0]), member, len(hidden))
