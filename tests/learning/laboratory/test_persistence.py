"""ISD with a persistent state, against phases followed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.laboratory import slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.laboratory import (
    FiniteModel,
    PhaseChain,
    boltzmann_model,
    contrastive_divergence,
    isd_trace,
    persistent_bias,
    persistent_long_run,
    persistent_start,
    phase_bias,
    phase_moments,
    stationary_moments,
)
from thermo_cl.learning.phases import FixedLength, GeometricLength


def arbitrary(seed: int = 0) -> FiniteModel:
    """Phases that both need time: two examples held, none held; three states, two parameters."""
    rng = np.random.default_rng(seed)
    held = PhaseChain([slow.random_kernel(rng, 3) for _ in range(2)], rng.normal(size=(3, 2)), [0.25, 0.75])
    return FiniteModel(held, PhaseChain(slow.random_kernel(rng, 3), rng.normal(size=(3, 2))))


def boltzmann(seed: int = 0) -> FiniteModel:
    return boltzmann_model(BoltzmannMachine(*slow.machine(seed, hidden=2, scale=2.0), averaged=True), slow.EXAMPLES)


def followed(model: FiniteModel, b: float, steps: int, updates: str):
    """Law of the state after many phases, and the mean of the next estimate, by mixing laws step by step."""
    kinds = [
        (b * w, 1 / b, k, model.positive.statistic)
        for w, k in zip(model.positive.weights, model.positive.kernels, strict=True)
    ]
    kinds += [(1 - b, -1 / (1 - b), model.negative.kernels[0], model.negative.statistic)]
    law = np.full(model.positive.n_states, 1 / model.positive.n_states)
    for _ in range(400):
        mean, after = 0.0, np.zeros_like(law)
        for share, weight, kernel, statistic in kinds:
            now = law
            for t in range(1, steps + 1):
                now = kernel @ now
                if updates == "always" or t == steps:
                    mean = mean + share * weight * (now @ statistic) / (steps if updates == "always" else 1)
            after += share * now
        law = after
    return law, mean


@pytest.mark.parametrize("updates", ["end", "always"])
@pytest.mark.parametrize(("b", "steps"), [(0.2, 1), (0.5, 3), (0.8, 2)])
@pytest.mark.parametrize("make", [arbitrary, boltzmann])
def test_bias_is_that_of_phases_followed_one_by_one(make, b: float, steps: int, updates) -> None:
    model = make()
    law, mean = followed(model, b, steps, updates)
    assert_allclose(persistent_start(model, b, FixedLength(steps)), law, rtol=0, atol=1e-12)
    assert_allclose(persistent_bias(model, b, FixedLength(steps), updates), mean - model.gradient, rtol=0, atol=1e-11)


@pytest.mark.parametrize("b", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("steps", [1, 4])
def test_it_is_contrastive_divergence_with_a_geometric_number_of_negative_phases(b: float, steps: int) -> None:
    model = boltzmann()
    start, expected = model.positive.law, 0.0
    for n in range(1, 400):
        expected = expected - b * (1 - b) ** (n - 1) * phase_bias(model.negative, FixedLength(n * steps), start)
    assert_allclose(persistent_bias(model, b, FixedLength(steps)), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("updates", ["end", "always"])
@pytest.mark.parametrize(("b", "tau"), [(0.2, 3.0), (0.5, 1.0), (0.7, 12.5)])
def test_geometric_phases_are_one_geometric_phase_longer_by_the_inverse_probability(b, tau, updates) -> None:
    model = boltzmann(1)
    expected = -phase_bias(model.negative, GeometricLength(tau / b), model.positive.law)
    assert_allclose(persistent_bias(model, b, GeometricLength(tau), updates), expected, rtol=0, atol=1e-11)


def test_persistence_lowers_the_bias_of_every_mode() -> None:
    """An eigenvalue l of the negative phase leaves b l / (1 - (1 - b) l), against l of contrastive divergence."""
    model = boltzmann(2)
    kernel, law = model.negative.kernels[0], model.negative.law
    values, modes = np.linalg.eigh(kernel * np.sqrt(law)[None, :] / np.sqrt(law)[:, None])  # detailed balance
    assert values.min() > -1e-12  # two half steps, each the adjoint of the other
    start, f = (
        modes.T @ (model.positive.law / np.sqrt(law)),
        modes.T @ (model.negative.statistic * np.sqrt(law)[:, None]),
    )
    for b in (0.1, 0.5, 0.9):
        share = b * values / (1 - (1 - b) * values)
        share[-1] = 0.0
        assert_allclose(persistent_bias(model, b, FixedLength(1)), -(share * start) @ f, rtol=0, atol=1e-10)
        assert (share[:-1] <= values[:-1] + 1e-12).all()


def test_phases_that_forget_have_neither_bias_nor_correlation() -> None:
    model = arbitrary(1)
    one, long_run = persistent_long_run(model, 0.3, FixedLength(400))
    assert_allclose(persistent_bias(model, 0.3, FixedLength(400)), 0.0, atol=1e-11)
    assert_allclose(long_run, one, atol=1e-11)
    trace = isd_trace(stationary_moments(model.positive), stationary_moments(model.negative), 0.3)
    assert np.trace(one) == pytest.approx(float(trace), abs=1e-10)


@pytest.mark.parametrize("b", [0.25, 0.6])
def test_long_run_covariance_is_the_sum_over_lags(b: float) -> None:
    """On the chain of outcomes (phase, example, last state), of which each has one estimate."""
    model, steps = arbitrary(2), 2
    kinds = [
        (b * w, 1 / b, k, model.positive.statistic)
        for w, k in zip(model.positive.weights, model.positive.kernels, strict=True)
    ]
    kinds += [(1 - b, -1 / (1 - b), model.negative.kernels[0], model.negative.statistic)]
    n = 3
    whole = np.zeros((len(kinds) * n, len(kinds) * n))
    for k, (share, _, kernel, _) in enumerate(kinds):
        for before in range(len(kinds)):
            whole[k * n : (k + 1) * n, before * n : (before + 1) * n] = share * np.linalg.matrix_power(kernel, steps)
    estimates = np.concatenate([weight * statistic for _, weight, _, statistic in kinds])
    law = np.linalg.matrix_power(whole, 500)[:, 0]
    centred = estimates - law @ estimates
    one = (centred.T * law) @ centred
    long_run, moved = one.copy(), law[:, None] * centred
    for _ in range(500):
        moved = whole @ moved
        lag = moved.T @ centred
        long_run += lag + lag.T
    found_one, found = persistent_long_run(model, b, FixedLength(steps))
    assert_allclose(found_one, one, rtol=0, atol=1e-11)
    assert_allclose(found, long_run, rtol=0, atol=1e-11)
    assert not np.allclose(found, found_one, atol=1e-3)


@pytest.mark.parametrize("length", [FixedLength(1), FixedLength(3), GeometricLength(2.5)])
def test_contrastive_divergence_is_the_sum_over_ends(length) -> None:
    model = boltzmann_model(BoltzmannMachine(*slow.machine(4, hidden=2, scale=2.0)), slow.EXAMPLES)
    n, start = model.positive.n_states, model.positive.law
    kernel, step = np.zeros((n, n)), model.negative.kernels[0]
    if isinstance(length, FixedLength):
        kernel = np.linalg.matrix_power(step, length.steps)
    else:
        for t in range(1, 100):
            kernel += 0.4 * 0.6 ** (t - 1) * np.linalg.matrix_power(step, t)
    pairs = [
        (model.positive.law[z] * kernel[end, z], model.positive.statistic[z] - model.negative.statistic[end])
        for z in range(n) for end in range(n)
    ]  # fmt: skip
    mean, covariance = slow.moments(pairs)
    found_mean, found = contrastive_divergence(model, length, start)
    assert_allclose(found_mean, mean, rtol=0, atol=1e-11)
    assert_allclose(found, covariance, rtol=0, atol=1e-11)
    ends = phase_moments(model.negative, length, start)
    assert_allclose(found_mean, model.positive.mean - ends.mean, atol=1e-12)


@pytest.mark.parametrize("b", [0.0, 1.0, np.nan])
def test_bad_probability_is_named(b: float) -> None:
    for function in (persistent_bias, persistent_start, persistent_long_run):
        with pytest.raises(InvalidParameterError, match=r"^probability = "):
            function(arbitrary(), b, FixedLength(1))
