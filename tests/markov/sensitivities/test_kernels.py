"""Derivatives of kernels against the exponential of an augmented generator, which knows no modes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

import thermo_cl as tcl
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import (
    KERNEL_PARAMETERS,
    ladder_kernel_tangents,
    ladder_sensitivities,
    normalized_tangent,
    steady_state_sensitivities,
    step_kernel_tangent,
    step_sensitivities,
)

TIMES = [0.0, 0.02, 0.3, 1.0, 4.0]


def van_loan(before: tcl.MarkovNetwork, after: tcl.MarkovNetwork, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """State-resolved derivative of W1 exp(W1 t) p0 at TIMES, shape (times, n); slopes are generators'."""
    n, p, w = before.n_states, before.steady_state(), after.generator
    moved = np.einsum("kij,ij->k", steady_state_sensitivities(before), np.where(np.eye(n), 0.0, first))
    found = []
    for t in TIMES:
        both = expm(np.block([[w, last], [np.zeros((n, n)), w]]) * t)  # Van Loan, IEEE Trans. 23, 395 (1978)
        grown, slope = both[:n, :n], both[:n, n:]
        found.append(last @ grown @ p + w @ slope @ p + w @ grown @ moved)
    return np.array(found)


def generator_slope(rng: np.random.Generator, network: tcl.MarkovNetwork) -> np.ndarray:
    slope = np.where(network.rates > 0, network.rates * rng.normal(size=network.rates.shape), 0.0)
    return slope - np.diag(slope.sum(axis=0))


@settings(max_examples=15)
@given(networks(), st.integers(0, 1000))
def test_against_an_augmented_exponential(before: tcl.MarkovNetwork, seed: int) -> None:
    rng = np.random.default_rng(seed)
    after = tcl.MarkovNetwork(np.where(before.rates > 0, before.rates * np.exp(rng.normal(size=before.rates.shape)), 0))
    first, last, c = generator_slope(rng, before), generator_slope(rng, after), rng.normal(size=before.n_states)
    found = step_kernel_tangent(before, after, c, first, last)(TIMES)
    expected = van_loan(before, after, first, last) @ c
    size = np.abs(expected).max(initial=np.abs(after.rates).max())
    assert_allclose(found, expected, atol=1e-9 * size)


def test_rates_that_coincide() -> None:
    """Three states in a line, whose two decay rates meet as the middle rates pass each other."""
    rates = np.array([[0, 1.0, 1.0], [1.0, 0, 1.0], [1.0, 1.0, 0]])  # decay rates 3 and 3
    after, rng = tcl.MarkovNetwork(rates), np.random.default_rng(1)
    before = tcl.MarkovNetwork([[0, 2.0, 1.0], [1.0, 0, 3.0], [1.0, 1.0, 0]])
    first, last = generator_slope(rng, before), generator_slope(rng, after)
    found = step_kernel_tangent(before, after, [1.0, 0.0, 0.5], first, last)
    assert_allclose(found(TIMES), van_loan(before, after, first, last) @ [1.0, 0.0, 0.5], atol=1e-7)


@pytest.mark.parametrize(("gamma", "baseline"), [(0.1, 0.0), (1e-8, 15.0)])
def test_ladders(gamma: float, baseline: float) -> None:
    ladder = tcl.Ladder(gamma, rate_factor=7.0, n_levels=4, reference_level=1.2)
    tangents, found = ladder_kernel_tangents(ladder, 150.0, baseline), ladder_sensitivities(ladder, 150.0, baseline)
    assert tangents.batch_shape == (len(KERNEL_PARAMETERS),)
    for k, name in enumerate(KERNEL_PARAMETERS):
        assert tangents.area[k] == getattr(found.area_by, name)
        assert tangents.first_moment[k] == getattr(found.first_moment_by, name)
    modes = tcl.Kernel(tangents.coefficients, tangents.rates, tangents.powers)  # moments by the sum of terms
    assert_allclose(modes.area, tangents.area, rtol=1e-9, atol=1e-11)
    assert_allclose(modes.first_moment, tangents.first_moment, rtol=1e-9, atol=1e-11)
    h = 1e-3
    for name, step in (("log_gamma", gamma), ("signal", 150.0)):
        change = {"signal": 150.0, "baseline": baseline}
        values = []
        for m in (-3, -2, -1, 1, 2, 3):
            scale = np.exp(m * h)
            other = tcl.Ladder(step * scale, rate_factor=7.0, n_levels=4, reference_level=1.2)
            member = other if name == "log_gamma" else ladder
            values.append(member.step_kernel(**change | ({} if name == "log_gamma" else {name: step * scale}))(TIMES))
        slope = np.array([-1, 9, -45, 45, -9, 1]) @ np.array(values) / (60 * h)
        expected = slope if name == "log_gamma" else slope / step
        at = KERNEL_PARAMETERS.index(name)
        assert_allclose(tangents(TIMES)[at], expected, rtol=1e-8, atol=1e-10)


def test_moments_of_general_tangents() -> None:
    ladder, rng = tcl.Ladder(1e-2), np.random.default_rng(2)
    before, after = ladder.network(0.0), ladder.network(100.0)
    first, last = (np.where(w.rates > 0, w.rates * rng.normal(size=(3, 10, 10)), 0.0) for w in (before, after))
    kernel, by = (
        step_kernel_tangent(before, after, ladder.top_rail, first, last),
        step_sensitivities(before, after, ladder.top_rail),
    )
    area = np.sum(by.area_by_before * first + by.area_by_after * last, axis=(-2, -1))
    moment = np.sum(by.first_moment_by_before * first + by.first_moment_by_after * last, axis=(-2, -1))
    assert_allclose(kernel.area, area, rtol=1e-9, atol=1e-12)
    assert_allclose(kernel.first_moment, moment, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("window", [np.inf, 2.0])
def test_normalisation(window: float) -> None:
    kernel = tcl.Kernel([1.0, -2.0], [-1.0, -3.0], window=window)
    tangent = tcl.Kernel([[0.3, 1.0], [1.0, 0.0]], [-1.0, -2.0], [0, 1], window=window)
    found, t, h = normalized_tangent(kernel, tangent), np.linspace(0, 1.9, 5), 1e-3
    for k in range(2):
        c = tangent.coefficients[k].real
        moved = [
            tcl.Kernel([1.0, -2.0, m * h * c[0], m * h * c[1]], [-1.0, -3.0, -1.0, -2.0], [0, 0, 0, 1], window=window)
            for m in (-2, -1, 1, 2)
        ]
        values = np.array([member.normalized()(t) for member in moved])
        assert_allclose(found(t)[k], np.array([1, -8, 8, -1]) @ values / (12 * h), rtol=1e-8, atol=1e-10)
    assert_allclose(found.first_moment, 0.0, atol=1e-14)


def test_refusals() -> None:
    ladder = tcl.Ladder(0.1, n_levels=2)
    network, slope = ladder.network(), np.ones((4, 4))
    with pytest.raises(InvalidParameterError, match=r"^observable.shape"):
        step_kernel_tangent(network, network, np.ones(3), slope, slope)
    with pytest.raises(InvalidParameterError, match=r"^slope_after.shape"):
        step_kernel_tangent(network, network, ladder.top_rail, slope, np.ones(4))
    kernel = tcl.chemotaxis_kernel()
    with pytest.raises(InvalidParameterError, match=r"^tangent.window"):
        normalized_tangent(kernel, kernel.windowed(1.0))
