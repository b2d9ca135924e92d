"""Exact sums against brute force over all joint states, and against differences of the likelihood."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.boltzmann.machines import KINDS, machine, rows
from tests.oracles import boltzmann_brute as brute
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import (
    BoltzmannMachine,
    exact_gradient,
    log_likelihood,
    log_partition,
    model_expectations,
    negative_log_likelihood,
    row_entropy,
    total_variation,
    visible_distribution,
)
from thermo_cl.learning.data import bars_and_stripes

SIZES = [(5, 3), (3, 5), (1, 1), (4, 1), (1, 4)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("visible", "hidden"), SIZES)
def test_everything_is_what_brute_force_gives(kind: str, visible: int, hidden: int) -> None:
    m = machine(kind, visible, hidden, size=1.5)
    p, log_z = brute.joint(m)
    v = np.array(brute.states(visible), float)
    assert_allclose(log_partition(m), log_z, rtol=1e-12)
    assert_allclose(log_likelihood(m, v), np.log(p.sum(1)), rtol=1e-11, atol=1e-12)
    assert_allclose(visible_distribution(m), p.sum(1), rtol=1e-11)
    for name, value in brute.mean_derivatives(m).items():
        assert_allclose(model_expectations(m)[name], value, rtol=1e-11, atol=1e-14)
    x = rows(10, visible)
    q = np.bincount((x.astype(int) << np.arange(visible)).sum(1), minlength=2**visible) / 10
    assert_allclose(total_variation(m, x), 0.5 * np.abs(p.sum(1) - q).sum(), rtol=1e-11)
    assert_allclose(row_entropy(x), -(q[q > 0] * np.log(q[q > 0])).sum(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_is_the_slope_of_the_likelihood(kind: str) -> None:
    m, x, step = machine(kind, 5, 4), rows(7, 5), 1e-5
    for name, gradient in exact_gradient(m, x).items():
        for place in np.ndindex(gradient.shape):
            costs = []
            for sign in (1, -1):
                changed = {key: array.copy() for key, array in m.parameters.items()}
                changed[name][place] += sign * step
                if name == "L":
                    changed[name][place[::-1]] = changed[name][place] if place[0] != place[1] else 0.0
                costs.append(negative_log_likelihood(m.with_parameters(changed), x))
            assert_allclose(gradient[place], (costs[0] - costs[1]) / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("size", [1e-3, 30.0, 400.0])
def test_weak_and_huge_weights(size: float) -> None:
    m = machine("biases", 6, 5, size=size)
    h = np.array(brute.states(5), float)
    activations = h @ m.weights + m.visible_biases
    terms = h @ m.hidden_biases + np.logaddexp(0, activations).sum(1)
    assert_allclose(log_partition(m), np.logaddexp.reduce(terms), rtol=1e-13)
    assert np.isfinite(exact_gradient(m, rows(4, 6))["W"]).all()


def test_a_batch_of_machines_is_each_of_them() -> None:
    x = bars_and_stripes(2).inputs
    machines = [machine("plain", 4, 3, seed=k) for k in range(7)]
    assert_allclose(negative_log_likelihood(machines, x), [negative_log_likelihood(m, x) for m in machines], rtol=0)


def test_entropies_of_bars_and_stripes() -> None:
    for size, shown in ((3, 2.599), (4, 3.379)):
        exact = np.log(2.0 ** (size + 1)) - 2.0 ** (1 - size) * np.log(2)  # two pictures of 2^(n+1) - 2 occur twice
        assert row_entropy(bars_and_stripes(size).inputs) == pytest.approx(exact, rel=1e-12)
        assert exact == pytest.approx(shown, abs=5e-4)


def test_probabilities_of_a_wide_machine_sum_to_one() -> None:
    m = machine("biases", 12, 13, size=0.7)
    assert visible_distribution(m).sum() == pytest.approx(1, rel=1e-12)
    swapped = BoltzmannMachine(m.weights.T, m.visible_biases, m.hidden_biases)
    assert log_partition(m) == pytest.approx(log_partition(swapped), rel=1e-13)


@pytest.mark.parametrize("arguments", [{"visible": 25, "hidden": 25}, {"visible": 25, "hidden": 2, "couplings": True}])
def test_too_large_a_sum_says_its_cost_at_once(arguments: dict) -> None:
    m = BoltzmannMachine.random(**arguments, rng=0)
    start = time.perf_counter()
    for function in (log_partition, model_expectations, lambda m: negative_log_likelihood([m], rows(1, 25))):
        with pytest.raises(InvalidParameterError, match=r"at most 24.*2\*\*25 = 3\.4e\+07 terms.*annealed"):
            function(m)
    with pytest.raises(InvalidParameterError, match="at most 24"):
        visible_distribution(m)
    assert time.perf_counter() - start < 1.0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="a BoltzmannMachine"):
        log_partition("machine")
    with pytest.raises(InvalidParameterError, match="0 or 1"):
        log_likelihood(machine("plain", 2, 2), [[0.3, 1.0]])
    with pytest.raises(InvalidParameterError, match="shape"):
        row_entropy([1.0, 0.0])


def test_the_largest_sum_that_is_done() -> None:
    b_v, between = np.random.default_rng(2).normal(size=24), np.zeros((24, 24))
    between[0, 23] = between[23, 0] = 1.5
    pair = np.log(1 + np.exp(b_v[0]) + np.exp(b_v[23]) + np.exp(b_v[0] + b_v[23] + 1.5))
    exact = np.log1p(np.exp(b_v[1:23])).sum() + pair + np.log1p(np.exp(0.7))
    largest = BoltzmannMachine(np.zeros((1, 24)), [0.7], b_v, between)
    assert log_partition(largest) == pytest.approx(exact, rel=1e-12)


def test_machines_that_are_not_finite_are_refused() -> None:
    m = machine("coupled", 4, 3)
    for name, array in m.parameters.items():
        wrong = m.with_parameters({**m.parameters, name: np.full_like(array, np.nan)})
        for function in (
            log_partition,
            visible_distribution,
            model_expectations,
            lambda w: exact_gradient(w, rows(2, 4)),
        ):
            with pytest.raises(InvalidParameterError, match=rf"'{name}'.*finite"):
                function(wrong)
