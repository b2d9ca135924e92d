"""Named topologies: their closed forms against mpmath and against every solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

from tests.oracles import ladder_mp
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.planted import planted_network
from thermo_cl.markov.steady import STEADY_STATE_METHODS, solve_steady_state
from thermo_cl.markov.thermodynamics import cycle_affinity, entropy_production_rate, probability_currents
from thermo_cl.markov.topologies import BirthDeath, Ring, UniformRing


def _mp_generator(network: MarkovNetwork) -> mp.matrix:
    """Generator at the exact value of its rates; the diagonal is summed again."""
    n = network.n_states
    with mp.workdps(80):
        rates = mp.matrix(network.dense_generator().tolist())
        for j in range(n):
            rates[j, j] = -mp.fsum(rates[i, j] for i in range(n) if i != j)
    return rates


def _by_trees(ring: Ring) -> list:
    """Steady state by the Markov chain tree theorem: a ring less one edge, directed to the state."""
    n = ring.forward.size
    with mp.workdps(60):
        weights = []
        for root in range(n):
            trees = []
            for cut in range(n):
                left = (root - cut - 1) % n  # states cut+1 .. root-1 move forward, root+1 .. cut backward
                forward = [mp.mpf(ring.forward[(cut + 1 + k) % n]) for k in range(left)]
                backward = [mp.mpf(ring.backward[(root + k) % n]) for k in range(n - 1 - left)]
                trees.append(mp.fprod(forward + backward))
            weights.append(mp.fsum(trees))
        total = mp.fsum(weights)
        return [w / total for w in weights]


@given(st.integers(3, 14), st.integers(0, 2**32 - 1), st.floats(0.01, 6.0))
def test_rings_in_closed_form(n: int, seed: int, decades: float) -> None:
    rng = np.random.default_rng(seed)
    ring = Ring(10 ** rng.uniform(-decades, decades, n), 10 ** rng.uniform(-decades, decades, n))
    network, truth = ring.network(), _by_trees(ring)
    assert_allclose(ring.steady_state(), [float(p) for p in truth], rtol=1e-12)
    assert_allclose(ring.steady_state(), network.steady_state(), rtol=1e-12)
    with mp.workdps(60):
        current = mp.mpf(ring.forward[0]) * truth[0] - mp.mpf(ring.backward[0]) * truth[1]
        affinity = mp.fsum(mp.log(mp.mpf(f) / mp.mpf(b)) for f, b in zip(ring.forward, ring.backward, strict=True))
    terms = np.abs(np.log(ring.forward / ring.backward)).sum()
    assert_allclose(ring.affinity(), float(affinity), rtol=0, atol=1e-15 * terms)
    assert_allclose(ring.current(), float(current), rtol=1e-12 + 1e-15 * terms / abs(float(affinity)))
    assert_allclose(ring.affinity(), cycle_affinity(network, list(range(n))), atol=1e-12 * max(1.0, terms))
    assert_allclose(ring.entropy_production_rate(), entropy_production_rate(network), rtol=1e-10)


@pytest.mark.parametrize("tilt", [1e-1, 1e-6, 1e-12])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rings_near_equilibrium_keep_their_digits(tilt: float, sign: float) -> None:
    backward = np.array([0.3, 2.0, 7.0, 1.0, 0.01])
    forward = backward * (1.0 + sign * tilt * np.arange(1.0, 6.0) / 10.0)
    ring = Ring(forward, backward)
    with mp.workdps(60):
        truth = _by_trees(ring)
        current = mp.mpf(forward[0]) * truth[0] - mp.mpf(backward[0]) * truth[1]
        affinity = mp.fsum(mp.log(mp.mpf(f) / mp.mpf(b)) for f, b in zip(forward, backward, strict=True))
        assert_allclose(ring.affinity(), float(affinity), rtol=1e-13)
        assert_allclose(ring.current(), float(current), rtol=1e-13)
        assert_allclose(ring.entropy_production_rate(), float(current * affinity), rtol=1e-13)


def test_rings_in_equilibrium_and_far_beyond_double_precision() -> None:
    assert Ring([2.0, 3.0, 5.0], [3.0, 5.0, 2.0]).current() == pytest.approx(0.0, abs=1e-16)
    assert Ring([2.0, 2.0, 2.0], [2.0, 2.0, 2.0]).current() == 0.0
    for n in (40, 41):  # affinity of -+ 1800: exp of it overflows
        strong = Ring(np.full(n, 1e20), np.ones(n))
        assert_allclose(strong.current(), 1e20 / n, rtol=1e-12)
        assert_allclose(Ring(strong.backward, strong.forward).current(), -1e20 / n, rtol=1e-12)


def test_large_rings_agree_with_the_band() -> None:
    rng = np.random.default_rng(8)
    ring = Ring(*10 ** rng.uniform(-0.5, 0.5, (2, 20_000)))
    found = solve_steady_state(ring.network())
    assert found.method == "banded"
    likely = ring.steady_state() > 1e-250
    assert_allclose(found.probabilities[likely], ring.steady_state()[likely], rtol=2e-12)


@pytest.mark.parametrize(("forward", "backward"), [(2.0, 1.0), (1.0, 1.0), (1e-3, 40.0)])
def test_uniform_rings(forward: float, backward: float) -> None:
    ring = UniformRing(7, forward, backward)
    network = ring.network()
    assert_allclose(network.steady_state(), ring.steady_state(), rtol=1e-14)
    assert_allclose(probability_currents(network)[1, 0], ring.current(), atol=1e-15)
    assert_allclose(entropy_production_rate(network), ring.entropy_production_rate(), atol=1e-14)
    values = np.linalg.eigvals(network.generator)
    for rate in ring.relaxation_rates():
        assert np.abs(values - rate).min() < 1e-12 * max(forward, backward)
    with mp.workdps(30):
        for order in (1, 2, 3, 4):
            exact = mp.diff(lambda k: forward * mp.expm1(k) + backward * mp.expm1(-k), 0, order)
            assert_allclose(ring.cumulant(order), float(exact), rtol=1e-12, atol=1e-12)
    k = np.linspace(-2, 2, 5)
    dual = ring.scaled_cumulant_generating_function(-k - ring.affinity() / 7)
    assert_allclose(ring.scaled_cumulant_generating_function(k), dual, rtol=1e-11, atol=1e-13)  # Gallavotti-Cohen
    for field in k:  # the dominant eigenvalue of the tilted generator
        tilted = network.generator * np.exp(field * _steps(7))
        top = np.linalg.eigvals(tilted).real.max()
        assert_allclose(ring.scaled_cumulant_generating_function(field), top, rtol=1e-11, atol=1e-13)


def _steps(n: int) -> np.ndarray:
    """Net step of the jump j -> i."""
    step = np.zeros((n, n))
    here = np.arange(n)
    step[(here + 1) % n, here], step[here, (here + 1) % n] = 1.0, -1.0
    return step


@given(st.integers(1, 14), st.integers(0, 2**32 - 1), st.floats(0.0, 6.0))
def test_birth_death_chains_in_closed_form(n: int, seed: int, decades: float) -> None:
    chain = BirthDeath(*10 ** np.random.default_rng(seed).uniform(-decades, decades, (2, n)))
    network = chain.network()
    truth = ladder_mp.steady_state(_mp_generator(network), 40)
    assert_allclose(chain.steady_state(), [float(p) for p in truth], rtol=1e-12)
    assert_allclose(network.steady_state(), [float(p) for p in truth], rtol=1e-12)
    assert_allclose(np.log(network.steady_state()), chain.log_steady_state(), atol=1e-12)
    # from one end to the other: the time spent in all states but the last, on the chain and on its mirror image
    back = BirthDeath(chain.deaths[::-1], chain.births[::-1])
    assert_allclose(network.elimination.residence_times()[:, -1].sum(), back.first_passage_times().sum(), rtol=1e-12)
    if decades < 2:
        times = -np.linalg.solve(network.dense_generator()[:-1, :-1], np.eye(n)[:, 0]).sum()
        assert_allclose(chain.first_passage_times().sum(), times, rtol=1e-7)


def test_ehrenfest_urn_is_binomial_with_equal_spacing() -> None:
    chain = BirthDeath.ehrenfest(12, on=0.5, off=1.5)
    exact = [math.comb(12, k) * 0.25**k * 0.75 ** (12 - k) for k in range(13)]
    assert_allclose(chain.steady_state(), exact, rtol=1e-13)
    rates = np.sort(-1.0 / chain.network().group_inverse.modes()[0].real)
    assert_allclose(rates, 2.0 * np.arange(1, 13), rtol=1e-11)


@pytest.mark.parametrize("method", STEADY_STATE_METHODS)
@given(st.integers(3, 25), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.floats(0.0, 6.0))
def test_planted_answers_are_found(method: str, n: int, seed: int, density: float, decades: float) -> None:
    chords = int(density * (n * (n - 1) // 2 - n + 1))
    planted = planted_network(n, chords, seed, decades=decades)
    network = planted.network()
    assert len(network.edges) == n - 1 + chords
    assert_array_equal(network.edges.source, planted.source)
    assert_array_equal(network.edges.target, planted.target)
    found = solve_steady_state(network, method)
    rtol = 1e-12 if method in {"gth", "banded", "iterative"} else 1e-15 * 10 ** (decades + 4)
    assert_allclose(found.probabilities, planted.steady_state(), rtol=rtol)


@pytest.mark.parametrize("drive", [1.0, 2.0**-13, 2.0**-26])
def test_planted_currents_and_entropy_production(drive: float) -> None:
    planted = planted_network(30, 25, 5, drive=drive)
    network, p = planted.network(), planted.steady_state()
    inflow = np.zeros(30)
    np.add.at(inflow, planted.target, planted.currents())
    np.add.at(inflow, planted.source, -planted.currents())
    assert (inflow == 0.0).all()  # Kirchhoff without rounding
    flux = np.maximum(planted.forward_flux, planted.backward_flux)
    currents = probability_currents(network)[planted.target, planted.source]
    assert_allclose(currents / flux, planted.currents() / flux, atol=1e-14)
    assert_allclose(entropy_production_rate(network), planted.entropy_production_rate(), rtol=1e-14 / drive)
    assert p.sum() == pytest.approx(1.0, abs=1e-14)


def test_planted_networks_follow_their_seed() -> None:
    one, same, other = (planted_network(20, 10, rng) for rng in (1, np.random.default_rng(1), 2))
    assert_array_equal(one.forward_flux, same.forward_flux)
    assert not np.array_equal(one.probabilities, other.probabilities)
    full = planted_network(6, 10, 0)
    assert len(set(zip(full.source.tolist(), full.target.tolist(), strict=True))) == 15


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Ring([1.0, 1.0], [1.0, 1.0]), "n >= 3"),
        (lambda: Ring([1.0, 1.0, 1.0], [1.0, 1.0]), "shapes of forward and backward"),
        (lambda: Ring([1.0, 0.0, 1.0], [1.0, 1.0, 1.0]), "forward"),
        (lambda: UniformRing(2, 1.0, 1.0), "n_states"),
        (lambda: BirthDeath([1.0], [1.0, 2.0]), "births and deaths"),
        (lambda: BirthDeath([np.nan], [1.0]), "births"),
        (lambda: planted_network(2, 0), "n_states"),
        (lambda: planted_network(5, 7), "chords = 7.*at most 6"),
        (lambda: planted_network(5, 2, decades=-1.0), "decades"),
        (lambda: planted_network(5, 2, drive=0.0), "drive"),
    ],
)
def test_bad_topologies_are_refused(build: object, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        build()
