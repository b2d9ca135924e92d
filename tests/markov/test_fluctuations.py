"""Counting statistics: cumulants, generating function, Gallavotti-Cohen symmetry, uncertainty relations."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import counting_mp
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError, IrreversibleEdgeError, NotConnectedError, ReducibleNetworkError
from thermo_cl.markov.fluctuations import (
    activity,
    cumulants,
    edge_current,
    entropy_increments,
    gallavotti_cohen_defect,
    scaled_cumulant_generating_function,
    uncertainty_ratios,
)
from thermo_cl.markov.thermodynamics import entropy_production_rate, probability_currents


def random_network(seed: int, n: int = 4, decades: float = 1.0) -> tcl.MarkovNetwork:
    rng = np.random.default_rng(seed)
    return tcl.MarkovNetwork(10.0 ** rng.uniform(-decades, decades, (n, n)) * (1 - np.eye(n)))


def ring(forward: float, backward: float, n: int = 5) -> tcl.MarkovNetwork:
    step = np.roll(np.eye(n), 1, axis=0)
    return tcl.MarkovNetwork(forward * step + backward * step.T)


def winding(n: int = 5) -> np.ndarray:
    step = np.roll(np.eye(n), 1, axis=0)
    return step - step.T


def ladder_turns(n: int) -> np.ndarray:
    """Jumps up the top rail less those down it: one for every turn against the drive, whichever plaquette."""
    increments = np.zeros((2 * n, 2 * n))
    level = np.arange(n - 1)
    increments[level + 1, level], increments[level, level + 1] = 1.0, -1.0
    return increments


# ------------------------------------------------------------------- cumulants


@pytest.mark.parametrize("kind", ["current", "mixture", "traffic"])
@pytest.mark.parametrize("seed", range(4))
def test_cumulants_against_the_eigenvalue(seed: int, kind: str) -> None:
    network = random_network(seed)
    d = np.random.default_rng(seed + 100).uniform(-1, 1, (4, 4))
    d = {"current": d - d.T, "mixture": d, "traffic": d + d.T}[kind] * (1 - np.eye(4))
    exact = [float(c) for c in counting_mp.cumulants(network.rates, d)]
    assert_allclose(cumulants(network, d), exact, rtol=1e-12, atol=1e-14 * max(map(abs, exact)))


@pytest.mark.parametrize("gamma", [1e-10, 0.3, 0.999])
def test_cumulants_of_a_ladder(gamma: float) -> None:
    network = tcl.Ladder(gamma=gamma, n_levels=2).network(5.0)
    for d in (ladder_turns(2), entropy_increments(network, "total"), edge_current(network, 0, 2)):
        exact = [float(c) for c in counting_mp.cumulants(network.rates, d)]
        assert_allclose(cumulants(network, d), exact, rtol=1e-12)


@pytest.mark.parametrize(("forward", "backward"), [(2.0, 0.5), (1.0, 1.0 - 1e-9), (1.0 + 1e-14, 1.0), (3.0, 0.0)])
def test_a_uniform_ring_steps_like_a_poisson_process(forward: float, backward: float) -> None:
    network = ring(forward, backward)
    exact = [forward - backward, forward + backward] * 3
    assert_allclose(cumulants(network, winding(), order=4), exact[:4], rtol=1e-12)
    assert_allclose(cumulants(network, winding(), order=6)[4:], exact[4:], rtol=1e-12, atol=1e-15)
    assert_allclose(cumulants(network, 5 * edge_current(network, 1, 2), order=2), exact[:2], rtol=1e-12)
    assert_allclose(cumulants(network, np.abs(winding()), order=5), forward + backward, rtol=1e-12)


@pytest.mark.parametrize("departure", [1e-5, 1e-10, 1e-13])
def test_odd_cumulants_near_equilibrium(departure: float) -> None:
    """The first and third vanish with the drive, and keep their digits as they do."""
    rates = np.random.default_rng(5).integers(1, 9, (4, 4)).astype(float)
    rates = (rates + rates.T) * (1 - np.eye(4))
    rates[2, 0] *= 1 + departure
    network, d = tcl.MarkovNetwork(rates), edge_current(tcl.MarkovNetwork(rates), 0, 2)
    exact = [float(c) for c in counting_mp.cumulants(rates, d, digits=180)]
    assert exact[2] < 10 * departure
    assert_allclose(cumulants(network, d), exact, rtol=1e-11)


def test_first_cumulants_are_currents() -> None:
    network = random_network(7, n=6)
    currents = probability_currents(network)
    assert_allclose(cumulants(network, edge_current(network, 1, 4), order=1), [currents[4, 1]], rtol=1e-12)
    assert_allclose(cumulants(network, np.ones((6, 6)), order=1), [activity(network)], rtol=1e-14)
    sigma = entropy_production_rate(network)
    assert_allclose(cumulants(network, entropy_increments(network))[0], sigma, rtol=1e-12)


@given(networks(), st.integers(0, 2**32 - 1))
def test_boundary_terms_do_not_count(network: tcl.MarkovNetwork, seed: int) -> None:
    """Increments that differ by a gradient have the same scaled cumulants; a gradient alone has none."""
    rng = np.random.default_rng(seed)
    d, f = rng.uniform(-1, 1, (network.n_states,) * 2), rng.uniform(-1, 1, network.n_states)
    gradient = f[:, None] - f[None, :]
    found = cumulants(network, d, order=3)
    assert_allclose(cumulants(network, d + gradient, order=3), found, rtol=1e-9, atol=1e-9 * np.abs(found).max())
    assert_allclose(cumulants(network, gradient, order=2), 0.0, atol=1e-12 * activity(network))


def test_medium_and_total_entropy_have_the_same_cumulants() -> None:
    network = tcl.Ladder(gamma=[1e-3, 0.5, 1 - 1e-6]).network(30.0)
    medium, total = (cumulants(network, entropy_increments(network, part)) for part in ("medium", "total"))
    assert medium.shape == total.shape == (3, 4)
    assert_allclose(medium[:2], total[:2], rtol=1e-11)
    assert_allclose(medium[2], total[2], rtol=1e-6)  # the medium's parts are large against the affinities
    assert_allclose(total[:, 0], entropy_production_rate(network), rtol=1e-13)
    alone = tcl.Ladder(gamma=0.5).network(30.0)
    assert_allclose(cumulants(alone, entropy_increments(alone)), medium[1], rtol=1e-12)


# --------------------------------------------------------- generating function


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [1e-9, -1e-4, 0.03, -0.7, 4.0, -20.0])
def test_generating_function_against_the_eigenvalue(seed: int, k: float) -> None:
    network = random_network(seed)
    d = np.random.default_rng(seed).uniform(-1, 1, (4, 4)) * (1 - np.eye(4))
    for increments in (d, d - d.T):
        exact = float(counting_mp.generating_function(network.rates, increments, k))
        assert_allclose(scaled_cumulant_generating_function(network, increments, k), exact, rtol=1e-12)


@pytest.mark.parametrize("decades", [3.0, 8.0])
@pytest.mark.parametrize("k", [-3.0, -1e-3, 1e-6, 0.4])
def test_generating_function_of_stiff_networks(decades: float, k: float) -> None:
    network = random_network(11, decades=decades)
    d = winding(4)
    exact = float(counting_mp.generating_function(network.rates, d, k, digits=90))
    assert_allclose(scaled_cumulant_generating_function(network, d, k), exact, rtol=1e-11)


@pytest.mark.parametrize(("forward", "backward"), [(2.0, 0.5), (1.0, 1.0), (3.0, 0.0)])
def test_generating_function_of_a_ring(forward: float, backward: float) -> None:
    k = np.array([[0.0, 1e-300, 1e-12, -1e-5], [1e-2, 0.9, -7.0, 40.0]])
    exact = forward * np.expm1(k) + backward * np.expm1(-k)
    if forward == backward:
        exact = 4.0 * forward * np.sinh(0.5 * k) ** 2
    network = ring(forward, backward)
    assert_allclose(scaled_cumulant_generating_function(network, winding(), k), exact, rtol=1e-12)
    single = edge_current(network, 4, 0)
    assert_allclose(scaled_cumulant_generating_function(network, single, 5 * k), exact, rtol=1e-12)


@given(networks(), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_generating_function_is_convex_and_starts_as_its_cumulants(network: tcl.MarkovNetwork, seed: int) -> None:
    d = np.random.default_rng(seed).uniform(-1, 1, (network.n_states,) * 2)
    k = np.linspace(-2, 2, 9)
    values = scaled_cumulant_generating_function(network, d, k)
    assert values[4] == 0
    assert (np.diff(values, 2) >= -1e-9 * np.abs(values).max()).all()
    mean, variance = cumulants(network, d, order=2)
    h = 1e-9
    assert_allclose(scaled_cumulant_generating_function(network, d, h), h * mean + h**2 * variance / 2, rtol=1e-6)


def test_batches_of_networks_and_fields() -> None:
    ladder = tcl.Ladder(gamma=[[0.1], [0.9]], rate_factor=[1.0, 30.0, 1e3])
    network, k = ladder.network(), np.array([-1.0, 0.2])
    found = scaled_cumulant_generating_function(network, ladder_turns(5), k)
    assert found.shape == (2, 3, 2)
    one = tcl.Ladder(gamma=0.9, rate_factor=30.0).network()
    assert_allclose(found[1, 1], scaled_cumulant_generating_function(one, ladder_turns(5), k), rtol=1e-13)
    assert np.isscalar(scaled_cumulant_generating_function(one, ladder_turns(5), 0.2))


@given(networks(), st.floats(-2, 1))
@settings(max_examples=25)
def test_gallavotti_cohen(network: tcl.MarkovNetwork, k: float) -> None:
    d = entropy_increments(network)
    size = 1e-11 * (np.abs(scaled_cumulant_generating_function(network, d, k)) + activity(network))
    assert abs(gallavotti_cohen_defect(network, d, k)) <= size
    assert abs(gallavotti_cohen_defect(network, 2 * d, 0.5 * k, affinity=0.5)) <= size


@pytest.mark.parametrize("gamma", [1e-6, 0.4, 1 - 1e-6])
def test_gallavotti_cohen_of_ladder_turns(gamma: float) -> None:
    """Every plaquette has the same affinity, so that the number of turns has it too."""
    network, affinity = tcl.Ladder(gamma=gamma).network(3.0), 2 * np.log(gamma)
    k = np.array([-0.3, 0.2, 1.5]) * affinity
    values = scaled_cumulant_generating_function(network, ladder_turns(5), k)
    assert_allclose(gallavotti_cohen_defect(network, ladder_turns(5), k, affinity) / values, 0.0, atol=1e-9)
    assert_allclose(scaled_cumulant_generating_function(network, ladder_turns(5), -affinity), 0.0, atol=1e-14)
    assert np.abs(gallavotti_cohen_defect(network, edge_current(network, 0, 1), k, affinity) / values).max() > 1e-3


def test_sparse_networks_agree_with_dense_ones() -> None:
    dense = tcl.Ladder(gamma=0.2, n_levels=6).network()
    sparse, d = tcl.MarkovNetwork(scipy.sparse.csr_array(dense.rates)), edge_current(dense, 2, 8)
    assert_allclose(edge_current(sparse, 2, 8), d)
    assert_allclose(entropy_increments(sparse), entropy_increments(dense), rtol=1e-14)
    assert_allclose(cumulants(sparse, d), cumulants(dense, d), rtol=1e-12)
    values = [scaled_cumulant_generating_function(network, d, [-0.4, 2.0]) for network in (sparse, dense)]
    assert_allclose(*values, rtol=1e-12)
    assert_allclose(uncertainty_ratios(sparse, d).thermodynamic, uncertainty_ratios(dense, d).thermodynamic, rtol=1e-12)


# ------------------------------------------------------- uncertainty relations


@given(networks(), st.integers(0, 2**32 - 1))
def test_no_current_beats_the_uncertainty_relations(network: tcl.MarkovNetwork, seed: int) -> None:
    d = np.random.default_rng(seed).normal(size=(network.n_states,) * 2)
    for increments in (d - d.T, entropy_increments(network), edge_current(network, 0, 1)):
        found = uncertainty_ratios(network, increments)
        assert found.thermodynamic >= 1 - 1e-9 and found.kinetic >= 1 - 1e-9
        assert_allclose(found.fano, found.variance / abs(found.mean), rtol=1e-14)


@pytest.mark.parametrize("departure", [1e-4, 1e-8, 1e-12])
def test_the_entropy_current_saturates_near_equilibrium(departure: float) -> None:
    ladder = tcl.Ladder(gamma=1 - departure, rate_factor=[0.1, 25.0, 1e4])
    network = ladder.network(1.0)
    found = uncertainty_ratios(network, entropy_increments(network, "total"))
    assert_allclose(found.thermodynamic, 1.0, atol=max(1e-12, 10 * departure**2))
    assert_allclose(found.fano, 2.0, rtol=max(1e-12, 10 * departure**2))


def test_ratios_of_a_ring() -> None:
    found = uncertainty_ratios(ring(2.0, 0.5), winding())
    assert_allclose(found.thermodynamic, 0.5 * 1.5 * np.log(4) * 2.5 / 1.5**2, rtol=1e-13)
    assert_allclose([found.kinetic, found.fano], [2.5**2 / 1.5**2, 2.5 / 1.5], rtol=1e-13)
    idle = uncertainty_ratios(ring(1.0, 1.0), winding())
    assert idle.thermodynamic == idle.kinetic == idle.fano == np.inf
    driven = uncertainty_ratios(ring(3.0, 0.0), winding())
    assert driven.thermodynamic == np.inf
    assert_allclose([driven.kinetic, driven.fano], 1.0, rtol=1e-13)


# ------------------------------------------------------------------- bad input


def test_one_way_edges_have_no_entropy_but_cumulants() -> None:
    rates = np.random.default_rng(2).uniform(0.5, 2, (3, 3)) * (1 - np.eye(3))
    rates[1, 2] = 0.0
    network = tcl.MarkovNetwork(rates)
    for part in ("medium", "total"):
        with pytest.raises(IrreversibleEdgeError, match="1 -> 2"):
            entropy_increments(network, part)
    exact = [float(c) for c in counting_mp.cumulants(rates, winding(3))]
    assert_allclose(cumulants(network, winding(3)), exact, rtol=1e-12)
    exact_value = float(counting_mp.generating_function(rates, winding(3), -2.0))
    assert_allclose(scaled_cumulant_generating_function(network, winding(3), -2.0), exact_value, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: cumulants(n, np.ones((3, 3))), r"increments.shape"),
        (lambda n: cumulants(n, np.full((5, 5), np.nan)), "finite"),
        (lambda n: cumulants(n, winding(), order=0), "at least 1"),
        (lambda n: scaled_cumulant_generating_function(n, winding(), 1e4), "tilted rates overflow"),
        (lambda n: scaled_cumulant_generating_function(n, winding(), np.inf), "finite"),
        (lambda n: entropy_increments(n, "whole"), "medium"),
        (lambda n: gallavotti_cohen_defect(n, winding(), "x"), "real number"),
    ],
)
def test_bad_arguments_are_refused(call: object, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        call(ring(2.0, 1.0))


def test_edges_and_networks_that_will_not_do() -> None:
    with pytest.raises(NotConnectedError, match="0 and 2"):
        edge_current(ring(2.0, 1.0), 0, 2)
    with pytest.raises(ReducibleNetworkError):
        cumulants(tcl.MarkovNetwork(np.kron(np.eye(2), [[0.0, 1.0], [1.0, 0.0]])), np.ones((4, 4)))


def test_the_oracle_knows_the_ring() -> None:
    with mp.workdps(50):
        k = mp.mpf("0.7")
        exact = 2 * mp.expm1(k) + mp.expm1(-k) / 2
        found = counting_mp.generating_function(ring(2.0, 0.5, 3).rates, winding(3), k, digits=50)
        assert abs(found / exact - 1) < mp.mpf(10) ** -40
    found = counting_mp.cumulants(ring(2.0, 0.5, 3).rates, winding(3))
    assert_allclose([float(c) for c in found], [1.5, 2.5, 1.5, 2.5], rtol=1e-15)
