"""Weight updates against a high-precision oracle, the authors' numbers, and the symmetries of the rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.kernels.test_response import terms
from tests.oracles import update_mp
from tests.strategies import kernels, protocols
from thermo_cl.errors import InvalidParameterError

LADDERS = [(1e-3, 25.0, 200.0), (0.3, 3.0, 60.0), (1e-12, 99.0, 240.0), (0.6, 25.0, 100.0), (0.05, 0.05, 50.0)]


def oracle(
    kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, threshold: float, digits: int = 30
) -> float:  # fmt: skip
    window = mp.inf if np.isinf(kernel.window) else mp.mpf(float(kernel.window))
    numbers = (protocol.fast, protocol.slow, protocol.mean, amplitude, threshold)
    return float(update_mp.weight_update_mp(terms(kernel), window, *(mp.mpf(float(x)) for x in numbers), digits))


@pytest.mark.parametrize("area", [0.0, 0.05, -0.3])
@pytest.mark.parametrize(("fast", "slow", "mean"), [(1.0, 9.0, 0.0), (0.1, 30.0, 25.0), (4.0, 0.7, -3.0)])
@pytest.mark.parametrize("amplitude", [3.0, 17.0, 80.0, 130.0])
def test_chemotaxis_updates_against_the_oracle(
    area: float, fast: float, slow: float, mean: float, amplitude: float
) -> None:
    kernel, protocol = tcl.chemotaxis_kernel(area), tcl.Sawtooth(fast, slow, mean=mean)
    exact = oracle(kernel, protocol, amplitude, 11.0)
    assert_allclose(tcl.weight_update(kernel, protocol, amplitude, threshold=11.0), exact, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("gamma", "factor", "signal"), LADDERS)
@pytest.mark.parametrize("window", [np.inf, 5.0])
def test_ladder_updates_against_the_oracle(gamma: float, factor: float, signal: float, window: float) -> None:
    raw = tcl.Ladder(gamma, rate_factor=factor).step_kernel(signal)
    kernel = (raw if np.isinf(window) else raw.windowed(window)).rescaled(5.0).normalized()
    protocol = tcl.Sawtooth(3.0, 15.0, mean=10.0)
    threshold = float(tcl.adaptive_threshold(kernel, protocol, 50.0))
    # the same kernel in the oracle's digits: amplitudes at which part of each ramp is past the threshold
    response = tcl.periodic_response(kernel, protocol.unit_signal())(np.linspace(0, 18, 4000))
    opening = max(threshold - kernel.area * 10.0, 0.0) / response.max()
    for factor_of_opening in (1.05, 1.5, 4.0):
        amplitude = float(opening * factor_of_opening) + 1.0
        exact = oracle(kernel, protocol, amplitude, threshold)
        assert exact != 0.0
        assert_allclose(tcl.weight_update(kernel, protocol, amplitude, threshold=threshold), exact, rtol=1e-10)


@given(kernels(), protocols(), st.floats(0.1, 60.0), st.floats(0.0, 1.5))
def test_random_updates_against_the_oracle(
    kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, part: float
) -> None:
    cycle = np.linspace(0.0, float(protocol.period), 2001)
    u = kernel.area * protocol.mean + amplitude * tcl.periodic_response(kernel, protocol.unit_signal())(cycle)
    threshold = float(part * np.abs(u).max())
    exact = oracle(kernel, protocol, amplitude, threshold)
    size = float(np.abs(u).max() * protocol.period)
    # a term slower than the period is a small difference of large ones, whose rounding stays: the documented limit
    rates, jump = np.abs(kernel.rates), amplitude * (1 / protocol.fast + 1 / protocol.slow)
    parts = np.abs(kernel.coefficients) * (kernel.powers + 1) / rates ** (kernel.powers + 2)
    large = float(np.sum(parts * (1 + 1 / (rates * protocol.period)) ** (kernel.powers + 1)) * jump * protocol.period)
    ours = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    assert abs(ours - exact) <= 1e-10 * max(abs(exact), 1e-2 * size) + 1e-15 * large


def test_updates_without_threshold_are_area_times_mean_times_period() -> None:
    kernel, protocol = tcl.chemotaxis_kernel(0.2), tcl.Sawtooth(1.0, 5.0, mean=3.0)
    assert_allclose(tcl.weight_update(kernel, protocol, [0.0, 1.0, 50.0], threshold=0.0), 0.2 * 3.0 * 6.0, rtol=1e-11)


def test_zero_amplitude_compares_the_mean_response() -> None:
    kernel, protocol = tcl.chemotaxis_kernel(0.2), tcl.Sawtooth(1.0, 5.0, mean=3.0)
    assert tcl.weight_update(kernel, protocol, 0.0, threshold=0.61) == 0.0
    assert_allclose(tcl.weight_update(kernel, protocol, 0.0, threshold=0.59), 0.6 * 6.0)


@given(kernels(), protocols(), st.floats(0.1, 60.0), st.floats(0.0, 30.0), st.floats(0.01, 100.0))
def test_update_is_homogeneous(
    kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, threshold: float, scale: float
) -> None:
    base = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    scaled = tcl.Sawtooth(protocol.fast, protocol.slow, mean=scale * protocol.mean)
    other = tcl.weight_update(kernel, scaled, scale * amplitude, threshold=scale * threshold)
    size = threshold * protocol.period + abs(base) + amplitude * np.sum(np.abs(kernel.coefficients))
    assert_allclose(other, scale * base, rtol=1e-8, atol=1e-8 * scale * size)


@given(kernels(), protocols(), st.floats(0.1, 60.0), st.floats(0.0, 30.0))
def test_update_is_odd(kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, threshold: float) -> None:
    """Flipping the kernel flips the output, and with it the update."""
    base = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    assert_allclose(
        tcl.weight_update(kernel.scaled(-1.0), protocol, amplitude, threshold=threshold), -base, rtol=1e-9, atol=1e-9
    )


@given(kernels(), protocols(), st.floats(1.0, 5.0))
def test_slower_clocks_stretch_the_update(kernel: tcl.Kernel, protocol: tcl.Sawtooth, units: float) -> None:
    slow = tcl.Sawtooth(units * protocol.fast, units * protocol.slow, mean=protocol.mean)
    fast_kernel = kernel.rescaled(units)
    base = tcl.weight_update(kernel, slow, [2.0, 20.0], threshold=units * 1.3)
    other = tcl.weight_update(fast_kernel, protocol, [2.0, 20.0], threshold=1.3)
    assert_allclose(base, other * units**2, rtol=1e-7, atol=1e-7 * units**2 * protocol.period)


def test_slope_is_the_derivative() -> None:
    kernel, protocol = tcl.chemotaxis_kernel(0.05), tcl.Sawtooth(1.0, 9.0, mean=12.0)
    amplitude, h = np.linspace(14.0, 140.0, 40), 1e-5
    up = tcl.weight_update(kernel, protocol, amplitude + h, threshold=100 / 9)
    down = tcl.weight_update(kernel, protocol, amplitude - h, threshold=100 / 9)
    assert_allclose(tcl.update_slope(kernel, protocol, amplitude, threshold=100 / 9), (up - down) / (2 * h), rtol=1e-5)


def test_batches_are_loops_and_amplitudes_may_differ() -> None:
    kernel = tcl.Ladder([0.3, 1e-3, 1e-9]).step_kernel().rescaled(5.0).normalized()
    protocol, threshold = tcl.Sawtooth(3.0, 15.0, mean=10.0), np.array([2.0, 3.0, 4.0])
    amplitudes = np.array([[5.0, 60.0], [20.0, 30.0], [50.0, 7.0]])
    batch = tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)
    assert batch.shape == (3, 2)
    for i in range(3):
        one = tcl.Kernel(
            kernel.coefficients[i], kernel.rates[i], known_moments=tuple(m[i] for m in kernel.known_moments)
        )
        for j in range(2):
            single = tcl.weight_update(one, protocol, amplitudes[i, j], threshold=threshold[i])
            assert_allclose(batch[i, j], single, rtol=1e-12)
    assert tcl.weight_update(kernel, protocol, 20.0, threshold=threshold).shape == (3,)


def test_order_of_amplitudes_does_not_matter() -> None:
    kernel, protocol = tcl.Ladder(1e-2).step_kernel().rescaled(5.0).normalized(), tcl.Sawtooth(3.0, 15.0, mean=10.0)
    amplitudes = np.linspace(0, 60, 200)
    order = np.random.default_rng(0).permutation(200)
    sorted_update = tcl.weight_update(kernel, protocol, amplitudes, threshold=2.0)
    shuffled = tcl.weight_update(kernel, protocol, amplitudes[order], threshold=2.0)
    assert_allclose(shuffled, sorted_update[order], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("decay_rate", [1e-3, 1e-8])
def test_kernels_too_slow_for_the_period_are_refused(decay_rate: float) -> None:
    with pytest.raises(InvalidParameterError, match="slower than the period"):
        tcl.weight_update(tcl.chemotaxis_kernel(0.0, decay_rate), tcl.Sawtooth(1.0, 9.0), 50.0, threshold=1e-12)


def test_windows_of_a_silent_kernel() -> None:
    silent, protocol = tcl.Ladder(0.1).step_kernel(0.0), tcl.Sawtooth(3.0, 15.0, mean=10.0)
    assert tcl.amplitude_window(silent, protocol, threshold=1.0) == (np.inf, np.inf)
    assert tcl.amplitude_window(silent, protocol, threshold=0.0) == (0.0, 0.0)
    assert tcl.weight_update(silent, protocol, 20.0, threshold=1.0) == 0.0


def test_adaptive_threshold_is_equation_45() -> None:
    kernel, protocol = tcl.chemotaxis_kernel(0.3), tcl.Sawtooth(3.0, 15.0, mean=10.0)
    assert_allclose(tcl.adaptive_threshold(kernel, protocol, 50.0), abs(-50 / 15 + 0.3 * (10 + 25)))


def test_amplitude_window_brackets_the_response() -> None:
    kernel, protocol, threshold = tcl.chemotaxis_kernel(0.05), tcl.Sawtooth(1.0, 9.0, mean=12.0), 8.0
    opening, breakthrough = tcl.amplitude_window(kernel, protocol, threshold=threshold)
    low, high = tcl.weight_update(
        kernel, protocol, np.array([opening * (1 - 1e-9), opening * (1 + 1e-6)]), threshold=threshold
    )
    assert low == 0.0 < high
    fine = np.linspace(0, 10, 200_001)
    u = 0.6 + breakthrough * tcl.periodic_response(kernel, protocol.unit_signal())(fine)
    assert_allclose(u.min(), -threshold, rtol=1e-6)


def test_figure_8_of_the_authors(authors: dict[str, Any]) -> None:
    fast, ratio = np.array(authors["fig8"]).T
    threshold = 0.5 * (20 / 20 + 20 / fast)
    update = tcl.weight_update(tcl.chemotaxis_kernel(), tcl.Sawtooth(fast, 20 - fast), 20.0, threshold=threshold)
    assert_allclose(update / 20, ratio, atol=2.5e-4)  # their 1e-4 sampling moves each crossing by up to a step


def test_known_updates_of_figure_8() -> None:
    fast = np.array([4.0, 10.0, 20.0, 40.0, 160.0]) / 20
    update = tcl.weight_update(
        tcl.chemotaxis_kernel(), tcl.Sawtooth(fast, 20 - fast), 20.0, threshold=0.5 * (1 + 20 / fast)
    )
    assert_allclose(update / 20, [0.648, 0.855, 0.921, 0.954, 0.978], atol=5e-4)


def test_ladders_of_the_authors(authors: dict[str, Any]) -> None:
    for row in authors["6B"]:
        ladder = tcl.Ladder(row["gamma"], rate_factor=row["F"])
        assert_allclose(ladder.entropy_production_rate(), row["diss"], rtol=1e-7)
        assert_allclose(tcl.Ladder(row["gamma"]).entropy_production_rate(), row["diss25"], rtol=1e-7)
        cut = ladder.step_kernel(row["s"]).windowed(5.0).rescaled(5.0)
        assert_allclose(cut.first_moment, row["raw_moment"], rtol=2e-4)
        assert_allclose(cut.normalized().area, row["area"], rtol=2e-4)
        protocol, expected = tcl.Sawtooth(3.0, 15.0, mean=10.0), np.array(row["dw"])
        # their sampling leaves 2e-4 of an update of order one. Half of it is their sampled first moment: with
        # that number in place of ours, the updates of kernels of large area agree to 2e-4 of their size as well.
        for kernel, precision in ((cut.normalized(), 3e-4), (cut.scaled(-1 / abs(row["raw_moment"])), 2e-4)):
            threshold = tcl.adaptive_threshold(kernel, protocol, 50.0)
            update = tcl.weight_update(kernel, protocol, 50 * np.array(row["A"]), threshold=threshold) / 50
            assert_allclose(update, expected, rtol=0, atol=precision * max(1.0, expected.max()))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"fast": 0.0}, "fast"),
        ({"slow": -1.0}, "slow"),
        ({"mean": np.nan}, "mean"),
        ({"amplitudes": -1.0}, "amplitudes"),
        ({"amplitudes": [1.0, np.inf]}, "amplitudes"),
        ({"threshold": -0.1}, "threshold"),
        ({"threshold": np.nan}, "threshold"),
        ({"threshold": [1.0, 2.0], "slow": [1.0, 2.0, 3.0]}, "shapes"),
        ({"threshold": [1.0, 2.0, 3.0], "amplitudes": [[1.0, 2.0], [3.0, 4.0]]}, "shapes"),
        ({"amplitudes": []}, "amplitudes"),
    ],
)
def test_bad_input_is_named(change: dict, name: str) -> None:
    arguments = {"fast": 1.0, "slow": 9.0, "mean": 0.0, "amplitudes": 1.0, "threshold": 1.0} | change
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        tcl.weight_update(
            tcl.chemotaxis_kernel(),
            tcl.Sawtooth(arguments["fast"], arguments["slow"], mean=arguments["mean"]),
            arguments["amplitudes"],
            threshold=arguments["threshold"],
        )


def test_a_kernel_that_is_never_seen_updates_nothing() -> None:
    """Of a term with a real rate only the real part is seen: an imaginary coefficient is no kernel, and no error."""
    silent = tcl.Kernel([1j], [-0.375])
    assert tcl.weight_update(silent, tcl.Sawtooth(1.0, 1.0), 1.0, threshold=0.0) == 0.0
    both = tcl.Kernel([2.0 + 5j], [-3.0]), tcl.Kernel([2.0], [-3.0])
    updates = [tcl.weight_update(k, tcl.Sawtooth(1.0, 4.0), 10.0, threshold=0.5) for k in both]
    assert updates[0] == updates[1]
