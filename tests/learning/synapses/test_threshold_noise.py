"""Thresholded noise against the Poisson equation of a diffusion, sampled noise, and its limits."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.synapses import LadderSynapse, OutputNoise, ThresholdNoise
from thermo_cl.learning.synapses.hermite import thresholded_variance
from thermo_cl.learning.synapses.threshold_noise import _powers
from thermo_cl.synapse.gaussian_threshold import thresholded_mean, thresholded_slope

PROTOCOL = tcl.Sawtooth(fast=20.0, slow=60.0, mean=0.3)
SYNAPSE = LadderSynapse(tcl.Ladder(gamma=1e-2, n_levels=12, reference_level=4), PROTOCOL)


def diffusion_power(u: float, theta: float, sigma: float, rate: float) -> tuple[float, float]:
    r"""Mean of g(u + x) and its power :math:`2 \int F^2/(D p)`, F(x) the integral of (g - <g>) p up to x.

    For noise of one exponential, which is an Ornstein-Uhlenbeck diffusion: by its backward equation, no series.
    """
    edges = np.unique(np.clip([-10.0, *((s * theta - u) / sigma for s in (-1.0, 1.0)), 10.0], -10.0, 10.0))
    cells = [np.linspace(a, b, 40_001) for a, b in pairwise(edges)]
    x = np.concatenate([0.5 * (c[1:] + c[:-1]) for c in cells])
    widths = np.concatenate([np.diff(c) for c in cells])
    p = np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
    y = u + sigma * x
    g = np.where(np.abs(y) >= theta, y, 0.0)
    mean = np.sum(widths * p * g) / np.sum(widths * p)
    share = widths * p * (g - mean)
    flow = np.where(x < 0, np.cumsum(share) - 0.5 * share, 0.5 * share - np.cumsum(share[::-1])[::-1])
    return float(mean), float(2.0 * np.sum(widths * flow**2 / (rate * p)))


@pytest.mark.parametrize("ratio", [0.0, 0.2, 1.0, 3.0, 20.0])
def test_against_the_poisson_equation_of_a_diffusion(ratio: float) -> None:
    sigma, rate = 0.02, 3.0
    smeared = ThresholdNoise(OutputNoise([sigma**2], [-rate]), ratio * sigma)
    outputs = sigma * np.array([0.0, 0.3, 1.0, ratio - 2.0, ratio - 0.5, ratio, ratio + 0.7, ratio + 3.0])
    exact = np.array([diffusion_power(u, ratio * sigma, sigma, rate) for u in outputs])
    assert_allclose(smeared.mean(outputs), exact[:, 0], atol=2e-6 * np.abs(exact[:, 0]).max())
    assert_allclose(smeared.power(outputs), exact[:, 1], atol=2e-5 * exact[:, 1].max())


@pytest.mark.parametrize("ratio", [0.3, 2.0, 7.9, 30.0])
def test_the_table_between_its_entries(ratio: float) -> None:
    """Against tables at those very places, made by moving the threshold's neighbourhood by half an entry."""
    noise = SYNAPSE.noise(1000)
    sigma = noise.standard_deviation
    smeared = ThresholdNoise(noise, ratio * sigma, tolerance=1e-7)

    places = smeared.start / sigma + (np.arange(len(smeared.table) - 1) + 0.5) / 128
    power = noise.variance * _powers(noise, places, ratio, 1e-7)[0]
    assert_allclose(smeared.power(places * sigma), power, atol=2e-5 * power.max())
    mean = sigma * thresholded_mean(places, np.ones_like(places), ratio)
    assert_allclose(smeared.mean(places * sigma), mean, atol=2e-6 * mean.max())


def test_asymptotes_and_symmetry() -> None:
    noise = SYNAPSE.noise(10**6)
    sigma = noise.standard_deviation
    smeared = ThresholdNoise(noise, 50.0 * sigma)
    far, near = sigma * np.array([58.5, 100.0, 1e4]), sigma * np.array([0.0, 10.0, 41.5])
    assert_allclose(smeared.mean(far), far, rtol=0)
    assert_allclose(smeared.power(far), noise.power, rtol=0)
    assert_allclose(smeared.mean(near), 0.0, atol=0)
    assert_allclose(smeared.power(near), 0.0, atol=0)
    u = sigma * np.linspace(0.0, 60.0, 999)
    assert_allclose(smeared.mean(-u), -smeared.mean(u), rtol=0)
    assert_allclose(smeared.power(-u), smeared.power(u), rtol=0)
    assert (np.diff(smeared.mean(u)) >= 0).all()
    assert (smeared.power(u) >= 0).all()
    edge = sigma * (58.0 + np.array([-1e-9, 1e-9]))
    assert_allclose(smeared.power(edge), noise.power, rtol=1e-6)
    assert_allclose(smeared.mean(edge), edge, rtol=1e-12)


def test_without_a_threshold_the_noise_passes_unchanged() -> None:
    noise = SYNAPSE.noise(10)
    smeared = ThresholdNoise(noise, 0.0)
    u = np.array([-3.0, 0.0, 0.01, 0.5])
    assert_allclose(smeared.mean(u), u, rtol=1e-12, atol=1e-15)
    assert_allclose(smeared.power(u), 2.0 * noise.variance * noise.correlation_time, rtol=1e-9)
    assert smeared.terms == 1


def test_many_copies_restore_the_hard_threshold() -> None:
    u = np.array([-0.2, -0.04, 0.0, 0.049, 0.051, 0.3])
    smeared = ThresholdNoise(SYNAPSE.noise(10**10), 0.05)
    assert_allclose(smeared.mean(u), [-0.2, 0.0, 0.0, 0.0, 0.051, 0.3], atol=1e-12)
    assert_allclose(smeared.power(u), np.where(np.abs(u) > 0.05, SYNAPSE.noise(10**10).power, 0.0), atol=1e-18)
    powers = [ThresholdNoise(SYNAPSE.noise(n), 0.05).power(0.05) for n in (10**4, 10**6)]
    # at the threshold itself it is the indicator that fluctuates, whatever the number of copies
    assert_allclose(powers[1] / powers[0], 1.0, rtol=0.3)


@pytest.mark.parametrize(("copies", "kept"), [(10, 0.0), (100, 0.0), (10**7, 1.0)])
def test_noise_beyond_the_threshold_ends_rectification(copies: int, kept: float) -> None:
    """Amplitude 1 between ramps 3 to 1 in slope; the threshold lies between, for those with little noise."""
    samples = (np.arange(4000) + 0.5) * 80.0 / 4000
    u = tcl.periodic_response(SYNAPSE.kernel, PROTOCOL.signal(1.0))(samples)
    theta = 2.0 / 60.0
    mean, _ = ThresholdNoise(SYNAPSE.noise(copies), theta).update(u, np.full(4000, 80.0 / 4000))
    quiet = tcl.weight_update(SYNAPSE.kernel, PROTOCOL, 1.0, threshold=theta)
    assert 0.8 < quiet < 1.0
    assert_allclose(mean / quiet, kept, atol=0.02)


# -------------------------------------------------------------- sampled noise


@cache
def sampled(seed: int, replicas: int, steps: int, dt: float) -> np.ndarray:
    """Gaussian noise of one ladder's autocorrelation on a grid, exactly, by circulant embedding."""
    ladder = SYNAPSE.ladder
    steady = tcl.stationary_noise(ladder.network(0.0), ladder.top_rail)
    half = steady.correlation(np.arange(steps + 1) * dt) / SYNAPSE.scale**2
    eigenvalues = np.fft.rfft(np.concatenate([half, half[-2:0:-1]])).real
    assert eigenvalues.min() > 0
    rng = np.random.default_rng(seed)
    white = np.fft.rfft(rng.standard_normal((replicas, 2 * steps)), axis=1)
    return np.fft.irfft(white * np.sqrt(eigenvalues), axis=1)[:, :steps]


@pytest.mark.parametrize("ratio", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("profile", ["sawtooth", "still", "touching"])
def test_update_of_a_cycle_against_sampled_noise(ratio: float, profile: str) -> None:
    r"""Threshold over noise, and u: the response to a sawtooth, at rest, and just below the threshold."""
    dt, steps, replicas = 0.01, 8000, 1000
    times = (np.arange(steps) + 0.5) * dt
    theta = 2.0 / 60.0
    u = {
        "sawtooth": tcl.periodic_response(SYNAPSE.kernel, PROTOCOL.signal(1.0))(times),
        "still": np.zeros(steps),
        "touching": np.full(steps, 0.9 * theta),
    }[profile]
    copies = round((ratio / theta * SYNAPSE.noise(1).standard_deviation) ** 2)
    y = u + sampled(3, replicas, steps, dt) / np.sqrt(copies)
    updates = dt * np.where(np.abs(y) >= theta, y, 0.0).sum(axis=1)
    mean, variance = ThresholdNoise(SYNAPSE.noise(copies), theta).update(u, np.full(steps, dt))
    spread = np.sqrt(variance)
    assert abs(updates.mean() - mean) < 4.0 * spread / np.sqrt(replicas)
    excess = np.mean(((updates - mean) / spread) ** 4) - 1.0  # rare crossings are not Gaussian
    assert abs(updates.var() / variance - 1.0) < 4.0 * np.sqrt(excess / replicas) + 0.01


def test_linear_noise_of_a_driven_ladder_is_the_first_term_of_the_series() -> None:
    """At small amplitude: equal without a threshold, and lower with one by all terms but the first."""
    ladder, copies, period, amplitude = tcl.Ladder(gamma=1e-2), 25 * 10**11, 800.0, 0.2
    kernel = ladder.small_signal_kernel(50.0)
    scale = abs(float(kernel.first_moment))
    noise = OutputNoise.of(tcl.stationary_noise(ladder.network(50.0), ladder.top_rail, copies), scale=scale)
    weights = np.full(2000, period / 2000)
    u = tcl.periodic_response(kernel.normalized(), tcl.Sawtooth(200.0, 600.0).signal(amplitude))(np.cumsum(weights))
    # the ends of a cycle, where half of a correlation is outside: minus the mean lag, over the period
    lag = float(np.real(noise.amplitudes / noise.rates**2).sum()) / (0.5 * noise.power)
    for theta in (0.0, 0.0009):
        driven = tcl.linear_noise(
            ladder, tcl.Sawtooth(200.0, 600.0, mean=50.0), amplitude, threshold=theta, copies=copies, scale=scale
        )
        mean, variance = ThresholdNoise(noise, theta).update(u, weights)
        assert_allclose(mean, driven.mean, atol=0.01 * amplitude)
        first = noise.power * weights @ thresholded_slope(u, np.full(2000, noise.standard_deviation), theta) ** 2
        assert_allclose(driven.standard_deviation**2, first * (1.0 - lag / period), rtol=0.002 if theta == 0 else 0.02)

        assert first / variance == pytest.approx(1.0) if theta == 0.0 else first < 0.98 * variance


def test_bad_input() -> None:
    noise = OutputNoise([1.0], [-1.0])
    with pytest.raises(InvalidParameterError, match="threshold"):
        ThresholdNoise(noise, -0.1)
    with pytest.raises(InvalidParameterError, match="tolerance"):
        ThresholdNoise(noise, 0.1, tolerance=0.0)
    with pytest.raises(ConvergenceError, match="larger tolerance"):
        ThresholdNoise(noise, 1.0, tolerance=1e-12)


def test_the_largest_power_is_bounded_by_the_variance() -> None:
    """No more than twice the correlation time of the noise times the variance of its threshold, at any u."""
    noise = SYNAPSE.noise(100)
    sigma = noise.standard_deviation
    smeared = ThresholdNoise(noise, 2.0 * sigma)
    u = np.linspace(0.0, 10.0, 500)
    most = noise.variance * thresholded_variance(u, 2.0) * 2.0 * noise.correlation_time
    assert (smeared.power(u * sigma) <= most * (1 + 1e-4)).all()
