"""Admissible windows, against the straight-line law sampled by brute force and closed forms of filters."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import Sawtooth, adaptive_threshold, chemotaxis_kernel, sine_kernel, weight_update
from thermo_cl.errors import InvalidParameterError, NormalizationError, RampWindowWarning
from thermo_cl.feedback.window import Range, admissible_window, check_window, kernel_timescale
from thermo_cl.kernels import Kernel, high_pass_kernel, integral_feedback_kernel

FAST, SLOW, LIMITS = 1.0, 20.0, (1.0, 5.0)


def separates(area, mean, fast, slow, theta, amplitudes):
    """Whether at all amplitudes all of the fast ramp passes and none of the slow one does, first moment -1."""
    for a in amplitudes:
        level = area * (mean + a * np.linspace(-0.5, 0.5, 41))
        if (a / fast + level < theta).any() or (np.abs(level - a / slow) > theta).any():
            return False
    return True


def members(values, allowed, tested):
    """Values well inside and well outside a range must be told apart by the test, those at its ends may go either way.

    Returns how many were seen on either side.
    """
    sides = [0, 0]
    for value in values:
        near = min(abs(value - end) for end in allowed if np.isfinite(end)) < 1e-9 * abs(value)
        if not near:
            assert tested(value) == (value in allowed), (value, allowed)
            sides[value in allowed] += 1
    return sides


@pytest.mark.parametrize(("area", "mean"), [(0.0, 0.0), (0.0, 3.0), (0.02, 1.0), (-0.02, 1.0), (0.05, -2.0)])
def test_ideal_ranges_are_those_of_the_straight_line_law(area, mean):
    kernel = chemotaxis_kernel(area=area)
    protocol = Sawtooth(FAST, SLOW, mean)
    inner = np.linspace(*LIMITS, 9)
    by_amplitudes = admissible_window(kernel, protocol, amplitudes=LIMITS)
    thetas = np.geomspace(0.01, 10.0, 300)
    seen = members(thetas, by_amplitudes.threshold, lambda x: separates(area, mean, FAST, SLOW, x, inner))
    assert min(seen) > 5
    theta = 0.5 * sum(by_amplitudes.threshold)
    window = admissible_window(kernel, protocol, threshold=theta, amplitudes=LIMITS)
    seen = members(
        np.geomspace(0.05, 100.0, 300), window.amplitude, lambda x: separates(area, mean, FAST, SLOW, theta, [x])
    )
    assert min(seen) > 5
    fast = np.geomspace(window.fast.low * 1.01, 50.0, 200)  # from the kernel's timescale on, the law alone decides
    seen = members(fast, window.fast, lambda x: separates(area, mean, x, SLOW, theta, inner))
    assert min(seen) > 5
    slow = np.geomspace(window.slow.low * 0.1, 1e3, 300)
    seen = members(slow, window.slow, lambda x: separates(area, mean, FAST, x, theta, inner))
    assert min(seen) > 5


def test_without_an_area_it_is_the_speed_accuracy_bound():
    window = admissible_window(chemotaxis_kernel(), Sawtooth(FAST, SLOW), amplitudes=LIMITS)
    assert_allclose(window.threshold, (5.0 / SLOW, 1.0 / FAST), rtol=1e-15)
    assert_allclose((window.fast.high, window.slow.low), (SLOW / 5.0, FAST * 5.0), rtol=1e-15)
    assert_allclose(window.amplitude, (5.0 * FAST / SLOW, 5.0), rtol=1e-15)  # at the lowest threshold
    assert window.fast.low == pytest.approx(3.0 / 20.0)
    assert window.open
    assert not admissible_window(chemotaxis_kernel(), Sawtooth(FAST, 4.0), amplitudes=LIMITS).open


def test_the_lowest_threshold_is_not_below_equation_45():
    """Eq. 45 silences the start of the slow ramp; with an area its end may speak up, in the other direction."""
    for area, mean in [(0.05, 25.0), (0.05, 2.0), (-0.01, 1.0)]:
        protocol = Sawtooth(FAST, SLOW, mean)
        window = admissible_window(chemotaxis_kernel(area=area), protocol, amplitudes=10.0)
        assert window.threshold.low >= adaptive_threshold(chemotaxis_kernel(area=area), protocol, 10.0)
    assert window.threshold.low > 0.5


def test_an_area_beyond_the_bound_leaves_no_signed_threshold():
    """Eq. 41, and Eq. 42 for an endless slow ramp."""
    for area, separable in [(0.4, True), (0.6, False)]:
        window = admissible_window(chemotaxis_kernel(area=area), Sawtooth(2.0, 1e9), amplitudes=1.0)
        assert window.separable is separable
        assert_allclose(window.largest_area, 0.5, rtol=1e-8)
        least_of_rise, most_of_fall = 0.5 - 0.5 * area, 0.5 * area  # amplitude 1 about 0, in two units of time
        assert (least_of_rise > most_of_fall) is separable


def peak_and_trough(gain, tau, fast, slow):
    """Of a high-pass filter under the sawtooth of amplitude 1: relaxation to plateaus that repeat after a period."""
    up, down = tau / fast, tau / slow
    rise, fall = np.exp(-fast / tau), np.exp(-slow / tau)
    # end = up + (start - up) rise, start = -down + (end + down) fall
    end = (up * (1 - rise) - down * (1 - fall) * rise) / (1 - rise * fall)
    start = -down + (end + down) * fall
    return gain * end, -gain * start


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("tau", [0.05, 0.5, 5.0])
def test_exact_ranges_are_those_of_the_periodic_state(tau, sign):
    """Kernels of either sign: the physical ones have a negative first moment."""
    gain = 2.0 * sign
    peak, trough = peak_and_trough(2.0, tau, FAST, SLOW)
    protocol, theta = Sawtooth(FAST, SLOW), 0.7
    window = admissible_window(high_pass_kernel(gain, tau), protocol, threshold=theta, amplitudes=LIMITS)
    assert_allclose(window.threshold_exact, (5.0 * trough, peak), rtol=1e-11)
    assert_allclose(window.amplitude_exact, (theta / peak, theta / trough), rtol=1e-11)
    assert_allclose(window.first_moment, -gain * tau, rtol=1e-15)


def test_updates_begin_where_the_exact_amplitudes_do():
    kernel, protocol = integral_feedback_kernel(6.0, 8.0, 0.01), Sawtooth(4.0, 60.0, 0.5)
    window = admissible_window(kernel, protocol, threshold=0.05)
    low, high = window.amplitude_exact
    updates = weight_update(kernel, protocol, [0.999 * low, 1.001 * low], threshold=0.05)
    assert updates[0] == 0.0 < updates[1]
    # below the upper end nothing is negative: the update of the positive part alone
    inside, outside = weight_update(kernel, protocol, [0.99 * high, 1.05 * high], threshold=0.05)
    assert outside < inside


@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_exact_thresholds_tend_to_the_ideal_ones(mean):
    """The slope's jump at the foot of the fast ramp is forgotten as 2 exp(-10 t) - exp(-20 t)."""
    kernel = integral_feedback_kernel(30.0, 200.0)
    gaps = []
    for fast in (0.1, 0.5, 2.5):
        window = admissible_window(kernel, Sawtooth(fast, 30.0 * fast, mean), amplitudes=(1.0, 3.0))
        gaps.append(np.abs(np.array(window.threshold_exact) / window.threshold - 1.0))
    assert_allclose(gaps[2], 0.0, atol=1e-10)
    assert_allclose(gaps[1][1], 31.0 / 30.0 * (2.0 * np.exp(-5.0) - np.exp(-10.0)), rtol=0.01)  # at the top, almost
    assert gaps[0][1] > 10.0 * gaps[1][1]


def test_memory_time_of_a_kernel():
    assert kernel_timescale(chemotaxis_kernel(decay_rate=20.0)) == 0.05
    assert kernel_timescale(sine_kernel(0.1)) == pytest.approx(0.1)
    assert kernel_timescale(high_pass_kernel(1.0, 0.3)) == pytest.approx(0.3, rel=1e-15)
    assert kernel_timescale(Kernel([1.0, 0.0], [-2.0, -1e-9])) == 0.5  # a term of no weight remembers nothing


@pytest.mark.parametrize(
    ("protocol", "arguments", "named"),
    [
        (Sawtooth(0.1, 20.0), {"threshold": 0.3}, r"fast ramp = 0\.1 s \(window 0\.6 to"),
        (Sawtooth(1.0, 0.5), {"threshold": 0.3}, r"slow ramp = 0\.5 s"),
        (Sawtooth(1.0, 20.0), {"threshold": 3.0, "amplitudes": (1.0, 5.0)}, r"threshold = 3 V \(window 0\.05"),
        (Sawtooth(1.0, 20.0), {"threshold": 0.1, "amplitudes": (0.1, 5.0)}, r"threshold = 0\.1 V \(window"),
        (Sawtooth(1.0, 3.0), {"amplitudes": (1.0, 5.0)}, r"amplitude = .* \(window"),
    ],
)
def test_warnings_name_the_value_and_the_window(protocol, arguments, named):
    with pytest.warns(RampWindowWarning, match=named) as caught:
        window = check_window(
            high_pass_kernel(1.0, 0.2), protocol, name="filter", units={"time": "s", "output": "V"}, **arguments
        )
    assert "filter" in str(caught[0].message)
    assert str(window) in str(caught[0].message)
    assert caught[0].filename == __file__


def test_no_warning_inside_the_window():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        window = check_window(high_pass_kernel(1.0, 0.2), Sawtooth(1.0, 20.0), threshold=0.1, amplitudes=(0.8, 5.0))
    assert window.open
    assert 1.0 in window.fast
    assert "time units" in str(window)


def test_without_amplitudes_thresholds_are_those_for_the_middle_of_the_window():
    window = admissible_window(high_pass_kernel(1.0, 0.2), Sawtooth(FAST, SLOW), threshold=0.1)
    middle = np.sqrt(np.prod(window.amplitude_exact))
    assert_allclose(window.asked, (middle, middle), rtol=1e-14)
    for name in ("threshold", "threshold_exact"):
        asked = getattr(
            admissible_window(high_pass_kernel(1.0, 0.2), Sawtooth(FAST, SLOW), amplitudes=window.asked), name
        )
        assert_allclose(getattr(window, name), asked, rtol=1e-14)
        assert 0.1 in asked
    assert window.fast.high == SLOW  # no amplitude, no other bound
    past = admissible_window(integral_feedback_kernel(3.0, 2.0, 0.5), Sawtooth(FAST, SLOW, 9.0), threshold=0.1)
    assert past.amplitude_exact.low == 0.0  # the mean alone is past the threshold
    assert past.asked is None
    assert past.threshold is None
    assert "amplitude" in str(past)


def test_the_ends_of_the_window_belong_to_it():
    """Three memory times, 0.6000000000000001, are no fault of a ramp of 0.6."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        window = check_window(high_pass_kernel(1.0, 0.2), Sawtooth(0.6, 20.0), threshold=0.1)
        check_window(high_pass_kernel(1.0, 0.2), Sawtooth(0.6, 20.0), threshold=0.1, amplitudes=window.amplitude_exact)
    assert window.fast.low > 0.6


def test_ranges():
    assert Range(1.0, 0.0).empty
    assert Range(0.0, np.nan).empty
    assert 0.5 in Range(0.5, 1.0)
    assert "0.7" not in Range(0.5, 1.0)
    assert str(Range(2.0, 1.0)).endswith("(none)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "threshold"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 1.0, "amplitudes": (2.0, 1.0)}, "amplitudes"),
        ({"threshold": 1.0, "amplitudes": (1.0, 2.0, 3.0)}, "amplitudes"),
        ({"threshold": 1.0, "timescale": -1.0}, "timescale"),
        ({"threshold": 1.0, "relaxations": 0.0}, "relaxations"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InvalidParameterError, match=message):
        admissible_window(high_pass_kernel(1.0, 0.2), Sawtooth(1.0, 20.0), **arguments)


def test_batches_and_kernels_without_a_first_moment_are_refused():
    with pytest.raises(InvalidParameterError, match="kernel"):
        admissible_window(high_pass_kernel(1.0, [0.2, 0.3]), Sawtooth(1.0, 20.0), threshold=1.0)
    with pytest.raises(InvalidParameterError, match="protocol"):
        admissible_window(high_pass_kernel(1.0, 0.2), Sawtooth([1.0, 2.0], 20.0), threshold=1.0)
    with pytest.raises(NormalizationError, match="first moment"):
        admissible_window(Kernel([1.0], [-1.0], known_moments=[1.0, 0.0]), Sawtooth(1.0, 20.0), threshold=1.0)
