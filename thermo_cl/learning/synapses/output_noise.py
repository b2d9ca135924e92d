"""Stationary Gaussian noise of a synapse's output: an autocorrelation that is a sum of decaying exponentials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.fluctuations import StationaryNoise

__all__ = ["OutputNoise"]

_NODES, _GROWTH = 12, 1.5  # of the quadrature in time: nodes in each panel, end over start of a panel
_FIRST, _LAST = 1e-8, 40.0  # first and last time, over the fastest and the slowest decay
_PHASE = 0.5  # of the fastest oscillation within a panel
_QUALITY = 100.0  # most radians that a mode may turn in its decay time


@dataclass(frozen=True, eq=False, init=False)
class OutputNoise:
    r"""Gaussian noise :math:`\xi` with :math:`\langle\xi_0 \xi_t\rangle = \mathrm{Re}\sum_k a_k e^{\lambda_k |t|}`.

    Parameters
    ----------
    amplitudes : array_like of complex, shape (k,)
        In (output)^2; their sum is the variance.
    rates : array_like of complex, shape (k,)
        In 1/time, of negative real part.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a mode does not decay or turns more than 100 radians as it does, or no noise has such an
        autocorrelation (its spectrum is negative somewhere).

    Examples
    --------
    >>> noise = OutputNoise([0.04], [-2.0])
    >>> noise.standard_deviation, noise.correlation_time, noise.power
    (0.2, 0.5, 0.04)
    """

    amplitudes: ComplexArray
    rates: ComplexArray

    def __init__(self, amplitudes: ArrayLike, rates: ArrayLike) -> None:
        weights = np.atleast_1d(np.asarray(amplitudes, dtype=complex))
        decays = np.atleast_1d(np.asarray(rates, dtype=complex))
        if weights.shape != decays.shape or weights.ndim != 1:
            raise InvalidParameterError("amplitudes.shape", weights.shape, f"{decays.shape[-1:]}, one for each rate")
        bad = ~(np.isfinite(weights) & np.isfinite(decays) & (decays.real < 0))
        bad |= np.abs(decays.imag) > -_QUALITY * decays.real
        if bad.any():
            valid = f"finite, of negative real part, and with at most {_QUALITY:g} times as large an imaginary part"
            raise InvalidParameterError("rates", complex(decays[bad][0]), valid)
        check.freeze(self, amplitudes=weights, rates=decays)
        around = np.abs(decays) * np.geomspace(1e-3, 1e3, 61)[:, None]
        spectrum = self.spectrum(np.append(0.0, around))
        if not self.variance > 0 or spectrum.min() < -1e-9 * spectrum.max():
            raise InvalidParameterError(
                "amplitudes", "an autocorrelation", "of positive variance and with no negative part in its spectrum"
            )

    @classmethod
    def of(cls, noise: StationaryNoise, *, scale: float = 1.0) -> OutputNoise:
        """The noise of an observable of a single network over a scale > 0, taken as Gaussian."""
        unit = check.positive_number("scale", scale)
        amplitudes = noise.amplitudes
        live = amplitudes != 0
        return cls(amplitudes[live] / unit**2, noise.rates[live])

    def rescaled(self, units: float) -> OutputNoise:
        """The same noise of a rate of change, in a unit of time > 0 that is so many old ones.

        The output per time is larger by as much, and so are the rates: what ``kernel.rescaled(units).normalized()``
        makes of the noise of ``kernel.normalized()``.
        """
        factor = check.positive_number("units", units)
        return OutputNoise(factor**2 * self.amplitudes, factor * self.rates)

    @property
    def variance(self) -> float:
        """Variance, in (output)^2."""
        return float(self.amplitudes.real.sum())

    @property
    def standard_deviation(self) -> float:
        """Standard deviation, in units of the output."""
        return float(np.sqrt(self.variance))

    @property
    def power(self) -> float:
        """Power at zero frequency, twice the integral of the autocorrelation over all lags >= 0: (output)^2 time."""
        return float(-2.0 * np.real(self.amplitudes / self.rates).sum())

    @property
    def correlation_time(self) -> float:
        """Integral of the autocorrelation over all lags >= 0 over its value at 0, in time."""
        return 0.5 * self.power / self.variance

    def correlation(self, times: ArrayLike) -> FloatArray:
        """Autocorrelation at time lags of any sign, in (output)^2, shape of the times."""
        lag = np.abs(check.finite("times", times))[..., None]
        with np.errstate(under="ignore"):
            return np.asarray(np.real(self.amplitudes * np.exp(self.rates * lag)).sum(axis=-1))[()]

    def spectrum(self, frequencies: ArrayLike) -> FloatArray:
        """Two-sided power spectrum at angular frequencies in 1/time, in (output)^2 time, shape of the frequencies."""
        omega = check.finite("frequencies", frequencies)[..., None]
        # modes may be stored as one of a conjugate pair, so that the real part is taken before the transform
        positive, negative = (np.real(self.amplitudes / (1j * sign * omega - self.rates)) for sign in (1.0, -1.0))
        return np.asarray((positive + negative).sum(axis=-1))[()]

    def overlaps(self) -> Iterator[tuple[float, float]]:
        r"""Integrals of :math:`\rho^n` and :math:`|\rho|^n` over lags >= 0, n = 1, 2, ..., endlessly, in time.

        :math:`\rho` is the autocorrelation over the variance. Gauss-Legendre quadrature on panels that grow
        geometrically, over all the scales of the modes; the second number only falls with n.
        """
        speed = np.abs(self.rates).max()
        first, last = _FIRST / speed, _LAST / np.abs(self.rates.real).min()
        turning = np.abs(self.rates.imag).max()
        longest = _PHASE / turning if turning else np.inf
        edges = [first]
        while edges[-1] < last:
            edges.append(edges[-1] + min((_GROWTH - 1.0) * edges[-1], longest))
        ends = np.array(edges)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = 0.5 * np.diff(ends)
        times = 0.5 * (ends[1:] + ends[:-1])[:, None] + half[:, None] * nodes
        weight = (half[:, None] * weights).ravel()
        rho = np.clip(np.asarray(self.correlation(times.ravel())) / self.variance, -1.0, 1.0)
        size = np.abs(rho)
        signed, unsigned = np.ones_like(rho), np.ones_like(rho)
        oscillates = bool((rho < 0).any())
        while True:
            with np.errstate(under="ignore"):
                signed *= rho
                if oscillates:
                    unsigned *= size
            value = first + float(weight @ signed)
            yield value, first + float(weight @ unsigned) if oscillates else value
