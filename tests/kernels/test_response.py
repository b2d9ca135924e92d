"""Periodic responses against high-precision quadrature, and the laws every linear causal response obeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import update_mp
from tests.strategies import kernels
from thermo_cl.errors import InvalidParameterError

TIMES = np.array([0.0, 0.02, 0.4, 0.99, 1.0, 1.3, 3.7, 5.2, 9.95])
SIGNAL = tcl.PeriodicSignal([0.0, 1.0, 4.0, 10.0], [0.3, 2.0, -1.0, 0.3])


def terms(kernel: tcl.Kernel) -> list[tuple[object, int, object]]:
    rows = zip(kernel.coefficients, kernel.powers, kernel.rates, strict=True)
    return [(mp.mpmathify(complex(c)), int(n), mp.mpmathify(complex(rate))) for c, n, rate in rows]


@pytest.mark.parametrize(
    "kernel",
    [
        tcl.chemotaxis_kernel(0.05),
        tcl.sine_kernel(0.7),
        tcl.sine_kernel(23.0),
        tcl.chemotaxis_kernel(0.2, 5.0).windowed(0.3),
        tcl.integral_feedback_kernel(2.0, 5.0),
        tcl.integral_feedback_kernel(2.0, 1.0),
        tcl.integral_feedback_kernel(1.0, 4.0).windowed(37.0),
        tcl.Kernel([1.0, -0.3], [0.0, 0.0], [0, 1], window=3.3),
        tcl.Kernel([1.0], [0.05], window=12.0),
    ],
    ids=[
        "chemotaxis",
        "sine",
        "long sine",
        "cut",
        "underdamped",
        "critical",
        "several periods",
        "zero rate",
        "growing",
    ],
)
def test_response_against_the_oracle(kernel: tcl.Kernel) -> None:
    window = mp.inf if np.isinf(kernel.window) else mp.mpf(float(kernel.window))
    breaks, values = [mp.mpf(t) for t in SIGNAL.times], [mp.mpf(v) for v in SIGNAL.values]
    expected = [float(update_mp.response_mp(terms(kernel), window, breaks, values, mp.mpf(t))) for t in TIMES]
    assert_allclose(tcl.periodic_response(kernel, SIGNAL)(TIMES), expected, atol=2e-13 * np.abs(expected).max())


@given(kernels(), st.floats(-3, 3), st.floats(-2, 2))
def test_response_is_linear_and_shifts(kernel: tcl.Kernel, constant: float, factor: float) -> None:
    base = tcl.periodic_response(kernel, SIGNAL)(TIMES)
    other = tcl.PeriodicSignal(SIGNAL.times, constant + factor * SIGNAL.values)
    size = np.abs(base).max() + np.sum(np.abs(kernel.coefficients))
    expected = constant * kernel.area + factor * base
    assert_allclose(tcl.periodic_response(kernel, other)(TIMES), expected, atol=1e-10 * size * (1 + abs(constant)))
    assert_allclose(tcl.periodic_response(kernel, SIGNAL)(TIMES + 30.0), base, atol=1e-9 * size)


@given(kernels())
def test_response_is_causal_and_continuous(kernel: tcl.Kernel) -> None:
    """A short kernel cannot feel a corner before it happens: two signals that agree on the window agree in response."""
    short = kernel.windowed(0.5)
    bent = tcl.PeriodicSignal([0.0, 1.0, 4.0, 7.0, 10.0], [0.3, 2.0, -1.0, 5.0, 0.3])
    response, other = tcl.periodic_response(short, SIGNAL), tcl.periodic_response(short, bent)
    before = np.array([0.6, 1.0, 2.0, 4.0])  # the signals differ only after 4 (and the window forgets before 0.1)
    assert_allclose(response(before), other(before), atol=1e-10 * np.sum(np.abs(kernel.coefficients)))
    edges = response.starts[1:]
    jump = response(edges + 1e-9) - response(edges - 1e-9)
    assert_allclose(jump, 0.0, atol=1e-6 * np.sum(np.abs(kernel.coefficients)))


def test_mean_response_is_area_times_mean_signal() -> None:
    response = tcl.periodic_response(tcl.chemotaxis_kernel(0.3), SIGNAL)
    fine = (np.arange(400_000) + 0.5) / 40_000
    assert_allclose(response(fine).mean(), 0.3 * SIGNAL(fine).mean(), rtol=1e-8)


def test_a_kernel_blind_to_ramps_answers_corners_only() -> None:
    """Area and first moment zero: nothing at corners or between them, and yet nothing has cancelled."""
    blind = tcl.Kernel([5.0, -30.0, 40.0], [-5.0, -10.0, -20.0], known_moments=(0.0, 0.0))
    slow = tcl.PeriodicSignal([0.0, 40.0, 90.0], [-0.5, 0.5, -0.5])
    response = tcl.periodic_response(blind, slow)
    assert_allclose(response([20.0, 60.0]), 0.0, atol=1e-15)
    after = np.array([0.1, 0.4])
    jump = slow.slopes[0] - slow.slopes[1]
    terms_after = np.exp(-np.outer(after, [5.0, 10.0, 20.0])) @ [5 / 25, -30 / 100, 40 / 400]
    assert_allclose(response(after), jump * terms_after, rtol=1e-12)


def test_batches_broadcast() -> None:
    kernel = tcl.chemotaxis_kernel(np.array([0.0, 0.05, 0.1]))
    signal = tcl.PeriodicSignal(np.array([[[0, 1, 10.0]], [[0, 2, 7.0]]]), [-0.5, 0.5, -0.5])
    batch = tcl.periodic_response(kernel, signal)(TIMES)
    assert batch.shape == (2, 3, TIMES.size)
    one = tcl.periodic_response(tcl.chemotaxis_kernel(0.05), tcl.PeriodicSignal([0, 2, 7.0], [-0.5, 0.5, -0.5]))
    assert_allclose(batch[1, 1], one(TIMES), rtol=1e-12, atol=1e-14)


def test_mixed_windows_in_one_batch() -> None:
    mixed = tcl.Kernel([[1.0, 2.0]], [[-1.0, -3.0]], window=np.array([np.inf, 0.7]))
    for i, window in enumerate([np.inf, 0.7]):
        one = tcl.Kernel([1.0, 2.0], [-1.0, -3.0], window=window)
        expected = tcl.periodic_response(one, SIGNAL)(TIMES)
        assert_allclose(tcl.periodic_response(mixed, SIGNAL)(TIMES)[i], expected, rtol=1e-12)


def test_signal_values_and_slopes() -> None:
    assert_allclose(SIGNAL([0.0, 0.5, 1.0, 2.5, 10.0, 14.0, -6.0]), [0.3, 1.15, 2.0, 0.5, 0.3, -1.0, -1.0], atol=1e-14)
    assert_allclose(SIGNAL.slopes, [1.7, -1.0, 1.3 / 6])


@pytest.mark.parametrize(
    ("times", "values"),
    [
        ([0, 1, 1], [0, 1, 0]),
        ([1, 2, 3], [0, 1, 0]),
        ([0, 1, 2], [0, 1, 2]),
        ([0], [0]),
        ([0, np.nan, 2], [0, 1, 0]),
        ([0, 1], [0, 0, 0]),
    ],
)
def test_bad_signals_are_refused(times: list, values: list) -> None:
    with pytest.raises(InvalidParameterError):
        tcl.PeriodicSignal(times, values)
