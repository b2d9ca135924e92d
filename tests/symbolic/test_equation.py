"""The proof accepts what follows and refuses what does not; zero is zero and nothing else is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from thermo_cl.errors import InvalidParameterError
from thermo_cl.symbolic import Equation, Step
from thermo_cl.symbolic.zero import is_zero

a, b, t = sp.symbols("a b t", positive=True)
z = sp.Symbol("z", real=True)
area = sp.Symbol("I", real=True)
MEANING = {a: "rate", b: "rate", t: "time", z: "number", area: "area"}
INTEGRAL = sp.Integral(a * sp.exp(-b * t), (t, 0, sp.oo))


def doit(expression):
    return expression.doit()


def made(statement, *steps, compare=lambda rng: (1.0, 1.0), **changes):
    return Equation("test", "paper", "1", "Title", statement, MEANING, steps, compare, **changes)


def equal(left, right):
    return sp.Eq(left, right, evaluate=False)


AREA = made(equal(area, a / b), Step(INTEGRAL, "definition"), Step(a / b, "integral", doit))
SUM = made(
    equal((a + b) ** 3, a**3 + 3 * a * b * (a + b) + b**3),
    Step((a + b) ** 3, "cube"),
    Step((a**2 + 2 * a * b + b**2) * (a + b), "a square and a factor"),
    Step(a**3 + 3 * a**2 * b + 3 * a * b**2 + b**3, "expand"),
)
MEANS = made(
    sp.GreaterThan(a**2 + b**2, 2 * a * b, evaluate=False),
    Step(a**2 + b**2 - 2 * a * b, "difference"),
    Step((a - b) ** 2, "complete the square"),
)
STRICT = made(
    sp.StrictLessThan(a, sp.exp(b) * a, evaluate=False),
    Step(a * sp.exp(b) - a, "difference"),
    Step(a * (sp.exp(b) - 1), "collect"),
)
SAME = made(
    sp.Equivalent(sp.StrictGreaterThan(a * z, b), sp.StrictGreaterThan(z, b / a)),
    Step((a * z - b) / (z - b / a), "ratio of the gaps"),
    Step(a, "cancel"),
)
TABLE = made(
    equal(sp.Matrix([[a, b], [0, a]]) ** 2, sp.Matrix([[a**2, 2 * a * b], [0, a**2]])),
    Step(sp.Matrix([[a, b], [0, a]]) * sp.Matrix([[a, b], [0, a]]), "product"),
    Step(sp.Matrix([[a * a, b * (a + a)], [0, a**2]]), "rows by columns"),
)


@pytest.mark.parametrize("true", [AREA, SUM, MEANS, SAME, TABLE])
def test_what_follows_is_proved(true):
    proof = true.prove()
    assert proof.proved
    assert proof.failed == ""


def test_a_sign_that_the_assumptions_do_not_give_is_no_proof():
    assert "sign" in STRICT.prove().failed  # exp(b) - 1 > 0 is true, but sympy does not derive it


# ---------------------------------------------------------- deliberately wrong


def step_changed(equation, index, expression):
    steps = list(equation.derivation)
    steps[index] = dataclasses.replace(steps[index], expression=expression)
    return dataclasses.replace(equation, derivation=tuple(steps))


WRONG = {
    "right side": (made(equal(area, b / a), *AREA.derivation), "the last step"),
    "last step": (step_changed(AREA, 1, 2 * a / b), "step 2"),
    "middle step": (step_changed(SUM, 1, (a**2 + a * b + b**2) * (a + b)), "step 2"),
    "step after a wrong one is right": (step_changed(SUM, 1, (a + b) ** 4), "step 2"),
    "first step": (step_changed(SUM, 0, (a - b) ** 3), "the first step"),
    "first step of an inequality": (step_changed(MEANS, 0, a**2 + b**2 + 2 * a * b), "the first step"),
    "sign of an inequality": (
        made(sp.LessThan(a**2 + b**2, 2 * a * b, evaluate=False), *MEANS.derivation),
        "the first step",
    ),
    "inequality that only holds for some": (
        made(sp.StrictGreaterThan(a, b, evaluate=False), Step(a - b, "difference")),
        "sign",
    ),
    "strict inequality of a square": (
        made(sp.StrictGreaterThan(a**2 + b**2, 2 * a * b, evaluate=False), *MEANS.derivation),
        "sign",
    ),
    "operation that gives something else": (
        made(equal(area, a / b), Step(INTEGRAL, "definition"), Step(a / b, "derivative", lambda e: e.diff(a))),
        "step 2",
    ),
    "limit at the other end": (
        made(equal(area, a), Step(a * sp.exp(-b * t), "decay"), Step(a, "limit", lambda e: sp.limit(e, t, sp.oo))),
        "step 2",
    ),
    "asserted": (made(equal(area, a / b), Step(a / b, "as everyone knows")), "claim"),
    "asserted in two steps": (made(equal(area, a / b), Step(a / b, "clearly"), Step(a / b, "as said")), "claim"),
    "circular": (made(equal(area, area + 1), Step(INTEGRAL, "definition"), Step(area + 1, "so")), "claim"),
    "rounded": (
        made(equal(area, 0.1 * a), Step(INTEGRAL.subs(b, 10), "definition"), Step(0.1 * a, "so", doit)),
        "round",
    ),
    "rounded on the way": (
        made(
            equal(area, a / 3), Step(INTEGRAL.subs(b, 3), "definition"), Step(a / 3, "numbers", lambda e: e.doit().n())
        ),
        "step 2",
    ),
    "equivalence of opposite signs": (
        made(
            sp.Equivalent(sp.StrictGreaterThan(a * z, b), sp.StrictLessThan(z, b / a)),
            Step((a * z - b) / (b / a - z), "ratio of the gaps"),
            Step(-a, "cancel"),
        ),
        "sign",
    ),
    "equivalence to something else": (
        made(sp.Equivalent(sp.StrictGreaterThan(a * z, b), sp.StrictGreaterThan(z, b)), *SAME.derivation),
        "the first step",
    ),
    "entry of a matrix": (
        step_changed(TABLE, 1, sp.Matrix([[a * a, b * (a + a)], [a - b, a**2]])),
        "step 2",
    ),
    "shape of a matrix": (step_changed(TABLE, 1, sp.Matrix([[a * a, 2 * a * b]])), "step 2"),
    "number for a matrix": (step_changed(TABLE, 0, a), "the first step"),
}


@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_follow_is_refused(wrong, said):
    proof = wrong.prove()
    assert not proof.proved
    assert said in proof.failed


def test_an_equivalence_of_mixed_strictness_is_refused():
    mixed = sp.Equivalent(sp.StrictGreaterThan(a * z, b), sp.GreaterThan(z, b / a))
    with pytest.raises(InvalidParameterError, match="same strictness"):
        made(mixed, *SAME.derivation).prove()


@pytest.mark.parametrize("statement", [sp.Ne(a, b), sp.true, a + b, sp.And(a > b, z > b)])
def test_a_statement_of_another_kind_is_refused(statement):
    with pytest.raises(InvalidParameterError, match="an equation, an inequality"):
        made(statement, Step(a, "why")).prove()


def test_symbols_must_be_explained():
    with pytest.raises(InvalidParameterError, match=r"'x'.*test states something on"):
        made(equal(sp.Symbol("x"), a), Step(a, "why"))
    with pytest.raises(InvalidParameterError, match="'a'"):
        made(equal(area, sp.Symbol("a")), Step(a, "why"))  # the same name without the assumption is another symbol


def test_a_derivation_has_steps():
    with pytest.raises(InvalidParameterError, match="at least one step"):
        made(equal(area, a / b))


# --------------------------------------------------------------------- checks

NUMBERS = [
    ((1.0, 1.0), True),
    (([1.0, 2.0], [1.0, 2.0 + 1e-12]), True),
    ((0.0, 0.0), True),
    ((1.0, [1.0, 1.0]), True),
    ((1.0 + 1e-10j, 1.0), True),
    ((1.0, 1.0 + 1e-8), False),
    ((1e-300, 2e-300), False),
    ((0.0, 1e-200), False),
    (([1.0, 2.0], [1.0, 3.0]), False),
    ((1.0, 1.0j), False),
    ((np.nan, 1.0), False),
    ((1.0, np.nan), False),
    ((np.nan, np.nan), False),
    (([1.0, np.nan], [1.0, 1.0]), False),
    ((np.inf, np.inf), False),
    ((np.inf, 1.0), False),
    (([], []), False),
]


@pytest.mark.parametrize(("pair", "agrees"), NUMBERS)
def test_check_compares_relative_to_the_larger(pair, agrees):
    check = made(AREA.statement, *AREA.derivation, compare=lambda rng: pair).check(0)
    assert check.agrees is agrees
    assert (check.deviation <= check.tolerance) is agrees


def test_check_draws_from_the_seed_given():
    seen = []
    equation = made(AREA.statement, *AREA.derivation, compare=lambda rng: seen.append(rng.random()) or (1.0, 1.0))
    for seed in (1, 1, 2, np.random.default_rng(1)):
        equation.check(seed)
    assert seen[0] == seen[1] == seen[3] != seen[2]


def test_latex_of_the_statement():
    assert AREA.latex() == r"I = \frac{a}{b}"


# ----------------------------------------------------------------------- zero

IDENTITIES = [
    sp.Integer(0),
    (a + b) ** 5 - sp.expand((a + b) ** 5),
    1 / (a + b) - (a - b) / (a**2 - b**2),
    sp.exp(a + b) - sp.exp(a) * sp.exp(b),
    sp.sinh(a) ** 2 - sp.cosh(a) ** 2 + 1,
    sp.sin(z) ** 2 + sp.cos(z) ** 2 - 1,
    sp.log(a * b) - sp.log(a) - sp.log(b),
    sp.sqrt(a * b) - sp.sqrt(a) * sp.sqrt(b),
    1 / (1 - sp.exp(-a)) - sp.exp(a) / (sp.exp(a) - 1),
    sp.tanh(a / 2) - (1 - sp.exp(-a)) / (1 + sp.exp(-a)),
    INTEGRAL - a / b,
    sp.Sum(b**2, (t, 1, 3)) - 3 * b**2,
    sp.Derivative(sp.exp(-a * t), t) + a * sp.exp(-a * t),
    sp.Matrix([[a - a, (a - b) * (a + b) - a**2 + b**2]]),
]
NOT_ZERO = [
    a,
    sp.Rational(1, 10**30),
    sp.sqrt(z**2) - z,
    sp.log(z**2) - 2 * sp.log(z),
    sp.Abs(z) - z,
    (-1) ** a - 1,
    sp.sqrt(z - 1) * sp.sqrt(z + 1) - sp.sqrt(z**2 - 1),
    sp.exp(a) - 1 - a - a**2 / 2 - a**3 / 6,
    sp.nan,
    sp.zoo,
    sp.oo,
    INTEGRAL - b / a,
    sp.Matrix([[0, 0], [0, a - b]]),
    sp.Symbol("a") - a,
]


@pytest.mark.parametrize("expression", IDENTITIES, ids=range(len(IDENTITIES)))
def test_identities_are_zero(expression):
    assert is_zero(expression)


@pytest.mark.parametrize("expression", NOT_ZERO, ids=range(len(NOT_ZERO)))
def test_what_may_differ_from_zero_is_not(expression):
    assert not is_zero(expression)


LEAVES = st.sampled_from([a, b, sp.Integer(1), sp.Integer(2), sp.Rational(1, 3), sp.Integer(-1)])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(sp.Add, inner, inner),
        st.builds(sp.Mul, inner, inner),
        st.builds(lambda e: sp.exp(-e), inner),
        st.builds(lambda e: e**2, inner),
        st.builds(lambda e: 1 / (1 + e**2), inner),
    ),
    max_leaves=6,
)
PLACES = [{a: sp.Rational(7, 5), b: sp.Rational(3, 11)}, {a: sp.Rational(2, 7), b: sp.Rational(13, 8)}]


def at(expression, place):
    return expression.subs(place).evalf(40)


@given(EXPRESSIONS, EXPRESSIONS)
def test_zero_is_never_said_of_expressions_that_differ(one, other):
    gaps = [at(one - other, place) for place in PLACES]
    assume(all(gap.is_finite and abs(gap) < 1e6 for gap in gaps))
    if is_zero(one - other):
        assert all(abs(gap) < 1e-25 for gap in gaps)


@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_the_laws_of_arithmetic_are_seen(one, other, third):
    assert is_zero(sp.expand((one + other) * third) - one * third - other * third)


@given(EXPRESSIONS, st.sampled_from([a, sp.Integer(1), sp.exp(-a), sp.Rational(1, 10**12)]))
def test_a_small_or_large_error_is_refused(expression, error):
    wrong = made(equal(area, expression + b), Step(expression + b + error, "definition"), Step(expression + b, "so"))
    assert not wrong.prove().proved
