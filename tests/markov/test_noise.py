"""Relaxation times, the deviation matrix, and the stationary noise of observables."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import counting_mp, ladder_mp
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.fluctuations import stationary_noise
from thermo_cl.markov.relaxation import deviation_matrix, relaxation_times

METHODS = ["gth", "solve", "eigen"]


def exact_deviation(rates: np.ndarray) -> np.ndarray:
    matrix, n = counting_mp.exact_generator(rates, 100), len(rates)
    p = ladder_mp.steady_state(matrix, 80)
    with mp.workdps(100):
        kept = mp.matrix([[p[i]] * n for i in range(n)])
        inverse = mp.inverse(kept - matrix) - kept
        return np.array([[float(inverse[i, j]) for j in range(n)] for i in range(n)])


# ------------------------------------------------------- times and deviations


@pytest.mark.parametrize("gamma", [1e-8, 0.2, 1.0])
@pytest.mark.parametrize("rate_factor", [0.1, 25.0, 1e8])
def test_relaxation_times_against_mpmath(gamma: float, rate_factor: float) -> None:
    network = tcl.Ladder(gamma=gamma, rate_factor=rate_factor, n_levels=4).network(50.0)
    with mp.workdps(60):
        values = mp.eig(counting_mp.exact_generator(network.rates, 60), left=False, right=False)
        values = sorted((complex(v) for v in values), key=lambda v: (-v.real, v.imag))[1:]
    found = relaxation_times(network)
    assert_allclose(found.times, [-1 / v.real for v in values], rtol=1e-9 if rate_factor > 1e6 else 1e-11)
    assert_allclose(np.sort_complex(found.rates), np.sort_complex(values), rtol=1e-9, atol=1e-11)
    assert (np.diff(found.times) <= 0).all()


def test_relaxation_of_a_ring_in_closed_form() -> None:
    n, forward, backward = 7, 3.0, 0.5
    step = np.roll(np.eye(n), 1, axis=0)
    q = 2 * np.pi * np.arange(1, n) / n
    exact = (forward + backward) * (np.cos(q) - 1) - 1j * (forward - backward) * np.sin(q)
    found = relaxation_times(tcl.MarkovNetwork(forward * step + backward * step.T))
    assert_allclose(np.sort(found.rates.real), np.sort(exact.real), rtol=1e-13)
    assert_allclose(np.sort(found.rates.imag), np.sort(exact.imag), rtol=1e-13)
    assert_allclose(found.times, np.sort(-1 / exact.real)[::-1], rtol=1e-13)


def test_slow_and_fast_modes_both_keep_their_digits() -> None:
    """Two fast pairs that hardly ever exchange: times over 20 decades."""
    rates = np.zeros((4, 4))
    rates[0, 1], rates[1, 0], rates[2, 3], rates[3, 2] = 1e10, 3e10, 2.0, 1.0
    rates[0, 2] = rates[2, 0] = 1e-10
    found = relaxation_times(tcl.MarkovNetwork(rates))
    # the middle mode is that of the slow pair, the slowest one exchanges between pairs with weights 1/4 and 2/3
    assert_allclose(found.times[1:], [1 / 3, 1 / 4e10], rtol=1e-8)
    assert_allclose(found.times[0], 1 / (1e-10 * (1 / 4 + 2 / 3)), rtol=1e-8)


def test_relaxation_times_of_a_batch() -> None:
    batch = relaxation_times(tcl.Ladder(gamma=[0.01, 0.7]).network())
    assert batch.times.shape == batch.rates.shape == (2, 9)
    assert_allclose(batch.times[1], relaxation_times(tcl.Ladder(gamma=0.7).network()).times, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gamma", [1e-8, 0.5, 1.0])
def test_deviation_matrix_against_mpmath(gamma: float, method: str) -> None:
    network = tcl.Ladder(gamma=gamma, n_levels=3).network(10.0)
    exact = exact_deviation(network.rates)
    assert_allclose(deviation_matrix(network, method), exact, rtol=1e-11, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("seed", range(4))
def test_the_default_deviation_matrix_bears_stiffness(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = tcl.MarkovNetwork(10.0 ** rng.uniform(-8, 8, (5, 5)) * (1 - np.eye(5)))
    exact = exact_deviation(network.rates)
    assert_allclose(deviation_matrix(network), exact, atol=1e-13 * np.abs(exact).max())


@given(networks())
def test_deviation_matrix_inverts_on_what_relaxes(network: tcl.MarkovNetwork) -> None:
    p, deviation = network.steady_state(), deviation_matrix(network)
    size = np.abs(deviation).max()
    assert_allclose(deviation.sum(axis=0), 0.0, atol=1e-12 * size)
    assert_allclose(deviation @ p, 0.0, atol=1e-12 * size)
    exit_rate = np.abs(network.generator).max()
    assert_allclose(network.generator @ deviation, p[:, None] - np.eye(p.size), atol=1e-14 * size * exit_rate + 1e-12)


def test_deviation_matrix_is_the_integral() -> None:
    network = tcl.Ladder(gamma=0.3, n_levels=2).network()
    p = network.steady_state()
    found = scipy.integrate.quad_vec(lambda t: scipy.linalg.expm(network.generator * t) - p[:, None], 0, 30)[0]
    assert_allclose(deviation_matrix(network), found, atol=1e-9)


def test_deviation_method_is_checked() -> None:
    with pytest.raises(InvalidParameterError, match="gth, solve, eigen"):
        deviation_matrix(tcl.Ladder(gamma=0.3).network(), "qr")


# ----------------------------------------------------------------------- noise


@pytest.mark.parametrize("gamma", [1e-12, 1e-3, 0.8, 1.0])
def test_noise_of_the_memory(gamma: float) -> None:
    ladder = tcl.Ladder(gamma=gamma)
    network, occupancy = ladder.network(20.0), ladder.steady_state(20.0)[:5].sum()
    found = stationary_noise(network, ladder.top_rail, copies=40)
    assert_allclose(found.mean, occupancy, rtol=1e-14)
    assert_allclose(found.variance, occupancy * (1 - occupancy) / 40, rtol=1e-13)
    p, c = network.steady_state(), ladder.top_rail
    lags = np.array([0.0, 1e-3, 0.02, 0.5, 3.0])
    exact = [float(c @ scipy.linalg.expm(network.generator * t) @ (p * c) - occupancy**2) / 40 for t in lags]
    assert_allclose(found.correlation(lags), exact, rtol=1e-10, atol=1e-14 * found.variance * 40)
    assert_allclose(found.correlation(-lags), found.correlation(lags), rtol=0)


@pytest.mark.parametrize("gamma", [1e-6, 0.7])
def test_noise_against_mpmath(gamma: float) -> None:
    ladder = tcl.Ladder(gamma=gamma, rate_factor=1e3, n_levels=3)
    network = ladder.network(5.0)
    matrix = counting_mp.exact_generator(network.rates, 60)
    p = ladder_mp.steady_state(matrix, 60)
    found = stationary_noise(network, ladder.top_rail)
    with mp.workdps(60):
        start = mp.matrix([p[i] if i < 3 else 0 for i in range(6)])
        for t in (1e-4, 0.1, 2.0):
            later = mp.expm(matrix * mp.mpf(t), method="pade") * start
            exact = float(mp.fsum(later[i] for i in range(3)) - mp.fsum(p[:3]) ** 2)
            assert_allclose(found.correlation(t), exact, rtol=1e-10)


@given(networks(), st.integers(0, 2**32 - 1))
def test_correlation_time_and_spectrum(network: tcl.MarkovNetwork, seed: int) -> None:
    c = np.random.default_rng(seed).normal(size=network.n_states)
    found = stationary_noise(network, c, copies=3)
    p = network.steady_state()
    assert_allclose(found.variance, (p @ c**2 - (p @ c) ** 2) / 3, rtol=1e-9)
    area = (c - p @ c) @ deviation_matrix(network) @ (p * c) / 3
    assert_allclose(found.correlation_time * found.variance, area, rtol=1e-9)
    assert_allclose(found.spectrum(0.0), 2 * area, rtol=1e-9)
    fastest = np.abs(network.generator).max()
    high = 1e6 * fastest  # there the spectrum falls as the jumps of the autocorrelation's slope
    slope = -(c @ network.generator @ (p * c)) / 3
    assert_allclose(found.spectrum(high) * high**2, 2 * slope, rtol=1e-6)


def test_spectrum_is_the_fourier_transform() -> None:
    """Of a ring, whose correlations oscillate."""
    step = np.roll(np.eye(5), 1, axis=0)
    found = stationary_noise(tcl.MarkovNetwork(2.0 * step + 0.1 * step.T), [1.0, 0.0, 0.0, 0.0, 0.0])
    lags = np.linspace(0, 40, 40001)
    values = found.correlation(lags)
    for omega in (0.0, 1.7, 5.0):
        exact = 2 * scipy.integrate.simpson(values * np.cos(omega * lags), x=lags)
        assert_allclose(found.spectrum(omega), exact, rtol=1e-7)


def test_shapes_and_constants() -> None:
    ladder = tcl.Ladder(gamma=[[0.1, 0.5, 1.0]])
    found = stationary_noise(ladder.network(), ladder.top_rail, copies=2)
    assert found.mean.shape == found.variance.shape == found.correlation_time.shape == (1, 3)
    assert found.correlation(np.zeros((2, 4))).shape == found.spectrum(np.ones((2, 4))).shape == (1, 3, 2, 4)
    one = stationary_noise(tcl.Ladder(gamma=0.5).network(), ladder.top_rail, copies=2)
    assert_allclose(one.correlation(0.3), found.correlation(0.3)[0, 1], rtol=1e-11)
    assert np.isscalar(one.mean) and np.isscalar(one.correlation(0.3))
    flat = stationary_noise(tcl.Ladder(gamma=0.5).network(), np.full(10, 3.0))
    assert_allclose([flat.mean, flat.variance, flat.correlation(1.0)], [3.0, 0.0, 0.0], atol=1e-14)


def test_sparse_networks_agree_with_dense_ones() -> None:
    ladder = tcl.Ladder(gamma=0.2, n_levels=6)
    dense = ladder.network()
    sparse = tcl.MarkovNetwork(scipy.sparse.csr_array(dense.rates))
    assert_allclose(relaxation_times(sparse).times, relaxation_times(dense).times, rtol=1e-11)
    for method in METHODS:
        assert_allclose(deviation_matrix(sparse, method), deviation_matrix(dense), atol=1e-11)
    found, exact = (stationary_noise(network, ladder.top_rail) for network in (sparse, dense))
    assert_allclose(found.correlation(0.7), exact.correlation(0.7), rtol=1e-11)
    assert_allclose(found.correlation_time, exact.correlation_time, rtol=1e-11)


def test_bad_input() -> None:
    network = tcl.Ladder(gamma=0.5).network()
    for arguments, message in (((np.ones(3),), "one value per state"), ((np.ones(10), 0), "at least 1")):
        with pytest.raises(InvalidParameterError, match=message):
            stationary_noise(network, *arguments)
    with pytest.raises(InvalidParameterError, match="finite"):
        stationary_noise(network, np.ones(10)).correlation(np.nan)
