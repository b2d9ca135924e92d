"""Integral and detailed fluctuation theorems at 10**6 trajectories, within 4 standard errors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import thermo_cl as tcl
from tests.markov.test_thinning import propagator
from thermo_cl.errors import ConvergenceError, InvalidParameterError, IrreversibleEdgeError
from thermo_cl.markov.trajectories import driven_trajectory_entropy, record_paths, trajectory_entropy

MANY = 1_000_000
RING = tcl.MarkovNetwork([[0.0, 1.0, 2.0], [2.0, 0.0, 1.0], [1.0, 2.0, 0.0]])  # two along, one against
SQUARE = tcl.MarkovNetwork([[0.0, 1.0, 0.3, 2.0], [2.0, 0.0, 1.5, 0.0], [0.5, 0.7, 0.0, 1.0], [0.4, 0.0, 2.5, 0.0]])
LADDER = tcl.Ladder(gamma=0.3)


def assert_zero(x: np.ndarray) -> None:
    """Mean zero within 4 standard errors, which are not idle."""
    error = x.std() / np.sqrt(x.size)
    assert error < 0.02
    assert abs(x.mean()) < 4 * error


@pytest.mark.parametrize(
    ("network", "duration", "initial"),
    [
        (RING, 1.0, None),
        (RING, 0.7, [0.7, 0.2, 0.1]),
        (SQUARE, 0.8, None),
        (SQUARE, 0.5, [0.1, 0.2, 0.3, 0.4]),
        (LADDER.network(), 1.0, None),
        (LADDER.network(30.0), 0.2, LADDER.steady_state(0.0)),
    ],
)
def test_integral_theorem(network: tcl.MarkovNetwork, duration: float, initial: list[float] | None) -> None:
    entropy = trajectory_entropy(network, duration, copies=MANY, initial=initial, rng=17)
    assert_zero(np.exp(-entropy.total) - 1.0)
    assert entropy.total.mean() > 0
    np.testing.assert_allclose(entropy.total, entropy.medium + entropy.system)


def test_integral_theorem_holds_for_any_final_distribution() -> None:
    entropy = trajectory_entropy(SQUARE, 0.8, copies=MANY, initial=[0.1, 0.2, 0.3, 0.4], final=[0.25] * 4, rng=18)
    assert_zero(np.exp(-entropy.total) - 1.0)
    wrong = np.exp(-entropy.medium)  # the medium's entropy alone obeys nothing of the kind
    assert abs(wrong.mean() - 1.0) > 10 * wrong.std() / np.sqrt(MANY)


@pytest.mark.parametrize("case", range(2))
def test_integral_theorem_of_driven_ladders(case: int) -> None:
    """A fast signal, from a start that is not steady, to the propagated end."""
    ladder = (LADDER, tcl.Ladder(gamma=0.5, rate_factor=2.0, n_levels=3))[case]
    signal = tcl.Sawtooth(fast=0.1, slow=0.3, mean=40.0).signal(80.0)
    start, duration = ladder.steady_state(20.0), 0.5
    end = propagator(ladder, signal, 0.0, duration, per_time=1000) @ start
    entropy = driven_trajectory_entropy(ladder, signal, duration, initial=start, final=end, copies=MANY, rng=19)
    assert_zero(np.exp(-entropy.total) - 1.0)
    assert entropy.total.mean() > 0
    few = driven_trajectory_entropy(ladder, signal, duration, initial=start, copies=1000, rng=19)  # the end by itself
    np.testing.assert_allclose(few.total, entropy.total[:1000], rtol=0, atol=5e-3)


def test_detailed_theorem_counts_of_a_ring() -> None:
    """On a uniform ring the entropy is ln 2 times the winding: P(k) = 2**k P(-k)."""
    entropy = trajectory_entropy(RING, 2.0, copies=MANY, rng=23)
    winding = np.rint(entropy.total / np.log(2)).astype(int)
    np.testing.assert_allclose(entropy.total, winding * np.log(2), atol=1e-12)
    tested = 0
    for k in range(1, 8):
        along, against = (winding == k).sum(), (winding == -k).sum()
        tested += against > 100
        assert abs(along - 2.0**k * against) < 4 * np.sqrt(along + 4.0**k * max(against, 1))
    assert tested >= 3


@pytest.mark.parametrize(("network", "duration"), [(SQUARE, 1.0), (LADDER.network(), 1.0)])
def test_detailed_theorem_by_bins(network: tcl.MarkovNetwork, duration: float) -> None:
    """E[exp(-s); s in B] = P(-s in B) for every bin B, in the steady state."""
    s = trajectory_entropy(network, duration, copies=MANY, rng=29).total
    weight, edges = np.exp(-s), np.linspace(0.05, 3.05, 13)
    tested = 0
    for a, b in pairwise(edges):
        x = np.where((s > a) & (s <= b), weight, 0.0) - ((s < -a) & (s >= -b))
        if ((s < -a) & (s >= -b)).sum() > 100:
            tested += 1
            assert abs(x.mean()) < 4 * x.std() / np.sqrt(MANY)
    assert tested >= 5


def test_mean_is_the_entropy_production_rate() -> None:
    network = LADDER.network()
    entropy = trajectory_entropy(network, 3.0, copies=200_000, rng=31)
    exact = 3.0 * tcl.entropy_production_rate(network)
    assert abs(entropy.total.mean() - exact) < 4 * entropy.total.std() / np.sqrt(200_000)


def test_entropy_jump_by_jump() -> None:
    """The same copies recorded, and the sum written out."""
    options = {"copies": 5, "initial": [0.1, 0.2, 0.3, 0.4], "rng": 3}
    entropy, record = trajectory_entropy(SQUARE, 20.0, **options), record_paths(SQUARE, 20.0, **options)
    end = tcl.propagate(SQUARE, options["initial"], 20.0)
    for i in range(5):
        _, states = record.path(i)
        medium = sum(np.log(SQUARE.rates[b, a] / SQUARE.rates[a, b]) for a, b in pairwise(states))
        assert entropy.medium[i] == pytest.approx(medium, abs=1e-12)
        assert entropy.system[i] == pytest.approx(np.log(options["initial"][states[0]] / end[states[-1]]), abs=1e-12)


def test_detailed_balance_produces_nothing() -> None:
    entropy = trajectory_entropy(tcl.Ladder(gamma=1.0).network(50.0), 2.0, copies=100, rng=1)
    np.testing.assert_allclose(entropy.total, 0.0, atol=1e-12)


def test_one_way_edges_and_bad_input() -> None:
    one_way = tcl.MarkovNetwork([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    with pytest.raises(IrreversibleEdgeError, match="2 -> 0"):
        trajectory_entropy(one_way, 1.0, copies=10)
    for bad in ({"duration": 0.0}, {"copies": 0}, {"final": [0.5, 0.5]}, {"initial": 7}):
        with pytest.raises(InvalidParameterError, match=next(iter(bad))):
            trajectory_entropy(**({"network": RING, "duration": 1.0} | bad))
    with pytest.raises(ConvergenceError, match="final"):
        trajectory_entropy(RING, 10.0, copies=1000, final=0, rng=1)
