"""Linear controllers of any order between a signal and an output, and their exact kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import poles as fractions
from thermo_cl.feedback.linear import rational
from thermo_cl.feedback.linear.realisation import observable_form, polynomials
from thermo_cl.feedback.linear.stability import require_bounded, require_decay, require_proper
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
        for function in functions:
            require_proper(function)
        parts = [rational.reduced(function) for function in functions]
        check.freeze(
            self, state_matrix=a, input_vector=b, output_vector=c, feedthrough=d, set_point=point,
            functions=tuple(function for function, _ in parts),
        )  # fmt: skip
        require_bounded([hidden for _, hidden in parts], a.reshape(len(parts), n, n))
        require_decay([rates for _, rates in self._modes])

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
        top, bottom = polynomials(numerator, denominator)
        try:
            matrices = observable_form(top, bottom)
        except OverflowError:
            raise InvalidParameterError(
                "denominator", denominator,
                "such that the coefficients over its first fit double precision; choose another unit of time",
            ) from None  # fmt: skip
        exact = rational.integers(top, bottom)
        return cls(*matrices, set_point=set_point, functions=[exact])  # type: ignore[list-item]

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
        """Transfer function H(p), shape batch + p.shape, at complex p in 1/time; not finite at a pole.

        ``kernel().frequency_response(omega)`` is H(i omega).

        Raises
        ------
        InvalidParameterError
            If p is not a finite number or an array of them.
        """
        try:
            at = np.asarray(p, dtype=complex)
        except (TypeError, ValueError):
            raise InvalidParameterError("p", p, "a complex number or an array of them") from None
        if not np.isfinite(at).all():
            raise InvalidParameterError("p", complex(at[~np.isfinite(at)][0]), "finite")
        with np.errstate(divide="ignore", invalid="ignore"):
            values = [
                rational.evaluate(top, at, bottom[-1]) / rational.evaluate(bottom, at, bottom[-1])
                for top, bottom in self.functions
            ]
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
        weights, rates, powers = fractions.arranged(rows)
        own = (*self.batch_shape, len(powers))
        return Kernel(
            weights.reshape(own), rates.reshape(own), powers,
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
        return [np.reshape([rational.rounded(row[n]) for row in exact], self.batch_shape) for n in range(count)]
