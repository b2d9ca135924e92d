"""Generated networks: as many edges as asked, held, the same for a seed; places on them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.oracles import edge_networks_slow as slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks import (
    apart_nodes,
    boundary_nodes,
    delaunay_resistor_network,
    disordered_elastic_network,
    generators,
    node_dofs,
    pair_strain,
    resistor_network,
    square_resistor_network,
)
from thermo_cl.feedback.networks.points import spread_points

MADE = {
    "springs": lambda seed: disordered_elastic_network(60, 4.6, disorder=0.3, rng=seed),
    "square": lambda seed: square_resistor_network(5, 7, rng=seed),
    "delaunay": lambda seed: delaunay_resistor_network(60, rng=seed),
}


@pytest.mark.parametrize("name", MADE)
def test_a_seed_gives_one_network(name):
    one, two, other = MADE[name](3), MADE[name](3), MADE[name](4)
    for part in ("edges", "coefficients", "positions", "imposed"):
        assert_array_equal(getattr(one, part), getattr(two, part))
    assert not np.array_equal(one.coefficients, other.coefficients)


@pytest.mark.parametrize(("nodes", "coordination"), [(40, 4.2), (60, 4.6), (150, 5.0)])
def test_springs_have_the_coordination_asked_for_and_are_rigid_by_themselves(nodes, coordination):
    network = disordered_elastic_network(nodes, coordination, rng=nodes)
    assert network.n_edges == round(0.5 * coordination * nodes)
    assert network.positions.shape == (nodes, 2)
    assert slow.floppy(slow.compatibility(network.positions, network.edges, "elastic"), []) == 3  # of a rigid body
    assert_array_equal(network.coefficients, 1.0)
    assert len(network.imposed) == 4


def test_edges_that_rigidity_needs_are_put_back(monkeypatch):
    """As if the first choice removed every edge of one node: it is floppy, and the next one is not."""
    order = generators._removal_order

    def unkind(edges, nodes, generator):
        removed = order(edges, nodes, generator)
        of_one = (edges[removed] == 17).any(axis=1)
        return np.concatenate([removed[of_one], removed[~of_one]])

    monkeypatch.setattr(generators, "_removal_order", unkind)
    network = disordered_elastic_network(60, 4.6, rng=1)
    assert network.n_edges == 138
    assert np.sum(network.edges == 17) >= 2
    assert slow.floppy(slow.compatibility(network.positions, network.edges, "elastic"), []) == 3


def test_more_coordination_than_there_is_gives_every_edge():
    full = disordered_elastic_network(60, 6.0, rng=0)
    assert full.n_edges < 180
    assert_array_equal(full.edges, disordered_elastic_network(60, 9.0, rng=0).edges)


def test_points_are_spread_evenly():
    points = spread_points(200, np.random.default_rng(0))
    assert points.min() >= 0.0
    assert points.max() <= np.sqrt(200)
    between = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(between, np.inf)
    nearest = between.min(axis=1)
    drawn = np.random.default_rng(0).uniform(0.0, np.sqrt(200), (200, 2))
    apart = np.linalg.norm(drawn[:, None] - drawn, axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert nearest.min() > 0.5 > 2 * apart.min(axis=1).min()
    assert nearest.std() / nearest.mean() < 0.5 * apart.min(axis=1).std() / apart.min(axis=1).mean()


def test_a_square_lattice():
    lattice = square_resistor_network(3, 4, disorder=0.0)
    assert lattice.n_edges == 3 * 3 + 2 * 4
    ends = lattice.positions[lattice.edges]
    assert_allclose(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1), 1.0)
    assert_array_equal(lattice.imposed, [0, 11])
    assert_array_equal(lattice.positions[[0, 3, 4]], [(0, 0), (3, 0), (0, 1)])
    assert_array_equal(lattice.coefficients, 1.0)


def test_disorder_is_the_range_of_the_logarithm():
    spread = np.log(square_resistor_network(40, 40, disorder=0.7).coefficients)
    assert -0.7 <= spread.min() < -0.68
    assert 0.68 < spread.max() <= 0.7


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: disordered_elastic_network(11), "nodes"), (lambda: square_resistor_network(1, 5), "rows"),
        (lambda: disordered_elastic_network(50, 4.1), "coordination"),
        (lambda: square_resistor_network(5, 1), "columns"),
        (lambda: disordered_elastic_network(50, disorder=-0.1), "disorder"),
        (lambda: delaunay_resistor_network(5), "nodes"),
        (lambda: square_resistor_network(disorder=-1.0), "disorder"),
        (lambda: delaunay_resistor_network(50, disorder=np.nan), "disorder"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, name):
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        make()


def test_sides_of_a_lattice():
    lattice = square_resistor_network(3, 4)
    assert_array_equal(boundary_nodes(lattice, "left"), [0, 4, 8])
    assert_array_equal(boundary_nodes(lattice, "right"), [3, 7, 11])
    assert_array_equal(boundary_nodes(lattice, "bottom"), [0, 1, 2, 3])
    assert_array_equal(boundary_nodes(lattice, "top"), [8, 9, 10, 11])
    assert_array_equal(boundary_nodes(lattice), [0, 1, 2, 3, 4, 7, 8, 9, 10, 11])
    with pytest.raises(InvalidParameterError, match="'left'"):
        boundary_nodes(lattice, "north")
    with pytest.raises(InvalidParameterError, match="in the plane"):
        boundary_nodes(resistor_network([(0, 1)], 1.0, [0], [(0.0,), (1.0,)]), "left")


def test_far_nodes_are_the_farthest_from_those_before():
    lattice = square_resistor_network(6, 6)
    chosen = apart_nodes(lattice, 5, rng=2)
    assert len(set(chosen.tolist())) == 5
    for k in range(1, 5):
        before = lattice.positions[chosen[:k]]
        distance = np.linalg.norm(lattice.positions[:, None] - before, axis=-1).min(axis=1)
        assert distance[chosen[k]] == distance.max()
    with pytest.raises(InvalidParameterError, match="at most 36"):
        apart_nodes(lattice, 37)


def test_degrees_of_freedom_of_nodes():
    springs = disordered_elastic_network(20, rng=0)
    assert_array_equal(node_dofs(springs, [3, 0]), [6, 7, 0, 1])
    assert_array_equal(node_dofs(square_resistor_network(3, 3), 4), [4])
    with pytest.raises(InvalidParameterError, match="from 0 to 19"):
        node_dofs(springs, 20)


def test_strain_of_a_pair():
    springs = disordered_elastic_network(30, rng=1)
    pairs = np.array([(0, 7), (4, 2)])
    stretch = pair_strain(springs, pairs) @ (springs.positions * 0.01).ravel()  # everything 1 % larger
    assert_allclose(stretch, 0.01, rtol=1e-13)
    lattice = square_resistor_network(3, 3)
    assert_allclose(pair_strain(lattice, (1, 5)) @ np.arange(9.0), [-4.0])
    with pytest.raises(InvalidParameterError, match="two different nodes"):
        pair_strain(lattice, (1, 1))
    with pytest.raises(InvalidParameterError, match="from 0 to 8"):
        pair_strain(lattice, (1, 9))
