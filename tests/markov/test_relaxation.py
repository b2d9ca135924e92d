"""Relaxation kernels against propagation, finite differences and the oracle's modes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import ladder_mp
from tests.strategies import ladder_parameters, networks, signals
from thermo_cl.errors import InvalidParameterError

TIMES = np.array([0.0, 0.003, 0.1, 0.7, 3.0, 12.0])


@pytest.mark.parametrize(
    ("gamma", "factor", "levels"), [(0.5, 25, 5), (1e-3, 3, 5), (1e-20, 99, 5), (0.1, 1e-2, 8), (1.0, 25, 5)]
)
def test_step_response_is_the_propagated_occupancy(gamma: float, factor: float, levels: int) -> None:
    ladder = tcl.Ladder(gamma, rate_factor=factor, n_levels=levels)
    before, after = ladder.steady_state(0.0), ladder.network(120.0)
    occupancy = tcl.propagate(after, before, TIMES) @ ladder.top_rail
    change = ladder.step_kernel(120.0).step_response(TIMES)
    assert_allclose(change, occupancy - before @ ladder.top_rail, atol=1e-12)


@pytest.mark.parametrize(
    ("gamma", "factor", "levels", "reference"),
    [(0.3, 25, 5, 1), (1e-3, 1e6, 5, 1), (1e-4, 25, 12, 4), (0.02, 1e-3, 5, 1)],
)
def test_modes_against_the_oracle(gamma: float, factor: float, levels: int, reference: int) -> None:
    ladder = tcl.Ladder(gamma, rate_factor=factor, n_levels=levels, reference_level=reference)
    terms = ladder_mp.step_kernel_terms(gamma, factor, levels, reference, signal=200.0)
    kernel = ladder.step_kernel(200.0)
    with mp.workdps(40):
        exact = np.array(
            [float(sum(mp.re(c * mp.expm1(lam * t) / lam) for c, _, lam in terms)) for t in map(mp.mpf, TIMES)]
        )
    assert_allclose(kernel.step_response(TIMES), exact, atol=2e-14)
    slow = sorted(float(-mp.re(lam)) for _, _, lam in terms)[:4]
    assert_allclose(np.sort(-kernel.rates.real)[:4], slow, rtol=1e-12)


def test_slow_modes_survive_stiffness_of_many_decades() -> None:
    ladder = tcl.Ladder(0.05, n_levels=18)
    assert np.abs(ladder.rate_matrix(200.0)).max() > 1e14
    terms = ladder_mp.step_kernel_terms(0.05, 25.0, 18, 1, signal=200.0, digits=30)
    slow = sorted(float(-mp.re(lam)) for _, _, lam in terms)[:8]
    assert_allclose(np.sort(-ladder.step_kernel().rates.real)[:8], slow, rtol=1e-12)


@given(ladder_parameters(levels=(2, 8)), signals)
def test_moments_of_modes_are_those_of_linear_solves(parameters: dict, signal: float) -> None:
    assume(signal > 0)
    kernel = tcl.Ladder(**parameters).step_kernel(signal, moments=4)
    modal = tcl.Kernel(kernel.coefficients, kernel.rates)
    slowest = 1.0 / np.abs(kernel.rates.real).min()
    for n in range(4):
        size = np.sum(np.abs(kernel.coefficients / kernel.rates)) * slowest**n * 24
        assert abs(kernel.moment(n) - modal.moment(n)) <= 1e-11 * size


@given(ladder_parameters(), signals)
def test_area_is_the_change_of_occupancy(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    occupied = [float(ladder.steady_state(s) @ ladder.top_rail) for s in (0.0, signal)]
    assert_allclose(ladder.step_kernel(signal).area, occupied[1] - occupied[0], atol=1e-13)


@pytest.mark.parametrize("gamma", [0.9, np.exp(-1.0), 0.3, 1e-3, 1e-12])
@pytest.mark.parametrize("about", [0.7, 60.0, 900.0])
def test_small_signal_kernel_is_the_limit_of_small_steps(gamma: float, about: float) -> None:
    ladder = tcl.Ladder(gamma)
    linear = ladder.small_signal_kernel(about)
    h = 1e-3 * about
    step = ladder.step_kernel(about + h, about - h)
    assert_allclose(step(TIMES) / (2 * h), linear(TIMES), rtol=2e-3, atol=1e-6 * np.abs(linear(0.0)))
    assert_allclose(step.area / (2 * h), linear.area, rtol=1e-5)


def test_small_signal_area_keeps_its_digits() -> None:
    ladder = tcl.Ladder(1e-4, n_levels=24, reference_level=10)
    area = float(ladder.small_signal_kernel(100.0).area)
    with mp.workdps(80):
        h = mp.mpf("1e-20")
        ends = [
            mp.fsum(
                ladder_mp.steady_state(ladder_mp.rate_matrix(1e-4, 25, 24, 10, signal=s, digits=80), digits=80)[:24]
            )
            for s in (100 + h, 100 - h)
        ]
        slope = float((ends[0] - ends[1]) / (2 * h))
    assert abs(area) < 1e-30
    assert_allclose(area, slope, rtol=1e-12)


def test_small_steps_keep_their_digits() -> None:
    ladder = tcl.Ladder(1e-3)
    tiny = ladder.step_kernel(50.0 + 1e-7, 50.0)
    linear = ladder.small_signal_kernel(50.0)
    width = (50.0 + 1e-7) - 50.0
    assert_allclose(tiny.first_moment / width, linear.first_moment, rtol=1e-7)
    assert_allclose(tiny.area / width, linear.area, rtol=1e-6)


@given(networks())
def test_propagation_conserves_probability_and_relaxes(network: tcl.MarkovNetwork) -> None:
    start = np.eye(network.n_states)[0]
    p = tcl.propagate(network, start, TIMES)
    assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-10)
    assert (p > -1e-12).all()
    assert_allclose(p[0], start, atol=1e-14)
    late = tcl.propagate(network, start, 1e6)
    assert_allclose(late, network.steady_state(), atol=1e-7)


@given(networks(), st.integers(0, 2**32 - 1))
def test_general_step_response(before: tcl.MarkovNetwork, seed: int) -> None:
    factors = np.random.default_rng(seed).uniform(0.2, 5.0, before.rates.shape)
    after = tcl.MarkovNetwork(np.where(before.rates > 0, before.rates * factors, 0.0))
    observable = np.arange(before.n_states) - 1.5
    kernel = tcl.step_response_kernel(before, after, observable)
    moved = tcl.propagate(after, before.steady_state(), TIMES) @ observable - before.steady_state() @ observable
    assert_allclose(kernel.step_response(TIMES), moved, atol=1e-9)


@given(ladder_parameters(levels=(2, 60)), signals)
def test_propagation_of_stiff_ladders_keeps_probability(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    start = ladder.steady_state()
    assert_allclose(tcl.propagate(ladder.network(), start, [0.1, 10.0]), [start, start], atol=1e-13)
    if signal < 300:
        p = tcl.propagate(ladder.network(signal), start, TIMES)
        assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-12)
        assert (p > -1e-12).all()


def test_starts_from_unvisited_states_are_refused() -> None:
    network = tcl.Ladder(0.05, n_levels=40).network(200.0)
    with pytest.raises(InvalidParameterError, match="state 79, which the network hardly ever visits"):
        tcl.propagate(network, np.eye(80)[79], 1.0)


@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-12, 1e-300])
def test_steps_of_any_size_keep_their_digits(step: float) -> None:
    """From the kink of the rates at zero signal, where two branches of each maximum meet."""
    kernel = tcl.Ladder(1e-3).step_kernel(step)
    assert_allclose(kernel.area, float(ladder_mp.area(1e-3, 25, 5, signal=step, digits=330)), rtol=1e-12)
    assert_allclose(
        kernel.first_moment, float(ladder_mp.first_moment(1e-3, 25, 5, signal=step, digits=330)), rtol=1e-12
    )


def test_small_signal_kernel_at_the_kink_looks_towards_larger_signals() -> None:
    linear, step = tcl.Ladder(1e-3).small_signal_kernel(0.0), tcl.Ladder(1e-3).step_kernel(1e-9)
    assert_allclose(linear.area, step.area / 1e-9, rtol=1e-8)
    assert_allclose(linear.first_moment, step.first_moment / 1e-9, rtol=1e-8)


def test_a_unidirectional_ring_oscillates() -> None:
    n = 5
    ring = tcl.MarkovNetwork(np.roll(np.eye(n), 1, axis=0))
    source = np.array([1.0, 0, 0, 0, -1.0])
    kernel = tcl.relaxation_kernel(ring, source, np.eye(n)[2])
    assert (np.abs(kernel.rates.imag) > 0.1).any()
    displaced = np.array([tcl.propagate(ring, np.eye(n)[0], t) - tcl.propagate(ring, np.eye(n)[4], t) for t in TIMES])
    assert_allclose(kernel(TIMES), displaced[:, 2], atol=1e-13)


def test_coinciding_modes_leave_half_the_digits() -> None:
    """A one-way ring with rates 1, 1, 4 has a double relaxation rate and one mode only."""
    ring = tcl.MarkovNetwork.from_edges([(0, 1, 1.0), (1, 2, 1.0), (2, 0, 4.0)])
    exact = [scipy.linalg.expm(ring.generator * t)[:, 0] for t in TIMES]
    assert_allclose(tcl.propagate(ring, [1.0, 0.0, 0.0], TIMES), exact, atol=1e-8)


def test_bad_shapes_are_named() -> None:
    network = tcl.Ladder(0.1).network()
    with pytest.raises(InvalidParameterError, match="observable"):
        tcl.step_response_kernel(network, network, [1.0, 2.0])
    with pytest.raises(InvalidParameterError, match="source"):
        tcl.relaxation_kernel(network, [1.0, -1.0], np.ones(10))
    with pytest.raises(InvalidParameterError, match="before"):
        tcl.step_response_kernel(tcl.Ladder(0.1, n_levels=3).network(), network, np.ones(10))
    with pytest.raises(InvalidParameterError, match="initial"):
        tcl.propagate(network, np.ones(10), 1.0)
    with pytest.raises(InvalidParameterError, match="times"):
        tcl.propagate(network, np.full(10, 0.1), -1.0)
