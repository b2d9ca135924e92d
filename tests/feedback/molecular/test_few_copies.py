"""The molecular synapse among few copies, and with a cost."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse.linalg import expm_multiply

from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.molecular import DimerSynapse, ReversibleDimer, dimer_copies, dimer_response
from thermo_cl.feedback.reactions import (
    MOLECULES_PER_UM_FL,
    integrate,
    reaction_entropy_production,
    reaction_forces,
)
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.markov import propagate, sample_paths
from thermo_cl.synapse import Sawtooth

IDEAL = DimerSynapse(removal_constant=0.0)


def test_mean_of_the_active_dimer_adapts_exactly_while_there_is_degrader():
    """Balance of X at zero order, k_x <D*> = v P(X > 0): exact, so that only an empty pool of X spoils adaptation."""
    for signal in (0.7, 1.0, 1.4):
        process = dimer_copies(IDEAL, 3.0, signal=signal, spread=12.0)
        p = process.network.steady_state()
        mean = p @ process.counts("D*") / 3.0
        made = p @ (process.counts("D*") * (process.counts("X") < process.counts("X").max())) / 3.0
        assert_allclose(made, IDEAL.set_point * p[process.counts("X") > 0].sum(), rtol=1e-9)
        assert_allclose(mean, made, rtol=1e-4)  # what the limit of X leaves out


def test_mean_degrader_tends_to_the_equations_as_one_over_volume():
    synapse, error = DimerSynapse(), []
    for volume in (3.0, 6.0, 12.0):
        process = dimer_copies(synapse, volume, spread=5.0)
        p = process.network.steady_state()
        error.append(p @ process.counts("X") / volume - synapse.rest["X"])
    orders = np.log2(np.array(error[:-1]) / error[1:])
    assert_allclose(orders, 1.0, atol=0.03)


def test_paths_after_a_step_of_the_signal():
    """Jump by jump from rest at one signal to another, against the master equation."""
    synapse, volume, copies = DimerSynapse(), 2.0, 20_000
    before, after = (dimer_copies(synapse, volume, signal=s, spread=5.0) for s in (1.0, 2.0))
    assert (before.states == after.states).all()
    start, d = before.network.steady_state(), after.counts("D*")
    times = np.array([0.0, 2.0, 15.0, 400.0])
    exact = np.array([expm_multiply(after.network.sparse_generator() * t, start) for t in times])
    assert_allclose(propagate(after.network, start, times) @ d, exact @ d, rtol=1e-8)
    paths = sample_paths(after.network, times, copies=copies, initial=start, rng=11)
    mean = exact @ d
    spread = np.sqrt((exact @ d**2 - mean**2) / copies)
    assert (np.abs(paths.average(d) - mean) < 4.5 * spread).all()
    assert mean[2] - mean[0] > 20 * spread[0]  # it rises
    assert abs(mean[3] - mean[0]) < 0.25 * (mean[2] - mean[0])  # and comes back most of the way


def test_copies_refuse_fractions_of_molecules():
    with pytest.raises(InvalidParameterError, match="whole number"):
        dimer_copies(IDEAL, 2.5)
    with pytest.raises(InvalidParameterError, match="max_states"):
        dimer_copies(IDEAL, 602.0, max_states=1000)


# ------------------------------------------------------------------ reversible


def test_each_turn_of_a_cycle_costs_the_fuel():
    """Rest: dissipation is fuel times the turns of both cycles; forces along each add up to the fuel."""
    cell = ReversibleDimer(DimerSynapse(leak=0.002), fuel=14.0)
    network = cell.network
    names = [r.text for r in network.reactions]
    force = dict(zip(names, reaction_forces(network, cell.rest), strict=True))
    rate = dict(zip(names, network.rates(cell.rest), strict=True))
    futile = ["A + B <-> D", "D + R <-> D*", "D* + X <-> A + B + R + X"]
    modify = ["D* <-> D* + X", "E + X <-> EX", "EX <-> E"]
    assert_allclose(sum(force[n] for n in futile), 14.0, rtol=1e-11)
    assert_allclose(sum(force[n] for n in modify), 14.0, rtol=1e-11)
    assert_allclose(force["D* <-> D* + X"] + force["X <-> 0"], 14.0, rtol=1e-11)
    turns = rate[futile[0]] + rate[modify[0]]
    assert_allclose(reaction_entropy_production(network, cell.rest), 14.0 * turns, rtol=1e-9)
    assert_allclose(cell.power(), 14.0 * turns * MOLECULES_PER_UM_FL, rtol=1e-9)


def test_it_tends_to_the_effective_synapse():
    """Much fuel and a rare enzyme: rest, area and first moment of the saturated law, first order in the enzyme."""
    synapse, off = DimerSynapse(), []
    for enzyme in (0.004, 0.002, 0.001):
        cell = ReversibleDimer(synapse, fuel=60.0, enzyme=enzyme)
        assert_allclose(cell.rest[cell.network.index("D*")], synapse.rest["D*"], rtol=1e-9)
        assert_allclose(cell.kernel.area, synapse.kernel.area, rtol=1e-7)
        off.append(float(cell.kernel.first_moment) - float(synapse.kernel.first_moment))
    assert abs(off[-1]) < 1e-3 * abs(float(synapse.kernel.first_moment))
    assert_allclose(np.array(off[:-1]) / off[1:], 2.0, rtol=0.05)


def test_kernel_is_the_response_of_the_equations():
    cell = ReversibleDimer(DimerSynapse(), fuel=12.0)
    times = np.linspace(0.0, 100.0, 21)
    error = []
    for step in (0.02, 0.01):
        start = cell.rest.copy()
        start[0] += step
        course = integrate(cell.network, start, times, rtol=1e-11, atol=1e-14)
        moved = course["D*"] - cell.rest[cell.network.index("D*")]
        error.append(np.abs(moved - step * cell.kernel.step_response(times)).max() / step)
    assert_allclose(error[0] / error[1], 2.0, rtol=0.03)


def test_adaptation_costs_fuel():
    """With less fuel the area grows; below about 10 k_B T the first moment has changed sign, and nothing adapts."""
    cells = [ReversibleDimer(DimerSynapse(), fuel=f) for f in (9.9, 10.3, 15.0, 20.0, 30.0)]
    ratios = [float(c.kernel.area) / abs(float(c.kernel.first_moment)) for c in cells]
    assert (np.diff(ratios) < 0).all()
    assert float(cells[0].kernel.first_moment) > 0 > float(cells[1].kernel.first_moment)
    power = [c.power() for c in cells]
    assert (np.diff(power) > 0).all()


def test_equilibrium_costs_nothing_and_has_a_monotone_kernel():
    """At vanishing fuel rest is equilibrium, D* follows the signal, and nothing adapts."""
    cell = ReversibleDimer(DimerSynapse(), fuel=1e-9)
    assert abs(cell.power()) < 1e-6
    times = np.linspace(0.0, 50.0, 500)
    assert float(cell.kernel.area) > 0
    assert (np.diff(cell.kernel.step_response(times)) > -1e-12).all()


def test_cost_of_an_update():
    """Against the free-energy balance: fuel of all reactions less the reservoirs' changing chemical potential."""
    cell, protocol = ReversibleDimer(DimerSynapse(), fuel=20.0), Sawtooth(fast=60.0, slow=300.0)
    cost = cell.update_cost(protocol, 0.6, volume=2.0)
    network = cell.network
    saw = protocol.signal(0.6)
    level = PeriodicSignal(saw.times, 1.0 + saw.values)
    times = np.concatenate([[0.0], np.linspace(720.0, 1080.0, 7201)])
    course = integrate(network, cell.rest, times, signals={"A": level}, rtol=1e-10, atol=1e-13)
    last = times >= 720.0
    constants = [np.log(r.forward / r.backward) for r in network.reactions]
    rates = network.rates(course.concentrations[last])
    taken = -rates @ network.stoichiometry[0]  # of monomer A, from its reservoir
    spent = rates @ np.array(constants) + taken * np.log(course["A"][last])
    slow = np.trapezoid(spent, times[last]) * MOLECULES_PER_UM_FL * 2.0
    assert_allclose(cost.total, slow, rtol=2e-6)
    assert_allclose(cost.resting, cell.power() * 360.0 * 2.0)
    assert_allclose(cost.excess, cost.total - cost.resting)


def test_reversible_few_copies_dissipate_as_the_equations_do():
    """Entropy production of the jump process per volume tends to the macroscopic one, with first order."""
    synapse, gap = DimerSynapse(removal_constant=0.2), []
    cell = ReversibleDimer(synapse, fuel=12.0, enzyme=1.0)
    sigma = reaction_entropy_production(cell.network, cell.rest)
    for volume in (1.0, 2.0, 4.0):
        process = dimer_copies(cell, volume, spread=6.0)
        gap.append(process.entropy_production_rate() / volume / sigma - 1.0)
    assert_allclose(np.log2(np.array(gap[:-1]) / gap[1:]), 1.0, atol=0.1)


def test_output_is_large_beside_the_threshold_only_in_large_volumes():
    """The fluctuation of D* in a femtolitre against the default threshold: the mean of many cells learns, not one."""
    process = dimer_copies(DimerSynapse(), 6.0, spread=6.0)
    p, d = process.network.steady_state(), process.counts("D*")
    variance = (p @ d**2 - (p @ d) ** 2) / 6.0  # molecules^2 per (molecule per uM)
    noise = np.sqrt(variance / MOLECULES_PER_UM_FL)  # uM in a femtolitre
    assert_allclose(noise, 0.021, rtol=0.02)  # as the docstring says
    assert noise > 10 * DimerSynapse().threshold
    response = dimer_response(DimerSynapse(), Sawtooth(fast=250.0, slow=5000.0), 0.3)
    assert response.output.max() > DimerSynapse().threshold


@pytest.mark.parametrize(
    ("options", "word"),
    [({"fuel": 0.0}, "fuel"), ({"enzyme": -1.0}, "enzyme"), ({"synapse": IDEAL}, "removal_constant")],
)
def test_bad_arguments_are_refused(options, word):
    with pytest.raises(InvalidParameterError, match=word):
        ReversibleDimer(**{"synapse": DimerSynapse(), **options})


def test_bad_protocols_are_refused():
    cell = ReversibleDimer(DimerSynapse())
    with pytest.raises(InvalidParameterError, match="amplitude"):
        cell.update_cost(Sawtooth(10.0, 50.0), 3.0)
    with pytest.raises(InvalidParameterError, match="single"):
        cell.update_cost(Sawtooth([10.0, 1.0], 50.0), 0.1)
