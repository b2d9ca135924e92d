"""Noisy temporal contrast against tables read synapse by synapse, and its draws against their own statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.rules.block import Block
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.rules.cycle import ClampingCycle
from thermo_cl.learning.rules.noisy import smeared_integral
from thermo_cl.learning.rules.temporal_contrast import TemporalContrast
from thermo_cl.learning.synapses import LadderSynapse, ThresholdNoise

PROTOCOL = tcl.Sawtooth(fast=20.0, slow=180.0)
SYNAPSE = LadderSynapse(tcl.Ladder(gamma=1e-2), PROTOCOL)
MAP = CurrentMap.exact(SYNAPSE.kernel, ClampingCycle.sawtooth(PROTOCOL, 4), 60)


def block(dtype: Any, *, moving_outer: bool = True, size: int = 30) -> Block:
    """Synapses with large, small, constant and no currents; the first two rows are silent."""
    rng = np.random.default_rng(2)
    outer = rng.uniform(0.0, 1.0, (size, 5 if moving_outer else 1, 6)) * rng.uniform(0.0, 1.0, (size, 1, 1)) ** 2
    outer[:2] = 0.0
    inner = np.repeat(rng.uniform(0.0, 1.0, (6, 1, size + 10)), 5, axis=1)
    inner[:, :, ::2] *= 1.0 + 0.1 * np.arange(5)[:, None] * rng.normal(size=(6, 1, size // 2 + 5))
    inner[:, :, 3] = 0.0
    return Block(outer.astype(dtype), inner.astype(dtype))


@pytest.mark.parametrize("moving_outer", [True, False])
@pytest.mark.parametrize("ratio", [0.0, 0.5, 5.0, 12.0, 50.0])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 2e-5)])
def test_the_fast_sums_are_those_of_the_table(dtype: Any, rtol: float, ratio: float, moving_outer: bool) -> None:
    synapses = block(dtype, moving_outer=moving_outer)
    outputs = synapses.currents() @ MAP.matrix.T
    theta = 0.4 * np.abs(outputs).max()
    noise = SYNAPSE.noise(round((ratio / theta * SYNAPSE.noise(1).standard_deviation) ** 2) or 100)
    smeared = ThresholdNoise(noise, theta if ratio else 0.0)
    mean, variance = smeared.update(outputs, MAP.weights)
    found = smeared_integral(synapses, MAP, smeared)
    assert found[0].dtype == found[1].dtype == dtype
    scale = np.abs(outputs).max() * MAP.weights.sum()
    assert_allclose(found[0], mean, atol=rtol * scale, rtol=0)
    assert_allclose(found[1], variance, atol=rtol * variance.max(), rtol=0)
    silent = float(smeared.power(0.0)) * 200.0
    assert_allclose(found[1][:2], silent, rtol=1e-5)


@pytest.mark.parametrize("stages", [1, 3, 5, 8])
@pytest.mark.parametrize("ratio", [2.0, 30.0])
def test_any_number_of_levels_and_unequal_weights(ratio: float, stages: int) -> None:
    """With most synapses silent for a part of the cycle only, as the slow ramp mostly is."""
    cycle = ClampingCycle.sawtooth(PROTOCOL, stages)
    current_map = CurrentMap.gauss(SYNAPSE.kernel, cycle)
    rng = np.random.default_rng(stages)
    inner = np.cumsum(rng.uniform(0.0, 0.1, (6, stages + 1, 40)), axis=1)
    synapses = Block(rng.uniform(0.0, 1.0, (9, 1, 6)), inner)
    outputs = synapses.currents() @ current_map.matrix.T
    theta = 0.3 * np.abs(outputs).max()
    loud = np.abs(outputs) > 0.5 * theta
    assert 0.2 < loud.mean() < 0.95
    smeared = ThresholdNoise(SYNAPSE.noise(round((ratio / theta * SYNAPSE.noise(1).standard_deviation) ** 2)), theta)
    found = smeared_integral(synapses, current_map, smeared)
    for got, expected in zip(found, smeared.update(outputs, current_map.weights), strict=True):
        assert_allclose(got, expected, atol=1e-10 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("theta", [0.01, 10.0])
def test_divergence_is_not_hidden(theta: float) -> None:
    synapses = block(np.float64)
    synapses.inner[2, 1, 5] = np.nan
    mean, _ = smeared_integral(synapses, MAP, ThresholdNoise(SYNAPSE.noise(100), theta))
    assert np.isnan(mean[2:, 5]).all()
    assert not np.isnan(mean[:, :5]).any()


def rule(copies: int | None, **options: Any) -> TemporalContrast:
    noise = None if copies is None else SYNAPSE.noise(copies)
    return TemporalContrast(SYNAPSE.kernel, PROTOCOL, options.pop("thresholds", 1e-3), noise=noise, **options)


def estimate(learning: TemporalContrast, seed: int, dtype: Any = np.float64) -> dict[str, np.ndarray]:
    net = network("clip", (9, 7, 4), dtype=dtype)
    inputs, targets, states = batch(net, 6)
    inputs[:, 4] = 0.0
    return dict(learning.estimate(net, inputs, targets, states, np.random.default_rng(seed)).gradient)


def test_draws_are_normal_about_the_quiet_estimate() -> None:
    """Without a threshold, where the noise passes as it is; and independent between neighbours."""
    options: dict[str, Any] = {"sides": "one", "nudge": 0.25, "thresholds": 0.0}
    quiet, count = estimate(rule(None, **options), 0), 400
    noisy = rule(10**5, **options)
    draws = [estimate(noisy, seed) for seed in range(count)]
    spread = np.sqrt(SYNAPSE.noise(10**5).power * 200.0) / 0.25
    for name, value in quiet.items():
        z = np.stack([(draw[name] - value) / spread for draw in draws])
        assert abs(z.mean()) < 4 / np.sqrt(z.size)
        assert abs(z.var() - 1.0) < 4 * np.sqrt(2 / z.size)
        assert abs(z.mean(axis=0)).max() < 5 / np.sqrt(count)
        assert abs(np.mean(z[..., 1:] * z[..., :-1])) < 4 / np.sqrt(z[..., 1:].size)
        assert abs(np.mean(z[1:] * z[:-1])) < 4 / np.sqrt(z[1:].size)


def test_synapses_without_input_make_noise_below_the_threshold() -> None:
    noise = SYNAPSE.noise(10**5)
    theta = 2.0 * noise.standard_deviation
    learning = rule(10**5, sides="one", nudge=0.25, thresholds=theta)
    silent = np.stack([estimate(learning, seed)["W1"][4] for seed in range(300)])
    expected = np.sqrt(float(ThresholdNoise(noise, theta).power(0.0)) * 200.0) / 0.25
    assert abs(silent.mean()) < 4 * expected / np.sqrt(silent.size)
    assert_allclose(silent.std(), expected, rtol=4 / np.sqrt(2 * silent.size))


def test_many_copies_are_the_noiseless_rule() -> None:
    exact, noisy = estimate(rule(None, thresholds=2e-4), 3), estimate(rule(10**20, thresholds=2e-4), 3)
    for name, value in exact.items():
        assert np.abs(value).max() > 0
        assert_allclose(noisy[name], value, atol=1e-4 * np.abs(value).max())


def test_draws_depend_on_the_generator_alone() -> None:
    learning = rule(1000)
    net = network("clip", (300, 120, 4), dtype=np.float32)
    inputs, targets, states = batch(net, 6)
    threads, results = numba.get_num_threads(), []
    try:
        for count, seed in ((1, 5), (min(2, numba.config.NUMBA_NUM_THREADS), 5), (1, 6)):
            numba.set_num_threads(count)
            found = learning.estimate(net, inputs, targets, states, np.random.default_rng(seed))
            results.append(found.gradient["W1"])
    finally:
        numba.set_num_threads(threads)
    assert results[0].dtype == np.float32
    assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).mean() > 0.99


def test_thresholds_by_name() -> None:
    high, low = 1e3, 0.0
    learning = rule(10**5, thresholds={"W1": high, "b1": low, "W2": high, "b2": low})
    found = estimate(learning, 0)
    assert not found["W1"].any()
    assert not found["W2"].any()
    assert found["b1"].all()
    assert found["b2"].all()


def test_noise_needs_samples() -> None:
    with pytest.raises(InvalidParameterError, match="samples"):
        rule(100, samples=None)
    with pytest.raises(InvalidParameterError, match="noise"):
        replace(rule(None), noise=3.0)  # type: ignore[arg-type]
