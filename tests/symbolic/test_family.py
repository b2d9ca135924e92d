"""Kernel families against quadrature, the library's own kernels, and the papers' coefficients."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import DivergentIntegralError, InvalidParameterError
from thermo_cl.symbolic import Equation, KernelFamily

t, tau, r, q, w, b = sp.symbols("t tau r q w b", positive=True)
a, c, d = sp.symbols("a c d", real=True)
wanted = sp.Symbol("I", real=True)
s_0, v = sp.symbols("s_0 v", real=True)
CHEMOTAXIS = KernelFamily(a * sp.exp(-b * t) * (t - c * t**2), t, (a, b, c))
VALUES = {"a": 1.7, "c": -0.6, "d": 0.3, "tau": 0.8, "r": 2.3, "q": 0.9, "w": 3.1, "b": 1.4}
FAMILIES = {
    "chemotaxis": CHEMOTAXIS,
    "cubic": KernelFamily(sp.exp(-t / tau) * (a * t - c * t**3), t, (a, c, tau)),
    "two exponentials": KernelFamily(a * sp.exp(-r * t) + c * sp.exp(-q * t), t, (a, c, r, q)),
    "damped wave": KernelFamily(sp.exp(-b * t) * (a * sp.cos(w * t) + c * t * sp.sin(w * t) ** 2), t, (a, b, c, w)),
    "hyperbolic": KernelFamily(sp.exp(-r * t) * sp.sinh(r * t / 2) * (1 + t) ** 2, t, r),
    "power of two": KernelFamily(2 ** (-r * t) * a, t, (a, r)),
    "sine": KernelFamily(sp.sin(2 * sp.pi * t / tau) / 3, t, tau, window=tau),
    "growing, windowed": KernelFamily(a + c * t * sp.exp(r * t), t, (a, c, r, tau), window=2 * tau),
}


def values_of(family: KernelFamily) -> dict[str, float]:
    return {str(p): VALUES[str(p)] for p in family.parameters}


def number(expression: sp.Expr) -> float:
    return float(sp.N(expression.subs({s: VALUES[str(s)] for s in expression.free_symbols}), 30))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_moments_transform_and_numbers_agree_with_quadrature(family):
    kernel = family.numerical(**values_of(family))
    function = sp.lambdify(t, family.expression.subs({p: VALUES[str(p)] for p in family.parameters}), "mpmath")
    end = 40.0 if family.window == sp.oo else number(family.window)
    cuts = np.linspace(0.0, end, 41).tolist()
    times = np.linspace(0.01, 0.99 * min(end, 4.0), 7)
    assert_allclose(kernel(times), [float(function(x)) for x in times], rtol=1e-12)
    for n in range(4):
        exact = float(mpmath.quad(lambda x, n=n: x**n * function(x), cuts))
        assert_allclose(number(family.moment(n)), exact, rtol=1e-11, atol=1e-13)
        assert_allclose(kernel.moment(n), exact, rtol=1e-11, atol=1e-13)
    transform = float(mpmath.quad(lambda x: function(x) * mpmath.exp(-1.3 * x), cuts))
    assert_allclose(number(family.laplace(sp.Rational(13, 10))), transform, rtol=1e-11)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_ramp_response_is_derived(family):
    steps = family.derivation(s_0, v)
    meanings = dict.fromkeys((s_0, v, t, *family.parameters), "")
    statement = sp.Eq(steps[0].expression, family.ramp_response(s_0, v), evaluate=False)
    ours = Equation("ramp", "", "", "", statement, meanings, steps, lambda _: (0.0, 0.0))
    assert ours.prove().proved
    wrong = sp.Eq(steps[0].expression, family.ramp_response(s_0, 2 * v), evaluate=False)
    assert not Equation("ramp", "", "", "", wrong, meanings, steps, lambda _: (0.0, 0.0)).prove().proved


@pytest.mark.parametrize("expression", [sp.exp(-(t**2)), 1 / (1 + t) ** 5, sp.exp(-t) / sp.sqrt(t)])
def test_other_functions_are_integrated_by_sympy(expression):
    family = KernelFamily(expression, t)
    assert_allclose(
        number(family.first_moment), float(mpmath.quad(sp.lambdify(t, t * expression, "mpmath"), [0, 1, mpmath.inf]))
    )
    with pytest.raises(InvalidParameterError, match=r"sum of t\*\*n"):
        family.numerical()


def test_chemotaxis_coefficients_are_those_of_the_paper():
    solved = CHEMOTAXIS.solve(area=wanted)
    assert sp.simplify(solved.solution[a] - (b**3 + 3 * wanted * b**2)) == 0
    assert sp.simplify(solved.solution[c] - (b**2 + 2 * b * wanted) / (2 * b + 6 * wanted)) == 0
    assert solved.area == wanted
    assert solved.first_moment == -1
    kernel, library = solved.numerical(I=0.05, b=[20.0, 3.0]), tcl.chemotaxis_kernel(0.05, [20.0, 3.0])
    assert kernel.batch_shape == (2,)
    assert_allclose(kernel([0.0, 0.1, 0.7]), library([0.0, 0.1, 0.7]), rtol=1e-13, atol=1e-15)


def test_solved_kernels_read_slopes():
    family = FAMILIES["two exponentials"].solve()
    assert family.ramp_response(s_0, v) == v
    assert all(condition.doit() == True for condition in family.contrast_conditions())  # noqa: E712
    ours = family.numerical(r=5.0, q=2.0)
    library = tcl.integral_feedback_kernel(7.0, 10.0).scaled(10.0)  # the one sum of two exponentials without area
    assert_allclose(ours([0.1, 1.0]), library([0.1, 1.0]), rtol=1e-13)
    assert (float(ours.area), float(ours.first_moment)) == (0.0, -1.0)


def test_windowed_families_are_solved_with_their_window():
    family = KernelFamily(a + c * t, t, (a, c, tau), window=tau).solve(unknowns=(a, c))
    kernel = family.numerical(tau=0.5)
    assert_allclose([kernel.area, kernel.first_moment], [0.0, -1.0], atol=1e-13)
    assert family.solution == {a: 6 / tau**2, c: -12 / tau**3}


def test_one_condition_leaves_the_other_free():
    family = KernelFamily(a * sp.exp(-r * t), t, (a, r)).solve(area=None)
    assert family.solution == {a: -(r**2)}
    assert family.area == -r


def test_more_coefficients_than_conditions_need_a_choice():
    family = KernelFamily(sp.exp(-b * t) * (a * t + c * t**2 + d * t**3), t, (a, b, c, d))
    with pytest.raises(InvalidParameterError, match=r"2 free parameter\(s\).*a, c, d"):
        family.solve()
    solved = family.solve(unknowns=(a, d))
    assert set(solved.parameters) == {b, c}
    assert solved.area == 0
    assert solved.first_moment == -1


def test_threshold_window_is_the_speed_accuracy_bound():
    low, high, fast, slow = sp.symbols("A_min A_max tau_f tau_s", positive=True)
    family = CHEMOTAXIS.solve()
    assert family.threshold_window(low, high, fast, slow) == (high / slow, low / fast)
    assert family.threshold_window(1, 9, 1, 9) == (1, 1)  # saturated
    with pytest.raises(InvalidParameterError, match="slow/fast = 9"):
        family.threshold_window(1, 10, 1, 9)


def test_threshold_window_with_area_is_exact_for_a_fast_kernel():
    amplitudes, protocol = np.array([10.0, 30.0, 50.0]), tcl.Sawtooth(fast=3.0, slow=60.0, mean=20.0)
    family = CHEMOTAXIS.solve(area=sp.Rational(1, 100))
    low, high = map(float, family.threshold_window(10, 50, 3, 60, mean=20))
    kernel = family.numerical(b=2e4)
    ideal = amplitudes + 0.01 * 20.0 * 3.0  # Eq. 36: the fast ramp alone
    for threshold in (low * 1.001, high * 0.999):
        assert_allclose(tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold), ideal, rtol=1e-3)
    for threshold in (low * 0.99, high * 1.01):
        update = tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)
        assert (np.abs(update / ideal - 1.0) > 1e-3).any()


@pytest.mark.parametrize(
    ("expression", "parameters", "order", "message"),
    [
        (a * t, (a,), 0, "moment 0.*finite window"),
        (sp.exp(r * t), (r,), 2, "moment 2 diverges.*negative real part"),
        (sp.sin(w * t), (w,), 1, "moment 1 diverges"),
        (sp.exp((r - q) * t), (r, q), 0, "may diverge.*declare symbols"),
        (1 / (1 + t) ** 2, (), 1, "moment 1 diverges"),
        (1 / (t - 1) ** 2, (), 0, "pole"),
        (sp.exp(-t) / t, (), 0, "moment 0"),
    ],
)
def test_divergent_moments_are_named(expression, parameters, order, message):
    with pytest.raises(DivergentIntegralError, match=message):
        KernelFamily(expression, t, parameters).moment(order)


def test_the_transform_has_its_half_plane():
    family = KernelFamily(sp.exp(2 * t), t)
    assert family.laplace(3) == 1
    with pytest.raises(DivergentIntegralError, match="Re p > 2"):
        family.laplace(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((a, t, a), "function of t"),
        ((sp.S.Zero, t), "function of t"),
        ((a * sp.exp(-r * t), t, a), "r is missing"),
        ((sp.exp(-sp.Symbol("tau") * t), t, tau), "tau was declared with other assumptions"),
        ((sp.exp(-t), t, (), a), "all symbols"),
        ((sp.exp(-t), t, a, a), "window"),
        ((sp.exp(-t), t, (), -1), "window"),
        ((sp.exp(-t), "t"), "Symbol"),
        ((sp.exp(-t), t, t), "other than t"),
        (("exp(-t)", t), "sympy expression"),
    ],
)
def test_bad_families_are_refused(arguments, message):
    with pytest.raises(InvalidParameterError, match=message):
        KernelFamily(*arguments)


def test_unsolvable_families_say_why():
    height, curvature = sp.symbols("h k", positive=True)
    with pytest.raises(InvalidParameterError, match="2 free parameter"):
        KernelFamily(a * sp.exp(-r * t), t, (a, r)).solve()
    with pytest.raises(InvalidParameterError, match="k is declared positive, but the conditions make it -1"):
        KernelFamily(sp.exp(-t) * (height + curvature * t), t, (height, curvature)).solve(first_moment=-1, area=0)
    with pytest.raises(InvalidParameterError, match="no values of them"):
        KernelFamily((a + c) * sp.exp(-r * t), t, (a, c, r)).solve()
    with pytest.raises(InvalidParameterError, match="among the parameters"):
        KernelFamily(a * sp.exp(-r * t), t, (a, r)).solve(area=None, unknowns=(c,))
    with pytest.raises(InvalidParameterError, match="one solution"):
        KernelFamily(a**2 * t * sp.exp(-r * t), t, (a, r)).solve(area=None, first_moment=1)


def test_bad_numbers_are_refused():
    family = KernelFamily(a * sp.exp(-r * t) / (q - r), t, (a, r, q))
    for values, message in (
        ({"a": 1.0, "q": 1.0}, "r has no value"),
        ({"a": 1.0, "q": 1.0, "r": 2.0, "z": 0.0}, "parameters: a, r, q"),
        ({"a": 1.0, "q": 1.0, "r": -2.0}, "greater than 0"),
        ({"a": 1.0, "q": 1.0, "r": 1.0}, "coefficients of the kernel are finite"),
        ({"a": 1.0, "q": [1.0, 2.0], "r": [2.0, 3.0, 4.0]}, "broadcastable"),
        ({"a": float("nan"), "q": 1.0, "r": 2.0}, "finite"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            family.numerical(**values)
    with pytest.raises(InvalidParameterError, match="real"):
        KernelFamily(sp.exp(-t + sp.I * t), t).numerical()
    for arguments, message in (
        ((0, 1, 1, 9), "positive"),
        ((2, 1, 1, 9), "at least amplitude_min"),
        ((1, 2, r - q, 9), "positive"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            CHEMOTAXIS.solve().threshold_window(*arguments)
    with pytest.raises(InvalidParameterError, match="negative"):
        KernelFamily(sp.exp(-r * t), t, r).threshold_window(1, 2, 1, 9)


def test_latex_shows_kernel_and_window():
    assert FAMILIES["sine"].latex.endswith(r"0 \le t \le \tau")
    assert CHEMOTAXIS.latex.startswith("K(t) = a")
