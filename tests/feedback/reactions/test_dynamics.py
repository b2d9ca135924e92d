"""Concentrations in time and at rest, and their entropy production."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.reactions import (
    ReactionNetwork,
    Saturated,
    integrate,
    reaction_entropy_production,
    reaction_forces,
    steady_concentrations,
    timescales,
)
from thermo_cl.kernels import PeriodicSignal

BRUSSELATOR = [("0 <-> X", 1.0, 1.0), ("2 X + Y -> 3 X", 1.0), ("X -> Y", 3.0)]


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau"])
def test_linear_chain(method):
    network = ReactionNetwork.from_strings([("A <-> B", 2.0, 0.5), ("B -> C", 0.3)])
    times = np.linspace(0.0, 5.0, 11)
    w = np.array([[-2.0, 0.5, 0.0], [2.0, -0.8, 0.0], [0.0, 0.3, 0.0]])
    exact = [expm(w * t) @ [1.0, 0.0, 0.5] for t in times]
    course = integrate(network, {"A": 1.0, "C": 0.5}, times, method=method, rtol=1e-9)
    assert_allclose(course.concentrations, exact, atol=2e-7)
    assert_allclose(course["B"], np.array(exact)[:, 1], atol=2e-7)


def test_second_order_closed_form():
    """c' = -2 k c^2, so c = c0/(1 + 2 k c0 t)."""
    network = ReactionNetwork.from_strings([("2 A -> P", 0.7)])
    times = np.array([0.0, 1.0, 10.0, 100.0])
    assert_allclose(integrate(network, {"A": 3.0}, times)["A"], 3.0 / (1.0 + 2 * 0.7 * 3.0 * times), rtol=1e-7)


def test_saturated_removal_closed_form():
    """K ln(c/c0) + c - c0 = -v t along the solution."""
    network = ReactionNetwork.from_strings([("X -> 0", Saturated(0.5, 0.2))])
    times = np.linspace(0.0, 6.0, 7)
    c = integrate(network, {"X": 2.0}, times)["X"]
    assert_allclose(0.2 * np.log(c / 2.0) + c - 2.0, -0.5 * times, atol=1e-8)


def test_amounts_are_conserved_in_a_stiff_network():
    """Robertson's problem, over eleven decades of time."""
    entries = [("A -> B", 0.04), ("2 B -> B + C", 3e7), ("B + C -> A + C", 1e4)]
    network = ReactionNetwork.from_strings(entries)
    times = np.concatenate([[0.0], np.logspace(-6, 5, 40)])
    course = integrate(network, {"A": 1.0}, times, rtol=1e-10, atol=1e-14)
    (law,) = network.conservation_laws
    assert law.name == "A + B + C"
    assert_allclose(law.total(course.concentrations), 1.0, rtol=1e-12)
    written = solve_ivp(
        lambda _, y: [
            1e4 * y[1] * y[2] - 0.04 * y[0], 0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2, 3e7 * y[1] ** 2
        ],
        (0.0, 40.0), [1.0, 0.0, 0.0], method="Radau", rtol=1e-10, atol=1e-14,
    )  # fmt: skip
    short = integrate(network, {"A": 1.0}, [0.0, 40.0], rtol=1e-10, atol=1e-14)
    assert_allclose(short.concentrations[-1], written.y[:, -1], rtol=1e-7)


def test_periodic_signal_of_a_reservoir():
    """Linear response to a sawtooth has a closed form on its first rise: x' = k a t - x."""
    network = ReactionNetwork.from_strings([("A -> A + X", 2.0), ("X -> 0", 1.0)], held=["A"])
    saw = PeriodicSignal([0.0, 1.0, 3.0], [0.0, 1.5, 0.0])
    times = np.linspace(0.0, 1.0, 6)
    course = integrate(network, {}, times, signals={"A": saw})
    assert_allclose(course["X"], 2.0 * 1.5 * (times - 1.0 + np.exp(-times)), atol=1e-8)
    assert_allclose(course["A"], 1.5 * times)
    # after many periods: the periodic state, whose mean is that of the input
    long = integrate(network, {}, np.concatenate([[0.0], np.linspace(30.0, 33.0, 3001)]), signals={"A": saw})
    assert_allclose(np.trapezoid(long["X"][1:], long.times[1:]) / 3.0, 2.0 * 0.75, rtol=1e-6)


def test_runaway_reaction_is_a_named_error():
    """2 A -> 3 A diverges at 1/(k c0) = 0.5."""
    network = ReactionNetwork.from_strings([("2 A -> 3 A", 1.0)])
    with pytest.raises(StiffnessError, match=r"t = 0\.5.*A moves") as caught:
        integrate(network, {"A": 2.0}, [0.0, 1.0])
    assert 0 < caught.value.fastest < 1e-3


def test_step_limit_names_the_timescale():
    network = ReactionNetwork.from_strings([("A <-> B", 1e9, 1e9), ("B -> C", 1.0)])
    with pytest.raises(StiffnessError, match="more than 5 steps") as caught:
        integrate(network, {"A": 1.0}, [0.0, 10.0], max_steps=5)
    assert_allclose([caught.value.fastest, caught.value.slowest], [0.5e-9, 2.0], rtol=1e-6)


def test_exhausted_zero_order_removal_is_a_named_error():
    """What feeds X is less than the zero-order removal: it slides along X = 0, where the law has no solution."""
    network = ReactionNetwork.from_strings([("0 -> X", 0.4), ("X -> 0", Saturated(0.5, 0.0))])
    with pytest.raises(StiffnessError, match=r"X, of zero order, has used it up at t = 5"):
        integrate(network, {"X": 0.5}, [0.0, 1000.0])
    ends = ReactionNetwork.from_strings([("X -> 0", Saturated(0.5, 0.0))])  # nothing made: it ends at 0 and stays
    assert_allclose(integrate(ends, {"X": 0.5}, [0.0, 0.5, 10.0])["X"], [0.5, 0.25, 0.0], atol=1e-6)


def test_timescales():
    network = ReactionNetwork.from_strings([("A <-> B", 3.0, 1.0), ("C -> 0", 0.1)])
    fastest, slowest, name = timescales(network, [1.0, 1.0, 1.0])
    assert_allclose([fastest, slowest], [0.25, 10.0])
    assert name in {"A", "B"}


@pytest.mark.parametrize(
    ("start", "options", "word"),
    [
        ({"A": -1.0}, {}, "A"),
        ({"A": 1.0}, {"times": [0.0]}, "times"),
        ({"A": 1.0}, {"times": [0.0, 1.0, 1.0]}, "times"),
        ({"A": 1.0}, {"signals": {"B": abs}}, "held"),
        ({"A": 1.0}, {"method": "Euler"}, "LSODA"),
        ({"A": 1.0}, {"rtol": 0.0}, "rtol"),
        ({"H": 1.0}, {"signals": {"H": lambda t: 0.5 - t}}, "signal of H"),
    ],
)
def test_bad_arguments_are_refused(start, options, word):
    network = ReactionNetwork.from_strings([("A <-> B", 1.0, 1.0), ("H -> H + A", 1.0)], held=["H"])
    with pytest.raises(InvalidParameterError, match=word):
        integrate(network, start, options.pop("times", [0.0, 1.0]), **options)


# ------------------------------------------------------------------------ rest


def test_steady_dimerisation_on_its_class():
    """D solves (a - D)(b - D) = K D."""
    network = ReactionNetwork.from_strings([("A + B <-> D", 2.0, 3.0)])
    a, b, k = 1.3, 0.4, 1.5
    d = 0.5 * (a + b + k - math.sqrt((a + b + k) ** 2 - 4 * a * b))
    assert_allclose(steady_concentrations(network, {"A": a, "B": b}), [a - d, b - d, d], rtol=1e-12)


def test_steady_state_of_a_stiff_network():
    network = ReactionNetwork.from_strings([("0 -> A", 1e-3), ("A <-> B", 1e6, 1e3), ("B -> 0", 2e-4)])
    assert_allclose(steady_concentrations(network, {"A": 7.0}), [(5.0 * (1e3 + 2e-4)) / 1e6, 5.0], rtol=1e-10)


@pytest.mark.parametrize(("start", "root"), [(0.9, 0.0), (1.1, 3.0)])
def test_bistable_network_comes_to_the_near_state(start, root):
    """x' = -3 x + 4 x^2 - x^3 = -x (x - 1)(x - 3)."""
    network = ReactionNetwork.from_strings([("X -> 0", 3.0), ("2 X <-> 3 X", 4.0, 1.0)])
    assert_allclose(steady_concentrations(network, {"X": start}), [root], atol=1e-9)


def test_growth_and_oscillation_have_no_steady_state():
    with pytest.raises(ConvergenceError, match="A still changes"):
        steady_concentrations(ReactionNetwork.from_strings([("0 -> A", 1.0)]), {"A": 1.0})


def test_oscillation_has_no_steady_state():
    with pytest.raises(ConvergenceError, match="oscillate"):
        steady_concentrations(ReactionNetwork.from_strings(BRUSSELATOR), {"X": 1.2, "Y": 3.0})


# --------------------------------------------------------------------- entropy


def test_entropy_production_of_a_driven_triangle():
    """Unimolecular: the current of the cycle times its affinity, by Kirchhoff's formula."""
    up, down = (2.0, 3.0, 5.0), (1.0, 0.5, 0.7)
    network = ReactionNetwork.from_strings(
        [("A <-> B", up[0], down[0]), ("B <-> C", up[1], down[1]), ("C <-> A", up[2], down[2])]
    )
    c = steady_concentrations(network, {"A": 1.0})
    current = c[0] * up[0] - c[1] * down[0]
    affinity = math.log(math.prod(up) / math.prod(down))
    assert_allclose(reaction_entropy_production(network, c), current * affinity, rtol=1e-10)
    assert_allclose(reaction_forces(network, c).sum(), affinity, rtol=1e-12)


def test_entropy_production_vanishes_in_equilibrium_only():
    network = ReactionNetwork.from_strings([("A + B <-> D", 2.0, 3.0), ("2 D <-> E", 0.5, 0.1)])
    c = steady_concentrations(network, {"A": 1.3, "B": 0.4})
    assert abs(reaction_entropy_production(network, c)) < 1e-24
    assert (reaction_entropy_production(network, [c * 1.1, c * [1, 1, 2, 1]]) > 1e-4).all()


def test_entropy_is_what_free_energy_loses():
    """In a closed network sigma = -dF/dt, F = sum c (ln(c/c_eq) - 1)."""
    network = ReactionNetwork.from_strings([("A + B <-> D", 2.0, 3.0), ("2 D <-> E", 0.5, 0.1)])
    rest = steady_concentrations(network, {"A": 1.3, "B": 0.4})
    c = np.array([1.3, 0.4, 1e-3, 1e-4])
    loss = -np.log(c / rest) @ network.drift(c)
    assert_allclose(reaction_entropy_production(network, c), loss, rtol=1e-12)


def test_one_way_reactions_have_no_entropy_production():
    network = ReactionNetwork.from_strings([("A <-> B", 1.0, 1.0), ("B -> A", Saturated(1.0, 1.0))])
    with pytest.raises(InvalidParameterError, match="B -> A"):
        reaction_entropy_production(network, [1.0, 1.0])
