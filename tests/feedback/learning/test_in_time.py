"""The closed form of a training cycle against networks followed in time: gains, several cycles, several patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import resistors, springs
from thermo_cl import Sawtooth
from thermo_cl.feedback import CapacitorMemristor, MaxwellUnit, PhysicalRule, Task, train
from thermo_cl.feedback.learning import ExactGradient
from thermo_cl.feedback.networks import Equilibrium, contrast, loss
from thermo_cl.feedback.series import Schedule, nudging_schedule, simulate

PROTOCOL = Sawtooth(1.0, 12.0, mean=0.5)
STEP = 0.05


def case(name):
    """Network, task of one pattern, unit of relaxation time 0.2 s, scale of its coefficients when simulated."""
    if name == "springs":
        network, _ = springs()
        rows = np.zeros((1, 24))
        rows[0, 15] = 1.0  # sideways, in the middle
        task = Task([[0.0, 0.0, 0.0, 0.0, 0.3, 0.1]], rows, [[0.3]])
        unit = MaxwellUnit(stiffness=1.0, viscosity=0.2, length=1.0, threshold=1e-3, softening=1.0)
        return network, task, unit, 1.0
    network, rows = resistors()
    task = Task([[1.0, 0.0]], rows, [[0.5, 0.1]])
    unit = CapacitorMemristor(capacitance=2e-10, threshold=2e-4, drive="power")
    if name == "pores by voltage":
        free = contrast(network, task).free
        unit = replace(unit, drive="voltage", threshold=3e-3, polarity=unit.orientation(free))
    return network, task, unit, unit.conductance


def with_gain(unit, gain):
    return replace(unit, **({"softening": gain} if isinstance(unit, MaxwellUnit) else {"depression": gain}))


def followed(network, task, unit, scale, cycles, step=STEP):
    """Coefficients after each cycle of clamps that reach the targets, in units of the network."""
    seen = contrast(network, task, amplitude=1.0, nudge="clamp")
    free = task.targets[0] - seen.errors[0]
    schedule = nudging_schedule(PROTOCOL, task.values[0], free, seen.errors[0], cycles=cycles)
    run = simulate(unit.series(network, task.readout), schedule, step=step, plasticity=plastic(unit))
    ends = np.searchsorted(run.times, np.arange(cycles + 1) * float(PROTOCOL.period) - 1e-9)
    return run.coefficients[ends] / scale


def plastic(unit):
    by_voltage = isinstance(unit, CapacitorMemristor) and unit.drive == "voltage"
    return unit.plasticity(unit.polarity) if by_voltage else unit.plasticity()


@pytest.mark.parametrize("name", ["springs", "pores by power", "pores by voltage"])
def test_a_cycle_tends_to_the_rule_as_the_gain_falls(name):
    """The second cycle, when the network has forgotten that it began at rest."""
    network, task, unit, scale = case(name)
    seen = contrast(network, task, amplitude=1.0, nudge="clamp")
    update = PhysicalRule(unit, PROTOCOL).update(seen, network.coefficients)
    assert 0 < np.sum(update != 0.0) < network.n_edges  # some edges stay below the threshold
    misses = []
    for gain in (0.4, 0.1, 1e-6):
        learning = with_gain(unit, gain)
        after = followed(network, task, learning, scale, cycles=2)
        change = (after[2] - after[1]) / learning.ideal_factor
        misses.append(np.abs(change - update).max() / np.abs(update).max())
    assert misses[2] < 2e-3  # of the steps
    assert misses[1] < 0.1
    assert_allclose(0.5 * np.log2((misses[0] - misses[2]) / (misses[1] - misses[2])), 1.0, atol=0.3)


@pytest.mark.parametrize("name", ["springs", "pores by power", "pores by voltage"])
def test_several_cycles_in_time_follow_training(name):
    """Clamps follow the outputs that are read before each cycle; from rest, hence off by fast/slow in what passes."""
    start, task, unit, scale = case(name)
    seen = contrast(start, task, amplitude=1.0, nudge="clamp")
    slow = np.abs(PhysicalRule(unit, PROTOCOL).slow_outputs(seen, start.coefficients)).max()
    unit, network = with_gain(replace(unit, threshold=1.3 * slow), 5.0 if name == "springs" else 1.0), start
    for _ in range(4):
        network = network.with_coefficients(followed(network, task, unit, scale, cycles=1)[-1])
    trained = train(
        start, task, PhysicalRule(unit, PROTOCOL), cycles=4, rate=unit.ideal_factor, amplitude=1.0,
        bounds=(0.05, 20.0), nudge="clamp",
    )  # fmt: skip
    moved = trained.network.coefficients - start.coefficients
    assert_allclose(network.coefficients - start.coefficients, moved, rtol=0, atol=0.1 * np.abs(moved).max())
    fallen = trained.losses[0] - trained.losses[-1]
    assert_allclose(loss(start, task) - loss(network, task), fallen, rtol=0.1)
    assert fallen > 0.03 * trained.losses[0]


def test_patterns_that_follow_each_other_slowly_teach_nothing_by_themselves():
    """Inputs move from one pattern to the next in a time T; the rule is the sum over patterns if T is long enough."""
    network, rows = resistors()
    task = Task([[1.0, 0.0], [0.2, 0.9]], rows, [[0.5, 0.1], [0.6, -0.2]])
    unit = with_gain(CapacitorMemristor(capacitance=2e-10, threshold=4e-3, drive="power"), 1e-6)
    seen = contrast(network, task, amplitude=1.0, nudge="clamp")
    free = task.targets - seen.errors
    passed = PhysicalRule(unit, PROTOCOL).passed(seen, network.coefficients).sum(axis=0)
    strains = Equilibrium(network).strains(Equilibrium(network).solve(task.values))
    steepest = np.abs(strains).max(axis=0) * np.abs(strains[1] - strains[0])  # of voltage^2/2, times T
    needed = unit.timescale * steepest.max() / unit.threshold
    fast, slow = float(PROTOCOL.fast), float(PROTOCOL.slow)

    def change(transition):
        times, values, outputs = [0.0], [task.values[0]], [free[0]]
        for p in (0, 1, 0, 1):
            other = 1 - p
            times += [times[-1] + fast, times[-1] + fast + slow, times[-1] + fast + slow + transition]
            values += [task.values[p], task.values[p], task.values[other]]
            outputs += [task.targets[p], free[p], free[other]]
        schedule = Schedule(times, values, outputs=outputs)
        run = simulate(unit.series(network, rows), schedule, step=STEP, plasticity=unit.plasticity())
        begin = np.searchsorted(run.times, times[6] - 1e-9)  # the second round, when the start is forgotten
        return (run.coefficients[-1] - run.coefficients[begin]) / unit.conductance / unit.gain

    scale = np.abs(passed).max()
    assert_allclose(
        change(1.1 * needed), passed, rtol=0, atol=0.04 * scale
    )  # a fast ramp begins from the slow one or from the way there
    assert np.abs(change(0.2 * needed) - passed).max() > 0.2 * scale


def test_the_told_gradient_is_beside_it():
    """What the physical rule leaves of the exact gradient in these small networks."""
    network, task, unit, _ = case("pores by power")
    seen = contrast(network, task, amplitude=1e-3, nudge="load")
    quiet = replace(unit, threshold=1e-12)
    update = PhysicalRule(quiet, Sawtooth(50.0, 1e9, mean=0.0)).update(seen, network.coefficients)
    exact = ExactGradient(network, task).update(seen, network.coefficients)
    assert_allclose(update, exact, rtol=0, atol=0.01 * np.abs(exact).max())
