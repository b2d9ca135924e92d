"""A chemical on every edge of a network, in time: against its own equations, and against the closed form of a cycle."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from tests.oracles import edge_networks_slow as slow
from thermo_cl import Sawtooth
from thermo_cl.errors import DivergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.learning import PhysicalRule, train
from thermo_cl.feedback.mechanochemical import Chemical, ChemicalLoop, follow_chemicals
from thermo_cl.feedback.networks import Task, contrast, loss, resistor_network
from thermo_cl.feedback.series import Schedule, nudging_schedule

PROTOCOL = Sawtooth(1.0, 8.0, mean=0.5)
CHEMICAL = Chemical(threshold=2e-3, softening=1e-3, strain_unit=0.1)
EDGES = [(0, 2), (2, 3), (3, 1), (0, 4), (4, 3), (2, 4), (4, 1)]
NETWORK = resistor_network(EDGES, [1.0, 0.7, 1.4, 0.8, 1.2, 0.6, 1.1], [0, 1])
READOUT = np.array([[0.0, 0.0, 0.0, 1.0, 0.0]])
TASK = Task([[1.0, 0.0]], READOUT, [[0.2]])


def nudged(cycles, network=NETWORK, protocol=PROTOCOL):
    """Schedule of clamps of full amplitude, and the contrast that they make."""
    seen = contrast(network, TASK, amplitude=1.0, nudge="clamp")
    free = TASK.targets[0] - seen.errors[0]
    return nudging_schedule(protocol, [1.0, 0.0], free, seen.errors[0], cycles=cycles), seen


def test_every_edge_is_its_own_equations_of_motion():
    schedule, _ = nudged(1)
    run = follow_chemicals(NETWORK, Chemical(threshold=1.0, leak=0.3), schedule, clamped=READOUT, step=0.01)
    matrix = slow.compatibility(NETWORK.positions, NETWORK.edges, "resistor")
    start, fast = run.strains[0], float(PROTOCOL.fast)
    full = run.strains[np.searchsorted(run.times, fast)]

    def strain(t):
        share = t / fast if t <= fast else 1.0 - (t - fast) / 8.0
        return start + share * (full - start)

    assert_allclose(matrix.T[[2, 4]] @ (NETWORK.coefficients * full), 0.0, atol=1e-14)  # free nodes balance
    a = np.array([[-25.0, -10.0], [10.0, -0.3]])
    for e in (0, 3, 5):
        first = np.linalg.solve(a, [-2000.0 * 0.005 * start[e] ** 2, 0.0])
        state, times, found = first, [], []
        for begin, end in ((0.0, fast), (fast, 9.0)):
            known = solve_ivp(
                lambda t, x, e=e: a @ x + [2000.0 * 0.005 * strain(t)[e] ** 2, 0.0], (begin, end), state,
                rtol=1e-10, atol=1e-13, t_eval=run.times[(run.times >= begin) & (run.times <= end)],
            )  # fmt: skip
            state = known.y[:, -1]
            times.append(known.t)
            found.append(known.y)
        expected = np.concatenate([found[0], found[1][:, 1:]], axis=1)
        assert_allclose(run.chemical[:, e], expected[0], rtol=0, atol=1e-5 * np.ptp(expected[0]))
        assert_allclose(run.enzyme[:, e], expected[1], rtol=0, atol=1e-5 * np.ptp(expected[1]))
    assert np.array_equal(run.coefficients, np.tile(NETWORK.coefficients, (run.times.size, 1)))  # below the threshold


def test_a_cycle_tends_to_the_closed_form_as_softening_slows():
    schedule, seen = nudged(2)
    closed = PhysicalRule(CHEMICAL, PROTOCOL).passed(seen, NETWORK.coefficients)[0]
    assert 0 < np.sum(closed != 0.0) < NETWORK.n_edges  # some edges stay below the threshold
    begin, misses = None, []
    for softening in (1.0, 0.5, 1e-4):
        chemical = Chemical(threshold=CHEMICAL.threshold, softening=softening)
        run = follow_chemicals(NETWORK, chemical, schedule, clamped=READOUT, step=0.02)
        begin = np.searchsorted(run.times, float(PROTOCOL.period) - 1e-9)
        cycle = run.coefficients[-1] - run.coefficients[begin]
        misses.append(np.abs(-cycle / softening - closed).max() / np.abs(closed).max())
    assert misses[2] < 5e-4  # the steps' own error
    assert_allclose(np.log2(misses[0] / misses[1]), 1.0, atol=0.1)  # of first order in the rate of softening


def test_the_full_loop_tends_to_the_linear_chemical_with_the_signal():
    """Differences are of second order in the signal, hence of first relative to it."""
    loop = ChemicalLoop(saturation=0.0, mean_signal=0.005)
    schedule, _ = nudged(1)
    misses = []
    for unit in (0.02, 0.01):
        chemical = Chemical(
            release=loop.release, damping=loop.linear().damping, removal=loop.linear().removal,
            production=loop.production, threshold=1.0, strain_unit=unit,
        )  # fmt: skip
        full, linear = (
            follow_chemicals(NETWORK, chemical, schedule, loop=each, clamped=READOUT, step=0.01)
            for each in (loop, None)
        )
        scale = np.abs(linear.chemical).max()
        misses.append(np.abs(full.chemical - linear.chemical).max() / scale)
    assert misses[0] < 0.1
    assert_allclose(np.log2(misses[0] / misses[1]), 2.0, atol=0.15)  # the signal is the square of the unit


def test_several_cycles_in_time_follow_training_in_closed_form():
    """Each cycle clamps anew, as a teacher who reads the outputs would, and starts from rest.

    That is off by fast/slow, and by what the edges' own change does to their strains meanwhile: some per cent.
    """
    protocol = Sawtooth(1.0, 24.0, mean=0.5)
    chemical = Chemical(threshold=2.5e-4, softening=1.25)
    rate, network = chemical.ideal_factor, NETWORK
    for _ in range(3):
        schedule, _ = nudged(1, network, protocol)
        run = follow_chemicals(network, chemical, schedule, clamped=READOUT, step=0.025)
        network = network.with_coefficients(run.coefficients[-1])
    options = {"cycles": 3, "rate": rate, "amplitude": 1.0, "bounds": (0.1, 10.0), "nudge": "clamp"}
    trained = train(NETWORK, TASK, PhysicalRule(chemical, protocol), **options)
    moved = trained.network.coefficients - NETWORK.coefficients
    assert_allclose(network.coefficients - NETWORK.coefficients, moved, rtol=0, atol=0.06 * np.abs(moved).max())
    losses = [loss(NETWORK, TASK), loss(network, TASK)]
    assert_allclose(losses[1] / losses[0], trained.losses[-1] / trained.losses[0], rtol=0.005)
    assert losses[1] < 0.95 * losses[0]


def test_steps_that_are_too_long_say_which_time_they_miss():
    schedule, _ = nudged(1)
    with pytest.raises(StiffnessError, match=r"fastest relaxation, of 0\.05 s") as caught:
        follow_chemicals(NETWORK, CHEMICAL, schedule, clamped=READOUT, step=0.2)
    assert_allclose([caught.value.fastest, caught.value.slowest], [0.05, 0.2])


def test_steps_resolve_an_oscillation_that_decays_slowly():
    """Poles -0.5 +- 100 i: the period counts, not the decay time of 2 s."""
    ringing = Chemical(damping=1.0, removal=100.0, production=100.0, threshold=1.0)
    schedule = Schedule([0.0, 0.1, 0.5], [[1.0, 0.0], [1.1, 0.0], [1.1, 0.0]])
    with pytest.raises(StiffnessError, match=r"0\.01 s"):
        follow_chemicals(NETWORK, ringing, schedule, step=0.05)
    coarse, fine = (follow_chemicals(NETWORK, ringing, schedule, step=h).chemical[-1] for h in (1e-3, 5e-4))
    assert_allclose(coarse, fine, rtol=0, atol=1e-4 * np.abs(fine).max())


def test_what_uses_an_edge_up_or_does_not_fit_is_refused():
    schedule, _ = nudged(1)
    with pytest.raises(DivergenceError, match=r"edge \d fell to 0"):
        follow_chemicals(NETWORK, Chemical(threshold=1e-4, softening=1e4), schedule, clamped=READOUT)
    with pytest.raises(InvalidParameterError, match="one for each clamp"):
        follow_chemicals(NETWORK, CHEMICAL, schedule)
    with pytest.raises(InvalidParameterError, match=r"values\.shape"):
        follow_chemicals(NETWORK, CHEMICAL, Schedule([0.0, 1.0], [[1.0], [1.0]]))
    with pytest.raises(InvalidParameterError, match="step"):
        follow_chemicals(NETWORK, CHEMICAL, schedule, clamped=READOUT, step=-1.0)
