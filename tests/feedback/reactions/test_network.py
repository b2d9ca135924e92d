"""Reaction networks: reading, refusals, rates and their derivatives, conserved amounts."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.oracles import chemistry_slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions import Reaction, ReactionNetwork, Saturated, parse_reaction

ENTRIES = [
    ("A + B <-> D", 2.0, 0.3),
    ("2 A + D -> B + 3 C", 0.7),
    ("0 -> A", 0.4),
    ("C -> 0", 1.5),
    ("C + D -> C", 0.2),
]


def test_text_is_read():
    reaction = parse_reaction(" 2 A+B<->X_1' ", 1.0, 2.0)
    assert reaction.reactants == (("A", 2), ("B", 1)) and reaction.products == (("X_1'", 1),)
    assert reaction.text == "2 A + B <-> X_1'" and reaction.reversible
    assert parse_reaction("A + A -> 0", 1.0).reactants == (("A", 2),)
    assert parse_reaction("0 -> D*", 1.0).text == "0 -> D*"


def test_stoichiometry():
    network = ReactionNetwork.from_strings(ENTRIES, species=["A", "B", "C", "D"])
    expected = [[-1, -2, 1, 0, 0], [-1, 1, 0, 0, 0], [0, 3, 0, -1, 0], [1, -1, 0, 0, -1]]
    assert_array_equal(network.stoichiometry, expected)


@given(st.lists(st.floats(0.0, 5.0), min_size=4, max_size=4))
def test_drift_is_that_of_the_text(values):
    network = ReactionNetwork.from_strings(ENTRIES)
    by_name = dict(zip(network.species, values, strict=True))
    slow = chemistry_slow.drift(ENTRIES, by_name)
    assert_allclose(network.drift(values), [slow[s] for s in network.species], rtol=1e-13, atol=1e-12)


def test_drift_takes_a_batch():
    network = ReactionNetwork.from_strings(ENTRIES)
    c = np.random.default_rng(0).uniform(0.1, 2.0, (3, 5, 4))
    each = [[network.drift(c[i, j]) for j in range(5)] for i in range(3)]
    assert_allclose(network.drift(c), each, rtol=1e-14)
    assert network.jacobian(c).shape == (3, 5, 4, 4)


def test_jacobian_is_the_derivative():
    """Against symbolic differentiation of the written-out rates, zeros and squares included."""
    network = ReactionNetwork.from_strings([*ENTRIES, ("A + C -> A", Saturated(0.6, 0.2, "C"))])
    names = sympy.symbols("A B D C")
    assert network.species == tuple(map(str, names))
    a, b, d, c = names
    j = [2 * a * b - sympy.Rational(3, 10) * d, sympy.Rational(7, 10) * a**2 * d, sympy.Rational(2, 5),
         sympy.Rational(3, 2) * c, c * d / 5, sympy.Rational(3, 5) * a * c / (sympy.Rational(1, 5) + c)]  # fmt: skip
    drift = sympy.Matrix(network.stoichiometry.tolist()) * sympy.Matrix(j)
    exact = drift.jacobian(names)
    for point in ([0.3, 1.2, 0.7, 2.0], [0.0, 1.0, 0.5, 0.0]):
        at = {name: sympy.Rational(str(x)) for name, x in zip(names, point, strict=True)}
        assert_allclose(network.jacobian(point), np.array(exact.subs(at).tolist(), float), rtol=1e-13, atol=1e-14)
        assert_allclose(network.drift(point), np.array(drift.subs(at).tolist(), float)[:, 0], rtol=1e-13, atol=1e-14)


def test_zero_order_law():
    network = ReactionNetwork.from_strings([("X -> 0", Saturated(0.5, 0.0))])
    assert_array_equal(network.drift([[2.0], [1e-9], [0.0]]), [[-0.5], [-0.5], [0.0]])
    assert_array_equal(network.jacobian([2.0]), [[0.0]])


def test_held_species_do_not_move():
    network = ReactionNetwork.from_strings([("A + B <-> D", 2.0, 0.5)], held=["A"])
    assert_array_equal(network.drift([3.0, 1.0, 0.0]), [0.0, -6.0, 6.0])
    assert_array_equal(network.jacobian([3.0, 1.0, 0.0])[:, 0], [0.0, -2.0, 2.0])
    assert_array_equal(network.stoichiometry[0], [-1])
    assert [law.name for law in network.conservation_laws] == ["B + D"]


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        ([("A + B <-> D", 1.0, 1.0)], {"A + D", "B + D"}),
        ([("2 A <-> D", 1.0, 1.0)], {"A + 2 D"}),
        ([("E + S <-> ES", 1.0, 1.0), ("ES -> E + P", 1.0)], {"E + ES", "S + ES + P"}),
        ([("A -> A + B", 1.0), ("B -> 0", 1.0)], {"A"}),
        ([("A + B -> 0", 1.0)], {"A - B"}),
        ([("0 -> A", 1.0), ("A -> 0", Saturated(1.0, 1.0))], set()),
        ([("4 A -> 6 B", 1.0)], {"3 A + 2 B"}),
        ([("A -> B + C", 1.0), ("B + C -> D", 1.0)], {"A + B + D", "A + C + D"}),
    ],
)
def test_conservation_laws_by_name(entries, names):
    assert {law.name for law in ReactionNetwork.from_strings(entries).conservation_laws} == names


@given(
    st.integers(1, 6).flatmap(
        lambda r: st.lists(st.lists(st.integers(-3, 3), min_size=r, max_size=r), min_size=2, max_size=6)
    )
)
def test_conservation_laws_span_the_null_space(table):
    """As many as sympy's exact rank leaves, each exact and in lowest terms; non-negative ones if it can be."""
    from thermo_cl.feedback.reactions.conservation import integer_left_null_space

    matrix = np.array(table)
    laws = integer_left_null_space(matrix)
    rank = sympy.Matrix(table).rank()
    assert len(laws) == len(table) - rank
    assert_array_equal(laws @ matrix, np.zeros((len(laws), matrix.shape[1])))
    if len(laws):
        assert sympy.Matrix(laws.tolist()).rank() == len(laws)
        assert (np.gcd.reduce(laws, axis=1) == 1).all()


def test_totals_of_a_law():
    network = ReactionNetwork.from_strings([("2 A <-> D", 1.0, 1.0)])
    (law,) = network.conservation_laws
    assert_array_equal(law.total([[1.0, 2.0], [0.5, 0.0]]), [5.0, 0.5])


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([("A -> B", -1.0)], "forward of A -> B"),
        ([("A -> B", float("nan"))], "forward of A -> B"),
        ([("A <-> B", 1.0, -2.0)], "backward of A <-> B"),
        ([("A <-> B", 1.0, float("inf"))], "backward of A <-> B"),
        ([("A <-> B", 1.0)], "backward of A <-> B"),
        ([("A -> B", 1.0, 1.0)], "backward of A -> B"),
        ([("A => B", 1.0)], "reaction"),
        ([("A -> B -> C", 1.0)], "reaction"),
        ([("A + -> B", 1.0)], "reaction"),
        ([("A - C -> B", 1.0)], "reaction"),
        ([("A + B -> B + A", 1.0)], "changes something"),
        ([("A -> B", 1.0), ("A -> B", 2.0)], "given once"),
        ([("A -> B", 1.0), ("B -> A", 2.0)], "one entry with two constants"),
        ([("A -> B",)], "reactions"),
        ([("A + B -> C", Saturated(1.0, 1.0))], "saturated species"),
        ([("2 A -> C", Saturated(1.0, 1.0))], "saturated species"),
        ([("A <-> C", Saturated(1.0, 1.0), 1.0)], "one-way"),
        ([], "at least one"),
    ],
)
def test_bad_reactions_are_refused(entries, word):
    with pytest.raises(InvalidParameterError, match=word):
        ReactionNetwork.from_strings(entries)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"species": ["A"]}, "'B'"),
        ({"species": ["A", "B", "C"]}, "in a reaction"),
        ({"species": ["A", "B", "A"]}, "without duplicates"),
        ({"held": ["C"]}, "held"),
        ({"held": ["A", "B"]}, "not all"),
    ],
)
def test_bad_species_are_refused(options, word):
    with pytest.raises(InvalidParameterError, match=word):
        ReactionNetwork([Reaction({"A": 1}, {"B": 1}, 1.0)], **options)


@pytest.mark.parametrize(("speed", "constant"), [(-1.0, 1.0), (0.0, 1.0), (1.0, -1.0), (1.0, float("nan"))])
def test_bad_saturation_is_refused(speed, constant):
    with pytest.raises(InvalidParameterError):
        Saturated(speed, constant)


def test_bad_concentrations_are_refused():
    network = ReactionNetwork.from_strings([("A -> B", 1.0)])
    with pytest.raises(InvalidParameterError, match="one of A, B"):
        network.concentrations({"C": 1.0})
    with pytest.raises(InvalidParameterError, match="not negative"):
        network.concentrations([-1.0, 0.0])
    with pytest.raises(InvalidParameterError, match="shape"):
        network.concentrations([1.0])
