"""A memory kernel as an exact value: a finite sum of ``t**n * exp(rate * t)`` terms, whole or windowed.

It may have an instantaneous part beside them, which passes the signal on as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError, NormalizationError
from thermo_cl.kernels import _exponential as exponential
from thermo_cl.kernels.shown import kernel_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from scipy.signal import StateSpace

__all__ = ["Kernel"]


@dataclass(frozen=True, eq=False, init=False)
class Kernel:
    r"""Kernel :math:`K(t) = D\delta(t) + \mathrm{Re} \sum_k c_k t^{n_k} e^{\lambda_k t}` on ``0 <= t <= window``.

    The response to a signal is :math:`u(t) = \int_0^\infty K(t') s(t - t') dt'` (Falk et al. 2025, Eq. 3), to which the
    instantaneous part contributes D s(t). A complex pair may be stored as both conjugates, or as one of them with twice
    its coefficient. Leading axes are a batch of kernels.

    Parameters
    ----------
    coefficients : array_like of complex, shape (..., k)
        Weights of the terms, in (output per signal) / time**(n+1).
    rates : array_like of complex, shape (..., k)
        Exponents in 1/time; decaying (negative real part) unless the kernel has a window.
    powers : array_like of int, shape (k,), optional
        The exponents n of time, shared by the batch; all zero by default.
    window : array_like of float, shape (...), optional
        Time after which the kernel is cut to zero; infinite by default.
    known_moments : tuple of array_like, each of shape (...), optional
        Moments 0, 1, ... that the maker knows to more digits than the sum of terms gives, for instance
        by linear solves, the instantaneous part included. Ignored for a finite window.
    feedthrough : array_like of float, shape (...), optional
        Weight D of the instantaneous part, in output per signal; 0 by default.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a number is not finite, or a term without a window does not decay.

    Examples
    --------
    >>> kernel = Kernel([1.0, -1.0], [-1.0, -2.0])  # exp(-t) - exp(-2t)
    >>> float(kernel.area), float(kernel.first_moment)
    (0.5, 0.75)
    >>> kernel.windowed(1.0).step_response([0.5, 1.0, 2.0])
    array([0.07740906, 0.1997882 , 0.1997882 ])

    A high-pass filter, delta(t) - exp(-t):

    >>> high_pass = Kernel([-1.0], [-1.0], feedthrough=1.0)
    >>> float(high_pass.area), float(high_pass.first_moment)
    (0.0, -1.0)
    """

    coefficients: ComplexArray
    rates: ComplexArray
    powers: IntArray
    window: FloatArray
    known_moments: tuple[FloatArray, ...]
    feedthrough: FloatArray

    def __init__(
        self,
        coefficients: ArrayLike,
        rates: ArrayLike,
        powers: ArrayLike | None = None,
        window: ArrayLike = np.inf,
        known_moments: Sequence[ArrayLike] = (),
        feedthrough: ArrayLike = 0.0,
    ) -> None:
        weight = np.atleast_1d(np.asarray(coefficients, dtype=complex))
        rate = np.atleast_1d(np.asarray(rates, dtype=complex))
        count = rate.shape[-1]
        power = np.zeros(count, int) if powers is None else np.asarray(powers)
        if power.shape != (count,) or power.dtype.kind not in "iu" or (power < 0).any():
            raise InvalidParameterError("powers", powers, f"{count} whole numbers, none negative, one per rate")
        for name, array in (("coefficients", weight), ("rates", rate)):
            if not np.isfinite(array).all():
                raise InvalidParameterError(name, complex(array[~np.isfinite(array)][0]), "finite")
        if weight.shape[-1] != count:
            raise InvalidParameterError("coefficients.shape", weight.shape, f"(..., {count}), one per rate")
        length = check.positive_or_infinite("window", window)
        instant = check.finite("feedthrough", feedthrough)
        length = np.broadcast_to(length, check.broadcast(window=length, feedthrough=instant))
        check.broadcast(coefficients=weight, rates=rate, window=length[..., None], feedthrough=instant[..., None])
        growing = np.isinf(length)[..., None] & (rate.real >= 0) & (weight != 0)
        if growing.any():
            bad = complex(np.broadcast_to(rate, growing.shape)[growing][0])
            raise InvalidParameterError("rates", bad, "of negative real part, or the kernel must have a finite window")
        cut = bool(np.isfinite(length).any())
        moments = () if cut else tuple(np.asarray(m, dtype=float) for m in known_moments)
        check.freeze(
            self, coefficients=weight, rates=rate, powers=power.astype(np.int64), window=length, known_moments=moments,
            feedthrough=instant,
        )  # fmt: skip

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single kernel."""
        return np.broadcast_shapes(
            self.coefficients.shape[:-1], self.rates.shape[:-1], self.window.shape, self.feedthrough.shape
        )

    def terms(self, degree: int) -> ComplexArray:
        """Coefficients by polynomial degree, shape (..., k, degree + 1)."""
        by_degree = np.arange(degree + 1) == self.powers[:, None]
        # of a term with a real rate the imaginary part is never seen, and must not count as cancelling
        seen = np.where(self.rates.imag == 0, self.coefficients.real, self.coefficients)
        return np.asarray(seen[..., None] * by_degree, dtype=complex)

    @property
    def degree(self) -> int:
        """Highest power of time among the terms."""
        return int(self.powers.max(initial=0))

    # ------------------------------------------------------------------ values

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Value at times ``t``, shape batch + t.shape, in (output per signal)/time; zero outside [0, window].

        This is the regular part: an instantaneous part ``feedthrough * delta(t)`` has no value and is not in it.
        """
        time = np.asarray(t, dtype=float)
        axes = time.ndim
        window = self.window.reshape(self.window.shape + (1,) * axes)
        inside = (time >= 0) & (time <= window)
        value = self._mode_sum(self.terms(self.degree), np.where(inside, time, 0.0), axes)
        return np.asarray(np.where(inside, value, 0.0))[()]

    def impulse_response(self, t: ArrayLike) -> FloatArray:
        """Output after a unit impulse of signal at t = 0: the kernel itself, shape batch + t.shape.

        Without the instantaneous part, which passes the impulse itself on.
        """
        return self(t)

    def step_response(self, t: ArrayLike) -> FloatArray:
        """Output after a unit step of signal at t = 0, shape batch + t.shape; tends to the area.

        At t = 0 it is the instantaneous part already.
        """
        given = np.asarray(t, dtype=float)
        time = np.maximum(given, 0.0)
        axes = time.ndim
        window = self.window.reshape(self.window.shape + (1,) * axes)
        degree = self.degree + int((self.rates == 0).any())
        whole = exponential.primitive(self.terms(degree), self.rates)
        start = exponential.evaluate(whole, self.rates, np.zeros(()))
        start = start.reshape(start.shape + (1,) * axes)
        instant = np.where(given >= 0.0, self._spread(self.feedthrough, axes), 0.0)
        return np.asarray(self._mode_sum(whole, np.minimum(time, window), axes) - start + instant)[()]

    @staticmethod
    def _spread(array: FloatArray, axes: int) -> FloatArray:
        """Array over the batch with so many axes of length one after them."""
        return array.reshape(array.shape + (1,) * axes)

    def _mode_sum(self, poly: ComplexArray, time: FloatArray, axes: int) -> FloatArray:
        """Evaluate mode coefficients on a time array whose last ``axes`` axes are not the batch's."""
        spread = poly.reshape(*poly.shape[:-2], *(1,) * axes, *poly.shape[-2:])
        rates = self.rates.reshape(*self.rates.shape[:-1], *(1,) * axes, self.rates.shape[-1])
        return exponential.evaluate(spread, rates, time)

    def frequency_response(self, omega: ArrayLike) -> ComplexArray:
        r"""Transfer function :math:`\int K(t) e^{-i\omega t} dt`, shape batch + omega.shape, omega in rad/time."""
        frequency = np.asarray(omega, dtype=float)
        axes = frequency.ndim
        window = self.window.reshape(self.window.shape + (1,) * axes)
        total = np.zeros(frequency.shape, dtype=complex)
        for k, n in enumerate(self.powers):
            weight = self.coefficients[..., k].reshape(self.coefficients.shape[:-1] + (1,) * axes)
            rate = self.rates[..., k].reshape(self.rates.shape[:-1] + (1,) * axes)
            for c, lam in ((weight, rate), (weight.conj(), rate.conj())):  # the real part of a term is half of each
                total = total + 0.5 * c * exponential.term_moment(int(n), lam - 1j * frequency, window)
        return np.asarray(total + self._spread(self.feedthrough, axes), dtype=complex)[()]

    # ----------------------------------------------------------------- moments

    def moment(self, n: int) -> FloatArray:
        r"""Moment :math:`\int_0^\infty t^n K(t) dt`, shape batch, in (output per signal) * time**n.

        An instantaneous part has moment 0 alone.
        """
        order = check.integer_at_least("n", n, 0)
        if order < len(self.known_moments):
            return self.known_moments[order][()]
        parts = [
            np.real(
                self.coefficients[..., k] * exponential.term_moment(int(p) + order, self.rates[..., k], self.window)
            )
            for k, p in enumerate(self.powers)
        ]
        return np.asarray(sum(parts, self.feedthrough if order == 0 else np.zeros(self.feedthrough.shape)))[()]

    @property
    def area(self) -> FloatArray:
        """Integral of the kernel, shape batch: the steady output per unit of constant signal."""
        return self.moment(0)

    @property
    def first_moment(self) -> FloatArray:
        """Integral of t K(t), shape batch; u = area * s - first_moment * ds/dt on a ramp (Eq. 24)."""
        return self.moment(1)

    # ------------------------------------------------------------- new kernels

    def scaled(self, factor: ArrayLike) -> Kernel:
        """The kernel times a number (or one number per batch entry)."""
        number = check.finite("factor", factor)
        check.broadcast(kernel=np.zeros(self.batch_shape), factor=number)
        return replace(
            self,
            coefficients=self.coefficients * number[..., None],
            known_moments=tuple(m * number for m in self.known_moments),
            feedthrough=self.feedthrough * number,
        )

    def normalized(self) -> Kernel:
        """``-K/|first moment|``, the paper's convention: first moment -1 where it was positive.

        Raises
        ------
        NormalizationError
            If a first moment is zero to rounding.
        """
        moment = np.asarray(self.first_moment)
        size = sum(
            np.abs(self.coefficients[..., k])
            * np.real(exponential.term_moment(int(p) + 1, self.rates[..., k].real.astype(complex), self.window))
            for k, p in enumerate(self.powers)
        )
        if (np.abs(moment) <= 1e-15 * np.asarray(size)).any():
            raise NormalizationError(
                f"the first moment of the kernel is {float(moment.flat[np.argmin(np.abs(moment))]):.3g}, zero to "
                "rounding, so it cannot be scaled to -1; choose a kernel with a non-zero first moment"
            )
        return self.scaled(-1.0 / np.abs(moment))

    def windowed(self, length: ArrayLike) -> Kernel:
        """The same kernel cut to zero after ``length`` time units (shape broadcasts with the batch).

        An instantaneous part stays.
        """
        window = np.minimum(self.window, check.positive("length", length))
        return replace(self, window=window, known_moments=())

    def rescaled(self, units: ArrayLike) -> Kernel:
        """``K'(t) = K(units * t)``: ``units`` old time units become one, the ordinate is kept.

        An instantaneous part is divided by ``units``, as delta(units * t) = delta(t)/units.
        """
        factor = check.positive("units", units)
        check.broadcast(kernel=np.zeros(self.batch_shape), units=factor)
        return replace(
            self,
            coefficients=self.coefficients * factor[..., None] ** self.powers,
            rates=self.rates * factor[..., None],
            window=self.window / factor,
            known_moments=tuple(m / factor ** (n + 1) for n, m in enumerate(self.known_moments)),
            feedthrough=self.feedthrough / factor,
        )

    def to_state_space(self) -> StateSpace:
        """Real state-space form (A, B, C, D) of a single infinite-window kernel for ``scipy.signal``.

        D is the instantaneous part.

        Raises
        ------
        InvalidParameterError
            For a batch, or for a finite window (a cut kernel has no finite-dimensional realisation).
        """
        if self.batch_shape:
            raise InvalidParameterError("kernel", f"a batch of shape {self.batch_shape}", "a single kernel")
        if np.isfinite(self.window):
            raise InvalidParameterError("window", float(self.window), "infinite for a state-space form")
        from scipy.signal import StateSpace

        from thermo_cl.kernels._state_space import realisation

        return StateSpace(*realisation(self.coefficients, self.rates, self.powers, float(self.feedthrough)))

    def plot(self, times: ArrayLike | None = None) -> Figure:
        """The kernel and its response to a step, as a new matplotlib figure.

        Parameters
        ----------
        times : array_like, shape (n,), optional
            Increasing, >= 0; by default until the slowest mode has decayed.

        Raises
        ------
        InvalidParameterError
            For a batch.
        OutputError
            If matplotlib is missing.
        """
        room = show.plotting()
        figure: Figure = room.plot_kernel(room.kernel_dataset(self, times))
        return figure

    def _repr_html_(self) -> str:
        return kernel_html(self)

    def __repr__(self) -> str:
        batch = f", batch {self.batch_shape}" if self.batch_shape else ""
        cut = "" if np.isinf(self.window).all() else ", windowed"
        instant = ", instantaneous part" if self.feedthrough.any() else ""
        count = self.rates.shape[-1]
        worth = "" if batch else f", area {show.brief(self.area)}, first moment {show.brief(self.first_moment)}"
        return f"Kernel({count} term{'s' * (count != 1)}{worth}{instant}{batch}{cut})"
