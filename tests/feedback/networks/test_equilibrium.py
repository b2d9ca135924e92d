"""Equilibrium: the dense oracle's, balanced to rounding, the least energy, from one factorisation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse.linalg
from numpy.testing import assert_allclose

from tests.feedback.networks.examples import NETWORKS, springs, task_for
from tests.oracles import edge_networks_slow as slow
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.networks import (
    Equilibrium,
    contrast,
    disordered_elastic_network,
    resistor_network,
    square_resistor_network,
)
from thermo_cl.feedback.networks.places import boundary_nodes, node_dofs

LARGE = {
    "springs": disordered_elastic_network(200, 4.6, disorder=0.5, rng=4),
    "resistors": square_resistor_network(20, 20, rng=4),
}


@pytest.mark.parametrize("network", [*NETWORKS.values(), *LARGE.values()], ids=[*NETWORKS, *LARGE])
def test_the_oracles_equilibrium(network):
    rng = np.random.default_rng(5)
    values, loads = rng.standard_normal((3, len(network.imposed))), rng.standard_normal((3, network.n_dofs))
    solver = Equilibrium(network)
    found, alone = solver.solve(values, loads), solver.respond(loads)
    matrix = slow.compatibility(network.positions, network.edges, network.kind)
    for p in range(3):
        expected = slow.equilibrium(matrix, network.coefficients, network.imposed, values[p], loads[p])
        assert_allclose(found[p], expected, rtol=0, atol=1e-10 * np.abs(expected).max())
    assert_allclose(solver.solve(values) + alone, found, rtol=0, atol=1e-10 * np.abs(found).max())
    assert not alone[:, network.imposed].any()
    assert_allclose(solver.strains(found), found @ matrix.T, atol=1e-12 * np.abs(found).max())
    assert_allclose(solver.tensions(found), network.coefficients * (found @ matrix.T), atol=1e-10)


@pytest.mark.parametrize("network", [*NETWORKS.values(), *LARGE.values()], ids=[*NETWORKS, *LARGE])
def test_forces_balance_to_rounding_and_the_world_supplies_the_rest(network):
    rng = np.random.default_rng(6)
    values, loads = rng.standard_normal((2, len(network.imposed))), rng.standard_normal((2, network.n_dofs))
    loads[:, network.imposed] = 0.0
    solver = Equilibrium(network)
    x = solver.solve(values, loads)
    assert solver.residual(x, loads).max() < 1e-11
    assert solver.residual(solver.solve(values)).max() < 1e-11
    if network.kind == "resistor":  # currents in = currents out
        assert_allclose(solver.reactions(x).sum(axis=1) + loads.sum(axis=1), 0.0, atol=1e-10)
    matrix = slow.compatibility(network.positions, network.edges, network.kind)
    carried = slow.stiffness(matrix, network.coefficients) @ x.T
    assert_allclose(solver.reactions(x), carried.T[:, network.imposed], atol=1e-10)
    moved = x.copy()
    moved[0, solver.network.assembly.free[0]] += 1e-3
    assert solver.residual(moved, loads)[0] > 1e-6


def test_a_network_moved_as_a_whole_is_balanced():
    network = NETWORKS["plane"]
    solver = Equilibrium(network)
    values = np.tile([3.0, -5.0], len(network.imposed) // 2)[None]
    x = solver.solve(values)
    assert_allclose(x, np.tile([3.0, -5.0], network.n_nodes)[None], rtol=1e-13)
    assert solver.residual(x)[0] < 1e-14
    half = solver.solve(values + np.array([0.0, 0.0, 1.0, 0.0]))
    half[0, solver.network.assembly.free] = x[0, solver.network.assembly.free]
    assert solver.residual(half)[0] > 1e-2


def test_what_is_left_is_measured_by_tensions_also_where_loads_are_small():
    network = NETWORKS["resistors"]
    solver = Equilibrium(network)
    loads = np.zeros((1, network.n_dofs))
    loads[0, 5] = 1e-13
    assert solver.residual(solver.solve([[1e3, -1e3]], loads), loads)[0] < 1e-14


@pytest.mark.parametrize("name", NETWORKS)
def test_the_energy_is_least_at_equilibrium(name):
    network, rng = NETWORKS[name], np.random.default_rng(7)
    solver = Equilibrium(network)
    values, loads = rng.standard_normal((1, len(network.imposed))), rng.standard_normal((1, network.n_dofs))
    x = solver.solve(values, loads)
    least = solver.energy(x, loads)[0]
    matrix = slow.compatibility(network.positions, network.edges, network.kind)
    k = slow.stiffness(matrix, network.coefficients)
    assert_allclose(least, 0.5 * x[0] @ k @ x[0] - loads[0] @ x[0], rtol=1e-12)
    assert_allclose(solver.energy(x)[0], 0.5 * x[0] @ k @ x[0], rtol=1e-12)
    for _ in range(5):
        step = rng.standard_normal(network.n_dofs)
        step[network.imposed] = 0.0
        assert_allclose(solver.energy(x + step, loads)[0] - least, 0.5 * step @ k @ step, rtol=1e-9)


def test_two_resistors_in_series_and_parallel_by_hand():
    divider = Equilibrium(resistor_network([(0, 1), (1, 2)], [1.0, 3.0], [0, 2]))
    x = divider.solve([[4.0, 0.0]])
    assert_allclose(x, [[4.0, 1.0, 0.0]], rtol=1e-15)  # 1 S and 3 S: three quarters of the voltage on the first
    assert_allclose(divider.reactions(x), [[3.0, -3.0]], rtol=1e-15)
    assert_allclose(divider.energy(x), 6.0, rtol=1e-15)


@pytest.mark.parametrize("name", LARGE)
def test_one_factorisation_serves_every_right_hand_side(name, monkeypatch):
    network = LARGE[name]
    if network.kind == "elastic":
        network = network.with_imposed(node_dofs(network, boundary_nodes(network, "left")))
    assert not network.assembly.dense
    made, original = [], scipy.sparse.linalg.splu

    def counted(*args, **options):
        made.append(args[0].shape)
        return original(*args, **options)

    monkeypatch.setattr(scipy.sparse.linalg, "splu", counted)
    contrast(network, task_for(network, patterns=6, outputs=5), nudge="clamp")
    assert made == [(network.assembly.size, network.assembly.size)]
    contrast(network.with_coefficients(2.0), task_for(network, patterns=1), nudge="load")
    assert len(made) == 2


@pytest.mark.parametrize("name", [*NETWORKS, *LARGE])
def test_the_condition_number(name):
    network = (NETWORKS | LARGE)[name]
    matrix = slow.stiffness(slow.compatibility(network.positions, network.edges, network.kind), network.coefficients)[
        np.ix_(network.assembly.free, network.assembly.free)
    ]
    expected = np.linalg.cond(matrix, 1)
    found = Equilibrium(network).condition
    assert 0.3 * expected < found <= expected * (1 + 1e-9)  # an estimate from below when it is sparse
    if network.assembly.dense:
        assert_allclose(found, expected, rtol=1e-9)


def test_what_cannot_be_solved_is_said():
    network = springs(2)
    solver = Equilibrium(network)
    for values, loads, message in [
        ([[1.0]], None, r"values.shape"), ([1.0, 2.0, 3.0, 4.0], None, r"values.shape"),
        ([[np.nan, 0.0, 0.0, 0.0]], None, "values"), (np.zeros((1, 4)), np.zeros((2, 14)), r"loads.shape"),
        (np.zeros((1, 4)), np.full((1, 14), np.inf), "loads"),
    ]:  # fmt: skip
        with pytest.raises(InvalidParameterError, match=message):
            solver.solve(values, loads)
    stiff = resistor_network([(0, 1), (1, 2), (2, 3), (3, 0)], [1e-200, 1e200, 1e-200, 1e-200], [0])
    with pytest.raises(ConvergenceError, match=r"1e-200 to 1e\+200"):
        Equilibrium(stiff)
    lattice = LARGE["resistors"]
    torn = np.where(np.arange(lattice.n_edges) % 3 == 0, 1e-30, 1.0)
    torn[1::3] = 1.0 / 1e-30  # a pivot cancels to rounding below 0
    with pytest.raises(ConvergenceError, match=r"1e-30 to 1e\+30"):
        Equilibrium(lattice.with_coefficients(torn))
