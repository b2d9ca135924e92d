"""The recursion over levels: full relative precision at any drive, any energies and any length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import ladder_mp
from tests.strategies import decades, ladder_parameters, signals
from thermo_cl.errors import ConvergenceError, InvalidParameterError, MemoryLimitError
from thermo_cl.markov.ladder import LadderEdges, steady_currents, steady_forces

DIGITS = 700
NEAR_ONE = [1 - 1e-8, 1 - 1e-10, 1 - 1e-13, 1 + 1e-8]
DRIVES = [*NEAR_ONE, 0.5, 0.3, 1e-3, 1e-24, 7.0]


@st.composite
def any_ladder(draw: Any) -> dict[str, Any]:
    """Also weak drives, energy steps of both signs and reference levels between or beyond the levels."""
    n = draw(st.integers(2, 9))
    return {
        "gamma": draw(st.one_of(decades(-24, 3), decades(-12, -1).map(lambda x: 1.0 - x), st.sampled_from(NEAR_ONE))),
        "rate_factor": draw(decades(-3, 6)),
        "n_levels": n,
        "reference_level": draw(st.floats(-1.0, n)),
        "energy_step": draw(st.one_of(st.just(2.0), st.floats(-3.0, 3.0), st.floats(3.0, 70.0))),
    }


def truth(parameters: dict[str, Any], signal: float) -> tuple[Any, list[Any]]:
    """Generator and steady state, to as many digits as it takes to subtract fluxes that span hundreds of decades."""
    matrix = ladder_mp.rate_matrix(**parameters, signal=signal, digits=DIGITS)
    return matrix, ladder_mp.steady_state(matrix, DIGITS)


def assert_entrywise(actual: Any, expected: list[Any], rtol: float = 1e-12) -> None:
    """Equal to a relative precision wherever a double can hold the value."""
    values = np.array([float(x) for x in expected])
    representable = np.abs(values) > 1e-290
    assert_allclose(np.asarray(actual)[representable], values[representable], rtol=rtol)


# -------------------------------------------------------------- steady thermodynamics


@given(any_ladder(), signals)
def test_probabilities_currents_and_entropy_production(parameters: dict, signal: float) -> None:
    ladder, (matrix, p) = tcl.Ladder(**parameters), truth(parameters, signal)
    assert_entrywise(ladder.steady_state(signal), p)
    currents = ladder_mp.plaquette_currents(matrix, p, DIGITS)
    assert_entrywise(ladder.plaquette_currents(signal), currents)
    with mp.workdps(DIGITS):
        sigma = 2 * mp.log(mp.mpf(parameters["gamma"])) * mp.fsum(currents)
    assert_entrywise([ladder.entropy_production_rate(signal)], [sigma])
    by_edge = ladder.edge_entropy_production(signal)
    assert_entrywise([by_edge.sum()], [sigma])
    assert all((part >= 0).all() for part in by_edge)


@given(any_ladder(), signals)
def test_forces_and_rung_currents(parameters: dict, signal: float) -> None:
    ladder, (matrix, p), n = tcl.Ladder(**parameters), truth(parameters, signal), parameters["n_levels"]
    edges = LadderEdges(
        *(
            np.array([float(ladder_mp.edge_force(matrix, p, *pair, DIGITS)) for pair in pairs])
            for pairs in (
                [(n + m, m) for m in range(n)],
                [(m, m + 1) for m in range(n - 1)],
                [(n + m, n + m + 1) for m in range(n - 1)],
            )
        )
    )
    # a force may vanish inside the ladder; those of a plaquette add up to the affinity, which sets the scale
    scale = abs(float(mp.log(mp.mpf(parameters["gamma"]))))
    for actual, expected in zip(steady_forces(ladder, signal), edges, strict=True):
        assert_allclose(actual, expected, rtol=1e-12, atol=1e-12 * scale)
    with mp.workdps(DIGITS):
        rungs = [matrix[m, n + m] * p[n + m] - matrix[n + m, m] * p[m] for m in range(n)]
        largest = float(max(map(abs, ladder_mp.plaquette_currents(matrix, p, DIGITS))))
    flows = steady_currents(ladder, signal)
    assert_allclose(flows.vertical, [float(x) for x in rungs], rtol=1e-12, atol=1e-12 * largest)
    assert (flows.bottom == -flows.top).all()


@pytest.mark.parametrize("gamma", DRIVES)
@pytest.mark.parametrize("signal", [0.0, 200.0])
def test_entropy_production_three_ways(gamma: float, signal: float) -> None:
    parameters = {"gamma": gamma, "rate_factor": 25.0, "n_levels": 6, "reference_level": 2}
    ladder, (matrix, p) = tcl.Ladder(**parameters), truth(parameters, signal)
    sigma = ladder.entropy_production_rate(signal)
    assert_allclose(ladder.edge_entropy_production(signal).sum(), sigma, rtol=1e-14)
    assert_allclose(np.sum(ladder.plaquette_affinities() * ladder.plaquette_currents(signal)), sigma, rtol=1e-14)
    assert_allclose(sigma, float(ladder_mp.entropy_production_rate(matrix, p, DIGITS)), rtol=1e-13)


@given(ladder_parameters(levels=(2, 60)), signals)
def test_forces_around_a_plaquette_add_up_to_its_affinity(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    vertical, top, bottom = steady_forces(ladder, signal)
    assert np.isfinite(vertical).all()  # also where probabilities underflow
    around = top - vertical[1:] - bottom + vertical[:-1]
    assert_allclose(around, ladder.plaquette_affinities(), rtol=1e-11)


def test_equilibrium_is_exact() -> None:
    ladder = tcl.Ladder(1.0, n_levels=7, energy_step=[2.0, 0.3], reference_level=3)
    for part in (*steady_forces(ladder, 5.0), *steady_currents(ladder, 5.0), *ladder.edge_entropy_production(5.0)):
        assert (part == 0.0).all()


@pytest.mark.parametrize(
    ("levels", "reference", "step"), [(2, 0.5, 1380.0), (2, 1.6, 366.0), (3, 1.0, -690.0), (50, 24.5, 28.0)]
)
@pytest.mark.parametrize("gamma", [1e-24, 1 - 1e-8, 1e3])
def test_energies_up_to_the_limit(levels: int, reference: float, step: float, gamma: float) -> None:
    parameters = {"gamma": gamma, "rate_factor": 3.0, "n_levels": levels}
    parameters |= {"reference_level": reference, "energy_step": step}
    ladder, (matrix, p) = tcl.Ladder(**parameters), truth(parameters, 0.0)
    # energies of 700 are rounded to 6e-14, and so is every rate that is their exponential
    assert_entrywise(ladder.steady_state(), p)
    assert_entrywise(ladder.plaquette_currents(), ladder_mp.plaquette_currents(matrix, p, DIGITS))


def test_two_ends_with_a_valley_below_double_precision() -> None:
    parameters = {"gamma": 1e3, "n_levels": 260, "reference_level": 129.2, "energy_step": 0.5, "rate_factor": 25.0}
    _, p = truth(parameters, 0.0)
    assert min(p) < 1e-320
    assert_entrywise(tcl.Ladder(**parameters).steady_state(), p)


def test_batches_of_edges() -> None:
    gamma, signal = np.array([[0.3], [1e-9]]), np.array([7.0, 60.0, 240.0])
    ladder = tcl.Ladder(gamma, n_levels=4)
    forces = steady_forces(ladder, signal)
    assert forces.vertical.shape == (2, 3, 4)
    assert forces.top.shape == forces.bottom.shape == (2, 3, 3)
    assert (forces.top[1, 2] == steady_forces(tcl.Ladder(1e-9, n_levels=4), 240.0).top).all()
    assert ladder.edge_entropy_production(signal).sum().shape == (2, 3)
    assert isinstance(tcl.Ladder(0.1).edge_entropy_production().sum(), float)
    assert tcl.Ladder(np.empty(0)).steady_state().shape == (0, 10)


# ------------------------------------------------------------------------ moments


@settings(max_examples=25)
@given(ladder_parameters(), signals, signals)
def test_moments_against_the_oracle(parameters: dict, signal: float, baseline: float) -> None:
    if signal == baseline:
        signal = baseline + 1.0
    moments = tcl.Ladder(**parameters).step_moments(signal, baseline)
    area = float(ladder_mp.area(**parameters, signal=signal, baseline=baseline, digits=30))
    moment = float(ladder_mp.first_moment(**parameters, signal=signal, baseline=baseline, digits=30))
    assert_allclose(moments.area, area, rtol=1e-12, atol=1e-300)
    assert abs(moments.first_moment - moment) <= 8 * moments.first_moment_error + 1e-13 * abs(moment)


@pytest.mark.parametrize("levels", [5, 17, 40])
@pytest.mark.parametrize("gamma", [1e-24, 1e-3, 0.1, 0.3678, 0.6, 1.0, 5.0])
def test_moments_are_those_of_the_kernel(levels: int, gamma: float) -> None:
    ladder = tcl.Ladder(gamma, n_levels=levels, reference_level=levels // 3, rate_factor=[0.3, 25.0])
    kernel, moments = ladder.step_kernel(200.0, 3.0), ladder.step_moments(200.0, 3.0)
    assert_allclose(moments.area, kernel.area, rtol=1e-13)
    scale = np.abs(kernel.first_moment) + 1e-3 * np.abs(kernel.area / kernel.rates.real.max(axis=-1))
    assert (np.abs(moments.first_moment - kernel.first_moment) <= 1e-10 * scale).all()


@pytest.mark.parametrize("step", [1e-3, 1e-9, 1e-15, -1e-9])
@pytest.mark.parametrize("gamma", [1e-14, 1e-2, 0.5])
def test_small_steps_keep_their_digits(gamma: float, step: float) -> None:
    baseline = 20.0
    signal = baseline * (1 + step)
    parameters = {"gamma": gamma, "rate_factor": 25.0, "n_levels": 9, "reference_level": 3}
    moments = tcl.Ladder(**parameters).step_moments(signal, baseline)
    area = ladder_mp.area(**parameters, signal=signal, baseline=baseline, digits=30)
    moment = ladder_mp.first_moment(**parameters, signal=signal, baseline=baseline, digits=30)
    assert_allclose(moments.area, float(area), rtol=1e-12)
    assert_allclose(moments.first_moment, float(moment), rtol=1e-12)
    assert_allclose(tcl.Ladder(**parameters).step_kernel(signal, baseline).area, float(area), rtol=1e-12)


def test_moments_of_a_long_ladder_against_the_oracle() -> None:
    parameters = {"gamma": 0.2, "rate_factor": 25.0, "n_levels": 100, "reference_level": 40, "energy_step": 0.1}
    moments = tcl.Ladder(**parameters).step_moments(200.0)
    assert_allclose(moments.area, float(ladder_mp.area(**parameters, digits=20)), rtol=1e-12)
    assert_allclose(moments.first_moment, float(ladder_mp.first_moment(**parameters, digits=20)), rtol=1e-12)


def test_no_step_has_no_moments() -> None:
    moments = tcl.Ladder(0.1).step_moments(7.0, 7.0)
    assert moments.area == moments.first_moment == 0.0
    assert isinstance(moments.area, float)


def test_moments_of_a_batch_are_those_of_its_members() -> None:
    gamma, signal = np.array([[0.3], [1e-9]]), np.array([7.0, 60.0, 240.0])
    batch = tcl.Ladder(gamma).step_moments(signal, 2.0)
    assert batch.area.shape == batch.first_moment.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        one = tcl.Ladder(gamma[i, 0]).step_moments(signal[j], 2.0)
        assert one.area == batch.area[i, j]
        assert one.first_moment == batch.first_moment[i, j]


def test_moments_out_of_range_are_refused() -> None:
    with pytest.raises(ConvergenceError, match="energy_step / 2"):
        tcl.Ladder(1e3, n_levels=400, energy_step=0.1, reference_level=200).step_moments()


@pytest.mark.parametrize(("signal", "baseline"), [(-1.0, 0.0), (1.0, np.nan)])
def test_bad_signals_of_moments_are_named(signal: float, baseline: float) -> None:
    with pytest.raises(InvalidParameterError, match="signal = -1" if signal < 0 else "baseline = nan"):
        tcl.Ladder(0.1).step_moments(signal, baseline)


# ---------------------------------------------------------------------------- size


@pytest.mark.parametrize("gamma", [1e-3, 0.1, 0.7])
def test_bulk_laws_of_a_million_levels(gamma: float) -> None:
    ladder = tcl.Ladder(gamma, n_levels=10**6, energy_step=1e-5, reference_level=5e5)
    p = ladder.steady_state()
    assert_allclose(p.sum(), 1.0, rtol=1e-13)
    adapting = 1.0 - float(ladder.backward_rate)
    assert_allclose(ladder.entropy_production_rate(), adapting * np.log(1 / gamma), rtol=1e-11)
    # a signal that moves the balance by exactly 100000 levels: the ligand's part of the energy is then 1
    signal = (np.e - 1) / (1 / 18.2 - np.e / 3000)
    moments = ladder.step_moments(signal)
    assert_allclose(moments.first_moment, 1.0 / (2e-5 * adapting), rtol=1e-11)
    assert moments.area == 0.0
    assert_allclose(ladder.steady_state(signal)[10**5 :][400_000:500_000], p[400_000:500_000], rtol=1e-7)


def test_a_million_levels_by_edge_and_by_cycle() -> None:
    ladder = tcl.Ladder(1 - 1e-8, n_levels=10**6, energy_step=1e-5, reference_level=5e5)
    sigma = ladder.entropy_production_rate()
    assert 0 < sigma < 1e-15
    assert_allclose(ladder.edge_entropy_production().sum(), sigma, rtol=1e-12)


def test_dense_matrices_that_do_not_fit_are_refused() -> None:
    ladder = tcl.Ladder(0.1, n_levels=10**6, energy_step=1e-5, reference_level=5e5)
    for method in (ladder.network, ladder.rate_matrix, ladder.step_kernel, ladder.small_signal_kernel):
        with pytest.raises(MemoryLimitError, match="sparse_rates"):
            method()
    with pytest.raises(MemoryLimitError, match="fewer ladders"):
        tcl.Ladder(np.full(10**6, 0.1), n_levels=10**6, energy_step=1e-5).steady_state()


@pytest.mark.parametrize("levels", [2, 3, 8])
def test_sparse_rates_are_the_dense_ones(levels: int) -> None:
    ladder = tcl.Ladder(0.3, n_levels=levels, energy_step=1.2)
    sparse = ladder.sparse_rates(30.0)
    assert sparse.format == "csc"
    assert sparse.nnz == 2 * levels + 4 * (levels - 1) + 2 * levels
    assert_allclose(sparse.toarray(), ladder.rate_matrix(30.0), rtol=1e-15)


def test_sparse_rates_of_a_long_ladder() -> None:
    ladder = tcl.Ladder(0.1, n_levels=10**5, energy_step=1e-4, reference_level=5e4)
    p = ladder.steady_state(50.0)
    assert_allclose(ladder.sparse_rates(50.0) @ p, 0.0, atol=1e-14 * p.max() * 200)


def test_sparse_rates_are_of_one_ladder() -> None:
    with pytest.raises(InvalidParameterError, match="a single ladder"):
        tcl.Ladder([0.1, 0.2]).sparse_rates()


def test_overflowing_rates_are_refused() -> None:
    ladder = tcl.Ladder(0.1, n_levels=500)
    for method in (
        ladder.steady_state, ladder.plaquette_currents, ladder.entropy_production_rate, ladder.step_moments,
        ladder.edge_entropy_production, ladder.sparse_rates, ladder.network,
    ):  # fmt: skip
        with pytest.raises(InvalidParameterError, match="below 700 k_B T"):
            method()
    with pytest.raises(InvalidParameterError, match="below 700 k_B T"):
        tcl.Ladder(0.1, energy_step=[2.0, 1e4]).steady_state()
