"""The jump process of few copies: its master equation, its steady state, its paths, its large-volume limit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from scipy.stats import poisson

from tests.oracles import chemistry_slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions import (
    ReactionNetwork,
    Saturated,
    integrate,
    jump_network,
    reaction_entropy_production,
    steady_concentrations,
)
from thermo_cl.markov import (
    entropy_production_rate,
    is_detailed_balanced,
    propagate,
    record_paths,
    sample_paths,
    sample_thinned_paths,
)

DIMER = [("A + B <-> D", 2.0, 3.0), ("2 D <-> E", 0.5, 0.1)]


def test_generator_is_that_of_the_master_equation():
    """Against rates written out for each of all combinations, of those that are reached."""
    entries = [*DIMER, ("A -> 0", 0.7), ("0 -> A", 0.2)]
    network = ReactionNetwork.from_strings([*DIMER, ("A <-> 0", 0.7, 0.2)])
    process = jump_network(network, {"A": 2, "B": 4}, 1.7, largest={"A": 5})
    w, states = chemistry_slow.master_equation(entries, 1.7, dict.fromkeys(network.species, 5))
    rows = [states.index(tuple(row)) for row in process.states.tolist()]
    slow = w[np.ix_(rows, rows)]
    outside = np.setdiff1d(np.arange(len(states)), rows)
    assert not w[np.ix_(outside, rows)].any()  # nothing that is reached is missing
    assert_allclose(process.network.dense_generator(), slow, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("volume", [0.5, 3.0])
def test_balanced_network_is_product_poisson_on_its_class(volume):
    """Every closed mass-action network of reversible reactions in detailed balance (van Kampen, VII.5)."""
    network = ReactionNetwork.from_strings(DIMER)
    process = jump_network(network, {"A": 9, "B": 7}, volume)
    rest = steady_concentrations(network, {"A": 9 / volume, "B": 7 / volume})
    exact = chemistry_slow.balanced_distribution(process.states.tolist(), rest, volume)
    assert_allclose(process.network.steady_state(), exact, rtol=1e-12, atol=0)
    assert is_detailed_balanced(process.network)
    assert abs(process.entropy_production_rate()) < 1e-13


def test_isomers_are_multinomial():
    network = ReactionNetwork.from_strings([("A <-> B", 2.0, 1.0), ("B <-> C", 0.5, 0.3)])
    process = jump_network(network, {"A": 12}, 4.0)
    assert len(process.states) == 91
    share = steady_concentrations(network, {"A": 1.0})
    from scipy.stats import multinomial

    assert_allclose(process.network.steady_state(), multinomial(12, share).pmf(process.states), rtol=1e-12)


def test_open_network_is_poisson_up_to_its_limit():
    network = ReactionNetwork.from_strings([("0 <-> A", 3.0, 1.0)])
    process = jump_network(network, {}, 2.0, largest={"A": 40})
    assert_allclose(process.network.steady_state(), poisson(6.0).pmf(np.arange(41)), rtol=1e-12)


def test_saturated_and_zero_order_removal():
    """Birth and death with rate v V n/(K V + n): the ratios of neighbouring probabilities."""
    for constant in (0.0, 0.4):
        network = ReactionNetwork.from_strings([("0 -> X", 0.3), ("X -> 0", Saturated(0.5, constant))])
        p = jump_network(network, {}, 5.0, largest={"X": 30}).network.steady_state()
        n = np.arange(1, 31)
        death = 0.5 * 5.0 * n / (constant * 5.0 + n)
        assert_allclose(p[1:] / p[:-1], 0.3 * 5.0 / death, rtol=1e-11)


def test_paths_follow_the_master_equation():
    network = ReactionNetwork.from_strings([("A + B <-> D", 1.0, 0.5), ("D -> A + C", 0.3)])
    process = jump_network(network, {"A": 5, "B": 8}, 4.0)
    times = np.array([0.3, 1.0, 4.0])
    w = process.network.dense_generator()
    start = np.eye(len(w))[process.initial]
    p = np.array([expm(w * t) @ start for t in times])
    paths = sample_paths(process.network, times, copies=20_000, initial=process.initial, rng=3)
    for name in ("A", "D", "C"):
        n = process.counts(name)
        mean, spread = p @ n, np.sqrt(np.maximum(p @ n**2 - (p @ n) ** 2, 0.0) / 20_000)
        assert (np.abs(paths.average(n) - mean) < 4.5 * spread + 1e-12).all()
    record = record_paths(process.network, 4.0, copies=200, initial=process.initial, rng=3)
    a, d, b, c = (process.counts(s)[record.states] for s in ("A", "D", "B", "C"))
    assert (a + d == 5).all() and (b + d + c == 8).all()  # conservation in every jump


def test_means_of_a_linear_network_are_the_concentrations():
    network = ReactionNetwork.from_strings([("A <-> B", 1.0, 0.5), ("B <-> C", 0.3, 0.2)])
    process = jump_network(network, {"A": 6}, 3.0)
    times = np.array([0.0, 0.5, 2.0])
    start = np.eye(len(process.states))[process.initial]
    mean = propagate(process.network, start, times) @ process.concentrations
    course = integrate(network, {"A": 2.0}, times, rtol=1e-11)
    assert_allclose(mean, course.concentrations, atol=1e-9)


def test_mean_tends_to_the_equations_as_one_over_volume():
    network = ReactionNetwork.from_strings([("A + B <-> D", 1.0, 0.5)])
    times = np.array([0.0, 0.7])
    exact = integrate(network, {"A": 1.0, "B": 1.0}, times, rtol=1e-12, atol=1e-14)["D"][-1]
    error = []
    for volume in (10, 20, 40, 80):
        process = jump_network(network, {"A": volume, "B": volume}, float(volume))
        start = np.eye(len(process.states))[process.initial]
        error.append((expm(process.network.dense_generator() * 0.7) @ start) @ process.counts("D") / volume - exact)
    order = np.log2(np.abs(np.array(error[:-1]) / error[1:]))
    assert_allclose(order, 1.0, atol=0.05)
    assert_allclose(order[-1], 1.0, atol=0.01)


def test_entropy_production_tends_to_the_macroscopic_one_per_volume():
    """A driven cycle through a dimer, held fuel: the difference falls as 1/volume."""
    network = ReactionNetwork.from_strings([("A + A <-> D", 1.0, 0.3), ("D + F <-> 2 A", 0.8, 0.1)], held=["F"])
    fuel, gap = 3.0, []
    c = steady_concentrations(network, {"A": 2.0, "F": fuel})
    sigma = reaction_entropy_production(network, c)
    for volume in (8, 16, 32, 64):
        process = jump_network(network, {"A": 2 * volume}, float(volume), held={"F": fuel})
        gap.append(process.entropy_production_rate() / volume - sigma)
    assert sigma > 0.5
    ratios = np.array(gap[:-1]) / gap[1:]
    assert_allclose(ratios[-1], 2.0, atol=0.1)


def test_channels_between_the_same_states_produce_more_than_their_sum():
    """Two reservoirs on one species: by channel as the macroscopic cycle; the lumped network sees equilibrium."""
    network = ReactionNetwork.from_strings([("H <-> A", 1.0, 1.0), ("C <-> A", 2.0, 1.0)], held=["H", "C"])
    process = jump_network(network, {}, 1.0, held={"H": 3.0, "C": 0.5}, largest={"A": 60})
    # linear, so the current is exact: J = 3 - a, a = (3 + 1)/2, affinity ln(3 * 1/(1 * 1))
    assert_allclose(process.entropy_production_rate(), (3.0 - 2.0) * np.log(3.0), rtol=1e-10)
    assert abs(entropy_production_rate(process.network)) < 1e-12


def test_entropy_production_is_that_of_the_network_without_shared_edges():
    network = ReactionNetwork.from_strings([("A <-> B", 2.0, 1.0), ("B <-> C", 3.0, 0.5), ("C <-> A", 5.0, 0.7)])
    process = jump_network(network, {"A": 4}, 2.0)
    assert_allclose(process.entropy_production_rate(), entropy_production_rate(process.network), rtol=1e-10)
    one = jump_network(network, {"A": 1}, 1.0)
    assert_allclose(process.entropy_production_rate(), 4 * one.entropy_production_rate(), rtol=1e-10)  # independent


def test_one_way_reactions_have_no_entropy_production():
    network = ReactionNetwork.from_strings([("A <-> B", 2.0, 1.0), ("2 B -> 2 A", 3.0)])
    with pytest.raises(InvalidParameterError, match="2 B -> 2 A"):
        jump_network(network, {"A": 4}, 2.0).entropy_production_rate()


def test_driven_reservoir():
    """Copies of a birth and death process whose births follow a signal are Poisson with the linear mean."""
    network = ReactionNetwork.from_strings([("S -> S + A", 2.0), ("A -> 0", 1.0)], held=["S"])
    process = jump_network(network, {}, 1.0, held={"S": 0.5}, largest={"A": 19})
    times = np.array([0.5, 1.5, 3.0])
    paths = sample_thinned_paths(
        process.driven_generator("S"), lambda t: 1.0 + np.sin(t), times, rate_bound=24.0, copies=1500, initial=0, rng=5
    )
    mean = 2.0 * ((1.0 - np.exp(-times)) + 0.5 * (np.sin(times) - np.cos(times) + np.exp(-times)))
    assert (np.abs(paths.average(process.counts("A")) - mean) < 4.5 * np.sqrt(mean / 1500)).all()
    assert_allclose(process.driven_generator("S")(np.array([0.5]))[0] * (1 - np.eye(20)),
                    process.network.dense_generator() * (1 - np.eye(20)), rtol=1e-14)  # fmt: skip


def test_states_by_name():
    process = jump_network(ReactionNetwork.from_strings(DIMER), {"A": 3, "B": 2}, 1.0)
    at = process.state({"A": 2, "B": 1, "D": 1})
    assert_array_equal(process.states[at], [2, 1, 1, 0])
    assert_array_equal(process.states[process.initial], [3, 2, 0, 0])
    with pytest.raises(InvalidParameterError, match="reached"):
        process.state({"A": 1, "B": 1, "D": 1})


@pytest.mark.parametrize(
    ("counts", "options", "word"),
    [
        ({"A": -1}, {}, "counts"),
        ({"A": 1.5}, {}, "counts"),
        ({"Z": 1}, {}, "counts"),
        ({"A": 1}, {}, "largest.*A, L|largest.*L"),
        ({"A": 7}, {"largest": {"A": 5, "L": 5}}, "at least the initial count"),
        ({"A": 1}, {"largest": {"Z": 5}}, "largest"),
        ({"A": 1}, {"volume": 0.0}, "volume"),
        ({"A": 1}, {"held": {}}, "one concentration for each"),
        ({"A": 1}, {"held": {"H": -1.0}}, "H"),
        ({"A": 1}, {"largest": {"A": 99, "L": 99}, "max_states": 500}, "at most the 1e\\+04"),
    ],
)
def test_bad_arguments_are_refused(counts, options, word):
    network = ReactionNetwork.from_strings([("H <-> A", 1.0, 1.0), ("A -> A + L", 1.0), ("L -> 0", 1.0)], held=["H"])
    given = {"volume": 1.0, "held": {"H": 1.0}, **options}
    with pytest.raises(InvalidParameterError, match=word):
        jump_network(network, counts, **given)


def test_nothing_can_happen():
    with pytest.raises(InvalidParameterError, match="at least one reaction"):
        jump_network(ReactionNetwork.from_strings([("A + B -> D", 1.0)]), {"A": 3}, 1.0)
