"""Learning rules: statements that are nearly right are refused; plain programs do what the equations say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from thermo_cl.symbolic import equation


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("isd-mean", lambda r: -r),
        ("isd-optimum", lambda r: 1 - r),  # the phases exchanged
        ("isd-excess", lambda r: r + sp.Symbol("M_+", positive=True)),
        ("isd-baseline-optimum", lambda r: r / 2),
        ("geometric-phase-bias", lambda r: 2 * r),
        ("fixed-phase-limit", lambda r: r + 1),  # a step counted at t = 0
        ("dp-objective-half", lambda r: 2 * r),
        ("ep-network", lambda r: -r),
    ],
)
def test_wrong_right_side_is_refused(name, wrong):
    right = equation(name)
    statement = sp.Eq(right.statement.lhs, wrong(right.statement.rhs), evaluate=False)
    assert right.prove().proved
    assert not replace(right, statement=statement).prove().proved


@pytest.mark.parametrize("name", ["isd-minimum-bound", "isd-excess-sign", "dp-objective-one", "dp-objective-zero"])
def test_reversed_inequality_is_refused(name):
    right = equation(name)
    reverse = sp.LessThan if isinstance(right.statement, sp.GreaterThan) else sp.GreaterThan
    statement = reverse(right.statement.lhs, right.statement.rhs, evaluate=False)
    assert not replace(right, statement=statement).prove().proved


def test_wrong_step_is_refused():
    """A step that skips the odds, where the sign would not follow."""
    right = equation("isd-minimum-bound")
    assert not replace(right, derivation=right.derivation[:-1]).prove().proved


@pytest.mark.parametrize("alpha", [0.0, 0.2, 0.8, 1.0])
@pytest.mark.parametrize(("share", "converges"), [(0.97, True), (1.03, False)])
def test_sweeps_of_plain_dual_propagation_turn_unstable_at_the_stated_nudge(alpha, share, converges):
    """Three layers, both compartments stored, swept down and up 2000 times."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=shape) for shape in [(4, 3), (5, 4), (2, 5)]]
    x, y = rng.normal(size=3), rng.normal(size=2)
    maps = [weights[2], weights[2] @ weights[1]]
    largest = np.linalg.eigvalsh(sum(m @ m.T for m in maps))[-1]
    beta = share / (abs(2 * alpha - 1) * largest)
    plus = [np.zeros(4), np.zeros(5)]
    minus = [np.zeros(4), np.zeros(5)]
    errors = []
    for _ in range(2000):
        mean = alpha * plus[1] + (1 - alpha) * minus[1]
        errors.append(weights[2] @ mean - y)
        signal = weights[2].T @ (-beta * errors[-1])
        signals = [weights[1].T @ signal, signal]
        below = x
        for k in (0, 1):
            drive = weights[k] @ below
            plus[k], minus[k] = drive + alpha * signals[k], drive - (1 - alpha) * signals[k]
            below = alpha * plus[k] + (1 - alpha) * minus[k]
    change = np.linalg.norm(errors[-1] - errors[-2])
    assert change < 1e-12 if converges else change > 1e12


def test_no_share_of_phases_beats_the_stated_one():
    """The symbolic optimum, put into the symbolic variance, against a fine scan."""
    variance, best = equation("isd-variance").statement.rhs, equation("isd-optimum").statement.rhs
    numbers = {s: 0.3 for s in variance.free_symbols if str(s).startswith("mu")}
    moments = {s: {"M_+": 4.0, "M_-": 1.0}[str(s)] for s in best.free_symbols}
    share = next(s for s in variance.free_symbols if str(s) == "b")
    curve = sp.lambdify(share, variance.subs(numbers | moments), "numpy")
    scan = np.linspace(0.001, 0.999, 9981)
    assert_allclose(float(best.subs(moments)), 2 / 3)
    assert_allclose(scan[np.argmin(curve(scan))], 2 / 3, atol=1e-4)
