"""Sparse elimination, bands and aggregation on networks of every shape, and at sizes that no dense array holds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.markov.algebra.banded import band_order
from thermo_cl.markov.algebra.elimination import eliminate
from thermo_cl.markov.algebra.sparse import plan_elimination
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.planted import planted_network
from thermo_cl.markov.steady import solve_steady_state
from thermo_cl.markov.topologies import BirthDeath

SPARSE = ["gth", "banded", "iterative"]


def _network(source: np.ndarray, target: np.ndarray, rng: np.random.Generator, decades: float) -> MarkovNetwork:
    """Both directions of every pair, with log-uniform rates."""
    ends = np.concatenate([np.column_stack([source, target]), np.column_stack([target, source])])
    return MarkovNetwork.from_edges(
        np.column_stack([ends, 10 ** rng.uniform(-decades, decades, len(ends))]), sparse=True
    )


def _lattice(width: int, height: int, rng: np.random.Generator, decades: float = 1.0) -> MarkovNetwork:
    place = np.arange(width * height).reshape(width, height)
    source = np.concatenate([place[:-1].ravel(), place[:, :-1].ravel()])
    return _network(source, np.concatenate([place[1:].ravel(), place[:, 1:].ravel()]), rng, decades)


def _star(arms: int, length: int, rng: np.random.Generator, decades: float) -> MarkovNetwork:
    ends = 1 + np.arange(arms * length)
    return _network(np.where((ends - 1) % length == 0, 0, ends - 1), ends, rng, decades)


def _shapes(rng: np.random.Generator, decades: float) -> list[MarkovNetwork]:
    everything = np.triu_indices(12, 1)
    tree = np.arange(1, 80)
    ring = np.arange(61)
    return [
        _lattice(7, 9, rng, decades),
        _lattice(2, 40, rng, decades),
        _star(11, 1, rng, decades),
        _star(5, 8, rng, decades),
        _network(*everything, rng, decades),
        _network(rng.integers(0, tree), tree, rng, decades),
        _network(ring, (ring + 1) % 61, rng, decades),
        _network(np.array([0]), np.array([1]), rng, decades),
        planted_network(90, 40, rng).network(sparse=True),
    ]


@pytest.mark.parametrize("method", SPARSE)
@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 3.0))
def test_every_shape_agrees_with_dense_elimination(method: str, seed: int, decades: float) -> None:
    rng = np.random.default_rng(seed)
    for network in _shapes(rng, decades):
        shuffled = rng.permutation(network.n_states)
        network = MarkovNetwork(network.generator[shuffled][:, shuffled])
        found = solve_steady_state(network, method)
        assert_allclose(
            found.probabilities,
            eliminate(network.dense_generator()).steady_state(),
            rtol=1e-12 if method != "iterative" else 1e-8,
        )
        assert found.residual < 2e-14


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_one_way_jumps_are_no_obstacle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    ring = np.column_stack([np.arange(n), np.roll(np.arange(n), -1)])
    more = rng.integers(0, n, (50, 2))
    ends = np.concatenate([ring, more[more[:, 0] != more[:, 1]]])
    network = MarkovNetwork.from_edges(np.column_stack([ends, 10 ** rng.uniform(-2, 2, len(ends))]), sparse=True)
    exact = eliminate(network.dense_generator()).steady_state()
    for method in SPARSE:
        assert_allclose(solve_steady_state(network, method).probabilities, exact, rtol=1e-9)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_plan_knows_order_fill_and_work(seed: int) -> None:
    """Against elimination of the pattern as a boolean matrix."""
    for network in _shapes(np.random.default_rng(seed), 0.0):
        n, plan = network.n_states, plan_elimination(network.sparse_generator(), 10**9)
        assert_array_equal(np.sort(plan.order), np.arange(n))
        joined = network.dense_generator()[np.ix_(plan.order, plan.order)] != 0
        fill, operations = 0, 0
        for k in range(n):
            later = np.flatnonzero(joined[k, k + 1 :] | joined[k + 1 :, k]) + k + 1
            joined[np.ix_(later, later)] = True
            fill, operations = fill + later.size, operations + later.size**2
        assert (plan.fill, plan.operations, plan.complete) == (fill, operations, True)
        assert not plan_elimination(network.sparse_generator(), fill // 2 - 1).complete or fill < 4


def test_bands_are_found() -> None:
    rng = np.random.default_rng(1)
    order = rng.permutation(500)
    ring = np.arange(500)
    network = _network(order[ring], order[(ring + 1) % 500], rng, 1.0)
    assert band_order(network.sparse_generator())[1] == 2
    assert band_order(BirthDeath(np.ones(9), np.ones(9)).network(sparse=True).sparse_generator())[1] == 1


def test_dissection_keeps_the_fill_of_a_lattice_low() -> None:
    """n log n for nested dissection: 31/4 n log2(sqrt n) is George's bound; a band would hold n^1.5."""
    plan = plan_elimination(_lattice(150, 150, np.random.default_rng(0)).sparse_generator(), 10**9)
    assert plan.fill < 31 / 4 * 22500 * np.log2(150)
    assert plan.operations < 2 * 829 / 84 * 22500**1.5  # twice his count for symmetric matrices


@pytest.mark.parametrize(
    ("build", "method"),
    [
        (lambda rng: _lattice(140, 140, rng), "gth"),
        (lambda rng: _lattice(5000, 4, rng), "banded"),
        (lambda rng: _star(2000, 10, rng, 1.0), "gth"),
        (lambda rng: _network(np.arange(20_000), np.roll(np.arange(20_000), -1), rng, 1.0), "banded"),
        (lambda rng: planted_network(20_000, 20_000, rng).network(), "iterative"),
    ],
)
def test_large_networks_choose_their_method_and_report(build: object, method: str) -> None:
    network = build(np.random.default_rng(7))
    found = solve_steady_state(network)
    assert found.method == method
    assert found.residual < 2e-14
    assert (found.probabilities >= 0).all()
    assert_array_equal(network.steady_state(), found.probabilities)


def test_a_large_random_network_finds_its_planted_state() -> None:
    planted = planted_network(20_000, 20_000, 11)
    found = solve_steady_state(planted.network())
    assert "cycles" in found.status
    assert_allclose(found.probabilities, planted.steady_state(), rtol=1e-12)


def test_a_chain_of_many_decades_keeps_its_digits() -> None:
    """200,000 states over 20,000 decades, up and down."""
    n = 200_000
    ratio = np.where(np.arange(n) < n // 2, 10**0.2, 10**-0.2)
    chain = BirthDeath(ratio, np.ones(n))
    found = solve_steady_state(chain.network())
    assert found.method == "banded"
    exact = chain.steady_state()
    near = exact > 1e-290
    assert 2000 < near.sum() < 4000
    assert_allclose(found.probabilities[near], exact[near], rtol=1e-11)  # logarithms up to 700 were summed
    apart = np.arange(n + 1)[near] - n // 2
    assert_allclose(found.probabilities[near] / found.probabilities[n // 2], 10 ** (-0.2 * np.abs(apart)), rtol=1e-12)


def test_sparse_matrices_of_scipy_stay_untouched() -> None:
    rates = scipy.sparse.random_array((50, 50), density=0.3, rng=np.random.default_rng(0), format="csr")
    rates.setdiag(0)
    before = rates.copy()
    solve_steady_state(MarkovNetwork(rates))
    assert (rates != before).nnz == 0
