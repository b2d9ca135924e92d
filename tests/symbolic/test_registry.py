"""Every equation of the registry: proved, in agreement with the library, explained, and not provable when falsified.

Each proof runs once in a session; the tests about it share the outcome.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import itertools
import random
from functools import cache

import pytest
import sympy as sp
from sympy.core.function import AppliedUndef

from thermo_cl.errors import UnknownEquationError
from thermo_cl.symbolic import Proof, equation, names, registry

PAPERS = ("Falk et al. 2025", "Williams et al. 2023", "Høier and Zach 2024")
NAMES = names()
every_equation = pytest.mark.parametrize("name", NAMES)
EQUALITIES = [name for name in NAMES if isinstance(equation(name).statement, sp.Eq)]
INEQUALITIES = [name for name in NAMES if name not in EQUALITIES]
TURNED = {
    sp.StrictGreaterThan: sp.StrictLessThan,
    sp.GreaterThan: sp.LessThan,
    sp.StrictLessThan: sp.StrictGreaterThan,
    sp.LessThan: sp.GreaterThan,
}


@cache
def proof(name) -> Proof:
    return equation(name).prove()


def named(expression) -> bool:
    return isinstance(expression, (sp.Symbol, AppliedUndef))


def raised(expression):
    """One more, in every entry of a matrix."""
    shape = getattr(expression, "shape", ())
    return expression + (sp.ones(*shape) if shape else 1)


def outcome_of_claim(name, right) -> Proof:
    """Whether the derivation's last step would do for another right side; its links are proved elsewhere."""
    original = equation(name)
    claim = sp.Symbol("claim")
    return dataclasses.replace(
        original,
        statement=sp.Eq(claim, right, evaluate=False),
        symbols={**original.symbols, claim: "what is claimed", **dict.fromkeys(right.free_symbols, "as before")},
        derivation=original.derivation[-1:],
    ).prove()


# ----------------------------------------------------------------- what holds


@every_equation
def test_proved(name):
    assert proof(name) == Proof(proved=True)


@every_equation
def test_agrees_with_the_library(name):
    for seed in (1, 20250131):
        check = equation(name).check(seed)
        assert check.agrees, f"seed {seed}: {check}"


def test_as_many_as_promised():
    assert len(NAMES) >= 45
    assert len(set(NAMES)) == len(NAMES)
    for paper in PAPERS:
        assert any(equation(name).paper == paper for name in NAMES), paper


def test_no_equation_hides_another_of_its_name():
    modules = [importlib.import_module(f"thermo_cl.symbolic.equations.{name}") for name in registry._MODULES]
    assert sum(inspect.getsource(module).count("\n@register\n") for module in modules) == len(NAMES)


@every_equation
def test_explained(name):
    entry = equation(name)
    assert entry.name == name
    assert entry.paper in {*PAPERS, "Scellier and Bengio 2017", "thermo_cl"}
    assert bool(entry.number) or not name.startswith("tcl-")
    assert entry.title == entry.title.strip() != ""
    assert all(meaning.strip() for meaning in entry.symbols.values())
    assert all(step.reason.strip() for step in entry.derivation)
    assert 0 < entry.tolerance <= 1e-6


# ------------------------------------------------------- what is not asserted


@every_equation
def test_operations_look_at_what_they_are_given(name):
    """An operation that returned the answer whatever came before it would prove anything."""
    anything = sp.Dummy(real=True)
    steps = equation(name).derivation
    for before, after in itertools.pairwise(steps):
        if after.operation is None:
            continue
        given = before.expression
        try:
            found = after.operation(given.applyfunc(lambda _: anything) if hasattr(given, "applyfunc") else anything)
        except Exception:  # it wants an expression of a certain form, and so looks at it
            continue
        assert found != after.expression, after.reason


@pytest.mark.parametrize("name", EQUALITIES)
def test_equality_falsified_is_not_proved(name):
    right = equation(name).statement.rhs
    wrong = [raised(right)] if right != raised(right) else []
    if right != 2 * right and sp.count_ops(right) < 40:  # that a long expression is not zero takes sympy minutes
        wrong.append(2 * right)
    assert wrong
    for claim in wrong:
        assert outcome_of_claim(name, claim).failed == "the last step is not the right side"


@pytest.mark.parametrize("name", [name for name in EQUALITIES if not named(equation(name).statement.lhs)])
def test_equality_of_something_else_is_not_proved(name):
    original = equation(name)
    statement = sp.Eq(raised(original.statement.lhs), original.statement.rhs, evaluate=False)
    assert dataclasses.replace(original, statement=statement).prove().failed == "the first step is not the left side"


@pytest.mark.parametrize("name", INEQUALITIES)
def test_inequality_turned_is_not_proved(name):
    original = equation(name)
    statement = original.statement
    if isinstance(statement, sp.Equivalent):
        first, second = statement.args
        turned = sp.Equivalent(TURNED[type(first)](*first.args, evaluate=False), second)
    else:
        turned = TURNED[type(statement)](*statement.args, evaluate=False)
    assert not dataclasses.replace(original, statement=turned).prove().proved


def with_numbers(name) -> list[sp.Expr]:
    """Left minus right side at random admissible numbers, entry by entry."""
    statement, draw = equation(name).statement, random.Random(name)
    numbers = {
        symbol: sp.Integer(draw.randint(2, 5)) if symbol.is_integer else sp.Rational(draw.randint(11, 39), 20)
        for symbol in sorted(statement.free_symbols, key=str)
    }
    gap = statement.lhs - statement.rhs
    gap = gap.replace(lambda e: isinstance(e, sp.Derivative), lambda e: e.doit()).subs(numbers)
    gap = gap.doit()
    return [entry.evalf(30) for entry in (gap.as_explicit() if hasattr(gap, "shape") else [gap])]


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in EQUALITIES
        if not named(equation(name).statement.lhs) and not equation(name).statement.has(sp.Limit, AppliedUndef)
    ],
)
def test_equality_of_two_expressions_holds_for_all_numbers(name):
    """Operations such as limits may change a value: then the statement must name the limit, or what is defined."""
    assert all(abs(gap) < 1e-15 for gap in with_numbers(name))


# --------------------------------------------------------------------- names


def test_an_equation_is_built_once():
    assert equation(NAMES[0]) is equation(NAMES[0])


def test_names_are_known_without_building(monkeypatch):
    def refusing(build):
        @functools.wraps(build)
        def refuse():
            raise AssertionError(build.__name__)

        return refuse

    monkeypatch.setattr(registry, "equation", None)
    # in another order, too: a module may have been imported before the registry was asked
    shuffled = {name: refusing(build) for name, build in sorted(registry._BUILDERS.items())}
    monkeypatch.setattr(registry, "_BUILDERS", shuffled)
    assert sorted(names()) == sorted(NAMES)
    modules = [equation_module(name) for name in names()]
    assert [module for module, _ in itertools.groupby(modules)] == list(dict.fromkeys(modules))


def equation_module(name):
    return registry._BUILDERS[name].__module__


@pytest.mark.parametrize(
    ("given", "nearest"), [("tcl33", "tcl-33"), ("TCL-33", "tcl-33"), ("isd-varance", "isd-variance")]
)
def test_unknown_names_give_the_nearest(given, nearest):
    with pytest.raises(UnknownEquationError, match=nearest) as caught:
        equation(given)
    assert nearest in caught.value.nearest
    assert len(caught.value.nearest) <= 3


def test_a_name_like_no_other_points_to_the_list():
    with pytest.raises(UnknownEquationError, match="thermo-cl derive"):
        equation("?")
