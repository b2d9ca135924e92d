"""The ladder in symbols beyond the registry's sweep: all states, concrete sums, refused falsehoods, open constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from mpmath import qp
from numpy.testing import assert_allclose

from thermo_cl import Ladder
from thermo_cl.symbolic import equation
from thermo_cl.symbolic.equations.ladder.cost import ladder_cost_area
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import (
    against,
    eliminated_weights,
    evaluate_determinants,
    flux,
    ladder_generator,
    level,
    merge_sums,
    n_levels,
    on_rails,
    p_bottom,
    p_top,
    rung_rates,
    sums_from_zero,
    tree_weights,
)
from thermo_cl.symbolic.ladder_draws import by_level, draw, rungs, signal_of


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_steady_states_by_trees_and_by_elimination_are_the_library_s(levels):
    up, down = rung_rates(levels)
    generator, weights = ladder_generator(up, down), eliminated_weights(up, down)
    trees = [evaluate_determinants(tree) for tree in tree_weights(generator)]
    assert [sp.expand(a - b) for a, b in zip(trees, weights, strict=True)] == [0] * (2 * levels)
    ladder, signal = draw(np.random.default_rng(levels), levels)
    rates_up, rates_down = rungs(ladder, signal)
    values = {against: ladder.backward_rate} | by_level(up, rates_up) | by_level(down, rates_down)
    p = np.stack([evaluate(weight, values) for weight in weights], axis=-1)
    assert_allclose(p / p.sum(axis=-1, keepdims=True), ladder.steady_state(signal), rtol=1e-12)


@pytest.mark.parametrize("levels", [2, 3, 7])
def test_sums_over_rails_hold_for_every_number_of_levels(levels):
    total = sp.Sum(flux(level), (level, 0, n_levels - 2))
    rails = {f: sp.Symbol(f"S_{f.__name__}") for f in (p_top, p_bottom)}
    sums = {rails[f]: sp.Add(*(f(k) for k in range(levels))) for f in rails}
    ours = on_rails(total, rails).subs(n_levels, levels).subs(sums)
    assert sp.expand(ours - total.subs(n_levels, levels).doit()) == 0


@pytest.mark.parametrize("levels", [2, 5])
def test_summation_by_parts_for_concrete_numbers_of_levels(levels):
    gain = sp.Sum(level * p_top(level - 1), (level, 1, n_levels - 1))
    gain -= sp.Sum(level * p_top(level), (level, 0, n_levels - 2))
    merged = merge_sums(sums_from_zero(gain))
    assert len(merged.atoms(sp.Sum)) == 1
    assert sp.expand((gain - merged).subs(n_levels, levels).doit()) == 0


def _with_statement(name, change):
    right = equation(name)
    steps = right.derivation
    wrong = change(right.statement)
    last = wrong.rhs if isinstance(wrong, sp.Eq) else steps[-1].expression
    return replace(right, statement=wrong, derivation=(*steps[:-1], replace(steps[-1], expression=last)))


@pytest.mark.parametrize(
    "name",
    ["ladder-steady-2", "ladder-corner-identity", "ladder-first-moment", "ladder-fast-rungs", "ladder-bulk-moment"],
)
def test_a_right_side_that_is_off_by_a_factor_is_refused(name):
    wrong = _with_statement(name, lambda s: sp.Eq(s.lhs, s.rhs * sp.Rational(11, 10), evaluate=False))
    assert not wrong.prove().proved
    assert not wrong.prove().failed.startswith("the first")


def test_a_higher_floor_of_the_cost_is_refused():
    wrong = _with_statement("ladder-bulk-floor", lambda s: sp.StrictGreaterThan(s.lhs, sp.Rational(1, 3)))
    assert not wrong.prove().proved


def test_a_corner_of_the_wrong_sign_is_refused():
    right = equation("ladder-corner-identity")
    steps = [replace(step, expression=step.expression.subs(p_top(0), -p_top(0))) for step in right.derivation[1:]]
    assert not replace(right, derivation=(right.derivation[0], *steps)).prove().proved


def test_cost_between_whole_numbers_of_levels_can_fall_below_the_floor():
    ladder = Ladder(gamma=0.12, rate_factor=1.0, n_levels=160, reference_level=80, energy_step=4.0)
    change = float(np.log((1 + 20 / 18.2) / (1 + 20 / 3000)))
    cost = ladder.entropy_production_rate() * ladder.step_moments(20.0).first_moment / change
    assert_allclose(cost, 0.229, atol=5e-4)
    # r = 0.887: the ends, r^80 away, still count in the third digit of mu1
    whole = Ladder(gamma=0.12, rate_factor=1.0, n_levels=320, reference_level=160, energy_step=4.0)
    cost = whole.entropy_production_rate() * whole.step_moments(signal_of(whole, 4.0)).first_moment / 4.0
    assert_allclose(cost, -np.log(0.12) / 8, rtol=1e-6)


@pytest.mark.parametrize(("step", "rate", "levels"), [(1.0, 0.3, 40), (2.0, 0.5, 30), (0.8, 0.6, 60)])
def test_constant_of_the_ends_with_fast_rungs_is_a_ratio_of_q_products(step, rate, levels):
    """Ramanujan's bilateral sum over the profile of ladder-fast-rungs: checked here, not proved in the registry."""
    ladder = Ladder(rate * np.exp(-step / 2), 1e13, 2 * levels + 1, levels + 0.3, step)
    q, w = np.exp(-step), np.exp(-0.3 * step)

    def product(*factors):
        return float(np.prod([float(qp(a, q)) for a in factors]))

    constant = product(rate * q, rate * q, -w / rate, -rate * q / w) / product(q, rate**2 * q, -q / w, -w) / 2
    end = ladder.steady_state()[2 * levels + 1]
    assert_allclose(end / ((1 - rate) * rate**levels), constant, rtol=1e-9)


def test_cost_law_is_stated_for_the_size_of_the_area():
    assert sp.Symbol("I", positive=True) in ladder_cost_area().statement.free_symbols
