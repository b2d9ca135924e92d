"""Kernels as values: evaluation, moments and transformations against quadrature and scipy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.strategies import kernels
from thermo_cl.errors import InvalidParameterError, NormalizationError

TIMES = np.array([-1.0, 0.0, 0.01, 0.3, 0.9, 2.5, 7.0])


def quadrature(kernel: tcl.Kernel, weight: Callable = np.ones_like, upto: float = np.inf) -> float:
    """Composite Gauss-Legendre rule on panels far shorter than any drawn timescale."""
    end = min(float(kernel.window), upto, 150.0)  # the slowest drawn term has decayed to e^-45 there
    nodes, weights = np.polynomial.legendre.leggauss(24)
    edges = np.linspace(0, end, 2 + int(end / 0.25))
    half = 0.5 * np.diff(edges)[:, None]
    t = edges[:-1, None] + half * (nodes + 1.0)
    return float(np.sum(kernel(t) * weight(t) * half * weights))


def size(kernel: tcl.Kernel, n: int = 0) -> float:
    end = min(float(kernel.window), 150.0)
    t = np.linspace(0, end, 4001)
    return float(np.trapezoid(np.abs(kernel(t)) * t**n, t)) + 1e-3


def test_values_by_definition() -> None:
    kernel = tcl.Kernel([2.0, 1.0 - 1.0j], [-1.0, -0.5 + 3.0j], [1, 0], window=5.0)
    t = np.array([0.2, 4.9])
    expected = 2 * t * np.exp(-t) + np.exp(-0.5 * t) * (np.cos(3 * t) + np.sin(3 * t))
    assert_allclose(kernel(t), expected, rtol=1e-14)
    assert (kernel([-0.1, 5.1]) == 0).all()
    assert_allclose(kernel.impulse_response(t), kernel(t))


@given(kernels(), st.integers(0, 4))
def test_moments_against_quadrature(kernel: tcl.Kernel, n: int) -> None:
    assert_allclose(kernel.moment(n), quadrature(kernel, lambda t: t**n), rtol=1e-11, atol=1e-12 * size(kernel, n))


@given(kernels())
def test_step_response_is_the_running_integral(kernel: tcl.Kernel) -> None:
    expected = [quadrature(kernel, upto=t) if t > 0 else 0.0 for t in TIMES]
    assert_allclose(kernel.step_response(TIMES), expected, rtol=1e-11, atol=1e-12 * size(kernel))
    assert_allclose(kernel.step_response(200.0), kernel.area, rtol=1e-9, atol=1e-10 * size(kernel))


@given(kernels(), st.floats(0.0, 20.0))
def test_frequency_response_against_quadrature(kernel: tcl.Kernel, omega: float) -> None:
    real = quadrature(kernel, lambda t: np.cos(omega * t))
    imaginary = -quadrature(kernel, lambda t: np.sin(omega * t))
    assert_allclose(kernel.frequency_response(omega), real + 1j * imaginary, atol=1e-12 * size(kernel))
    assert_allclose(kernel.frequency_response(0.0), kernel.area, atol=1e-12 * size(kernel))


@given(kernels(), st.floats(0.1, 9.0))
def test_rescaling_relabels_time(kernel: tcl.Kernel, units: float) -> None:
    relabelled = kernel.rescaled(units)
    assert_allclose(relabelled(TIMES), kernel(units * TIMES), rtol=1e-10, atol=1e-12)
    for n in range(3):
        assert_allclose(
            relabelled.moment(n), kernel.moment(n) / units ** (n + 1), rtol=1e-9, atol=1e-11 * size(kernel, n)
        )


@given(kernels(), st.floats(0.05, 8.0))
def test_windows_cut(kernel: tcl.Kernel, length: float) -> None:
    cut = kernel.windowed(length)
    assert_allclose(cut(TIMES), np.where(length >= TIMES, kernel(TIMES), 0.0))
    assert_allclose(cut.area, kernel.step_response(length), rtol=1e-9, atol=1e-11 * size(kernel))
    assert cut.windowed(2 * length).window == cut.window


@given(kernels())
def test_state_space_has_the_same_impulse_response(kernel: tcl.Kernel) -> None:
    whole = tcl.Kernel(kernel.coefficients, kernel.rates, kernel.powers)
    times = np.linspace(0, 2, 9)
    _, response = scipy.signal.impulse(whole.to_state_space(), T=times)
    assert_allclose(response, whole(times), atol=1e-7 * np.abs(whole(times)).max() + 1e-9)


@given(kernels())
def test_normalisation(kernel: tcl.Kernel) -> None:
    moment = kernel.first_moment
    if abs(moment) < 1e-6 * size(kernel, 1):
        return
    normal = kernel.normalized()
    assert_allclose(normal.first_moment, -np.sign(moment), rtol=1e-12)
    assert_allclose(normal(TIMES), -kernel(TIMES) / abs(moment), rtol=1e-12)


def test_known_moments_travel_with_the_kernel() -> None:
    kernel = tcl.Kernel([1.0], [-1.0], known_moments=(3.0, 5.0))
    assert (kernel.area, kernel.first_moment, kernel.moment(2)) == (3.0, 5.0, 2.0)
    assert kernel.scaled(2.0).area == 6.0
    assert kernel.rescaled(2.0).first_moment == 5.0 / 4
    assert kernel.windowed(50.0).area == pytest.approx(1.0)


def test_batches_are_loops() -> None:
    coefficients, rates = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 1.0]]), np.array([[-1.0, -2.0]])
    batch = tcl.Kernel(coefficients, rates, [0, 1], window=np.array([np.inf, 2.0, 0.5]))
    for i, window in enumerate([np.inf, 2.0, 0.5]):
        one = tcl.Kernel(coefficients[i], rates[0], [0, 1], window=window)
        for method in ("__call__", "step_response", "frequency_response"):
            assert_allclose(getattr(batch, method)(TIMES)[i], getattr(one, method)(TIMES), rtol=1e-13)
        assert_allclose(batch.moment(2)[i], one.moment(2), rtol=1e-13)


def test_a_vanishing_first_moment_cannot_be_normalised() -> None:
    with pytest.raises(NormalizationError, match="first moment"):
        tcl.Kernel([1.0, -4.0], [-1.0, -2.0]).normalized()  # 1 - 4/4 = 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [0.5]), "rates"),
        (([1.0], [0.0]), "rates"),
        (([np.nan], [-1.0]), "coefficients"),
        (([1.0], [-np.inf]), "rates"),
        (([1.0], [-1.0], [1, 2]), "powers"),
        (([1.0], [-1.0], [-1]), "powers"),
        (([1.0], [-1.0], [0.5]), "powers"),
        (([1.0, 2.0, 3.0], [-1.0, -2.0]), "coefficients.shape"),
        (([1.0], [-1.0], [0], 0.0), "window"),
        (([1.0], [-1.0], [0], np.nan), "window"),
    ],
)
def test_bad_kernels_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        tcl.Kernel(*arguments)


def test_bad_arguments_are_refused() -> None:
    kernel = tcl.chemotaxis_kernel()
    for call, name in [
        (lambda: kernel.windowed(0.0), "length"),
        (lambda: kernel.rescaled(-1.0), "units"),
        (lambda: kernel.moment(-1), "n"),
        (lambda: kernel.moment(1.5), "n"),
        (lambda: kernel.scaled(np.nan), "factor"),
        (lambda: kernel.windowed(1.0).to_state_space(), "window"),
        (lambda: tcl.chemotaxis_kernel([0.0, 0.1]).to_state_space(), "kernel"),
    ]:  # fmt: skip
        with pytest.raises(InvalidParameterError, match=name):
            call()
