"""Stationary noise of an observable: variance, autocorrelation and spectrum, averaged over independent copies.

For the memory of a ladder, ``stationary_noise(ladder.network(signal), ladder.top_rail, copies=N)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.algebra.group_inverse import lasting
from thermo_cl.markov.fluctuations.increments import as_dense
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["StationaryNoise", "stationary_noise"]


@dataclass(frozen=True, eq=False)
class StationaryNoise:
    """Noise of the average of an observable over independent copies of a steady network, shape batch.

    Attributes
    ----------
    mean, variance : ndarray
        Of the average over copies; for an occupancy P the variance is P (1 - P) / copies.
    correlation_time : ndarray
        Integral of the autocorrelation over all lags >= 0 over its value at 0, in time; nan for a constant observable.
    copies : int
        Number of copies.
    """

    mean: FloatArray
    variance: FloatArray
    correlation_time: FloatArray
    copies: int
    _amplitudes: Array = field(repr=False)
    _durations: Array = field(repr=False)

    @property
    def amplitudes(self) -> Array:
        r"""Complex amplitudes a of the modes, shape batch + (k,): the autocorrelation is Re sum a exp(rate \|t\|)."""
        return self._amplitudes

    @property
    def rates(self) -> Array:
        """Complex rates of the modes, of negative real part, shape batch + (k,), in 1/time; -1 for those left out."""
        return np.asarray(1.0 / self._durations)

    def correlation(self, times: ArrayLike) -> FloatArray:
        """Stationary autocorrelation less the squared mean at time lags of any sign, shape batch + times.shape."""
        t = np.abs(check.finite("times", times))
        lag = t.reshape(-1, 1)
        with np.errstate(under="ignore"):
            decayed = self._amplitudes[..., None, :] * np.exp(lag / self._durations[..., None, :])
        values = np.where(lag[:, 0] == 0, np.asarray(self.variance)[..., None], np.real(decayed.sum(axis=-1)))
        return np.asarray(values.reshape((*np.shape(self.variance), *t.shape)))[()]

    def spectrum(self, frequencies: ArrayLike) -> FloatArray:
        r"""Two-sided power spectrum, the Fourier transform of the autocorrelation, shape batch + frequencies.shape.

        At angular frequencies omega, in 1/time; its integral over all omega is :math:`2\pi` times the variance.
        """
        omega = check.finite("frequencies", frequencies)
        tau = self._durations[..., None, :]
        lines = -2.0 * self._amplitudes[..., None, :] * tau / (1.0 + (omega.reshape(-1, 1) * tau) ** 2)
        return np.asarray(np.real(lines.sum(axis=-1)).reshape((*np.shape(self.variance), *omega.shape)))[()]


def stationary_noise(network: MarkovNetwork, observable: ArrayLike, copies: int = 1) -> StationaryNoise:
    r"""Stationary noise of an observable, exactly, as a sum over relaxation modes.

    Parameters
    ----------
    network : MarkovNetwork
        Generator W with n states and steady state p; batch axes allowed.
    observable : array_like, shape (n,)
        Value c of the observable in each state.
    copies : int
        Number of independent copies averaged over, >= 1.

    Returns
    -------
    StationaryNoise
        Autocorrelation :math:`c^T e^{Wt}\,\mathrm{diag}(p)\,c - (c^T p)^2`, divided by the number of copies.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If the observable does not fit the network or the number of copies is below 1.
    """
    network = as_dense(network)
    c, count = check.finite("observable", observable), check.integer_at_least("copies", copies, 1)
    if c.shape != (network.n_states,):
        raise InvalidParameterError("observable.shape", c.shape, f"({network.n_states},), one value per state")
    steady, inverse = network.steady_state(), network.group_inverse
    mean = np.asarray(steady @ c)
    centred = c - mean[..., None]
    spread = steady * centred
    variance = np.sum(spread * centred, axis=-1)
    area = -np.sum(centred * inverse.apply(spread - steady * spread.sum(axis=-1, keepdims=True)), axis=-1)
    time = np.where(variance > 0, area / np.where(variance > 0, variance, 1.0), np.nan)
    durations, right, left = inverse.modes()
    amplitudes = np.einsum("...i,...ik->...k", centred, right) * np.einsum("...ki,...i->...k", left, spread)
    live = lasting(durations)
    amplitudes, durations = np.where(live, amplitudes, 0.0) / count, np.where(live, durations, -1.0)
    return StationaryNoise(mean[()], (variance / count)[()], time[()], count, amplitudes, durations)
