"""What the equations of the bound, the shortfall and the offset say, seen in the library's own updates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sympy as sp
from scipy.special import gammainccinv

from thermo_cl import Sawtooth, adaptive_threshold, chemotaxis_kernel, sine_kernel, weight_update
from thermo_cl.symbolic import Equation, equation
from thermo_cl.symbolic.equations.synapse.protocol import fast_limit
from thermo_cl.symbolic.evaluate import evaluate


def _figure_8(fast: float) -> tuple[float, float]:
    """Closed form and exact update over A under the paper's protocol: A = 20, period 20, chemotaxis kernel."""
    height, rate = 20.0, 20.0
    slow, floor = 20.0 - fast, 0.5 * (height / 20.0 + height / fast)
    total = height / fast + height / slow
    formula = equation("update-shortfall").statement.rhs
    below, above = (height / fast - floor) / total, (height / slow + floor) / total
    given = {"A": height, "tau_f": fast, "tau_s": slow, "theta": floor, "b": rate, "n": 3.0}
    given |= {"t_c": gammainccinv(3.0, below) / rate, "t_d": gammainccinv(3.0, above) / rate}
    closed = evaluate(formula, {s: given[str(s)] for s in formula.free_symbols})
    exact = weight_update(chemotaxis_kernel(), Sawtooth(fast, slow), height, threshold=floor)
    return float(closed) / height, float(exact) / height


@pytest.mark.parametrize(("fast", "published"), [(0.5, 0.855), (1.0, 0.921), (2.0, 0.954), (8.0, 0.978)])
def test_correction_in_kernel_time_gives_figure_8(fast, published):
    closed, exact = _figure_8(fast)
    assert abs(closed - published) < 5e-4
    # what the closed form leaves out: P e^{-b tau_f} with the polynomial of three filters
    x = 20.0 * fast
    assert abs(closed - exact) < 20.0 * (1.0 + x + x**2) * np.exp(-x) + 1e-12


def test_figure_8_needs_the_exponentials_only_when_the_rise_is_a_few_kernel_times():
    closed, exact = _figure_8(0.2)
    assert exact == pytest.approx(0.648, abs=5e-4)
    assert 1e-3 < closed - exact < 2e-2


def test_half_way_threshold_loses_the_mean_deviation_of_any_kernels_delay():
    """The sine kernel's delay has a raised-cosine density on the window: mean deviation (1/4 - 1/pi^2) of it."""
    height, fast, slow, window = 10.0, 2.0, 20.0, 0.1
    total, middle = height / fast + height / slow, 0.5 * (height / fast - height / slow)
    kernel = sine_kernel(window, 2.0 * np.pi / window**2)  # first moment -1
    update = weight_update(kernel, Sawtooth(fast, slow), height, threshold=middle)
    assert height - update == pytest.approx(total * window * (0.25 - 1.0 / np.pi**2), rel=1e-10)


def _limit(area: float, protocol: Sawtooth, amplitudes: np.ndarray, threshold: float) -> np.ndarray:
    """Updates of an infinitely fast kernel of an area."""
    return fast_limit(
        lambda rate: weight_update(chemotaxis_kernel(area, rate), protocol, amplitudes, threshold=threshold), 1000.0
    )


def test_dynamic_range_with_an_area_is_where_the_update_becomes_ideal():
    area, largest, protocol = 0.3, 10.0, Sawtooth(1.0, 40.0, 8.0)
    threshold = float(adaptive_threshold(chemotaxis_kernel(area), protocol, largest))
    formula = equation("offset-dynamic-range").statement.rhs
    given = {"I": area, "tau_f": 1.0, "tau_s": 40.0}
    smallest = largest / float(evaluate(formula, {s: given[str(s)] for s in formula.free_symbols}))
    amplitudes = np.array([0.98, 1.02, 3.0, 0.999 * largest / smallest]) * smallest
    lost = amplitudes + area * 8.0 * 1.0 - _limit(area, protocol, amplitudes, threshold)
    assert lost[0] > 1e-2
    np.testing.assert_allclose(lost[1:], 0.0, atol=1e-9)


@pytest.mark.parametrize(("slow", "silent"), [(40.0, True), (5.0, False)])
def test_eq_45_lets_small_falls_pass_unless_the_area_exceeds_two_over_the_fall(slow, silent):
    area, largest, small = 0.3, 10.0, 0.5
    protocol = Sawtooth(1.0, slow, 8.0)
    threshold = float(adaptive_threshold(chemotaxis_kernel(area), protocol, largest))
    assert (area > 2.0 / slow) is silent
    update = float(_limit(area, protocol, np.array([small]), threshold)[0])
    best = small + area * 8.0
    assert update <= best + 1e-9 if silent else update > 2.0 * best


def _spoiled(original: Equation) -> Equation:
    """The same derivation for a statement that is wrong by a little."""
    statement = original.statement
    wrong = sp.Eq(statement.lhs, statement.rhs * sp.Rational(1001, 1000), evaluate=False)
    return dataclasses.replace(original, statement=wrong)


@pytest.mark.parametrize("name", ["tcl-26", "tcl-9-saturated", "tcl-36", "tcl-42", "tcl-45", "threshold-cost"])
def test_wrong_right_sides_are_refused(name):
    proof = _spoiled(equation(name)).prove()
    assert not proof.proved
    assert "right side" in proof.failed


def test_a_bound_that_is_too_tight_is_refused():
    bound = equation("tcl-9")
    tight = sp.GreaterThan(bound.statement.lhs / 2, bound.statement.rhs)
    assert not dataclasses.replace(bound, statement=tight).prove().proved
