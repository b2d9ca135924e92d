"""Covariances of the one-phase estimator, against a list of all its outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from tests.learning.laboratory import slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.laboratory import (
    PhaseMoments,
    best_baseline,
    best_probability,
    boltzmann_model,
    boltzmann_moments,
    isd_covariance,
    isd_excess,
    isd_trace,
    least_trace,
    stationary_moments,
    two_term_covariance,
)

PROBABILITIES = [k / 10 for k in range(1, 10)]
SEEDS = [0, 1, 2]


@pytest.fixture(params=SEEDS, name="parts")
def _parts(request):
    weights, biases = slow.machine(request.param)
    return weights, biases, *slow.outcomes(weights, biases, slow.EXAMPLES)


def phases(weights, biases):
    return boltzmann_moments(BoltzmannMachine(weights, biases), slow.EXAMPLES)


def test_moments_are_the_enumerated_ones(parts) -> None:
    weights, biases, up, down = parts
    model = boltzmann_model(BoltzmannMachine(weights, biases), slow.EXAMPLES)
    for phase, chain, pairs in zip(phases(weights, biases), (model.positive, model.negative), (up, down), strict=True):
        mean, covariance = slow.moments(pairs)
        assert_allclose(phase.mean, mean, atol=1e-12)
        assert_allclose(phase.covariance, covariance, atol=1e-12)
        assert_allclose(stationary_moments(chain).mean, mean, atol=1e-12)  # by the kernels' stationary states
        assert_allclose(stationary_moments(chain).covariance, covariance, atol=1e-12)


@pytest.mark.parametrize("b", PROBABILITIES)
def test_mean_is_the_gradient_for_every_probability(parts, b: float) -> None:
    """The gradient of the enumerated negative log-likelihood itself, by differences of fourth order."""
    weights, biases, up, down = parts
    mean, _ = slow.moments(slow.isd_outcomes(up, down, b))
    assert_allclose(
        mean, boltzmann_model(BoltzmannMachine(weights, biases), slow.EXAMPLES).gradient, rtol=0, atol=1e-10
    )

    def cost(entry: int, shift: float) -> float:
        whole = np.concatenate([weights.ravel(), biases])
        whole[entry] += shift
        every = slow.states(whole[: weights.size].reshape(weights.shape), whole[weights.size :])
        seen = [np.log(sum(e for v, _, e, _ in every if (v == x).all())) for x in slow.EXAMPLES]
        return np.log(sum(e for _, _, e, _ in every)) - np.mean(seen)

    step = 1e-3
    for entry in (0, weights.size):
        near, far = (cost(entry, k * step) - cost(entry, -k * step) for k in (1, 2))
        assert (8 * near - far) / (12 * step) == pytest.approx(mean[entry], abs=1e-9)


@pytest.mark.parametrize("b", PROBABILITIES)
@pytest.mark.parametrize("kind", ["none", "arbitrary", "best"])
def test_covariance_is_the_enumerated_one(parts, b: float, kind: str) -> None:
    weights, biases, up, down = parts
    positive, negative = phases(weights, biases)
    c = {
        "none": np.zeros(15),
        "arbitrary": np.linspace(-2.0, 1.0, 15),
        "best": best_baseline(positive, negative, b),
    }[kind]
    mean, covariance = slow.moments(slow.isd_outcomes(up, down, b, c))
    assert_allclose(mean, positive.mean - negative.mean, rtol=0, atol=1e-10)  # whatever the constant
    assert_allclose(isd_covariance(positive, negative, b, c), covariance, rtol=0, atol=1e-10)
    if kind != "arbitrary":
        assert isd_trace(positive, negative, b, kind) == pytest.approx(np.trace(covariance), abs=1e-10)


def test_baseline_of_least_trace(parts) -> None:
    weights, biases, _, _ = parts
    positive, negative = phases(weights, biases)
    rng = np.random.default_rng(0)
    for b in PROBABILITIES:
        best = best_baseline(positive, negative, b)
        least = np.trace(isd_covariance(positive, negative, b, best))
        spread = np.trace(positive.covariance) / b + np.trace(negative.covariance) / (1 - b)
        assert least == pytest.approx(spread, abs=1e-10)
        for shift in rng.normal(size=(5, 15)):  # a parabola of known curvature about it
            more = np.trace(isd_covariance(positive, negative, b, best + shift))
            assert more - least == pytest.approx(shift @ shift * (1 / b + 1 / (1 - b)), rel=1e-9)


@pytest.mark.parametrize("baseline", ["none", "best"])
def test_trace_is_convex_with_its_minimum_at_the_best_probability(parts, baseline) -> None:
    weights, biases, _, _ = parts
    positive, negative = phases(weights, biases)
    grid = np.linspace(0.02, 0.98, 97)
    assert (np.diff(isd_trace(positive, negative, grid, baseline), 2) > 0).all()
    b = best_probability(positive, negative, baseline)
    found = minimize_scalar(
        lambda p: float(isd_trace(positive, negative, p, baseline)),
        bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-10},
    )  # fmt: skip
    assert b == pytest.approx(found.x, abs=1e-6)
    assert least_trace(positive, negative, baseline) == pytest.approx(found.fun, abs=1e-10)
    assert isd_trace(positive, negative, b, baseline) == pytest.approx(found.fun, abs=1e-10)


@pytest.mark.parametrize("baseline", ["none", "best"])
def test_best_probability_is_the_root_of_the_enumerated_slope(parts, baseline) -> None:
    """(1 - b)^2 times one trace is b^2 times the other; the least trace is that of all outcomes."""
    weights, biases, up, down = parts
    positive, negative = phases(weights, biases)

    def size(pairs) -> float:
        mean, covariance = slow.moments(pairs)
        return float(np.trace(covariance) + (mean @ mean if baseline == "none" else 0.0))

    first, second = size(up), size(down)
    roots = np.roots([first - second, -2 * first, first])
    (b,) = roots[(roots > 0) & (roots < 1)]
    assert best_probability(positive, negative, baseline) == pytest.approx(b, rel=0, abs=1e-10)
    c = 0.0 if baseline == "none" else (1 - b) * slow.moments(up)[0] + b * slow.moments(down)[0]
    _, covariance = slow.moments(slow.isd_outcomes(up, down, b, c))
    assert least_trace(positive, negative, baseline) == pytest.approx(np.trace(covariance), rel=0, abs=1e-10)


def test_excess_over_the_two_term_estimator_is_never_negative(parts) -> None:
    weights, biases, up, down = parts
    positive, negative = phases(weights, biases)
    pairs = [(p * q, g - k) for p, g in up for q, k in down]
    _, both = slow.moments(pairs)
    assert_allclose(two_term_covariance(positive, negative), both, rtol=0, atol=1e-10)
    for b in PROBABILITIES:
        _, one = slow.moments(slow.isd_outcomes(up, down, b))
        excess = float(isd_excess(positive, negative, b))
        assert excess == pytest.approx(np.trace(one) - np.trace(both), abs=1e-10)
        assert excess >= 0


def test_excess_vanishes_where_the_phases_do_not_vary_and_oppose() -> None:
    """Equality: Cauchy-Schwarz and the inequality of the means at once."""
    mu = np.array([1.0, 2.0])
    positive, negative = PhaseMoments(mu, np.outer(mu, mu)), PhaseMoments(-3 * mu, 9 * np.outer(mu, mu))
    b = best_probability(positive, negative)
    assert b == pytest.approx(0.25)
    assert isd_excess(positive, negative, b) == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(best_probability(positive, negative, "best"))


def test_half_with_baseline_is_two_terms_at_the_same_number_of_phases(parts) -> None:
    weights, biases, _, _ = parts
    positive, negative = phases(weights, biases)
    both = np.trace(two_term_covariance(positive, negative))
    assert isd_trace(positive, negative, 0.5, "best") / 2 == pytest.approx(both, rel=1e-12)
    assert least_trace(positive, negative, "best") / 2 <= both
    plain = isd_trace(positive, negative, 0.5) / 2 - both
    assert plain == pytest.approx(0.5 * np.sum((positive.mean + negative.mean) ** 2), rel=1e-10)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda p, n: isd_covariance(p, n, 0.0), "probability"),
        (lambda p, n: isd_covariance(p, n, 0.5, np.zeros(2)), "baseline.shape"),
        (lambda p, n: isd_trace(p, n, [0.5, 1.0]), "probability"),
        (lambda p, n: isd_trace(p, n, 0.5, "mean"), "baseline"),
        (lambda p, n: isd_excess(p, n, np.nan), "probability"),
        (lambda p, n: two_term_covariance(p, PhaseMoments([0.0], [[1.0]])), "negative.mean.size"),
        (lambda p, n: PhaseMoments([0.0], [[1.0, 2.0]]), "second.shape"),
    ],
)
def test_bad_input_is_named(call, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call(*phases(*slow.machine(0)))
