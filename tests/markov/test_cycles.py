"""Cycles: bases, exact affinities and Kolmogorov's test of detailed balance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.thermodynamics import (
    Violation,
    cycle_affinity,
    detailed_balance_violation,
    fundamental_cycles,
    is_detailed_balanced,
)

EPSILON = np.finfo(float).eps


def exact_affinity(network: tcl.MarkovNetwork, cycle: list[int]) -> mp.mpf:
    """By logarithms of 100 digits, of the rates as given."""
    with mp.workdps(100):
        pairs = zip(cycle, cycle[1:] + cycle[:1], strict=True)
        return mp.fsum(
            mp.log(mp.mpf(float(network.rates[j, i]))) - mp.log(mp.mpf(float(network.rates[i, j]))) for i, j in pairs
        )


def equilibrium(seed: int, n: int = 7, spread: float = 10.0) -> np.ndarray:
    """Rates from energies and symmetric barriers, each rounded once or twice."""
    rng = np.random.default_rng(seed)
    energy, barrier = rng.uniform(-spread, spread, n), rng.uniform(-spread, spread, (n, n))
    barrier = np.tril(barrier, -1) + np.tril(barrier, -1).T
    return np.exp(energy)[None, :] * np.exp(-barrier) * (1 - np.eye(n))


@given(networks())
def test_a_basis_of_cycles(network: tcl.MarkovNetwork) -> None:
    """As many as there are edges beyond a tree, each closed, and independent of each other."""
    edges, cycles = network.edges, fundamental_cycles(network)
    number = {(int(s), int(t)): e for e, (s, t) in enumerate(zip(edges.source, edges.target, strict=True))}
    assert len(cycles) == len(edges) - network.n_states + 1
    matrix = np.zeros((len(cycles), len(edges)))
    for row, cycle in zip(matrix, cycles, strict=True):
        assert len(set(cycle)) == len(cycle) >= 3
        for i, j in zip(cycle, cycle[1:] + cycle[:1], strict=True):
            row[number[min(i, j), max(i, j)]] += 1.0 if i < j else -1.0
    assert np.linalg.matrix_rank(matrix) == len(cycles)


def test_cycles_of_known_networks() -> None:
    ladder = tcl.Ladder(gamma=0.3, n_levels=4).network()
    assert len(fundamental_cycles(ladder)) == 3
    ring = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    (cycle,) = fundamental_cycles(tcl.MarkovNetwork(ring))
    assert sorted(cycle) == list(range(6))
    two = np.zeros((8, 8))  # a triangle, a square and a lone state
    for states in ([0, 2, 4], [1, 3, 5, 7]):
        for i, j in zip(states, states[1:] + states[:1], strict=True):
            two[i, j] = two[j, i] = 1.0
    assert sorted(map(sorted, fundamental_cycles(tcl.MarkovNetwork(two)))) == [[0, 2, 4], [1, 3, 5, 7]]


@given(networks())
def test_affinities_are_exact(network: tcl.MarkovNetwork) -> None:
    for cycle in fundamental_cycles(network):
        exact = float(exact_affinity(network, cycle))
        assert_allclose(cycle_affinity(network, cycle), exact, rtol=4 * EPSILON)
        assert_allclose(cycle_affinity(network, cycle[::-1]), -exact, rtol=4 * EPSILON)


@pytest.mark.parametrize("seed", range(10))
def test_affinities_of_rounded_equilibria_are_exact(seed: int) -> None:
    """Of the order of 1e-16, they come out to all digits: they are what the given doubles say."""
    network = tcl.MarkovNetwork(equilibrium(seed))
    sizes = []
    for cycle in [*fundamental_cycles(network), list(range(7))]:
        exact = float(exact_affinity(network, cycle))
        assert_allclose(cycle_affinity(network, cycle), exact, rtol=1e-13, atol=1e-30)
        sizes.append(abs(exact))
    assert 0 < max(sizes) < 2e-14


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(-900, 900)), min_size=6, max_size=6))
def test_affinities_do_not_overflow(parts: list[tuple[float, float]]) -> None:
    values = [mantissa * 2.0**power for mantissa, power in parts]
    step = np.roll(np.eye(3), 1, axis=0)
    network = tcl.MarkovNetwork(step * values[:3] + step.T * values[3:])
    exact = float(exact_affinity(network, [0, 1, 2]))
    assert_allclose(cycle_affinity(network, [0, 1, 2]), exact, rtol=4 * EPSILON)


def test_affinities_of_a_batch() -> None:
    gammas = np.array([1.0, 1 - 1e-12, 1e-20])
    found = cycle_affinity(tcl.Ladder(gamma=gammas).network(7.0), [0, 1, 6, 5])
    assert found.shape == (3,)
    assert_allclose(found, 2 * np.log(gammas), rtol=1e-14, atol=2e-15)


def test_sparse_networks_have_the_same_cycles() -> None:
    dense = tcl.Ladder(gamma=1 - 1e-9).network(7.0)
    sparse = tcl.MarkovNetwork(scipy.sparse.csr_array(dense.rates))
    assert fundamental_cycles(sparse) == fundamental_cycles(dense)
    assert cycle_affinity(sparse, [0, 1, 6, 5]) == cycle_affinity(dense, [0, 1, 6, 5])
    assert detailed_balance_violation(sparse) == detailed_balance_violation(dense)


# ------------------------------------------------------------ detailed balance


@pytest.mark.parametrize("seed", range(10))
def test_rounded_equilibria_are_balanced(seed: int) -> None:
    rates = equilibrium(seed)
    assert is_detailed_balanced(tcl.MarkovNetwork(rates))
    assert detailed_balance_violation(tcl.MarkovNetwork(rates), tolerance=0.0) is not None
    rates[2, 5] *= 1 + 1e-12
    violation = detailed_balance_violation(tcl.MarkovNetwork(rates))
    assert violation is not None
    assert {2, 5} <= set(violation.cycle)
    assert_allclose(abs(violation.affinity), 1e-12, rtol=0.02)
    assert is_detailed_balanced(tcl.MarkovNetwork(rates), tolerance=1e-12)


@given(networks())
def test_a_violation_is_one(network: tcl.MarkovNetwork) -> None:
    violation = detailed_balance_violation(network)
    assert violation is not None  # random rates
    assert_allclose(cycle_affinity(network, violation.cycle), violation.affinity, rtol=1e-13)
    p = network.steady_state()
    balanced = tcl.MarkovNetwork(
        0.5 * (network.rates + network.rates.T * p[:, None] / p[None, :]) * (1 - np.eye(p.size))
    )
    assert is_detailed_balanced(balanced)


def test_ladders_balance_without_drive_only() -> None:
    assert is_detailed_balanced(tcl.Ladder(gamma=1.0, n_levels=20).network(200.0))
    violation = detailed_balance_violation(tcl.Ladder(gamma=0.999).network())
    assert violation is not None
    assert_allclose(abs(violation.affinity), 2 * (len(violation.cycle) // 2 - 1) * -np.log(0.999), rtol=1e-12)


def test_one_way_edges_break_balance() -> None:
    chain = np.diag([1.0, 1.0], 1) + np.diag([1.0, 1.0], -1)
    assert detailed_balance_violation(tcl.MarkovNetwork(chain)) is None
    chain[2, 1] = 0.0
    assert detailed_balance_violation(tcl.MarkovNetwork(chain)) == Violation((2, 1), math.inf)
    chain[2, 1], chain[1, 2] = 1.0, 0.0
    assert detailed_balance_violation(tcl.MarkovNetwork(chain)) == Violation((1, 2), math.inf)


def test_parts_that_do_not_meet_are_tested_alike() -> None:
    rates = np.zeros((6, 6))
    rates[:3, :3] = 1.0
    rates[3:, 3:] = equilibrium(0, 3)
    rates[range(6), range(6)] = 0.0
    assert is_detailed_balanced(tcl.MarkovNetwork(rates))
    rates[1, 0] = 3.0
    violation = detailed_balance_violation(tcl.MarkovNetwork(rates))
    assert violation is not None and set(violation.cycle) == {0, 1, 2}


def test_bad_input() -> None:
    with pytest.raises(InvalidParameterError, match="single network"):
        detailed_balance_violation(tcl.Ladder(gamma=[0.1, 0.2]).network())
    with pytest.raises(InvalidParameterError, match="tolerance"):
        is_detailed_balanced(tcl.Ladder(gamma=0.1).network(), tolerance=-1.0)
