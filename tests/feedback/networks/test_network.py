"""Networks: strains of first order, refusals that name what is wrong, pieces and floppy modes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.feedback.networks.examples import NETWORKS, springs
from tests.oracles import edge_networks_slow as slow
from thermo_cl.errors import DisconnectedNetworkError, InvalidParameterError
from thermo_cl.feedback.networks import elastic_network, resistor_network, square_resistor_network
from thermo_cl.feedback.networks.rigidity import floppy_modes

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
FRAME = [(0, 1), (1, 2), (2, 3), (3, 0)]


@pytest.mark.parametrize("name", NETWORKS)
def test_strains_are_elongations(name):
    network = NETWORKS[name]
    expected = slow.compatibility(network.positions, network.edges, network.kind)
    assert_allclose(network.compatibility.toarray(), expected, rtol=0, atol=1e-15)
    assert (network.n_edges, network.n_dofs) == expected.shape
    assert network.n_nodes == len(network.positions)


@pytest.mark.parametrize("dim", [2, 3])
def test_a_strain_is_the_change_of_length_to_first_order(dim):
    network = springs(dim)
    move = np.random.default_rng(2).standard_normal((network.n_nodes, dim))

    def lengths(places):
        return np.linalg.norm(places[network.edges[:, 0]] - places[network.edges[:, 1]], axis=1)

    errors = []
    for size in (1e-3, 5e-4):
        longer = lengths(network.positions + size * move) - lengths(network.positions)
        errors.append(np.abs(longer - network.compatibility @ (size * move).ravel()).max())
    assert 3.9 < errors[0] / errors[1] < 4.1


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_motions_of_a_rigid_body_strain_nothing(dim):
    network = springs(dim)
    for axis in range(dim):
        shift = np.zeros((network.n_nodes, dim))
        shift[:, axis] = 1.0
        assert_allclose(network.compatibility @ shift.ravel(), 0.0, atol=1e-14)
        for other in range(axis):
            turn = np.zeros((network.n_nodes, dim))
            turn[:, axis], turn[:, other] = network.positions[:, other], -network.positions[:, axis]
            assert_allclose(network.compatibility @ turn.ravel(), 0.0, atol=1e-14)


def test_other_coefficients_share_what_does_not_depend_on_them():
    network = springs(2)
    changed = network.with_coefficients(3.0)
    assert changed.assembly is network.assembly
    assert_array_equal(changed.coefficients, np.full(network.n_edges, 3.0))
    assert not np.array_equal(network.coefficients, changed.coefficients)
    with pytest.raises(InvalidParameterError, match=r"coefficients = .*greater than 0"):
        network.with_coefficients(-1.0)
    with pytest.raises(InvalidParameterError, match=rf"\({network.n_edges},\)"):
        network.with_coefficients([1.0, 2.0])
    with pytest.raises(AttributeError):
        network.kind = "resistor"
    with pytest.raises(ValueError, match="read-only"):
        network.coefficients[0] = 2.0


def test_held_elsewhere():
    network = springs(2)
    other = network.with_imposed([2, 3, 8])
    assert_array_equal(other.imposed, [2, 3, 8])
    assert_array_equal(other.coefficients, network.coefficients)
    with pytest.raises(InvalidParameterError, match="floppy"):
        network.with_imposed([2, 3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stiffnesses": -1.0}, "greater than 0"), ({"stiffnesses": 0.0}, "greater than 0"),
        ({"stiffnesses": np.nan}, "coefficients"), ({"stiffnesses": np.inf}, "coefficients"),
        ({"stiffnesses": [1.0, 2.0]}, r"\(5,\)"),
        ({"edges": [*FRAME, (2, 2)]}, "two different nodes"), ({"edges": [*FRAME, (1, 0)]}, "parallel"),
        ({"edges": [*FRAME, (0, 4)]}, "from 0 to 3"), ({"edges": [*FRAME, (0, -1)]}, "from 0 to 3"),
        ({"edges": np.ones((5, 2))}, "whole numbers"), ({"edges": []}, "at least one edge"),
        ({"edges": [0, 1]}, r"\(edges, 2\)"), ({"edges": [(0, 1, 2)]}, r"\(edges, 2\)"),
        ({"imposed": [0, 1, 8]}, "from 0 to 7"), ({"imposed": [-1]}, "from 0 to 7"), ({"imposed": [0, 1, 1]}, "once"),
        ({"imposed": np.arange(8)}, "fewer"), ({"imposed": 0}, r"\(m,\)"), ({"imposed": [0.5]}, "whole numbers"),
        ({"positions": [(0, 0, 0, 0)] * 4}, "dim 1, 2 or 3"), ({"positions": [0.0, 1.0]}, "dim 1, 2 or 3"),
        ({"positions": [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (np.nan, 1.0)]}, "positions"),
        ({"positions": [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]}, "different positions"),
    ],
)  # fmt: skip
def test_bad_springs_are_refused(change, message):
    good = {"positions": SQUARE, "edges": [*FRAME, (0, 2)], "stiffnesses": 1.0, "imposed": [0, 1, 3]}
    elastic_network(**good)
    with pytest.raises(InvalidParameterError, match=message):
        elastic_network(**(good | change))


def test_bad_resistors_are_refused():
    with pytest.raises(InvalidParameterError, match="greater than 0"):
        resistor_network(FRAME, -1.0, [0])
    with pytest.raises(InvalidParameterError, match=r"\(nodes, dim\)"):
        resistor_network(FRAME, 1.0, [0], [0.0, 1.0, 2.0, 3.0])
    with pytest.raises(InvalidParameterError, match="at least one edge"):
        resistor_network([], 1.0, [0])


def test_pieces_that_nothing_holds_are_named():
    edges = [(0, 1), (2, 3), (3, 4), (5, 6)]
    with pytest.raises(DisconnectedNetworkError) as caught:
        resistor_network(edges, 1.0, [0])
    assert [sorted(piece) for piece in caught.value.pieces] == [[2, 3, 4], [5, 6]]
    resistor_network(edges, 1.0, [0, 2, 6])  # each piece held
    with pytest.raises(DisconnectedNetworkError):  # a node without edges
        resistor_network([(0, 1), (1, 3)], 1.0, [0])
    with pytest.raises(DisconnectedNetworkError):
        elastic_network([*SQUARE, (5.0, 5.0), (6.0, 5.0)], [*FRAME, (0, 2), (4, 5)], 1.0, [0, 1, 3])


@pytest.mark.parametrize(
    ("edges", "imposed"),
    [
        (FRAME, [0, 1, 3]),
        (FRAME, [0]),
        ([*FRAME, (0, 2)], [0, 1]),
        ([*FRAME, (0, 2), (1, 3)], [0]),
        (FRAME[:3], [0, 1]),
    ],
)
def test_floppy_modes_are_counted_and_named(edges, imposed):
    count = slow.floppy(slow.compatibility(SQUARE, edges, "elastic"), imposed)
    assert count > 0
    words = "one floppy mode" if count == 1 else f"{count} floppy modes"
    with pytest.raises(InvalidParameterError, match=rf"{words}.*node \d can move"):
        elastic_network(SQUARE, edges, 1.0, imposed)


def test_floppy_modes_of_large_networks_are_counted_by_inertia():
    """A square lattice of springs shears along each row and column but for its diagonals."""
    side, rng = 13, np.random.default_rng(3)
    lattice = square_resistor_network(side, side)
    corner = np.arange(side * side).reshape(side, side)
    braces = np.stack([corner[:-1, :-1].ravel(), corner[1:, 1:].ravel()], axis=1)
    places = lattice.positions + 0.1 * rng.standard_normal(lattice.positions.shape)
    held = [0, 1, 2 * (side - 1)]
    full = elastic_network(places, np.concatenate([lattice.edges, braces]), 1.0, held)
    assert not full.assembly.dense
    for removed in (30, 60, 100):
        edges = np.concatenate([lattice.edges, braces[removed:]])
        expected = slow.floppy(slow.compatibility(places, edges, "elastic"), held)
        with pytest.raises(InvalidParameterError) as caught:
            elastic_network(places, edges, 1.0, held)
        words = "one floppy mode" if expected == 1 else f"{expected} floppy modes"
        assert words in str(caught.value)
    none, mode = floppy_modes(full.assembly)
    assert none == 0
    assert not mode.any()


def test_a_network_says_what_it_is():
    assert repr(NETWORKS["plane"]) == "EdgeNetwork('elastic', 7 nodes, 21 edges, 4 of 14 degrees of freedom imposed)"
