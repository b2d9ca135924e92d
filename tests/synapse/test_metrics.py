"""Offset and dynamic range: the recipes against the authors and pwlf, the exact ones against the recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pwlf
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError

A_MAX = 100.0
AMPLITUDES = np.linspace(0.0, 75.0, 400, endpoint=False)
SPACING = AMPLITUDES[1]


def curves(rows: np.ndarray, area: float, mean: float) -> tuple[tcl.Kernel, tcl.Sawtooth, np.ndarray, np.ndarray]:
    fast, slow = rows[:, 0], rows[:, 1]
    kernel, protocol, threshold = tcl.chemotaxis_kernel(area), tcl.Sawtooth(fast, slow, mean=mean), A_MAX / slow
    return kernel, protocol, threshold, tcl.weight_update(kernel, protocol, AMPLITUDES, threshold=threshold)


@pytest.mark.parametrize(("figure", "area", "mean"), [("4C", 0.0, 0.0), ("5C", 0.05, 25.0)])
def test_segment_metrics_of_the_authors(authors: dict[str, Any], figure: str, area: float, mean: float) -> None:
    rows = np.array(authors[figure])
    *_, update = curves(rows, area, mean)
    metrics = tcl.segment_metrics(AMPLITUDES, update, amplitude_max=A_MAX)
    # a break inside a jump is only determined to the spacing of the amplitudes, and with it the line's end
    assert_allclose(metrics.amplitude_min / A_MAX, rows[:, 2], atol=SPACING / A_MAX)
    assert_allclose(metrics.offset / A_MAX, rows[:, 3], atol=3e-4)
    assert (metrics.linear == (rows[:, 2] < 1)).all()
    assert (metrics.dynamic_range[~metrics.linear] == 1).all()


def test_breaks_are_the_global_optimum(authors: dict[str, Any]) -> None:
    """pwlf's differential evolution, slow and independent, finds no better fit."""
    from thermo_cl.synapse._segments import best_breaks

    updates = [curves(np.array(authors[f]), area, mean)[3] for f, area, mean in (("4C", 0.0, 0.0), ("5C", 0.05, 25.0))]
    update = np.concatenate(updates)
    update = np.ascontiguousarray(update[update.any(axis=1)])
    breaks = np.empty((update.shape[0], 2))
    best_breaks(0, update.shape[0], AMPLITUDES, update, breaks)
    for row, ours in zip(update, breaks, strict=True):
        fit = pwlf.PiecewiseLinFit(AMPLITUDES, row, seed=1)
        fit.fit(3)
        theirs = float(fit.ssr)
        own = pwlf.PiecewiseLinFit(AMPLITUDES, row)
        assert own.fit_with_breaks([0.0, *ours, AMPLITUDES[-1]]) <= theirs * (1 + 1e-6)


def test_a_broken_line_is_recovered() -> None:
    x = np.linspace(0.0, 1.0, 301)
    y = np.maximum(x - 0.301, 0) * 4.0 - np.maximum(x - 0.5773, 0) * 3.1
    metrics = tcl.segment_metrics(x, y, amplitude_max=1.0)
    assert_allclose(metrics.amplitude_min, 0.5773, atol=1e-6)
    assert_allclose(metrics.slope, 0.9, atol=1e-6)
    assert_allclose(metrics.offset, (0.5773 - 0.301) * 4 - 0.9 * 0.5773, atol=1e-6)
    assert metrics.linear


def test_crossing_metrics_by_hand() -> None:
    amplitude = np.arange(0.0, 12.5, 0.25)
    update = np.where(amplitude >= 3.0, 2.0 * amplitude - 1.0, 0.0)
    metrics = tcl.crossing_metrics(amplitude, np.stack([update, 0 * update]), amplitude_max=10.0)
    assert_allclose(metrics.amplitude_min, [3.0, 10.0])
    assert_allclose(metrics.dynamic_range, [10 / 3, 1.0])
    assert_allclose(metrics.offset, [-1.0, np.nan])
    assert_allclose(metrics.slope, [2.0, np.nan])
    assert (metrics.linear == [True, False]).all()
    later = tcl.crossing_metrics(amplitude, update, amplitude_max=10.0, index_factor=1.25)
    assert later.amplitude_min == 3.75
    assert_allclose(later.offset, -1.0)


def test_crossing_line_is_numpys() -> None:
    kernel, protocol = tcl.Ladder(1e-3).step_kernel().rescaled(5.0).normalized(), tcl.Sawtooth(3.0, 15.0, mean=10.0)
    amplitude = np.linspace(0.0, 62.5, 500, endpoint=False)
    update = tcl.weight_update(kernel, protocol, amplitude, threshold=tcl.adaptive_threshold(kernel, protocol, 50.0))
    metrics = tcl.crossing_metrics(amplitude, update, amplitude_max=50.0)
    used = (amplitude >= metrics.amplitude_min) & (amplitude <= 50.0)
    slope, offset = np.polyfit(amplitude[used], update[used], 1)
    assert_allclose([metrics.slope, metrics.offset], [slope, offset], rtol=1e-9)
    assert update[amplitude < metrics.amplitude_min].max() <= 0.05 * 50.0


def test_exact_crossing_metrics_are_the_limit_of_fine_sampling() -> None:
    kernel = tcl.Ladder([1e-3, 0.05, 0.9]).step_kernel().rescaled(5.0).normalized()
    protocol = tcl.Sawtooth(3.0, 15.0, mean=10.0)
    threshold = tcl.adaptive_threshold(kernel, protocol, 50.0)
    exact = tcl.exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=50.0)
    amplitude = np.linspace(0.0, 50.0, 40_001)
    update = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    sampled = tcl.crossing_metrics(amplitude, update, amplitude_max=50.0)
    assert (exact.linear == sampled.linear).all()
    assert_allclose(exact.amplitude_min, sampled.amplitude_min, atol=50 / 40_000)
    assert_allclose(exact.offset, sampled.offset, rtol=1e-3)
    some = exact.linear
    at_crossing = tcl.weight_update(kernel, protocol, exact.amplitude_min[:, None], threshold=threshold)[:, 0]
    assert_allclose(at_crossing[some], 2.5, rtol=1e-9)


def test_exact_crossing_line_is_converged_across_the_breakthrough() -> None:
    kernel = tcl.Ladder(np.logspace(-6, -0.5, 8)).step_kernel().rescaled(5.0).normalized()
    protocol = tcl.Sawtooth(3.0, 15.0, mean=10.0)
    threshold = tcl.adaptive_threshold(kernel, protocol, 50.0)
    exact = tcl.exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=50.0)
    low = exact.amplitude_min[:, None]
    # midpoint rule on a fine grid, refined once: what a reader would do to check
    estimates = []
    for points in (20_000, 40_000):
        x = low + (50.0 - low) * (np.arange(points) + 0.5) / points
        y = tcl.weight_update(kernel, protocol, x, threshold=threshold)
        spread = x - x.mean(axis=-1, keepdims=True)
        slope = (y * spread).sum(axis=-1) / (spread**2).sum(axis=-1)
        estimates.append(y.mean(axis=-1) - slope * x.mean(axis=-1))
    error = np.abs(estimates[1] - estimates[0]).max()
    assert_allclose(exact.offset, estimates[1], atol=4 * error + 1e-7, rtol=0)
    assert error < 1e-3


def test_a_mean_response_past_the_threshold_is_no_crossing() -> None:
    kernel, protocol = tcl.chemotaxis_kernel(0.2), tcl.Sawtooth(3.0, 15.0, mean=10.0)
    for recipe in (tcl.exact_crossing_metrics, tcl.exact_window_metrics):
        metrics = recipe(kernel, protocol, threshold=1.0, amplitude_max=50.0)
        assert not metrics.linear
        assert metrics.dynamic_range == 1.0


def test_exact_window_metrics_bound_the_fitted_ones(authors: dict[str, Any]) -> None:
    rows = np.array(authors["4C"])
    kernel, protocol, threshold, update = curves(rows, 0.0, 0.0)
    exact = tcl.exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=A_MAX)
    fitted = tcl.segment_metrics(AMPLITUDES, update, amplitude_max=A_MAX)
    assert (exact.linear == fitted.linear).all()
    some = exact.linear
    assert (exact.amplitude_min[some] <= fitted.amplitude_min[some] + SPACING).all()
    # theta = A_max / tau_s: the fast ramp opens at theta tau_f to within the kernel's memory (Eqs. 27, 28)
    assert_allclose(exact.amplitude_min[some], A_MAX * rows[some, 0] / rows[some, 1], rtol=0.06)
    # the bound of Eq. 9 holds to the rounding of a flat ramp
    assert (exact.dynamic_range[some] <= rows[some, 1] / rows[some, 0] * (1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("argument", "value"), [("level", 0.0), ("level", np.nan), ("index_factor", np.nan), ("index_factor", 0.5)]
)
def test_bad_recipe_settings_are_named(argument: str, value: float) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{argument} = "):
        tcl.crossing_metrics(np.arange(8.0), np.arange(8.0), amplitude_max=5.0, **{argument: value})


def test_exact_offset_follows_the_area() -> None:
    protocol = tcl.Sawtooth(np.array([2.0, 4.0, 8.0]), 200.0, mean=25.0)
    metrics = tcl.exact_window_metrics(
        tcl.chemotaxis_kernel(0.01), protocol, threshold=100 / 200.0 + 0.2, amplitude_max=100.0
    )
    predicted = 0.01 * 25.0 * protocol.fast
    short = tcl.exact_window_metrics(tcl.chemotaxis_kernel(0.0), protocol, threshold=0.5, amplitude_max=100.0).offset
    assert_allclose(metrics.offset - short, predicted, rtol=0.15)


@pytest.mark.parametrize(
    ("amplitudes", "update", "amplitude_max", "name"),
    [
        ([0, 1, 2], [0, 1, 2], 1.0, "amplitudes"),
        ([0, 1, 2, 2, 3, 4], [0] * 6, 1.0, "amplitudes"),
        (range(6), [0] * 5, 1.0, "update.shape"),
        (range(6), [np.nan] * 6, 1.0, "update"),
        (range(6), [0] * 6, 0.0, "amplitude_max"),
        ([-1, 0, 1, 2, 3, 4], [0] * 6, 1.0, "amplitudes"),
    ],
)
def test_bad_curves_are_named(amplitudes: object, update: object, amplitude_max: float, name: str) -> None:
    for recipe in (tcl.segment_metrics, tcl.crossing_metrics):
        with pytest.raises(InvalidParameterError, match=f"^{name} = "):
            recipe(list(amplitudes), update, amplitude_max=amplitude_max)
