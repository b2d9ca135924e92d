"""Derivatives of area and first moment by rates before and after the step against 80-digit differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.markov.sensitivities.test_adjoint import METASTABLE
from tests.oracles import sensitivity_mp as oracle
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import step_sensitivities


def check(before: tcl.MarkovNetwork, after: tcl.MarkovNetwork, c: np.ndarray, stride: int, floor: float) -> None:
    found = step_sensitivities(before, after, c, log_rates=True)
    first, last = oracle.matrix_of(before.rates), oracle.matrix_of(after.rates)
    cases = [
        (found.area_by_before, before, lambda m: -oracle.weighted(c)(m)),
        (found.area_by_after, after, oracle.weighted(c)),
        (found.first_moment_by_before, before, lambda m: oracle.first_moment(m, last, c)),
        (found.first_moment_by_after, after, lambda m: oracle.first_moment(first, m, c)),
    ]
    for offset, (values, network, quantity) in enumerate(cases):
        size = np.abs(values).max()
        for i, j in np.argwhere(network.rates > 0)[offset % stride :: stride].tolist():
            exact = oracle.by_log_rate(quantity, network.rates, i, j)
            assert_allclose(values[i, j], exact, rtol=1e-8, atol=floor * size)


@pytest.mark.parametrize("gamma", [0.5, 1e-3, 1e-10])
@pytest.mark.parametrize("factor", [0.3, 25.0, 1e4])
def test_ladders_have_eight_digits_of_every_derivative(gamma: float, factor: float) -> None:
    ladder = tcl.Ladder(gamma, rate_factor=factor, n_levels=4)
    check(ladder.network(0.0), ladder.network(200.0), ladder.top_rail, 5, 0.0)


def test_a_metastable_network() -> None:
    after = METASTABLE.copy()
    after[0, 1], after[3, 2] = 3e3, 5e-9
    check(tcl.MarkovNetwork(METASTABLE), tcl.MarkovNetwork(after), np.array([1.0, 0.5, 0, 2, 0, -1]), 3, 0.0)


@settings(max_examples=6)
@given(networks(), st.integers(0, 1000))
def test_random_networks(before: tcl.MarkovNetwork, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rates = np.where(before.rates > 0, before.rates * np.exp(rng.normal(size=before.rates.shape)), 0.0)
    check(before, tcl.MarkovNetwork(rates), rng.normal(size=before.n_states), 7, 1e-11)


def test_two_states_by_hand() -> None:
    a, b, c, d = 2.0, 3.0, 1.0, 7.0  # rates 1 -> 0 and 0 -> 1, before and after; c.p is p_0
    found = step_sensitivities(tcl.MarkovNetwork([[0, a], [b, 0]]), tcl.MarkovNetwork([[0, c], [d, 0]]), [1.0, 0.0])
    area, rate = c / (c + d) - a / (a + b), c + d  # K = area * rate * exp(-rate t), first moment area / rate
    assert_allclose([found.area, found.first_moment], [area, area / rate], rtol=1e-14)
    by_before, by_after = np.array([[0, -b], [a, 0]]) / (a + b) ** 2, np.array([[0, d], [-c, 0]]) / rate**2
    assert_allclose(found.area_by_before, by_before, rtol=1e-14)
    assert_allclose(found.area_by_after, by_after, rtol=1e-14)
    assert_allclose(found.first_moment_by_before, by_before / rate, rtol=1e-14)
    own = np.array([[0, 1], [1, 0]])
    assert_allclose(found.first_moment_by_after, by_after / rate - own * area / rate**2, rtol=1e-13)


@given(networks())
def test_a_common_factor_of_all_rates_is_one_of_time(before: tcl.MarkovNetwork) -> None:
    after = tcl.MarkovNetwork(np.maximum(before.rates, 0.0) ** 0.7)
    c = np.cos(np.arange(before.n_states))
    found = step_sensitivities(before, after, c, log_rates=True)
    size = np.abs(found.first_moment_by_after).sum() + np.abs(found.first_moment_by_before).sum()
    assert abs(found.area_by_before.sum()) + abs(found.area_by_after.sum()) < 1e-12
    assert abs(found.first_moment_by_before.sum()) <= 1e-11 * size
    assert abs(found.first_moment_by_after.sum() + found.first_moment) <= 1e-11 * size
    kernel = tcl.step_response_kernel(before, after, c)
    assert_allclose([found.area, found.first_moment], [kernel.area, kernel.first_moment], rtol=1e-12)


def test_batches_broadcast() -> None:
    ladder = tcl.Ladder([[0.1], [1e-4]])
    found = step_sensitivities(ladder.network(0.0), ladder.network([50.0, 100.0, 200.0]), ladder.top_rail)
    assert found.first_moment.shape == (2, 3)
    assert found.first_moment_by_after.shape == found.first_moment_by_before.shape == (2, 3, 10, 10)
    one = tcl.Ladder(1e-4)
    single = step_sensitivities(one.network(0.0), one.network(100.0), one.top_rail)
    for name in ("first_moment", "first_moment_by_before", "first_moment_by_after", "area_by_after"):
        expected = getattr(single, name)
        assert_allclose(getattr(found, name)[1, 1], expected, rtol=1e-11, atol=1e-14 * np.abs(expected).max())


def test_refusals() -> None:
    ladder = tcl.Ladder(0.1)
    with pytest.raises(InvalidParameterError, match=r"^observable.shape"):
        step_sensitivities(ladder.network(), ladder.network(1.0), np.ones(3))
    with pytest.raises(InvalidParameterError, match=r"^before = "):
        step_sensitivities(tcl.Ladder(0.1, n_levels=3).network(), ladder.network(), ladder.top_rail)
