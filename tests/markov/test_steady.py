"""Steady states by every method: agreement with mpmath, reports, reducible networks, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

from tests.oracles import ladder_mp
from tests.strategies import networks
from thermo_cl.errors import ConvergenceError, InvalidParameterError, MemoryLimitError, ReducibleNetworkError
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.steady import STEADY_STATE_METHODS, solve_steady_state, steady_states
from thermo_cl.markov.topologies import BirthDeath

EXACT = {"gth", "banded", "iterative"}  # methods that never subtract


def _truth(rates: np.ndarray) -> list[float]:
    with mp.workdps(60):
        return [float(p) for p in ladder_mp.steady_state(mp.matrix(rates.tolist()), 40)]


@pytest.mark.parametrize("method", STEADY_STATE_METHODS)
@pytest.mark.parametrize("sparse", [False, True])
@given(network=networks())
def test_every_method_finds_the_steady_state(method: str, sparse: bool, network: MarkovNetwork) -> None:
    asked = MarkovNetwork(scipy.sparse.csr_array(network.rates)) if sparse else network
    found, truth = solve_steady_state(asked, method), np.array(_truth(network.rates))
    assert found.method == method
    assert_array_equal(found.members, np.arange(network.n_states))
    if method in EXACT:
        assert_allclose(found.probabilities, truth, rtol=1e-13)
        assert found.residual < 1e-14 * network.n_states
    else:
        # columns of six decades of rates: what subtraction leaves beside the largest probability
        assert_allclose(found.probabilities, truth, rtol=1e-4, atol=1e-9)
    off = np.abs(network.generator @ found.probabilities) / (-np.diag(network.generator) * found.probabilities)
    assert_allclose(found.residual, off.max(), rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("method", ["auto", "gth", "solve", "eigen"])
def test_batches_are_the_sum_of_their_members(method: str) -> None:
    rates = np.random.default_rng(3).random((2, 3, 5, 5)) * (1 - np.eye(5))
    found = solve_steady_state(MarkovNetwork(rates), method)
    assert found.probabilities.shape == (2, 3, 5) and found.residual.shape == (2, 3)
    for at in np.ndindex(2, 3):
        alone = solve_steady_state(MarkovNetwork(rates[at]), method)
        assert_allclose(found.probabilities[at], alone.probabilities, rtol=1e-13)


@pytest.mark.parametrize("method", ["banded", "lu", "iterative"])
def test_sparse_methods_refuse_batches(method: str) -> None:
    with pytest.raises(InvalidParameterError, match=r"batch of shape \(2,\)"):
        solve_steady_state(MarkovNetwork(np.ones((2, 3, 3)) - np.eye(3)), method)


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="'auto' or one of gth, solve"):
        solve_steady_state(MarkovNetwork([[0, 1], [1, 0]]), "power")


@pytest.mark.parametrize("method", STEADY_STATE_METHODS)
@pytest.mark.parametrize("sparse", [False, True])
def test_stiff_networks_keep_every_digit_or_are_refused(method: str, sparse: bool) -> None:
    """Rates over 60 decades: methods that subtract must not return what they have lost."""
    rates = 10.0 ** np.random.default_rng(2).uniform(-30, 30, (12, 12)) * (1 - np.eye(12))
    network = MarkovNetwork(scipy.sparse.csc_array(rates) if sparse else rates)
    truth = np.array(_truth(rates))
    try:
        found = solve_steady_state(network, method)
    except ConvergenceError as refusal:
        assert method in {"solve", "eigen", "lu"}
        assert "method='gth'" in str(refusal)  # noqa: PT017
    else:
        assert_allclose(found.probabilities, truth, rtol=1e-12 if method in EXACT else 1e-4)


@pytest.mark.parametrize("method", ["solve", "eigen"])
def test_lost_signs_are_refused(method: str) -> None:
    chain = BirthDeath(np.full(30, 1e-2), np.ones(30)).network()  # probabilities down to 1e-60
    with pytest.raises(ConvergenceError, match="method='gth', which does not subtract"):
        solve_steady_state(chain, method)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("method", ["auto", "gth", "banded"])
def test_probability_passes_through_states_that_underflow(method: str, sparse: bool) -> None:
    """Two wells with a barrier of 1000 k_B T between them, whose probability is below any double."""
    energy = np.concatenate([np.linspace(0, 1000, 30), np.linspace(1000, 1, 29)])
    rise = np.diff(energy)
    chain = BirthDeath(np.exp(-np.maximum(rise, 0.0)), np.exp(np.minimum(rise, 0.0)))
    found = solve_steady_state(chain.network(sparse=sparse), method)
    exact = np.exp(-energy) / np.exp(-energy).sum()
    seen = exact > 1e-290
    assert seen[-1] and not seen[29]
    assert_allclose(found.probabilities[seen], exact[seen], rtol=1e-11)
    assert found.residual < 1e-12


@pytest.mark.parametrize("method", ["gth", "banded"])
def test_residuals_are_numbers_on_any_clock(method: str) -> None:
    """Fluxes of 1e-250 beside states that underflow, which once gave a residual of 0/0."""
    chain = BirthDeath(np.full(30, 1e-240), np.full(30, 1e-220))
    assert 0 <= solve_steady_state(chain.network(), method).residual < 1e-12


def test_iterations_that_fail_say_how_far_they_came() -> None:
    energy = np.concatenate([np.linspace(0, 1000, 90), np.linspace(1000, 1, 89)])
    rise = np.diff(energy)
    chain = BirthDeath(np.exp(-np.maximum(rise, 0.0)), np.exp(np.minimum(rise, 0.0)))
    with pytest.raises(ConvergenceError, match=r"cycles? with an imbalance of .* Use method='gth'"):
        solve_steady_state(chain.network(), "iterative")


# ----------------------------------------------------------- recurrent classes


@pytest.mark.parametrize("sparse", [False, True])
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_classes_against_paths(sparse: bool, seed: int, n: int) -> None:
    """Reachability by repeated squaring of the adjacency, as an oracle of classes and of their closure."""
    rng = np.random.default_rng(seed)
    rates = rng.random((n, n)) * (rng.random((n, n)) < 0.25) * (1 - np.eye(n))
    network = MarkovNetwork(scipy.sparse.csc_array(rates) if sparse else rates)
    reach = np.linalg.matrix_power(np.eye(n) + (rates > 0), n) > 0  # reach[i, j]: from j to i
    classes = sorted({tuple(np.flatnonzero(reach[:, k] & reach[k]).tolist()) for k in range(n)})
    assert network.communicating_classes() == [list(c) for c in classes]
    closed = [list(c) for c in classes if not np.delete(reach[:, c[0]], c).any()]
    assert network.recurrent_classes() == closed
    assert network.absorbing_states() == [c[0] for c in closed if not rates[:, c[0]].any()]
    ends = steady_states(network)
    assert [end.members.tolist() for end in ends] == closed
    for end in ends:
        assert_allclose(end.probabilities.sum(), 1.0, rtol=1e-14)
        assert_allclose(network.generator @ end.probabilities, 0.0, atol=1e-14)
        assert set(np.flatnonzero(end.probabilities).tolist()) == set(end.members.tolist())


@pytest.mark.parametrize("method", ["auto", *STEADY_STATE_METHODS])
@pytest.mark.parametrize("sparse", [False, True])
def test_one_steady_state_for_each_recurrent_class(method: str, sparse: bool) -> None:
    edges = [(0, 1, 1.0), (1, 0, 2.0), (2, 0, 1.0), (2, 3, 1.0), (4, 5, 1.0), (5, 6, 1.0), (6, 4, 1.0), (2, 4, 0.1)]
    network = MarkovNetwork.from_edges(edges, sparse=sparse)
    pair, alone, ring = steady_states(network, method)
    assert_allclose(pair.probabilities, np.r_[2 / 3, 1 / 3, np.zeros(5)])
    assert_array_equal(alone.probabilities, np.eye(7)[3])
    assert "absorbing" in alone.status
    assert_allclose(ring.probabilities, np.r_[np.zeros(4), np.full(3, 1 / 3)])
    with pytest.raises(
        ReducibleNetworkError, match=r"\{0, 1\}, \{2\}, \{3\}, \{4, 5, 6\}.*leaves state 3\. .*steady_st"
    ):
        solve_steady_state(network, method)


def test_isolated_states_are_named() -> None:
    network = MarkovNetwork.from_edges([(0, 1, 1.0), (1, 0, 1.0), (5, 0, 1.0)], n_states=7)
    assert network.absorbing_states() == [2, 3, 4, 6]
    with pytest.raises(ReducibleNetworkError, match=r"No jump leaves states 2, 3, 4, 6") as caught:
        network.steady_state()
    assert caught.value.absorbing == [2, 3, 4, 6]


def test_batches_have_no_classes_of_their_own() -> None:
    batch = MarkovNetwork(np.ones((2, 3, 3)) - np.eye(3))
    for ask in (batch.recurrent_classes, batch.absorbing_states, lambda: steady_states(batch)):
        with pytest.raises(InvalidParameterError, match="single network"):
            ask()


@pytest.mark.parametrize("method", ["gth", "lu", "banded", "solve", "eigen"])
def test_memory_is_refused_before_it_is_taken(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    jumps = np.column_stack([rng.integers(0, 600, (2400, 2)), rng.random(2400)])
    ring = np.column_stack([np.arange(600), np.roll(np.arange(600), -1), np.ones(600)])
    network = MarkovNetwork.from_edges(np.concatenate([jumps[jumps[:, 0] != jumps[:, 1]], ring]))
    monkeypatch.setattr("thermo_cl._memory._available", lambda: 100_000)
    with pytest.raises(MemoryLimitError, match="GiB of memory"):
        solve_steady_state(network, method)
    assert solve_steady_state(network).method == "iterative"  # what still fits
