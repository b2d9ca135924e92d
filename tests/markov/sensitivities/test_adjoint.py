"""Derivatives of steady states against 80-digit differences, the deviation matrix and complex steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import sensitivity_mp as oracle
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError, ReducibleNetworkError
from thermo_cl.markov import deviation_matrix, steady_state_sensitivities
from thermo_cl.markov.algebra.elimination import eliminate

# two clusters of three states that exchange less than one jump in 1e10 inner ones
METASTABLE = np.array(
    [
        [0, 2e3, 1, 0, 0, 0],
        [1e3, 0, 30, 0, 0, 1e-9],
        [5, 7, 0, 1e-8, 0, 0],
        [0, 0, 3e-9, 0, 40, 2],
        [0, 0, 0, 1e4, 0, 6],
        [0, 4e-9, 0, 1, 3e3, 0],
    ]
)
STIFF = tcl.Ladder(1e-10, rate_factor=1e4, n_levels=4).rate_matrix(200.0)


def test_two_states_by_hand() -> None:
    found = steady_state_sensitivities(tcl.MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]))  # p = (2, 3) / 5
    assert_allclose(found, [[[0, 3 / 25], [-2 / 25, 0]], [[0, -3 / 25], [2 / 25, 0]]], rtol=1e-15)
    assert_allclose(oracle.by_log_rate(oracle.weighted([1, 0]), np.array([[0, 2.0], [3.0, 0]]), 0, 1), 6 / 25)


@pytest.mark.parametrize("rates", [METASTABLE, STIFF], ids=["metastable", "stiff"])
@pytest.mark.parametrize("state", [0, 2, 5])
def test_each_derivative_has_its_own_digits(rates: np.ndarray, state: int) -> None:
    network = tcl.MarkovNetwork(rates)
    found = steady_state_sensitivities(network, log_rates=True)[state]
    for i, j in np.argwhere(network.rates > 0)[state % 3 :: 3].tolist():
        exact = oracle.by_log_rate(oracle.weighted(np.eye(len(rates))[state]), network.rates, i, j)
        assert_allclose(found[i, j], exact, rtol=1e-8)


@settings(max_examples=20)
@given(networks())
def test_the_deviation_matrix_gives_the_same(network: tcl.MarkovNetwork) -> None:
    d, p = deviation_matrix(network), network.steady_state()
    expected = (d[:, :, None] - d[:, None, :]) * p  # entry (k, i, j): also where there is no rate yet
    found = steady_state_sensitivities(network)
    size = np.abs(d).max() * p
    assert (np.abs(found - expected) <= 1e-9 * size).all()


@settings(max_examples=20)
@given(networks())
def test_complex_steps_give_the_same(network: tcl.MarkovNetwork) -> None:
    weights = np.linspace(-1.0, 2.0, network.n_states)
    found = steady_state_sensitivities(network, weights, log_rates=True)
    for i, j in np.argwhere(network.rates > 0)[:6].tolist():
        rates = network.rates.astype(complex)
        rates[i, j] *= 1 + 1e-30j
        assert_allclose(found[i, j], (weights @ eliminate(rates).steady_state()).imag * 1e30, rtol=1e-8, atol=1e-14)


@given(networks())
def test_exact_relations(network: tcl.MarkovNetwork) -> None:
    found = steady_state_sensitivities(network, log_rates=True)
    p = network.steady_state()
    assert (np.abs(found) <= p[:, None, None] * (1 + 1e-12)).all()  # |d ln p / d ln W| <= 1
    assert_allclose(found.sum(axis=0), 0.0, atol=1e-14)  # probability is kept
    assert (np.abs(found.sum(axis=(1, 2))) <= 1e-13 * p).all()  # a common factor of all rates changes nothing


def test_a_batch_is_a_loop() -> None:
    network = tcl.Ladder([0.1, 1e-6]).network()
    weights = np.random.default_rng(0).normal(size=(3, 1, 10))
    found = steady_state_sensitivities(network, weights)
    assert found.shape == (3, 2, 10, 10)
    whole = steady_state_sensitivities(network)
    assert whole.shape == (2, 10, 10, 10)
    for b in range(2):
        one = tcl.MarkovNetwork(network.rates[b])
        assert_allclose(found[1, b], steady_state_sensitivities(one, weights[1, 0]), rtol=1e-12)
        assert_allclose(whole[b], steady_state_sensitivities(one), rtol=1e-12)


def test_refusals() -> None:
    network = tcl.Ladder(0.1).network()
    with pytest.raises(InvalidParameterError, match=r"^weights.shape = \(3,\)"):
        steady_state_sensitivities(network, np.ones(3))
    with pytest.raises(InvalidParameterError, match=r"^weights = nan"):
        steady_state_sensitivities(network, np.full(10, np.nan))
    with pytest.raises(ReducibleNetworkError):
        steady_state_sensitivities(tcl.MarkovNetwork([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]]))
