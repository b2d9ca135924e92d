"""Every question of steady networks, asked of the smallest network, of batches, and on clocks of any speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl import markov
from thermo_cl.errors import InvalidParameterError, MemoryLimitError, NotConnectedError, ReducibleNetworkError
from thermo_cl.markov import MarkovNetwork, planted_network

STEP = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # jumps 0 -> 1 less those back
LEVEL = np.array([0.0, 1.0, 5.0])
START = np.array([0.2, 0.3, 0.5])

# how each answer grows with the rates: as their power 0, 1 or -1
ASKED: dict[str, tuple[int, Callable[[MarkovNetwork], Any]]] = {
    "steady state": (0, lambda w: w.steady_state()),
    "by a linear solve": (0, lambda w: markov.solve_steady_state(w, "solve").probabilities),
    "by an eigenvector": (0, lambda w: markov.solve_steady_state(w, "eigen").probabilities),
    "currents": (1, markov.probability_currents),
    "production": (1, markov.entropy_production_rate),
    "production at a distribution": (1, lambda w: markov.entropy_production_rate(w, START)),
    "production by edge": (1, markov.edge_entropy_production),
    "housekeeping": (1, lambda w: markov.split_entropy_production(w, START).housekeeping),
    "excess": (1, lambda w: markov.split_entropy_production(w, START).excess),
    "affinity": (0, lambda w: markov.cycle_affinity(w, [0, 1, 2])),
    "relaxation times": (-1, lambda w: markov.relaxation_times(w).times),
    "relaxation rates": (1, lambda w: markov.relaxation_times(w).rates),
    "deviation matrix": (-1, markov.deviation_matrix),
    "deviation matrix by a solve": (-1, lambda w: markov.deviation_matrix(w, "solve")),
    "deviation matrix by modes": (-1, lambda w: markov.deviation_matrix(w, "eigen")),
    "cumulants": (1, lambda w: markov.cumulants(w, STEP)),
    "generating function": (1, lambda w: markov.scaled_cumulant_generating_function(w, STEP, [1e-9, 0.3, -2.0])),
    "symmetry": (1, lambda w: markov.scaled_cumulant_generating_function(w, markov.entropy_increments(w), -1.3)),
    "fano": (0, lambda w: markov.uncertainty_ratios(w, STEP).fano),
    "thermodynamic ratio": (0, lambda w: markov.uncertainty_ratios(w, STEP).thermodynamic),
    "kinetic ratio": (0, lambda w: markov.uncertainty_ratios(w, STEP).kinetic),
    "activity": (1, markov.activity),
    "variance": (0, lambda w: markov.stationary_noise(w, LEVEL).variance),
    "correlation time": (-1, lambda w: markov.stationary_noise(w, LEVEL).correlation_time),
    "spectrum": (-1, lambda w: markov.stationary_noise(w, LEVEL).spectrum(0.0)),
    "propagation": (0, lambda w: tcl.propagate(w, START, 0.7 / np.abs(w.rates).max())),
    "correlation": (0, lambda w: markov.stationary_noise(w, LEVEL).correlation(0.3 / np.abs(w.rates).max())),
}  # fmt: skip


def triangles(*batch: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.2, 3.0, (*batch, 3, 3)) * (1 - np.eye(3))


@pytest.mark.parametrize("scale", [1e-200, 1e-20, 1e20, 1e200])
@pytest.mark.parametrize("asked", ASKED)
def test_the_unit_of_time_is_free(asked: str, scale: float) -> None:
    power, ask = ASKED[asked]
    plain, scaled = ask(MarkovNetwork(triangles())), ask(MarkovNetwork(scale * triangles()))
    size = 1e-14 * np.abs(plain).max()
    assert_allclose(scaled * scale**-power, plain, rtol=1e-11, atol=size)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_unit_of_time_of_one_network_by_cycles(scale: float) -> None:
    plain, scaled = (markov.steady_thermodynamics(MarkovNetwork(s * triangles())) for s in (1.0, scale))
    assert scaled.status == plain.status == "converged"
    assert_allclose(scaled.entropy_production_rate / scale, plain.entropy_production_rate, rtol=1e-13)
    assert_allclose(scaled.cycle_currents / scale, plain.cycle_currents, rtol=1e-12)
    assert_allclose(scaled.cycle_affinities, plain.cycle_affinities, rtol=1e-13)


@pytest.mark.parametrize("asked", [name for name in ASKED if name not in ("propagation", "correlation")])
def test_batches_are_their_members(asked: str) -> None:
    ask = ASKED[asked][1]
    rates = triangles(2, 4)
    together = np.asarray(ask(MarkovNetwork(rates)))
    for at in np.ndindex(2, 4):
        alone = np.asarray(ask(MarkovNetwork(rates[at])))
        assert together.shape == (2, 4, *alone.shape)
        assert_allclose(together[at], alone, rtol=1e-9, atol=1e-13 * np.abs(alone).max())


@pytest.mark.parametrize("method", ["auto", *markov.STEADY_STATE_METHODS])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_two_states(method: str, sparse: bool, scale: float) -> None:
    network = MarkovNetwork.from_edges([(0, 1, 3.0 * scale), (1, 0, 1.0 * scale)], sparse=sparse)
    assert_allclose(markov.solve_steady_state(network, method).probabilities, [0.25, 0.75], rtol=1e-14)


def test_two_states_in_closed_form() -> None:
    network, up, down = MarkovNetwork([[0, 1], [3, 0]]), 3.0, 1.0  # whole numbers are rates too
    assert markov.entropy_production_rate(network) == 0.0
    assert markov.detailed_balance_violation(network) is None
    assert markov.fundamental_cycles(network) == []
    assert_allclose(markov.relaxation_times(network).times, [0.25], rtol=1e-15)
    assert_allclose(markov.deviation_matrix(network), np.array([[0.75, -0.25], [-0.75, 0.25]]) / 4, rtol=1e-14)
    traffic = np.array([[0.0, 0.0], [1.0, 0.0]])  # jumps 0 -> 1: a renewal process
    exact = [up * down / 4, up * down * (up**2 + down**2) / 4**3]
    assert_allclose(markov.cumulants(network, traffic, order=2), exact, rtol=1e-14)
    k = 0.7
    root = 0.5 * (np.sqrt(16 + 4 * up * down * np.expm1(k)) - 4)
    assert_allclose(markov.scaled_cumulant_generating_function(network, traffic, k), root, rtol=1e-13)
    noise = markov.stationary_noise(network, [0, 1])
    assert_allclose([noise.variance, noise.correlation_time], [0.1875, 0.25], rtol=1e-14)
    assert_allclose(tcl.propagate(network, [1, 0], 0.1), [0.25 + 0.75 * np.exp(-0.4), 0.75 * -np.expm1(-0.4)])


REDUCIBLE = [name for name in ASKED if name not in ("production at a distribution", "affinity")]


@pytest.mark.parametrize("asked", REDUCIBLE)
def test_reducible_networks_are_refused_by_name(asked: str) -> None:
    rates = np.zeros((3, 3))
    rates[0, 1] = rates[1, 0] = 1.0
    rates[2, 1] = 0.5  # state 2 absorbs
    if asked == "symmetry":  # its increments need reversible edges
        rates[2, 1] = 0.0
    with pytest.raises(ReducibleNetworkError, match=r"\{0, 1\}, \{2\}.*No jump leaves state 2"):
        ASKED[asked][1](MarkovNetwork(rates))


def test_small_entropy_increments_keep_their_digits() -> None:
    rates = triangles()
    rates[1, 0] = rates[0, 1] * (1 + 1e-12)
    exact = np.log1p((rates[1, 0] - rates[0, 1]) / rates[0, 1])
    assert_allclose(markov.entropy_increments(MarkovNetwork(rates))[1, 0], exact, rtol=1e-15)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda w: markov.split_entropy_production(w, [0.5, 0.5]), "probabilities"),
        (lambda w: markov.entropy_production_rate(w, [0.9, 0.9, 0.9]), "probabilities"),
        (lambda w: markov.probability_currents(w, 1.0), "probabilities"),
        (lambda w: markov.edge_entropy_production(w, [-0.5, 1.0, 0.5]), "probabilities"),
        (lambda w: tcl.propagate(w, [0.9, 0.9, 0.9], 1.0), "initial"),
        (lambda w: tcl.relaxation_kernel(w, [1.0, 0.0, 0.0], LEVEL), "sum of source"),
        (lambda w: tcl.relaxation_kernel(w, [np.nan, 0.0, 0.0], LEVEL), "source"),
        (lambda w: markov.cycle_affinity(w, []), "cycle"),
        (lambda w: markov.cycle_affinity(w, [0, 0.5, 1]), "cycle"),
        (lambda w: markov.edge_current(w, 0, 0.5), "target"),
        (lambda w: markov.detailed_balance_violation(w, [0.0, 1.0]), "tolerance.shape"),
        (lambda w: MarkovNetwork(1j * w.rates), "rates"),
        (lambda w: MarkovNetwork([["0", "1"], ["1", "0"]]), "rates"),
        (lambda w: MarkovNetwork(np.full((3, 3), 1e308) * (1 - np.eye(3))), "rates"),
        (lambda w: MarkovNetwork(scipy.sparse.csc_array(np.full((3, 3), 1e308) * (1 - np.eye(3)))), "rates"),
        (lambda w: planted_network(5, 2, "seed"), "rng"),
        (lambda w: planted_network(5, 2, -1), "rng"),
        (lambda w: planted_network(5, 2, drive=[1.0, 2.0]), "drive.shape"),
        (lambda w: markov.UniformRing(5, [1.0, 2.0], 1.0), "forward.shape"),
        (lambda w: markov.UniformRing(5, 1.0, 1.0).scaled_cumulant_generating_function(np.nan), "field"),
        (lambda w: markov.BirthDeath.ehrenfest(5, on=[1.0, 2.0]), "on.shape"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[MarkovNetwork], Any], named: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{named} = "):
        call(MarkovNetwork(triangles()))


def test_indices_that_are_no_states() -> None:
    with pytest.raises(NotConnectedError, match="0 and 7"):
        markov.edge_current(MarkovNetwork(triangles()), 0, 7)


def test_dense_arrays_of_large_networks_are_refused() -> None:
    n = 400_000
    chain = markov.BirthDeath(np.ones(n), np.ones(n))
    network = chain.network()
    for ask in (
        lambda: chain.network(sparse=False),
        lambda: markov.edge_current(network, 0, 1),
        lambda: markov.entropy_increments(network),
        lambda: markov.relaxation_times(network),
        lambda: markov.deviation_matrix(network),
        lambda: markov.stationary_noise(network, np.ones(n + 1)),
        lambda: tcl.propagate(network, network.steady_state(), 1.0),
        lambda: tcl.step_response_kernel(network, network, np.ones(n + 1)),
        lambda: tcl.Ladder(0.1, n_levels=10**13, energy_step=0.0).sparse_rates(),
    ):
        with pytest.raises(MemoryLimitError, match="GiB"):
            ask()


def test_sparse_networks_step_like_dense_ones() -> None:
    before, after = (tcl.Ladder(0.2).network(signal) for signal in (0.0, 50.0))
    sparse = [MarkovNetwork(scipy.sparse.csr_array(network.rates)) for network in (before, after)]
    found, exact = (tcl.step_response_kernel(*pair, np.arange(10.0)) for pair in (sparse, (before, after)))
    assert_allclose(found.area, exact.area, rtol=1e-12)
    assert_allclose(found([0.1, 1.0]), exact([0.1, 1.0]), rtol=1e-11)
