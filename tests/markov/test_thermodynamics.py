"""Currents, forces and entropy production: by edge, by cycle, in total; and split, away from the steady state."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import counting_mp, ladder_mp
from tests.strategies import networks
from thermo_cl.errors import ConvergenceError, InvalidParameterError, IrreversibleEdgeError, ReducibleNetworkError
from thermo_cl.markov.edges import edges_of
from thermo_cl.markov.thermodynamics import (
    edge_entropy_production,
    entropy_production_rate,
    probability_currents,
    split_entropy_production,
    steady_thermodynamics,
)
from thermo_cl.markov.thermodynamics.kirchhoff import solve_circuit

METHODS = ["auto", "loop", "cut"]


def exact_flows(rates: np.ndarray, probabilities: list | None = None) -> tuple[mp.mpf, np.ndarray, list]:
    """Entropy production rate, currents [target, source] and distribution at 60 digits, for these very doubles."""
    matrix = counting_mp.exact_generator(rates, 100)
    p = ladder_mp.steady_state(matrix, 80) if probabilities is None else probabilities
    with mp.workdps(100):
        n = len(rates)
        currents = np.array([[float(matrix[i, j] * p[j] - matrix[j, i] * p[i]) for j in range(n)] for i in range(n)])
    np.fill_diagonal(currents, 0.0)
    return ladder_mp.entropy_production_rate(matrix, p, 80), currents, p


def near_equilibrium(seed: int, drive: float, n: int = 6) -> np.ndarray:
    """Rates that obey detailed balance but for a relative change of each forward rate by up to ``drive``."""
    rng = np.random.default_rng(seed)
    energy, barrier = rng.uniform(-4, 4, n), rng.uniform(-6, 6, (n, n))
    joined = rng.random((n, n)) < 0.5
    joined |= np.roll(np.eye(n, dtype=bool), 1, axis=0)
    joined, barrier = np.tril(joined | joined.T, -1), np.tril(barrier, -1)
    lower = np.where(joined, np.exp(energy[None, :] - barrier), 0.0)
    upper = np.where(joined, np.exp(energy[:, None] - barrier), 0.0)
    return lower * (1 + drive * rng.uniform(-1, 1, (n, n))) + upper.T


# ---------------------------------------------------------------- steady state


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate_factor", [1e-3, 25.0, 1e5])
@pytest.mark.parametrize("gamma", [1 - 1e-8, 1 - 1e-12, 1 + 1e-5, 0.9, 0.5, 1e-3, 1e-10, 1e-24, 40.0])
def test_ladders_have_one_entropy_production_by_edge_by_cycle_and_in_total(
    gamma: float, rate_factor: float, method: str
) -> None:
    rates = tcl.Ladder(gamma=gamma, rate_factor=rate_factor, n_levels=4).rate_matrix(3.0)
    sigma, currents, _ = exact_flows(rates)
    found = steady_thermodynamics(tcl.MarkovNetwork(rates), method)
    assert_allclose(found.entropy_production_rate, float(sigma), rtol=2e-14)
    assert_allclose(found.edge_entropy_production.sum(), float(sigma), rtol=2e-14)
    assert_allclose(found.cycle_entropy_production.sum(), float(sigma), rtol=2e-14)
    assert_allclose(found.currents, currents[found.edges.target, found.edges.source], rtol=1e-12)
    plaquettes = np.array([len(cycle) / 2 - 1 for cycle in found.cycles])
    assert_allclose(np.abs(found.cycle_affinities), 2 * plaquettes * abs(np.log(gamma)), rtol=1e-13, atol=2e-14)
    assert found.status == "converged" and found.residual < 1e-14
    assert found.method == ("loop" if method == "auto" else method)
    assert_allclose(entropy_production_rate(tcl.MarkovNetwork(rates)), float(sigma), rtol=1e-12)


@pytest.mark.parametrize("drive", [0.0, 1e-14, 1e-9, 1e-4, 0.5])
@pytest.mark.parametrize("seed", range(6))
def test_random_networks_near_equilibrium_keep_their_digits(seed: int, drive: float) -> None:
    network = tcl.MarkovNetwork(near_equilibrium(seed, drive))
    sigma, currents, _ = exact_flows(network.rates)
    for method in METHODS:
        found = steady_thermodynamics(network, method)
        assert_allclose(found.edge_entropy_production.sum(), float(sigma), rtol=1e-13)
        assert_allclose(found.cycle_entropy_production.sum(), float(sigma), rtol=1e-13)
        exact = currents[found.edges.target, found.edges.source]
        assert_allclose(found.currents, exact, rtol=1e-12, atol=1e-14 * np.abs(exact).max())
        assert (found.edge_entropy_production >= 0).all()
    assert_allclose(entropy_production_rate(network), float(sigma), rtol=2e-12)
    assert_allclose(0.5 * edge_entropy_production(network).sum(), float(sigma), rtol=2e-12)
    assert_allclose(probability_currents(network), currents, rtol=1e-9, atol=1e-12 * np.abs(currents).max())


@given(networks(), st.sampled_from(["loop", "cut"]))
def test_the_same_number_three_ways(network: tcl.MarkovNetwork, method: str) -> None:
    found = steady_thermodynamics(network, method)
    total = found.entropy_production_rate
    scale = np.abs(found.cycle_entropy_production).sum()  # cycles may cancel, edges do not
    assert_allclose(found.cycle_entropy_production.sum(), total, rtol=1e-12, atol=1e-14 * scale)
    assert_allclose(entropy_production_rate(network), total, rtol=1e-12, atol=1e-300)
    assert found.residual < 1e-13
    direct = steady_thermodynamics(network, "direct")
    assert_allclose(direct.entropy_production_rate, total, rtol=1e-9, atol=1e-13 * scale)
    assert direct.method == "direct"
    for cycle, affinity in zip(found.cycles, found.cycle_affinities, strict=True):
        assert_allclose(tcl.cycle_affinity(network, cycle), affinity, rtol=1e-13)


@pytest.mark.parametrize("states", [3, 7, 60])
@pytest.mark.parametrize("affinity", [1e-14, 1e-6, 1.0, 300.0])
def test_rings_in_closed_form(states: int, affinity: float) -> None:
    """Uniform rates w and 1: the state is uniform, the current (w - 1)/n, the affinity n ln w."""
    forward = 1.0 + np.expm1(affinity / states)
    step = np.roll(np.eye(states), 1, axis=0)
    network = tcl.MarkovNetwork(forward * step + step.T)
    current, force = (forward - 1.0) / states, np.log1p(forward - 1.0)  # of the rate as rounded
    found = steady_thermodynamics(network)
    assert_allclose(found.currents * np.where(found.edges.target == found.edges.source + 1, 1, -1), current, rtol=1e-14)
    assert_allclose(np.abs(found.forces), force, rtol=1e-14)
    assert_allclose(found.cycle_affinities * np.sign(found.cycle_currents), states * force, rtol=1e-15)
    assert_allclose(found.entropy_production_rate, states * current * force, rtol=1e-14)
    assert_allclose(entropy_production_rate(network), states * current * force, rtol=1e-12)
    assert_allclose(probability_currents(network)[1, 0], current, rtol=1e-12)


def test_chains_carry_exactly_nothing() -> None:
    rng = np.random.default_rng(3)
    rates = np.diag(rng.uniform(0.1, 9, 11), 1) + np.diag(rng.uniform(0.1, 9, 11), -1)
    network = tcl.MarkovNetwork(rates)
    assert (probability_currents(network) == 0).all()
    assert entropy_production_rate(network) == 0
    found = steady_thermodynamics(network)
    assert found.cycles == [] and found.entropy_production_rate == 0 and found.status == "converged"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("decades", [20, 60])
def test_rates_of_any_spread(seed: int, decades: float) -> None:
    rng = np.random.default_rng(seed)
    network = tcl.MarkovNetwork(10.0 ** rng.uniform(-decades, decades, (5, 5)) * (1 - np.eye(5)))
    sigma, currents, _ = exact_flows(network.rates)
    for method in METHODS:
        found = steady_thermodynamics(network, method)
        assert_allclose(found.entropy_production_rate, float(sigma), rtol=1e-12)
        assert_allclose(found.cycle_entropy_production.sum(), float(sigma), rtol=1e-11)
        exact = currents[found.edges.target, found.edges.source]
        assert_allclose(found.currents, exact, rtol=1e-11, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("decades", [60, 100, 140])
def test_currents_of_a_batch_bear_rates_of_any_spread(decades: float) -> None:
    """Fluxes of 1e27 beside currents of 1e-7: the difference of two such fluxes is noise, and must not be returned."""
    rng = np.random.default_rng(0)
    batch = tcl.MarkovNetwork(10.0 ** rng.uniform(-decades, decades, (12, 5, 5)) * (1 - np.eye(5)))
    found, production = probability_currents(batch), entropy_production_rate(batch)
    first = tcl.markov.cumulants(batch, np.tri(5) - np.tri(5).T, order=1)[..., 0]
    for k, rates in enumerate(batch.rates):
        matrix = counting_mp.exact_generator(rates, 1500)
        p = ladder_mp.steady_state(matrix, 1400)
        with mp.workdps(1500):
            exact = [[float(matrix[i, j] * p[j] - matrix[j, i] * p[i]) for j in range(5)] for i in range(5)]
        exact = np.array(exact) * (1 - np.eye(5))
        assert_allclose(found[k], exact, rtol=0, atol=1e-9 * np.abs(exact).max())
        assert_allclose(first[k], np.tril(exact).sum(), rtol=0, atol=1e-8 * np.abs(exact).max())
        assert_allclose(production[k], float(ladder_mp.entropy_production_rate(matrix, p, 1400)), rtol=1e-12)


def test_currents_lost_to_rounding_are_refused() -> None:
    """A one-way edge of 1e-14 beside fluxes of one: no loop law has it."""
    rates = np.ones((3, 3)) - np.eye(3)
    rates[2, 0], rates[0, 2] = 1e-14, 0.0
    for ask in (probability_currents, lambda n: tcl.markov.cumulants(n, np.tri(3) - np.tri(3).T)):
        with pytest.raises(ConvergenceError, match="Give every edge rates in both directions"):
            ask(tcl.MarkovNetwork(rates))
    with pytest.raises(IrreversibleEdgeError, match="0 -> 2"):
        entropy_production_rate(tcl.MarkovNetwork(rates))


def test_members_of_a_batch_do_not_see_each_other() -> None:
    gammas = np.array([[1 - 1e-9, 0.3], [1e-6, 1 + 1e-12]])
    batch = tcl.Ladder(gamma=gammas).network(10.0)
    for index, gamma in np.ndenumerate(gammas):
        one = tcl.Ladder(gamma=gamma).network(10.0)
        assert_allclose(entropy_production_rate(batch)[index], entropy_production_rate(one), rtol=1e-13)
        assert_allclose(edge_entropy_production(batch)[index], edge_entropy_production(one), rtol=1e-11)
        assert_allclose(probability_currents(batch)[index], probability_currents(one), rtol=1e-9, atol=1e-16)


def test_edges_that_only_some_members_have() -> None:
    full, chain = np.ones((3, 3)) - np.eye(3), np.diag([1.0, 1.0], 1) + np.diag([1.0, 1.0], -1)
    full[0, 1] = 2.0
    batch = tcl.MarkovNetwork(np.stack([full, chain]))
    assert_allclose(entropy_production_rate(batch), [entropy_production_rate(tcl.MarkovNetwork(full)), 0.0], rtol=1e-14)
    assert entropy_production_rate(batch)[0] > 0


def test_states_empty_to_underflow_carry_nothing() -> None:
    """A driven strip of squares that rises by 40 k_B T per step, 1200 in all."""
    n = 30
    rates = np.zeros((2 * n, 2 * n))
    for m in range(n - 1):
        for low, high, driven in ((m, m + 1, 3.0), (m + n, m + n + 1, 1.0)):
            rates[low, high], rates[high, low] = 1.0, driven * np.exp(-40.0)
    level = np.arange(n)
    rates[level, level + n] = rates[level + n, level] = 0.2
    network = tcl.MarkovNetwork(rates)
    assert (network.steady_state() == 0).any()
    for method in METHODS:
        found = steady_thermodynamics(network, method)
        assert found.status == "converged" and np.isfinite(found.forces).all()
        assert_allclose(found.cycle_entropy_production.sum(), found.entropy_production_rate, rtol=1e-12)
    assert_allclose(entropy_production_rate(network), found.entropy_production_rate, rtol=1e-12)


@pytest.mark.parametrize("rate_factor", [25.0, 1e-4])
def test_long_networks_given_as_edges(rate_factor: float) -> None:
    """Where rungs are the poor conductors, cycles run along the rails, hundreds of states long."""
    network = tcl.Ladder(gamma=1 - 1e-7, n_levels=200, energy_step=0.01, rate_factor=rate_factor).network()
    edges = edges_of(scipy.sparse.csr_array(network.generator))
    for method in ("loop", "cut"):
        found = solve_circuit(400, edges, network.steady_state(), method)
        assert found.cycle_currents.size == 199 and found.residual < 1e-12
        by_edge, by_cycle = found.currents @ found.forces, found.cycle_currents @ found.affinities
        assert_allclose(by_edge, by_cycle, rtol=1e-13)
        assert_allclose(by_edge, steady_thermodynamics(network).entropy_production_rate, rtol=1e-12)


def test_sparse_networks_agree_with_dense_ones() -> None:
    for gamma in (0.2, 1 - 1e-9):
        dense = tcl.Ladder(gamma=gamma, n_levels=30, energy_step=0.1).network()
        sparse = tcl.MarkovNetwork(scipy.sparse.csr_array(dense.rates))
        currents = probability_currents(sparse)
        assert scipy.sparse.issparse(currents) and scipy.sparse.issparse(edge_entropy_production(sparse))
        scale = np.abs(probability_currents(dense)).max()
        assert_allclose(currents.toarray(), probability_currents(dense), rtol=1e-9, atol=1e-12 * scale)
        assert_allclose(entropy_production_rate(sparse), entropy_production_rate(dense), rtol=1e-11)
        found, exact = steady_thermodynamics(sparse), steady_thermodynamics(dense)
        assert_allclose(found.entropy_production_rate, exact.entropy_production_rate, rtol=1e-12)
        p = np.random.default_rng(0).dirichlet(np.ones(60))
        assert_allclose(
            split_entropy_production(sparse, p).housekeeping,
            split_entropy_production(dense, p).housekeeping,
            rtol=1e-11,
        )


def test_long_sparse_ladders_that_fade_out() -> None:
    """Probabilities down to 1e-308 and below, where numbers have few digits: they are neither cost nor failure."""
    for gamma in (0.1, 0.4):
        ladder = tcl.Ladder(gamma, n_levels=2000, energy_step=0.6, reference_level=1000)
        network = tcl.MarkovNetwork(ladder.sparse_rates())
        steady, sigma = network.steady_state(), ladder.entropy_production_rate()
        assert steady.min() < 1e-300
        found = steady_thermodynamics(network)
        assert found.status == "converged" and found.residual < 1e-13
        assert_allclose([found.entropy_production_rate, entropy_production_rate(network)], sigma, rtol=1e-11)
        split = split_entropy_production(network, steady)
        assert_allclose([split.total, split.housekeeping], sigma, rtol=1e-9)
        assert split.excess == 0


def test_refusals() -> None:
    one_way = tcl.MarkovNetwork([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    for ask in (steady_thermodynamics, entropy_production_rate, lambda n: split_entropy_production(n, np.ones(3) / 3)):
        with pytest.raises(IrreversibleEdgeError, match="1 -> 2"):
            ask(one_way)
    assert_allclose(probability_currents(one_way).sum(axis=0), 0.0, atol=1e-16)  # currents need no reverse rates
    ring = tcl.MarkovNetwork(np.ones((3, 3)) - np.eye(3))
    with pytest.raises(InvalidParameterError, match="method"):
        steady_thermodynamics(ring, "guess")
    with pytest.raises(InvalidParameterError, match="single network"):
        steady_thermodynamics(tcl.Ladder(gamma=[0.1, 0.2]).network())
    pairs = np.kron(np.eye(2), [[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ReducibleNetworkError):
        steady_thermodynamics(tcl.MarkovNetwork(pairs))


# --------------------------------------------------------- given distributions


def test_an_empty_state_beside_an_occupied_one_costs_infinitely_much() -> None:
    network = tcl.Ladder(gamma=0.5).network()
    start = np.zeros(10)
    start[[2, 3]] = 0.5
    assert entropy_production_rate(network, start) == np.inf
    found = split_entropy_production(network, start)
    assert found.total == found.excess == np.inf
    assert 0 < found.housekeeping < np.inf


def exact_split(rates: np.ndarray, p: np.ndarray) -> list[mp.mpf]:
    matrix, n = counting_mp.exact_generator(rates, 100), len(rates)
    steady = ladder_mp.steady_state(matrix, 80)
    with mp.workdps(100):
        q = [mp.mpf(float(x)) for x in p]
        total = ladder_mp.entropy_production_rate(matrix, q, 80)
        housekeeping = mp.fsum(
            (matrix[i, j] * q[j] - matrix[j, i] * q[i]) * mp.log(matrix[i, j] * steady[j] / (matrix[j, i] * steady[i]))
            for i in range(n) for j in range(i) if matrix[i, j]
        )  # fmt: skip
        change = [mp.fsum(matrix[i, j] * q[j] for j in range(n)) for i in range(n)]
        excess = -mp.fsum(change[i] * mp.log(q[i] / steady[i]) for i in range(n))
        return [total, housekeeping, excess]


@pytest.mark.parametrize("drive", [1e-12, 1e-4, 0.9])
@pytest.mark.parametrize("away", [1e-6, 0.1, 3.0])
def test_split_against_its_definition(drive: float, away: float) -> None:
    """The definition at 100 digits, for a steady state that these doubles resolve to 1e-16 only."""
    network = tcl.MarkovNetwork(near_equilibrium(2, drive))
    p = network.steady_state() * np.exp(away * np.random.default_rng(1).uniform(-1, 1, network.n_states))
    p /= p.sum()
    found = split_entropy_production(network, p)
    exact = [float(x) for x in exact_split(network.rates, p)]
    accuracy = max(1e-13, 1e-15 / away)  # that of the deviation p - steady, given p and steady in doubles
    assert_allclose([found.total, found.housekeeping, found.excess], exact, rtol=accuracy)


@given(networks(), st.integers(0, 2**32 - 1))
def test_split_parts_are_not_negative_and_add_up(network: tcl.MarkovNetwork, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(network.n_states, 0.7), size=3)
    found = split_entropy_production(network, p)
    assert (found.housekeeping >= 0).all() and (found.excess >= 0).all() and (found.total >= 0).all()
    assert_allclose(found.housekeeping + found.excess, found.total, rtol=1e-11)
    assert_allclose(found.total, entropy_production_rate(network, p), rtol=1e-11)
    steady = split_entropy_production(network, network.steady_state())
    assert_allclose(steady.housekeeping, entropy_production_rate(network), rtol=1e-9, atol=1e-300)
    assert steady.excess == 0


def test_split_of_a_batch_broadcasts() -> None:
    network = tcl.Ladder(gamma=[0.1, 1 - 1e-10]).network()
    p = np.random.default_rng(0).dirichlet(np.ones(10), size=(4, 1))
    found = split_entropy_production(network, p)
    assert found.total.shape == found.housekeeping.shape == found.excess.shape == (4, 2)
    one = split_entropy_production(tcl.Ladder(gamma=1 - 1e-10).network(), p[2, 0])
    assert_allclose(found.housekeeping[2, 1], one.housekeeping, rtol=1e-12)
    assert np.isscalar(one.total) and one.housekeeping < 1e-13 * one.total


def test_equilibrium_needs_no_housekeeping() -> None:
    network = tcl.MarkovNetwork([[0.0, 2.0], [3.0, 0.0]])
    found = split_entropy_production(network, [0.9, 0.1])
    assert found.housekeeping == 0
    assert_allclose(found.total, (2.7 - 0.2) * np.log(2.7 / 0.2), rtol=1e-14)
    with pytest.raises(InvalidParameterError, match="sum to 1"):
        split_entropy_production(network, [0.9, 0.9])


@pytest.mark.parametrize("seed", range(40))
def test_detailed_balance_up_to_rounding_is_equilibrium(seed: int) -> None:
    """Rates from energies close every cycle only to rounding; what is left is no current and no failure."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    network = tcl.MarkovNetwork.from_energies(rng.normal(0.0, 3.0, n), np.ones((n, n)) - np.eye(n))
    result = tcl.steady_thermodynamics(network)
    assert 0 <= result.entropy_production_rate < 1e-25
    assert result.residual < 1e-8
    assert 0 <= tcl.entropy_production_rate(network) < 1e-25
