"""Networks: validation, steady states and thermodynamics of general jump processes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError, IrreversibleEdgeError, NotConnectedError, ReducibleNetworkError


@given(networks())
def test_steady_state_balances_every_state(network: tcl.MarkovNetwork) -> None:
    p = network.steady_state()
    assert_allclose(p.sum(), 1.0, rtol=1e-14)
    assert (p > 0).all()
    outflow = -np.diag(network.generator) * p
    assert_allclose((network.generator @ p) / outflow, 0.0, atol=1e-12)


@given(networks(), st.randoms(use_true_random=False))
def test_relabelling_changes_nothing(network: tcl.MarkovNetwork, random: object) -> None:
    order = np.random.default_rng(network.n_states).permutation(network.n_states)
    relabelled = tcl.MarkovNetwork(network.rates[np.ix_(order, order)])
    assert_allclose(relabelled.steady_state(), network.steady_state()[order], rtol=1e-13)
    assert_allclose(tcl.entropy_production_rate(relabelled), tcl.entropy_production_rate(network), rtol=1e-12)


@given(networks(), st.floats(1e-6, 1e6))
def test_faster_clocks_scale_rates_only(network: tcl.MarkovNetwork, speed: float) -> None:
    faster = tcl.MarkovNetwork(network.rates * speed)
    assert_allclose(faster.steady_state(), network.steady_state(), rtol=1e-13)
    assert_allclose(tcl.entropy_production_rate(faster), speed * tcl.entropy_production_rate(network), rtol=1e-11)
    assert_allclose(tcl.probability_currents(faster), speed * tcl.probability_currents(network), atol=1e-12 * speed)


@given(networks())
def test_entropy_production_is_not_negative_edge_by_edge(network: tcl.MarkovNetwork) -> None:
    edges = tcl.edge_entropy_production(network)
    assert (edges >= 0).all()
    assert_allclose(edges, edges.T, rtol=1e-14)
    assert_allclose(0.5 * edges.sum(), tcl.entropy_production_rate(network))
    some = np.random.default_rng(0).dirichlet(np.ones(network.n_states))
    assert (tcl.edge_entropy_production(network, some) >= 0).all()


@given(networks())
def test_currents_obey_kirchhoff(network: tcl.MarkovNetwork) -> None:
    currents = tcl.probability_currents(network)
    assert_allclose(currents, -currents.T)
    size = np.abs(network.generator * network.steady_state()).sum(axis=0)
    assert_allclose(currents.sum(axis=0) / size, 0.0, atol=1e-13)


@pytest.mark.parametrize("forward", [0.3, 1.0, 40.0])
def test_ring_of_three_in_closed_form(forward: float) -> None:
    ring = np.roll(np.eye(3), 1, axis=0) * forward + np.roll(np.eye(3), -1, axis=0)
    network = tcl.MarkovNetwork(ring)
    current = (forward - 1.0) / 3.0
    assert_allclose(network.steady_state(), 1 / 3)
    assert_allclose(tcl.cycle_affinity(network, [0, 1, 2]), 3 * np.log(forward), atol=1e-14)
    assert_allclose(tcl.entropy_production_rate(network), 3 * current * np.log(forward), atol=1e-15)
    assert_allclose(tcl.probability_currents(network)[1, 0], current, atol=1e-15)


def test_rates_and_generator_are_the_same_network() -> None:
    rates = np.array([[0.0, 2.0], [3.0, 0.0]])
    generator = np.array([[-3.0, 2.0], [3.0, -2.0]])
    for array in (rates, generator):
        assert_allclose(tcl.MarkovNetwork(array).generator, generator)
    assert_allclose(tcl.MarkovNetwork(rates).steady_state(), [0.4, 0.6])


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (np.ones((2, 3)), "square"),
        ([[1.0]], "square"),
        ([[0.0, -1.0], [1.0, 0.0]], r"rates\[0, 1\] = -1.0"),
        ([[0.0, np.nan], [1.0, 0.0]], "finite"),
        ([[3.0, 2.0], [3.0, 2.0]], "minus the sum of its column"),
        ([[-2.0, 2.0], [3.0, -3.0]], "transposed"),
        ("abc", "numeric"),
        ([[0.0, 1.0], [1.0]], "numeric"),
    ],
)
def test_bad_rates_are_refused(rates: object, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        tcl.MarkovNetwork(rates)


@pytest.mark.parametrize(
    ("joined", "classes"),
    [
        ([(0, 1), (1, 0), (2, 3), (3, 2)], [[0, 1], [2, 3]]),
        ([(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)], [[0, 1], [2, 3]]),
        ([(2, 1), (1, 0), (0, 1), (3, 2)], [[0, 1], [2], [3]]),
        ([], [[0], [1], [2], [3]]),
    ],
)
def test_reducible_networks_name_their_classes(joined: list, classes: list) -> None:
    rates = np.zeros((4, 4))
    for source, target in joined:
        rates[target, source] = 1.5
    network = tcl.MarkovNetwork(rates)
    assert network.communicating_classes() == classes
    for ask in (network.steady_state, lambda: tcl.entropy_production_rate(network)):
        with pytest.raises(ReducibleNetworkError) as caught:
            ask()
        assert caught.value.classes == classes
    assert str(classes[0])[1:-1] in str(caught.value)


def test_one_reducible_member_spoils_a_batch() -> None:
    rates = np.ones((2, 3, 3))
    rates[1, 2, :2] = rates[1, :2, 2] = 0.0
    with pytest.raises(ReducibleNetworkError, match=r"\{0, 1\}, \{2\}"):
        tcl.MarkovNetwork(rates * (1 - np.eye(3))).steady_state()


def test_one_way_edges_are_named() -> None:
    rates = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])  # 1 -> 2 without return
    with pytest.raises(IrreversibleEdgeError, match="1 -> 2"):
        tcl.entropy_production_rate(tcl.MarkovNetwork(rates))


@pytest.mark.parametrize("cycle", [[0, 2, 1], [0, 0, 1], [0, 1, 7]])
def test_cycles_need_their_edges(cycle: list[int]) -> None:
    chain = tcl.MarkovNetwork([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    with pytest.raises(NotConnectedError):
        tcl.cycle_affinity(chain, cycle)


def test_arrays_cannot_be_changed_under_the_network() -> None:
    given_array = np.array([[0.0, 1.0], [1.0, 0.0]])
    network = tcl.MarkovNetwork(given_array)
    given_array[0, 1] = 7.0
    assert network.rates[0, 1] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        network.rates[0, 1] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        network.steady_state()[0] = 2.0
