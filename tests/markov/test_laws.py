"""Closed laws of ladders: against mpmath, against ladders solved level by level, and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from tests.oracles import ladder_mp
from thermo_cl import Ladder, markov
from thermo_cl.errors import InvalidParameterError

KI, KA = 1.0, 1e300  # the logarithmic term is ln(1 + s)


def centred(
    margin: Any, n: int, step: Any, shift: Any, factor: Any = 1e12, change: Any = None
) -> tuple[Any, Any, Any, Ladder]:
    """Sigma, area and first moment of a centred ladder, solved level by level."""
    ladder = Ladder(np.exp(-np.asarray(margin) - step / 2), factor, n, (n - 1 - np.asarray(shift)) / 2, step, KI, KA)
    moments = ladder.step_moments(np.expm1(shift * step if change is None else change))
    return ladder.entropy_production_rate(), moments.area, moments.first_moment, ladder


# ------------------------------------------------------------- scaling functions


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-9, 1e-3, 0.3, 0.999, 1.001, 2.5, 30.0, 700.0, 1300.0, 1e5])
@pytest.mark.parametrize("sign", [1, -1])
def test_scaling_functions_keep_their_digits(x: float, sign: int) -> None:
    found = markov.finite_size_scaling(sign * x)
    values = (found.entropy_production_rate, found.area, found.first_moment, found.cost)
    if x == 0.0:
        assert_allclose(values, (1.0, 1.0, 0.0, 0.0), rtol=0.0)
        return
    with mp.workdps(1500):  # so that differences of exponentials near one or beyond 1e300 keep digits
        z = mp.mpf(sign * x)
        h, e = z / 2, mp.exp(-z / 2)
        exact = (
            h / (1 - e),
            h * e / (1 - e),
            (1 - e * e - z * e) / (2 * z * (1 - e)),
            (1 / e - e - 2 * h) / (e + 1 / e - 2),
        )
        expected = [float(value) for value in exact]
    assert_allclose(values, expected, rtol=5e-14, atol=1e-307)


def test_scaling_functions_join_the_bulk_and_what_lies_above() -> None:
    far = markov.finite_size_scaling([-80.0, 80.0])
    assert_allclose(far.cost, [-1.0, 1.0], rtol=1e-14)
    assert_allclose(far.entropy_production_rate[1] / 40.0, 1.0, rtol=1e-14)
    assert_allclose(2 * 80.0 * far.first_moment[1], 1.0, rtol=1e-14)
    assert far.area[0] == pytest.approx(40.0)  # the rails follow the signal as if there were no levels
    assert far.entropy_production_rate[0] < 1e-14  # above the critical drive the ends are dead


@pytest.mark.parametrize("factor", [0.3, 25.0, 1e9])
def test_ladders_approach_the_scaling_functions_as_one_over_n(factor: float) -> None:
    x, step = np.array([-5.0, -0.8, 0.8, 5.0]), 0.7
    law = markov.finite_size_scaling(x)
    worst = []
    for n in (200, 400, 800):
        sigma, area, moment, ladder = centred(x / n, n, step, 1.0, factor)
        ratios = (
            n * sigma / (2 * np.log(1 / ladder.gamma)) / law.entropy_production_rate,
            -n * area / law.area,
            moment / n / law.first_moment,
        )
        worst.append([np.abs(ratio - 1).max() for ratio in ratios])
    first, second, third = np.array(worst)
    assert (third < 0.02).all()
    assert ((first / second > 1.7) & (second / third > 1.7)).all()


# ------------------------------------------------------------------- closed laws


def test_excess_is_the_infinite_product_and_its_limit_of_small_steps() -> None:
    for gamma, step in ((0.1, 2.0), (0.3, 1.0), (0.9, 0.5), (1e-5, 3.0), (0.55, 1.0)):
        with mp.workdps(60):
            g, e = mp.mpf(gamma), mp.mpf(step)
            r, q = g * mp.exp(e / 2), mp.exp(-e)
            product = mp.qp(r * q, q) ** 2 / (mp.qp(q, q) * mp.qp(r * r * q, q))
            expected = float(mp.log(r) ** 2 / (2 * e) + mp.log(product))
        assert_allclose(markov.end_excess(gamma, step), expected, rtol=1e-13)
    step, a = 1e-3, 1.3
    limit = float((mp.pi**2 / 6 + a * a / 2 + 2 * mp.polylog(2, -mp.exp(-a))) / step)
    limit += 0.5 * float(mp.log(step / (2 * mp.pi) / mp.tanh(a / 2)))  # Euler and Maclaurin's next term
    assert_allclose(markov.end_excess(np.exp(-a - step / 2), step), limit, rtol=1e-6)
    assert markov.end_excess(np.exp(-0.5), 1.0) == 0.0


@pytest.mark.parametrize(("n", "step", "shift"), [(60, 0.8, 1.0), (80, 0.8, 2.5), (90, 0.6, 3.0), (200, 0.5, 0.3)])
def test_sigma_and_area_are_exact_for_fast_rungs(n: int, step: float, shift: float) -> None:
    """On both sides of the critical drive; e^(-2 pi^2 / 0.8) is 2e-11, and the ends are e^(-20) away."""
    margin = np.array([-0.15, -0.01, 0.0, 1e-7, 0.01, 0.2, 1.0, 3.0])
    sigma, area, _, ladder = centred(margin, n, step, shift, 1e13)
    laws = markov.finite_size_laws(ladder.gamma, n, step, shift)
    assert_allclose(laws.entropy_production_rate, sigma, rtol=1e-8)
    assert_allclose(laws.area, area, rtol=1e-7)


def test_first_moment_law_converges_as_one_over_n_squared() -> None:
    x, step = np.array([-3.0, 0.5, 2.0, 8.0]), 1.0
    gaps = []
    for n in (100, 200, 400):
        _, _, moment, ladder = centred(x / n, n, step, 1.0)
        gaps.append(np.abs(moment / markov.finite_size_laws(ladder.gamma, n, step, 1.0).first_moment - 1.0).max())
    assert gaps[2] < 2e-4
    assert gaps[0] / gaps[2] > 8.0


def test_laws_join_the_bulk_far_below_the_critical_drive() -> None:
    gamma = np.exp(-1.0 - 0.5)
    bulk, finite = markov.bulk_laws(gamma, 1.0, 2.0), markov.finite_size_laws(gamma, 300, 1.0, 2.0)
    for name in ("entropy_production_rate", "first_moment", "cost"):
        assert_allclose(getattr(finite, name), getattr(bulk, name), rtol=1e-12)
    sigma, area, moment, _ = centred(1.0, 150, 1.0, 2.0, 3.0)
    assert_allclose([bulk.entropy_production_rate, bulk.first_moment], [sigma, moment], rtol=1e-10)
    assert bulk.area == 0.0 and abs(area) < 1e-25
    assert_allclose(bulk.cost, 0.25 + 1.0 / 2.0, rtol=1e-14)
    assert markov.critical_gamma(2.0) == pytest.approx(np.exp(-1.0))


# ------------------------------------------------------------------- fast rungs


@pytest.mark.parametrize("gamma", [1e-6, 1e-3, 0.2, 0.9])
def test_fast_rung_limit_has_all_digits(gamma: float) -> None:
    """Against mpmath at a rate factor so large that nothing is left of it."""
    factor = 1e40
    ladder = Ladder(gamma, 1.0, 7, 2.3, 1.1)
    found = markov.fast_rung_limit(ladder, 40.0, 3.0)
    matrix = ladder_mp.rate_matrix(gamma, factor, 7, 2.3, 1.1, 3.0, digits=120)
    p = ladder_mp.steady_state(matrix, 120)
    assert_allclose(found.steady_state, [float(v) for v in p], rtol=1e-13)
    with mp.workdps(120):
        flow = mp.fsum(ladder_mp.plaquette_currents(matrix, p, 120))
        sigma = float(2 * mp.log(mp.mpf(gamma)) * flow)
    assert_allclose(found.entropy_production_rate, sigma, rtol=1e-12)
    area = float(ladder_mp.area(gamma, factor, 7, 2.3, 1.1, 40.0, 3.0))
    assert_allclose(found.area, area, rtol=1e-11)


def test_ladders_approach_the_limit_of_fast_rungs_as_the_inverse_rate_factor() -> None:
    for gamma, n, step in ((1e-3, 5, 2.0), (0.2, 12, 2.0), (0.6, 24, 0.7)):
        limit = markov.fast_rung_limit(Ladder(gamma, 1.0, n, (n - 2) / 2, step), 20.0)
        for factor in (1e6, 1e8, 1e12):
            ladder = Ladder(gamma, factor, n, (n - 2) / 2, step)
            tolerance = 8.0 / factor + 1e-13
            assert_allclose(ladder.steady_state(), limit.steady_state, rtol=tolerance)
            assert_allclose(ladder.entropy_production_rate(), limit.entropy_production_rate, rtol=tolerance)
            assert_allclose(ladder.step_moments(20.0).area, limit.area, rtol=tolerance)


def test_fast_rungs_of_a_batch_and_at_the_critical_drive() -> None:
    gamma = np.array([[0.1], [np.exp(-1.0)]])
    both = markov.fast_rung_limit(Ladder(gamma, 1.0, 6, [1.0, 2.0, 3.0]), 30.0, 2.0)
    assert both.steady_state.shape == (2, 3, 12) and both.area.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        one = markov.fast_rung_limit(Ladder(gamma[i, 0], 1.0, 6, [1.0, 2.0, 3.0][j]), 30.0, 2.0)
        assert_allclose(both.area[i, j], one.area, rtol=1e-14)
        assert_allclose(both.entropy_production_rate[i, j], one.entropy_production_rate, rtol=1e-14)
    assert_allclose(both.area, Ladder(gamma, 1e13, 6, [1.0, 2.0, 3.0]).step_moments(30.0, 2.0).area, rtol=1e-11)


# --------------------------------------------------------------------- cost law


def test_cost_law_inverts_the_gaussian_profile() -> None:
    n, step, shift = 24.0, 1.5, 2.0
    margin = np.array([1e-9, 0.1, 1.0, 7.0, 16.0])
    accuracy = (n - shift) * margin / 2 - margin**2 / (2 * step)
    assert_allclose(markov.cost_law(accuracy, n, step, shift) - 0.25, margin / (2 * step), rtol=1e-6)
    end = markov.cost_law_end(n, step, shift)
    assert end == (n - shift) ** 2 * step / 8
    assert_allclose(markov.cost_law(end, n, step, shift), 0.25 + (n - shift) / 4)
    assert np.isnan(markov.cost_law(1.001 * end, n, step, shift))
    assert_allclose(markov.cost_law(1e-3, n, step, shift), 0.25 + 1e-3 / ((n - shift) * step), rtol=1e-6)


def test_sharp_cost_law_is_that_of_ladders() -> None:
    margin = np.array([-0.01, 0.05, 0.2, 1.0, 3.0, 8.0])
    for n, step, shift, rtol in ((40, 0.8, 2.0, 5e-3), (100, 1.0, 3.0, 2e-3)):
        sigma, area, moment, _ = centred(margin, n, step, shift, 1e10)
        accuracy = markov.log_accuracy(area, shift * step)
        assert_allclose(markov.sharp_cost_law(accuracy, n, step, shift), sigma * moment / (shift * step), rtol=rtol)
    assert np.isnan(markov.sharp_cost_law(1e4, 40, 0.8, 2.0))


def test_cost_law_holds_for_long_ladders_and_the_line_does_not() -> None:
    n, step, shift = 60, 1.0, 2.0
    margin = np.array([1.0, 4.0, 10.0, 18.0])
    sigma, area, moment, _ = centred(margin, n, step, shift, 100.0)
    accuracy, cost = markov.log_accuracy(area, shift * step), sigma * moment / (shift * step)
    assert np.abs(markov.cost_law(accuracy, n, step, shift) / cost - 1).max() < 0.03
    line = 0.25 - np.log(-area) / (n * step)
    assert (line / cost - 1).min() < -0.15


@pytest.mark.parametrize(("factor", "change"), [(25.0, 0.5), (25.0, 2.0), (1e3, 2.0)])
def test_first_moment_turns_where_the_law_says(factor: float, change: float) -> None:
    n, step = 400, 0.25

    def moment(margin: float) -> float:
        return float(centred(margin, n, step, change / step, factor, change)[2])

    predicted = float(markov.reversal_margin(n, factor, change))
    assert brentq(moment, 0.0, 10 * predicted, xtol=1e-18) == pytest.approx(predicted, rel=0.02)


def test_reversal_margin_is_an_integral() -> None:
    for change in (1e-4, 0.05, 0.099, 0.101, 1.0, 30.0):
        with mp.workdps(30):

            def integrand(e: Any, change: float = change) -> Any:
                return (1 / (1 + mp.exp(-e - change)) - mp.mpf(0.5)) / (1 + mp.exp(abs(e)))

            share = float(mp.quad(integrand, [-80, -change - 5, -change, 0, 5, 80]) / change)
        assert_allclose(markov.reversal_margin(10, 3.0, change), 24 * share / 3000, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: markov.critical_gamma(0.0), "energy_step"),
        (lambda: markov.bulk_laws(0.5, 2.0), "gamma"),
        (lambda: markov.bulk_laws(0.1, 2.0, -1.0), "shift"),
        (lambda: markov.end_excess(1.0, 2.0), "gamma"),
        (lambda: markov.finite_size_laws(0.1, 1, 2.0), "n_levels"),
        (lambda: markov.finite_size_laws(0.1, 5.5, 2.0), "n_levels"),
        (lambda: markov.finite_size_laws(0.1, 5, 2.0, 5.0), "shift"),
        (lambda: markov.finite_size_scaling(np.nan), "x"),
        (lambda: markov.cost_law(np.inf, 5, 2.0), "accuracy"),
        (lambda: markov.cost_law_end(5, 2.0, 6.0), "shift"),
        (lambda: markov.sharp_cost_law(1.0, 5, -2.0), "energy_step"),
        (lambda: markov.log_accuracy(0.0, 1.0), r"\|area\|"),
        (lambda: markov.reversal_margin(10, 0.0, 1.0), "rate_factor"),
        (lambda: markov.fast_rung_limit(Ladder(0.1), -1.0), "signal"),
    ],
)
def test_bad_input_is_named(call: Any, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = |^{name}.* "):
        call()
