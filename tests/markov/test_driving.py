"""Driven networks against brute-force integration, closed forms and the laws of thermodynamics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import thermo_cl as tcl
from tests.oracles.driven_ode import cycle_of_ladder
from tests.strategies import decades, ladder_parameters
from thermo_cl.errors import (
    ConvergenceError,
    InvalidParameterError,
    IrreversibleEdgeError,
    MemoryLimitError,
    ReducibleNetworkError,
)
from thermo_cl.markov.driving import DrivenCycle, DrivenNetwork, drive, mesh, periodic_state
from thermo_cl.markov.driving import thermodynamics as rates_of
from thermo_cl.markov.driving.collocation import bandwidth_order, propagators, tableau
from thermo_cl.markov.driving.positive import positive_propagators

# gamma, F, levels, reference level, fast, slow, mean, amplitude
BRUTE_FORCE = [
    (1e-3, 25.0, 5, 1, 15.0, 75.0, 10.0, 20.0),
    (1.0, 25.0, 5, 1, 15.0, 75.0, 10.0, 20.0),
    (1e-10, 100.0, 5, 1, 15.0, 75.0, 130.0, 240.0),
    (1e-2, 25.0, 3, 1, 3.0, 1.0, 130.0, 240.0),
]


def costs(cycle: DrivenCycle) -> np.ndarray:
    return np.array(
        [cycle.entropy_production, cycle.heat, cycle.housekeeping, cycle.excess, cycle.work_signal, cycle.work_drive]
    )


def ladder_cycle(gamma: float, factor: float, n: int, m: float, *protocol: float, **options: Any) -> DrivenCycle:
    fast, slow, mean, amplitude = protocol
    ladder = tcl.Ladder(gamma, factor, n, m)
    return periodic_state(ladder, tcl.Sawtooth(fast, slow, mean).signal(amplitude), **options)


@pytest.mark.parametrize("case", BRUTE_FORCE)
def test_periodic_state_and_costs_against_brute_force(case: tuple[Any, ...]) -> None:
    truth = cycle_of_ladder(*case)
    cycle = ladder_cycle(*case)
    assert np.abs(cycle.probabilities[0] - truth.start).max() < 1e-9
    assert np.abs(costs(cycle) - np.array(truth[1:])).max() < 1e-9
    assert cycle.residual <= 1e-9


def two_state(omega: float, size: float) -> tuple[DrivenNetwork, Any, Any]:
    """Rates 1 + s and 1 - s: occupancy 1/2 + size (2 cos + omega sin)/(4 + omega^2) under s = size cos(omega t)."""
    network = DrivenNetwork(
        lambda s: np.stack([[0 * s, 1 + s], [1 - s, 0 * s]]).transpose(2, 0, 1), lowest=-1.0, highest=1.0
    )

    def occupancy(t: np.ndarray) -> np.ndarray:
        return 0.5 + size * (2 * np.cos(omega * t) + omega * np.sin(omega * t)) / (4 + omega**2)

    return network, lambda t: size * np.cos(omega * t), occupancy


@given(omega=decades(-3, 3), size=st.floats(0.0, 0.95), tolerance=decades(-11, -5))
@settings(max_examples=12)
def test_two_states_have_a_closed_form_at_all_times(omega: float, size: float, tolerance: float) -> None:
    network, signal, occupancy = two_state(omega, size)
    cycle = periodic_state(network, signal, period=2 * np.pi / omega, tolerance=tolerance)
    t = np.linspace(-1.0, 2.0, 301) * cycle.period
    assert np.abs(cycle(t)[:, 0] - occupancy(t)).max() < tolerance
    assert np.abs(cycle.probabilities[:, 0] - occupancy(cycle.times)).max() < tolerance
    assert cycle.mean([1.0, 0.0]) == pytest.approx(0.5, abs=tolerance)


@given(
    parameters=ladder_parameters(),
    fast=decades(-5, 5),
    slow=decades(-5, 5),
    mean=decades(-2, 4),
    share=st.one_of(st.just(1.0), st.floats(0.0, 1.0)),
)
@settings(max_examples=60)
def test_laws_of_thermodynamics(
    parameters: dict[str, Any], fast: float, slow: float, mean: float, share: float
) -> None:
    signal = tcl.Sawtooth(fast, slow, mean).signal(2 * mean * share)
    cycle = periodic_state(tcl.Ladder(**parameters), signal, tolerance=1e-10)
    assert (cycle.probabilities > 0).all()
    assert (cycle.stage_probabilities > 0).all()
    assert np.abs(cycle.probabilities.sum(axis=1) - 1).max() < 1e-13
    assert np.abs(cycle.probabilities[-1] - cycle.probabilities[0]).max() < 1e-12
    size = max(1.0, cycle.entropy_production)
    # heat is a sum of net currents, each known to the rounding of the fluxes it is a difference of
    allowed = 1e-9 * size + 1e-14 * parameters["rate_factor"] * cycle.period
    assert cycle.heat == pytest.approx(cycle.work_signal + cycle.work_drive, abs=allowed)  # first law
    assert cycle.entropy_production == pytest.approx(cycle.heat, abs=allowed)  # the state returns
    assert cycle.entropy_production == pytest.approx(cycle.housekeeping + cycle.excess, rel=1e-9, abs=1e-12)
    assert cycle.housekeeping >= 0 and cycle.excess >= 0
    assert abs(cycle.energy_change) < 1e-9


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-8, 1e-10])
def test_error_is_below_the_tolerance_everywhere(tolerance: float) -> None:
    case = (1e-3, 100.0, 5, 1, 15.0, 75.0, 130.0, 240.0)
    rough, fine = ladder_cycle(*case, tolerance=tolerance), ladder_cycle(*case, tolerance=1e-13)
    t = np.linspace(0, 90, 5001)
    assert np.abs(rough(t) - fine(t)).max() < tolerance
    assert rough.residual <= tolerance
    assert rough.status == "converged"


@pytest.mark.parametrize(("n", "reference", "gamma"), [(12, 4, 1e-4), (24, 10, 1e-2)])
def test_rare_states_keep_their_digits(n: int, reference: int, gamma: float) -> None:
    """Down to 1e-30 a state near its slowly moving steady value is known relative to itself."""
    case = (gamma, 25.0, n, reference, 15.0, 75.0, 10.0, 20.0)
    rough, fine = ladder_cycle(*case), ladder_cycle(*case, tolerance=1e-13)
    assert rough.probabilities[0].min() < 1e-20
    assert np.abs(rough.probabilities[0] / fine.probabilities[0] - 1).max() < 1e-4
    assert (rough.stage_probabilities > 0).all()


def test_constant_signal_is_the_steady_state() -> None:
    ladder = tcl.Ladder(gamma=1e-3)
    for signal in (lambda t: 10.0, tcl.PeriodicSignal([0.0, 7.0], [10.0, 10.0])):
        cycle = periodic_state(ladder, signal, period=7.0)
        assert np.allclose(cycle.probabilities, ladder.steady_state(10.0), rtol=1e-11, atol=0)
        assert cycle.entropy_production == pytest.approx(7.0 * ladder.entropy_production_rate(10.0), rel=1e-12)
        assert cycle.excess < 1e-20
        assert cycle.work_signal == pytest.approx(0.0, abs=1e-10)


def test_slow_limit() -> None:
    """Excess falls as one over the period; housekeeping tends to the integral of the steady rates."""
    ladder, nodes = tcl.Ladder(gamma=1e-2), np.polynomial.legendre.leggauss(40)
    steady = 0.5 * nodes[1] @ ladder.entropy_production_rate(10.0 + 8.0 * nodes[0])  # a ramp visits all evenly
    excess, deviation = [], []
    for slow in (1e3, 1e4, 1e5):
        cycle = periodic_state(ladder, tcl.Sawtooth(0.2 * slow, slow, 10.0).signal(16.0))
        excess.append(cycle.excess * slow)
        deviation.append(abs(cycle.housekeeping / cycle.period - steady))
    assert excess[1] == pytest.approx(excess[2], rel=1e-3)
    assert excess[2] > 0.1
    assert deviation[1] < 0.02 * deviation[0] + 1e-12


def test_without_drive_all_dissipation_is_excess() -> None:
    cycle = ladder_cycle(1.0, 100.0, 5, 1, 2.0, 9.0, 130.0, 240.0)
    assert cycle.housekeeping < 1e-24
    assert cycle.work_drive == 0.0
    assert cycle.excess == pytest.approx(cycle.work_signal, rel=1e-9)


def test_excess_is_also_what_the_moving_steady_state_says() -> None:
    """Over a cycle the excess production integrates to the sum of dp/dt ln pi."""
    cycle = ladder_cycle(1e-2, 25.0, 5, 1, 2.0, 9.0, 10.0, 20.0)
    flow = rates_of.boundary_rate(cycle.stage_generators, cycle.stage_probabilities)
    assert np.diff(cycle.times) @ (flow @ tableau().weights) == pytest.approx(cycle.excess, abs=1e-10)


def test_housekeeping_counts_jumps_into_empty_states() -> None:
    """From a single state, as a path begins: fluxes run one way only, and cost what the steady state says."""
    network = tcl.MarkovNetwork([[0.0, 1.0, 3.0], [4.0, 0.0, 0.5], [1.0, 6.0, 0.0]])
    w, pi = network.rates, network.steady_state()
    expected = sum(w[i, 0] * math.log(w[i, 0] * pi[0] / (w[0, i] * pi[i])) for i in (1, 2))
    kept, _ = rates_of.split_rates(network.generator[None], np.array([[1.0, 0.0, 0.0]]))
    assert kept[0] == pytest.approx(expected, rel=1e-12)
    path = drive(DrivenNetwork(lambda s: np.broadcast_to(w, (s.size, 3, 3))), lambda t: 0.0, [1.0, 0.0, 0.0], 1e-3)
    assert path.housekeeping == pytest.approx(1e-3 * expected, rel=2e-2)


def test_integrals_take_rates_at_the_stages() -> None:
    cycle = ladder_cycle(0.1, 25.0, 3, 1, 1.0, 2.0, 10.0, 20.0)
    assert cycle.integral(cycle.stage_times**2) == pytest.approx(9.0, rel=1e-13)
    with pytest.raises(InvalidParameterError, match=r"rate\.shape"):
        cycle.integral(np.ones(3))


def test_piecewise_linear_signal_and_the_same_function_agree() -> None:
    ladder, signal = tcl.Ladder(gamma=1e-3), tcl.Sawtooth(1.5, 7.5, 10.0).signal(18.0)
    linear = periodic_state(ladder, signal)
    for breaks in ([1.5], []):
        function = periodic_state(ladder, signal.__call__, period=9.0, breaks=breaks)
        assert np.abs(function.probabilities[0] - linear.probabilities[0]).max() < 1e-9
        assert np.abs(costs(function) - costs(linear)).max() < 1e-8  # work by the first law and by its integral


def test_kinks_of_the_rates_are_breaks() -> None:
    """A ladder's max(1, exp(energy)) has corners in the signal; the mesh knows when they are crossed."""
    ladder = tcl.Ladder(gamma=1e-3)
    level = 2.0 * np.arange(5) - 2.0
    kinks = [s for s in (np.expm1(level) / (1 / 18.2 - np.exp(level) / 3000.0)) if s > 0]
    cycle = periodic_state(ladder, tcl.PeriodicSignal([0.0, 30.0, 60.0], [10.0, 250.0, 10.0]))
    crossed = [30.0 * (s - 10.0) / 240.0 for s in kinks if 10 < s < 250]
    assert crossed
    assert all(np.abs(cycle.times - t).min() < 1e-12 for t in crossed)


# ---------------------------------------------------------------- finite paths


def test_constant_signal_is_the_matrix_exponential() -> None:
    ladder, start = tcl.Ladder(gamma=0.1, n_levels=3), np.eye(6)[2]
    path = drive(ladder, lambda t: 5.0, start, 2.0)
    t = np.array([0.0, 0.01, 0.3, 2.0])
    exact = np.stack([scipy.linalg.expm(ladder.rate_matrix(5.0) * x) @ start for x in t])
    assert np.abs(path(t) - exact).max() < 1e-9


def test_waiting_leads_to_the_periodic_state() -> None:
    ladder, signal = tcl.Ladder(gamma=1e-3), tcl.Sawtooth(1.0, 4.0, 10.0).signal(20.0)
    cycle = periodic_state(ladder, signal)
    path = drive(ladder, signal, np.full(10, 0.1), 60.0)
    assert np.abs(path.probabilities[-1] - cycle.probabilities[0]).max() < 1e-9
    t = np.linspace(50.0, 60.0, 200)
    assert np.abs(path(t) - cycle(t)).max() < 2e-9


@pytest.mark.parametrize("state", [0, 4, 9])
def test_positive_from_any_single_state(state: int) -> None:
    ladder = tcl.Ladder(gamma=1e-8)
    path = drive(ladder, lambda t: 10.0 + 9.0 * np.sin(3.0 * t), np.eye(10)[state], 4.0)
    assert path.probabilities.min() >= 0 and path.stage_probabilities.min() >= 0
    assert np.abs(path.probabilities.sum(axis=1) - 1).max() < 1e-12
    assert path.entropy_production == pytest.approx(path.housekeeping + path.excess, abs=1e-9)
    assert path.excess > 0
    other = drive(ladder, lambda t: 10.0 + 9.0 * np.sin(3.0 * t), np.eye(10)[state], 4.0, tolerance=1e-12)
    assert np.abs(path.probabilities[-1] - other.probabilities[-1]).max() < 1e-9
    assert path.entropy_production == pytest.approx(other.entropy_production, abs=1e-8)


def test_first_law_of_a_finite_path() -> None:
    ladder, signal = tcl.Ladder(gamma=0.1), tcl.Sawtooth(1.0, 2.0, 10.0).signal(20.0)
    path = drive(ladder, signal, ladder.steady_state(0.0), 4.5)
    assert path.stage_signals[-1, -1] == pytest.approx(10.0 - 10.0 + 20.0 * 0.75)
    balance = path.work_signal + path.work_drive - path.heat
    assert balance == pytest.approx(path.energy_change, abs=1e-10)
    assert abs(path.energy_change) > 1e-3


# ------------------------------------------------------------------ the engine


def test_tableau() -> None:
    two = tableau(2)  # Hairer and Wanner II, table IV.5.5
    assert np.allclose(two.points, [1 / 3, 1.0])
    assert np.allclose(two.integrals, [[5 / 12, -1 / 12], [3 / 4, 1 / 4]])
    seven = tableau(7)
    assert (seven.weights > 0).all()
    for power in range(13):
        assert seven.weights @ seven.points**power == pytest.approx(1 / (power + 1), rel=1e-13)
    for power in range(7):
        assert np.allclose(seven.integrals @ seven.points**power, seven.points ** (power + 1) / (power + 1))
        nodes = np.append(0.0, seven.points)
        assert np.allclose(seven.values_between @ nodes**power, seven.between**power)
        slope = power * seven.between ** max(power - 1, 0)
        assert np.allclose(seven.slopes_between @ nodes**power, slope)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_compiled_solution_is_that_of_the_dense_system(n: int) -> None:
    rng, stages = np.random.default_rng(n), 7
    rates = 10.0 ** rng.uniform(-3, 3, (4, stages, n, n)) * (rng.random((n, n)) < 0.6)
    for k in range(n):
        rates[..., k, k] = 0.0
        rates[..., k, k] = -rates[..., :, k].sum(axis=-1)
    lengths = np.array([1e-3, 0.1, 1.0, 30.0])
    found = propagators(lengths, rates, bandwidth_order(rates))
    for b, h in enumerate(lengths):
        matrix = np.eye(stages * n)
        source = np.zeros((stages * n, n))
        for k in range(stages):
            for m in range(stages):
                block = h * tableau().integrals[k, m] * rates[b, m]
                matrix[k * n : (k + 1) * n, m * n : (m + 1) * n] -= block
                source[k * n : (k + 1) * n] += block
        assert np.allclose(found[b].reshape(-1, n), np.linalg.solve(matrix, source), rtol=1e-8, atol=1e-10)
        assert np.abs(found[b].sum(axis=1)).max() < 1e-14


def test_probability_is_kept_however_stiff_the_rates() -> None:
    """Two fast pairs and a slow bridge over a time of 1e12 fast jumps: the bridge is a two-state process."""
    rates = np.zeros((1, 7, 4, 4))
    for i, j, rate in [(0, 1, 1e9), (1, 0, 1e9), (2, 3, 2e9), (3, 2, 2e9), (1, 2, 1e-3), (2, 1, 3e-3)]:
        rates[..., i, j] = rate
        rates[..., j, j] -= rate
    found = propagators(np.array([1e3]), rates, np.arange(4))[0] + np.eye(4)
    across = 1e-3 * (0.5 + 1.5)
    exact = 0.75 * -np.expm1(-across * 1e3)
    assert found[-1, 2:, 0].sum() == pytest.approx(exact, rel=1e-9)  # order 13 over two relaxation times
    assert (found[-1] > 0).all()


def test_positive_propagators_are_exponentials() -> None:
    ladder = tcl.Ladder(gamma=1e-6, n_levels=3)
    generator = ladder.rate_matrix(7.0)
    lengths = np.array([0.1, 1.0, 1e3, 1e6]) / np.abs(generator).max()
    increments, valid = positive_propagators(lengths, np.broadcast_to(generator, (4, 7, 6, 6)))
    assert valid.all()
    for h, found in zip(lengths, increments[:, -1] + np.eye(6), strict=True):
        assert (found > 0).all()
        assert np.allclose(found, scipy.linalg.expm(h * generator), rtol=1e-9, atol=1e-12)
        assert np.abs(found.sum(axis=0) - 1).max() < 1e-14


# ------------------------------------------------------------------- bad input


def ten(t: np.ndarray) -> np.ndarray:
    return 10.0 + 0.0 * t


@pytest.mark.parametrize(
    ("signal", "options", "message"),
    [
        (lambda t: np.where(t < 3.3, 5.0, 6.0), {"period": 10.0}, "jump from 5 to 6 at t = 3.3"),
        (lambda t: np.where(t < 3.0, t, 8.0 - t / 1.25), {"period": 10.0, "breaks": [3.0]}, "jump from 3 to 5.6"),
        (lambda t: 5.0 + t, {"period": 10.0}, "continuous across the period"),
        (lambda t: np.where(np.abs(t - 5) < 1, np.nan, 1.0), {"period": 10.0}, "signal at t = 4.0"),
        (lambda t: 10 * np.sin(2 * np.pi * t), {"period": 1.0}, "between 0 and inf"),
        (tcl.Sawtooth(1.0, 2.0, 5.0).signal(20.0), {}, "signal at t = 0 = -5.0"),
        (tcl.Sawtooth(1.0, 2.0, [5.0, 6.0]).signal(1.0), {}, "a single signal"),
        (tcl.Sawtooth(1.0, 2.0, 5.0).signal(1.0), {"period": 4.0}, "that of the signal, 3"),
        (ten, {}, "given when the signal is a function"),
        (ten, {"period": 0.0}, "greater than 0"),
        (ten, {"period": -1.0}, "greater than 0"),
        (ten, {"period": np.nan}, "greater than 0"),
        (ten, {"period": 3.0, "breaks": [4.0]}, "between 0 and 3"),
        (ten, {"period": 3.0, "breaks": [np.nan]}, "finite"),
        (ten, {"period": 3.0, "tolerance": 0.0}, "tolerance"),
        (ten, {"period": 3.0, "tolerance": 1e-14}, "from 1e-13"),
        (lambda t: t[:2], {"period": 3.0}, "that of the times"),
        (math.sin, {"period": 3.0}, "a function of an array"),
        (3.0, {"period": 3.0}, "a PeriodicSignal or a function"),
    ],
)
def test_bad_signals(signal: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        periodic_state(tcl.Ladder(gamma=0.1), signal, **options)


def test_bad_systems() -> None:
    with pytest.raises(InvalidParameterError, match="single ladder"):
        periodic_state(tcl.Ladder(gamma=[0.1, 0.2]), ten, period=1.0)
    with pytest.raises(MemoryLimitError, match="GiB"):
        periodic_state(tcl.Ladder(gamma=0.1, n_levels=20_000, energy_step=1e-3), ten, period=1.0)
    with pytest.raises(InvalidParameterError, match="function of signals"):
        periodic_state(3.0, ten, period=1.0)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="one matrix per signal"):
        periodic_state(lambda s: np.ones((2, 2)), ten, period=1.0)
    with pytest.raises(InvalidParameterError, match=r"rates\(10\)\[1, 0\]"):
        periodic_state(lambda s: np.tile([[0.0, 1.0], [-1.0, 0.0]], (s.size, 1, 1)), ten, period=1.0)
    with pytest.raises(ReducibleNetworkError) as caught:
        periodic_state(lambda s: np.tile([[0, 1.0, 0], [1, 0, 0], [0, 0, 0]], (s.size, 1, 1)), ten, period=1.0)
    assert caught.value.classes == [[0, 1], [2]]
    with pytest.raises(InvalidParameterError, match="sum to 1"):
        drive(tcl.Ladder(gamma=0.1), ten, np.ones(10), 1.0)
    with pytest.raises(InvalidParameterError, match="not negative"):
        drive(tcl.Ladder(gamma=0.1), ten, -np.ones(10), 1.0)
    with pytest.raises(InvalidParameterError, match="between 0 and 1"):
        drive(tcl.Ladder(gamma=0.1), ten, np.full(10, 0.1), 1.0)(1.5)


def test_one_way_edges_have_a_state_but_no_finite_cost() -> None:
    ring = DrivenNetwork(
        lambda s: np.stack(
            [[0 * s, 0 * s, 1 + 0 * s], [np.exp(s), 0 * s, 0 * s], [0 * s, np.exp(-s), 0 * s]]
        ).transpose(2, 0, 1)
    )
    cycle = periodic_state(ring, np.sin, period=2 * np.pi)
    assert (cycle.probabilities > 0).all()
    with pytest.raises(IrreversibleEdgeError, match="0 -> 1"):
        _ = cycle.entropy_production
    with pytest.raises(InvalidParameterError, match="a Ladder"):
        _ = cycle.work_drive


def test_jumps_of_the_rates_are_resolved() -> None:
    """The signal is continuous, the rates it causes are not: a switch between two exponentials."""
    switch = DrivenNetwork(lambda s: np.stack([[0 * s, 1 + (s > 1)], [1 + 0 * s, 0 * s]]).transpose(2, 0, 1))
    cycle = periodic_state(switch, lambda t: 1.0 + np.sin(t), period=2 * np.pi)
    two, three = 1 - np.exp(-2 * np.pi), 1 - np.exp(-3 * np.pi)  # relaxed shares at rates 2 (to 1/2) and 3 (to 2/3)
    middle = (2 / 3 * three + (1 - three) * 0.5 * two) / (1 - (1 - two) * (1 - three))
    assert cycle(np.pi)[0] == pytest.approx(middle, abs=1e-8)


def test_what_cannot_be_resolved_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh, "_MOST_INTERVALS", 100)
    rough = DrivenNetwork(lambda s: np.stack([[0 * s, 2 + np.sin(1e5 * s)], [1 + 0 * s, 0 * s]]).transpose(2, 0, 1))
    with pytest.raises(ConvergenceError, match="near t = "):
        periodic_state(rough, lambda t: 1.0 + np.sin(t), period=2 * np.pi)
