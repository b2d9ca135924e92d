"""Crossings followed by Taylor polynomials, where they are hard, against many digits and dense quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.synapse.test_update import oracle
from thermo_cl.kernels import periodic_response
from thermo_cl.synapse._expansion import STEEPEST_DEGREE, TERMS, expand, fading_times, follow

PROTOCOL = tcl.Sawtooth(3.0, 15.0, mean=10.0)
DIGITS = 14  # beyond the guard of the oracle: the same doubles as with thirty, in half the time
AMPLITUDES = np.linspace(0.25, 62.5, 250)  # close enough for one polynomial to serve several
HARD = {
    "rates of ratio 1e6": tcl.Kernel([1e6, -1.0], [-1e6, -1.0]),
    "rates of ratio 1e6, in between": tcl.Kernel([3e5, -40.0, -0.3, 0.02], [-2e5, -300.0, -1.0, -0.2]),
    "many turns in a ramp": tcl.Kernel([1.0 + 2.0j, 0.3], [-0.2 + 9.0j, -0.5]),
    "slowly damped turns": tcl.Kernel([1.0, -0.05], [-0.06 + 2.0j, -0.1]),
    "powers of time": tcl.Kernel([3.0, -2.0, 1.0 + 1.0j], [-2.0, -1.0, -1.5 + 4.0j], powers=[0, 1, 3]),
    "window in a ramp": tcl.Kernel([2.0, -1.5], [-1.0, -0.7], window=2.2),
    "window of growing terms": tcl.Kernel([0.5, -0.2], [0.3, 0.2 + 5.0j], window=4.0),
    "window longer than the cycle": tcl.Kernel([1.0 + 1.0j, -0.4], [-0.1 + 3.0j, -0.05], window=41.0),
    "12 levels": tcl.Ladder(1e-3, n_levels=12).step_kernel(200.0).rescaled(5.0).normalized(),
    "24 levels": tcl.Ladder(0.05, n_levels=24).step_kernel(120.0).rescaled(5.0).normalized(),
}


def top(kernel: tcl.Kernel, amplitude: float, protocol: tcl.Sawtooth = PROTOCOL) -> float:
    """Largest response on a grid."""
    shape = periodic_response(kernel, protocol.unit_signal())(np.linspace(0.0, float(protocol.period), 4001))
    return float(np.abs(kernel.area * protocol.mean + amplitude * shape).max())


@pytest.mark.parametrize("part", [1e-9, 0.3, 0.97])
@pytest.mark.parametrize("name", HARD)
def test_curves_of_hard_kernels_against_the_oracle(name: str, part: float) -> None:
    kernel = HARD[name]
    threshold = part * top(kernel, 40.0)
    update = tcl.weight_update(kernel, PROTOCOL, AMPLITUDES, threshold=threshold)
    size = top(kernel, 62.5) * float(PROTOCOL.period)
    for a in (161,) if kernel.rates.size > 12 else (7, 249):  # the oracle takes seconds for many modes
        exact = oracle(kernel, PROTOCOL, float(AMPLITUDES[a]), threshold, DIGITS)
        assert abs(update[a] - exact) <= 1e-11 * abs(exact) + 1e-14 * size


@pytest.mark.parametrize("name", HARD)
def test_a_curve_is_its_amplitudes_one_by_one(name: str) -> None:
    """A single amplitude has no neighbour to be followed from: all its crossings are polished by themselves."""
    kernel = HARD[name]
    threshold = 0.4 * top(kernel, 40.0)
    update = tcl.weight_update(kernel, PROTOCOL, AMPLITUDES, threshold=threshold)
    alone = [float(tcl.weight_update(kernel, PROTOCOL, a, threshold=threshold)) for a in AMPLITUDES]
    assert_allclose(update, alone, rtol=1e-11, atol=1e-14 * top(kernel, 62.5) * float(PROTOCOL.period))


@pytest.mark.parametrize("beyond", [1e-4, 1e-7, 1e-10])
@pytest.mark.parametrize("name", ["many turns in a ramp", "slowly damped turns", "window longer than the cycle"])
def test_crossings_near_a_tangent_against_the_oracle(name: str, beyond: float) -> None:
    """Amplitudes just past the one at which a smooth extremum touches the threshold."""
    kernel, protocol = HARD[name], tcl.Sawtooth(3.0, 15.0, mean=0.0)
    threshold = 20.0 * _smooth_extremum(kernel, protocol)
    amplitudes = 20.0 * (1.0 + beyond * np.array([1.0, 2.0]))
    update = tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)
    exact = [oracle(kernel, protocol, float(a), threshold, DIGITS) for a in amplitudes]
    # the crossings lie about sqrt(beyond) from the extremum: a rounding of the level moves them by rounding / sqrt
    assert_allclose(update, exact, rtol=1e-11, atol=100.0 * threshold * 4e-16 / np.sqrt(beyond))


@pytest.mark.parametrize("name", ["many turns in a ramp", "slowly damped turns", "window longer than the cycle"])
def test_a_threshold_that_is_touched(name: str) -> None:
    kernel, protocol = HARD[name], tcl.Sawtooth(3.0, 15.0, mean=0.0)
    threshold = 20.0 * _smooth_extremum(kernel, protocol, highest=True)
    below, touched, above = tcl.weight_update(kernel, protocol, [19.99999, 20.0, 20.0001], threshold=threshold)
    assert below == 0.0
    assert abs(touched) <= 1e-5 * threshold  # as long as the square root of a rounding
    assert abs(above) > 1e-4 * threshold


def _smooth_extremum(kernel: tcl.Kernel, protocol: tcl.Sawtooth, *, highest: bool = False) -> float:
    """Height of an extremum of the response to unit amplitude that lies inside a ramp, by repeated zooming."""
    response = periodic_response(kernel, protocol.unit_signal())
    times = np.linspace(0.0, float(protocol.period), 20_001)
    height = np.abs(response(times))
    inner = 1 + np.flatnonzero((height[1:-1] > height[:-2]) & (height[1:-1] > height[2:]))
    order = inner[np.argsort(height[inner])]
    peak = float(times[order[-1] if highest else order[order.size // 2]])
    width = float(times[1])
    for _ in range(3):
        near = np.linspace(peak - width, peak + width, 2001)
        peak, width = float(near[np.argmax(np.abs(response(near)))]), width / 100.0
    return float(np.abs(response([peak]))[0])


def test_random_curves_against_dense_quadrature() -> None:
    generator = np.random.default_rng(7)
    worst = 0.0
    for _ in range(20):
        count = int(generator.integers(1, 5))
        turning = generator.choice([0.0, 0.0, 1.5, 7.0], count)
        kernel = tcl.Kernel(
            generator.normal(size=count) + 1j * generator.normal(size=count),
            -(10.0 ** generator.uniform(-0.7, 2.0, count)) + 1j * turning,
            powers=generator.integers(0, 3, count),
            window=generator.choice([np.inf, np.inf, 0.7, 8.0, 30.0]),
        )
        protocol = tcl.Sawtooth(generator.uniform(0.5, 4), generator.uniform(0.5, 20), mean=generator.normal() * 5)
        amplitudes = np.linspace(1.0, 50.0, 50)
        threshold = float(generator.uniform(0.02, 0.9)) * top(kernel, 30.0, protocol)
        update = tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)
        points = 100_000
        step = float(protocol.period) / points
        shape = periodic_response(kernel, protocol.unit_signal())((np.arange(points) + 0.5) * step)
        u = kernel.area * protocol.mean + amplitudes[:, None] * shape
        sizes = np.abs(u)
        passed = sizes >= threshold
        counted = np.sum(u, axis=-1, where=passed) * step
        # the cells that hold a crossing are half wrong at most, and those at corners and in transients curved
        crossings = np.count_nonzero(passed[:, 1:] != passed[:, :-1], axis=-1) + 2
        allowed = crossings * threshold * step + 1e-6 * sizes.max(axis=-1) * float(protocol.period)
        worst = max(worst, float(np.max(np.abs(update - counted) / allowed)))
    assert worst < 1.0


@pytest.mark.parametrize("seed", range(25))
def test_polynomials_are_exact_to_rounding_within_their_radius(seed: int) -> None:
    """The polynomial's integral and value against the modes themselves, at both ends of the radius."""
    generator = np.random.default_rng(seed)
    modes, degree = int(generator.integers(1, 25)), int(generator.integers(0, STEEPEST_DEGREE + 1))
    rates = -(10.0 ** generator.uniform(-2, 4, modes)) + 1j * generator.choice([0.0, 0.0, 3.0, 50.0], modes)
    poly = generator.normal(size=(modes, degree + 1)) + 1j * generator.normal(size=(modes, degree + 1))
    poly[rates.imag == 0.0] = poly[rates.imag == 0.0].real
    alpha, beta, length = generator.normal(), generator.normal(), 5.0
    x = float(generator.uniform(0.0, length) * generator.choice([1.0, 1e-3]))

    stack = np.zeros((4, modes, degree + 1), complex)
    stack[0] = poly
    fading, decays, integral = np.empty(modes), np.empty(modes), np.empty(TERMS + 1)
    shape = (alpha, beta, rates.real.copy(), rates.imag.copy(), stack.real.copy(), stack.imag.copy())
    fading_times(length, alpha, beta, shape[2], shape[4], shape[5], fading)
    radius = expand(x, *shape, fading, decays, integral)
    assert radius > 0.0
    radius = min(radius, length)

    def value(t):
        powers = t[:, None, None] ** np.arange(degree + 1)
        parts = np.exp(np.multiply.outer(t, rates)) * np.sum(poly * powers, axis=-1)
        return alpha + beta * t + parts.real.sum(axis=-1)

    nodes, weights = np.polynomial.legendre.leggauss(40)
    size = (
        abs(alpha)
        + abs(beta) * (x + radius)
        + float(
            np.sum(np.abs(np.exp(rates * x)) * np.sum(np.abs(poly) * (x + radius) ** np.arange(degree + 1), axis=-1))
        )
    )
    for t in (radius, -min(radius, x)):
        slope = np.polynomial.Polynomial(integral).deriv()(t)
        exact = float(value(np.array([x + t]))[0])
        whole = 0.5 * t * float(weights @ value(x + 0.5 * t * (nodes + 1.0)))
        assert abs(slope - exact) <= 1e-14 * modes * size
        assert abs(np.polynomial.Polynomial(integral)(t) - whole) <= 1e-14 * modes * size * abs(t)


def test_a_level_out_of_reach_is_not_followed() -> None:
    integral = np.zeros(TERMS + 1)
    integral[1:4] = 1.0, 0.5, 0.1  # value 1 + t + 0.3 t**2
    found = follow(1.2, 0.2, -1.0, 1.0, 5.0, integral)
    assert found[0] == pytest.approx((np.sqrt(1.0 + 4 * 0.3 * 0.2) - 1.0) / 0.6, rel=1e-14)
    assert found[1] == pytest.approx(found[0] + 0.5 * found[0] ** 2 + 0.1 * found[0] ** 3, rel=1e-14)
    assert found[2] == pytest.approx(1.0 + 0.6 * found[0], rel=1e-14)
    assert np.isnan(follow(9.0, 0.9, -1.0, 1.0, 5.0, integral)[0])  # beyond the radius
    assert np.isnan(follow(-1.0, -0.9, -1.0, 1.0, 5.0, integral)[0])  # below the minimum: nowhere
