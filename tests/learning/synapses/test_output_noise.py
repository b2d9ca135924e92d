"""The noise of an output: exponentials against their closed forms, and against the ladder it comes from."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import scipy.integrate
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.synapses import OutputNoise


def test_one_exponential_in_closed_form() -> None:
    noise = OutputNoise([0.09], [-4.0])
    assert_allclose(noise.correlation([0.0, -0.5]), [0.09, 0.09 * np.exp(-2.0)])
    assert_allclose([noise.power, noise.correlation_time, noise.standard_deviation], [0.045, 0.25, 0.3])
    orders = np.arange(1, 2001)
    found = np.array(list(islice(noise.overlaps(), 2000)))
    assert_allclose(found[:, 0], 0.25 / orders, rtol=2e-9)
    assert_allclose(found[:, 1], found[:, 0])


@pytest.mark.parametrize("pair", [True, False])
def test_an_oscillating_mode(pair: bool) -> None:
    """Stored as a conjugate pair, or as one of them."""
    rates = np.array([-1.0, -0.5 + 6.0j, -0.5 - 6.0j])
    noise = OutputNoise([0.4, 0.3, 0.3], rates) if pair else OutputNoise([0.4, 0.6], rates[:2])

    def rho(t: np.ndarray) -> np.ndarray:
        return 0.4 * np.exp(-t) + 0.6 * np.exp(-0.5 * t) * np.cos(6.0 * t)

    t = np.linspace(0.0, 60.0, 200_001)
    assert_allclose(noise.correlation(t[:5000]), rho(t[:5000]), atol=1e-14)
    for order, (signed, unsigned) in enumerate(islice(noise.overlaps(), 9), start=1):
        assert_allclose(signed, scipy.integrate.simpson(rho(t) ** order, x=t), rtol=1e-6)
        assert_allclose(unsigned, scipy.integrate.simpson(np.abs(rho(t)) ** order, x=t), rtol=1e-4)
    omega = np.array([0.0, 2.0, 6.0, 50.0])
    exact = [2.0 * scipy.integrate.simpson(rho(t) * np.cos(w * t), x=t) for w in omega]
    assert_allclose(noise.spectrum(omega), exact, rtol=1e-6)


@pytest.mark.parametrize("gamma", [1e-4, 0.1])
def test_noise_of_a_ladder(gamma: float) -> None:
    ladder = tcl.Ladder(gamma=gamma, n_levels=12, reference_level=4)
    steady = tcl.stationary_noise(ladder.network(0.0), ladder.top_rail, copies=50)
    noise = OutputNoise.of(steady, scale=0.6)
    times = np.geomspace(1e-4, 10.0, 30)
    assert_allclose(noise.correlation(times), steady.correlation(times) / 0.36, rtol=1e-9)
    assert_allclose(noise.correlation_time, steady.correlation_time, rtol=1e-9)
    square = scipy.integrate.quad(lambda x: float(steady.correlation(np.exp(x))) ** 2 * np.exp(x), -20, 5, limit=500)[0]
    assert_allclose(list(islice(noise.overlaps(), 2))[1][0], square / float(steady.variance) ** 2, rtol=1e-7)


def test_noise_of_an_oscillating_network_keeps_its_modes() -> None:
    ring = tcl.MarkovNetwork(np.roll(np.eye(5), 1, axis=0) + 0.05 * np.roll(np.eye(5), -1, axis=0))
    steady = tcl.stationary_noise(ring, np.array([1.0, 0.0, 0.0, 0.0, 0.0]))
    t = np.linspace(0.0, 5.0, 40)
    modes = np.real(steady.amplitudes * np.exp(steady.rates * t[:, None])).sum(axis=1)
    assert np.abs(steady.rates.imag).max() > 0.5
    assert_allclose(modes, steady.correlation(t), rtol=1e-9, atol=1e-12)
    assert_allclose(OutputNoise.of(steady, scale=2.0).correlation(t), modes / 4.0, rtol=1e-9, atol=1e-12)


def test_another_unit_of_time() -> None:
    """Outputs per time are larger by the unit, lags shorter; the integral over a cycle has the same variance."""
    noise = OutputNoise([0.4, 0.6], [-1.0, -0.5 + 6.0j])
    other, t = noise.rescaled(20.0), np.linspace(-3.0, 3.0, 50)
    assert_allclose(other.correlation(t / 20.0), 400.0 * noise.correlation(t), rtol=1e-12)
    assert_allclose(other.correlation_time, noise.correlation_time / 20.0, rtol=1e-12)
    assert_allclose(other.power * (7.0 / 20.0), 20.0**2 / 20.0 * noise.power * (7.0 / 20.0), rtol=1e-12)
    with pytest.raises(InvalidParameterError, match="units"):
        noise.rescaled(0.0)


@pytest.mark.parametrize(
    ("amplitudes", "rates"),
    [
        ([1.0], [0.0]),
        ([1.0], [2.0]),
        ([1.0, 2.0], [-1.0]),
        ([-1.0], [-1.0]),
        ([1.0, -0.9], [-5.0, -1.0]),  # a spectrum that is negative at low frequencies
        ([1.0], [-1.0 + 200.0j]),
        ([np.nan], [-1.0]),
    ],
)
def test_impossible_noise_is_refused(amplitudes: list[float], rates: list[complex]) -> None:
    with pytest.raises(InvalidParameterError):
        OutputNoise(amplitudes, rates)
