"""Derivatives of the entropy production rate against 80-digit differences, and what equilibrium demands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import sensitivity_mp as oracle
from tests.strategies import networks
from thermo_cl.errors import IrreversibleEdgeError, ReducibleNetworkError
from thermo_cl.markov import entropy_production_sensitivities


@pytest.mark.parametrize(
    ("gamma", "factor", "levels"), [(1e-10, 25.0, 5), (0.3, 0.1, 4), (0.9999, 25.0, 4), (1e-6, 1e4, 4), (50.0, 3.0, 3)]
)
def test_ladders_against_the_oracle(gamma: float, factor: float, levels: int) -> None:
    network = tcl.Ladder(gamma, rate_factor=factor, n_levels=levels).network(20.0)
    found = entropy_production_sensitivities(network, log_rates=True)
    for i, j in np.argwhere(network.rates > 0)[::3].tolist():
        assert_allclose(found[i, j], oracle.by_log_rate(oracle.entropy_production, network.rates, i, j), rtol=1e-8)


@settings(max_examples=8)
@given(networks())
def test_random_networks_against_the_oracle(network: tcl.MarkovNetwork) -> None:
    found = entropy_production_sensitivities(network, log_rates=True)
    size = np.abs(found).max()
    for i, j in np.argwhere(network.rates > 0)[::4].tolist():
        exact = oracle.by_log_rate(oracle.entropy_production, network.rates, i, j)
        assert_allclose(found[i, j], exact, rtol=1e-8, atol=1e-13 * size)


@given(networks())
def test_a_common_factor_of_all_rates_is_one_of_the_production(network: tcl.MarkovNetwork) -> None:
    found = entropy_production_sensitivities(network)
    sigma = tcl.entropy_production_rate(network)
    size = np.abs(network.rates * found).sum()
    assert abs((np.where(network.rates > 0, network.rates, 0.0) * found).sum() - sigma) <= 1e-12 * (size + sigma)


def test_equilibrium_is_a_minimum() -> None:
    rates = np.array([[0, 4.0, 1.0, 2.0], [4.0, 0, 8.0, 1.0], [1.0, 8.0, 0, 16.0], [2.0, 1.0, 16.0, 0]])
    assert np.abs(entropy_production_sensitivities(tcl.MarkovNetwork(rates), log_rates=True)).max() < 1e-15
    rates[0, 1] *= 1 + 1e-9
    near = entropy_production_sensitivities(tcl.MarkovNetwork(rates), log_rates=True)
    exact = oracle.by_log_rate(oracle.entropy_production, rates, 0, 1)
    assert 1e-10 < exact < 1e-8
    assert_allclose(near[0, 1], exact, rtol=1e-6)  # the rate itself has seven digits of the force


def test_pairs_without_an_edge_and_batches() -> None:
    network = tcl.Ladder([0.1, 1e-3]).network()
    found = entropy_production_sensitivities(network)
    assert found.shape == (2, 10, 10)
    assert (found[:, network.rates[0] <= 0] == 0).all()
    for b in range(2):
        one = entropy_production_sensitivities(tcl.MarkovNetwork(network.rates[b]))
        assert_allclose(found[b], one, rtol=1e-11, atol=1e-13 * np.abs(one).max())


def test_refusals() -> None:
    with pytest.raises(IrreversibleEdgeError):
        entropy_production_sensitivities(tcl.MarkovNetwork([[0, 1.0, 1.0], [1.0, 0, 0.0], [0.0, 1.0, 0]]))
    with pytest.raises(ReducibleNetworkError):
        entropy_production_sensitivities(tcl.MarkovNetwork([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]]))
