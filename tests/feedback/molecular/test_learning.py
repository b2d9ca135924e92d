"""Linkers between pairs of species, what they learn, and the report of the synapse."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError, RampWindowWarning
from thermo_cl.feedback.molecular import DimerSynapse, ReversibleDimer, linker_updates
from thermo_cl.kernels import PeriodicSignal, periodic_response
from thermo_cl.synapse import Sawtooth, weight_update

PROTOCOL = Sawtooth(fast=200.0, slow=6000.0)


def test_one_moving_monomer_is_the_update_of_a_sawtooth():
    synapse = DimerSynapse(removal_constant=0.0)
    found = linker_updates(synapse, PROTOCOL, [1.0, 0.8], [1.3, 0.8])[0, 1]
    exact = synapse.linker_rate * weight_update(synapse.kernel, PROTOCOL, 0.3 * 0.8, threshold=synapse.threshold)
    assert_allclose(found, exact, rtol=1e-10)


def test_update_against_a_dense_simulation():
    """Two moving monomers: the parabola in small straight pieces, its response, and a sum over a fine grid."""
    synapse, free, clamped = DimerSynapse(), np.array([1.0, 0.9]), np.array([1.2, 1.4])
    corners = np.concatenate([np.linspace(0.0, 200.0, 401), np.linspace(200.0, 6200.0, 1201)[1:]])
    share = np.interp(corners, [0.0, 200.0, 6200.0], [0.0, 1.0, 0.0])
    product = np.prod(free + share[:, None] * (clamped - free), axis=1) - synapse.mean_signal
    signal = PeriodicSignal(corners, product)
    times = np.concatenate([np.linspace(0.0, 600.0, 120_001), np.linspace(600.0, 6200.0, 20_001)[1:]])
    u = periodic_response(synapse.kernel, signal)(times)
    slow = synapse.linker_rate * np.trapezoid(np.where(np.abs(u) >= synapse.threshold, u, 0.0), times)
    assert_allclose(linker_updates(synapse, PROTOCOL, free, clamped)[0, 1], slow, rtol=1e-4)


def test_update_is_contrastive_hebbian_in_the_window():
    """In proportion to the rise of the product, of every pair, within what the finite ramps allow."""
    synapse, generator = DimerSynapse(removal_constant=0.0), np.random.default_rng(3)
    free = generator.uniform(0.8, 1.2, (5, 4))
    clamped = free + generator.uniform(0.15, 0.3, (5, 4))
    rise = clamped[:, :, None] * clamped[:, None, :] - free[:, :, None] * free[:, None, :]
    found = linker_updates(synapse, PROTOCOL, free, clamped)
    assert_allclose(found, np.swapaxes(found, -1, -2), rtol=1e-12)
    assert_allclose(found / (-synapse.linker_rate * synapse.kernel.first_moment * rise), 1.0, atol=0.08)
    # what a longer fast ramp, with its threshold in proportion, leaves out is less
    slower = DimerSynapse(removal_constant=0.0, threshold=synapse.threshold / 4)
    better = linker_updates(slower, Sawtooth(800.0, 24_000.0), free, clamped)
    assert_allclose(better / (-synapse.linker_rate * synapse.kernel.first_moment * rise), 1.0, atol=0.025)


def _trained(update, seed, cycles=60):
    """Losses of six species, x = (1 - L)^-1 b with linkers L, two of them outputs, nudged by loads on them."""
    generator, n, outputs, nudge = np.random.default_rng(seed), 6, [4, 5], 3.0
    eye = np.eye(n)
    inputs = np.full((4, n), 0.7)
    inputs[:, :2] += generator.uniform(-0.3, 0.3, (4, 2))
    linkers = 0.06 * (1 - eye)
    teacher = linkers.copy()
    teacher[[4, 0, 5, 1], [0, 4, 1, 5]] += 0.06
    teacher[[4, 1, 5, 0], [1, 4, 0, 5]] -= 0.03
    target = np.linalg.solve(eye - teacher, inputs.T).T[:, outputs]
    losses = []
    for _ in range(cycles):
        free = np.linalg.solve(eye - linkers, inputs.T).T
        error = target - free[:, outputs]
        losses.append(0.5 * np.mean(np.sum(error**2, axis=1)))
        pushed = inputs.copy()
        pushed[:, outputs] += nudge * error
        clamped = np.linalg.solve(eye - linkers, pushed.T).T
        linkers = linkers + 0.25 * update(free, clamped).mean(axis=0) * (1 - eye)
    assert (linkers >= 0).all()  # they are concentrations
    return np.array(losses)


@pytest.mark.parametrize("seed", range(3))
def test_a_network_of_species_learns(seed):
    """By the physics of its linkers alone, as the two-state rule does, down to a floor.

    Errors so small that every output stays below the threshold teach nothing; the two-state rule has no such floor.
    """
    synapse = DimerSynapse()
    rate = -synapse.linker_rate * float(synapse.kernel.first_moment)
    physical = _trained(lambda x, y: linker_updates(synapse, PROTOCOL, x, y), seed)
    ideal = _trained(lambda x, y: rate * (y[:, :, None] * y[:, None, :] - x[:, :, None] * x[:, None, :]), seed)
    assert physical[-1] < 0.1 * physical[0]
    assert ideal[-1] < physical[-1] < 1.5 * ideal[-1]
    assert_allclose(physical[-1], physical[-2], rtol=1e-6)  # it stands, while the two-state rule goes on
    assert ideal[-2] - ideal[-1] > 1e-4 * ideal[-1]


def test_bad_states_are_refused():
    with pytest.raises(InvalidParameterError, match="clamped"):
        linker_updates(DimerSynapse(), PROTOCOL, [1.0, 1.0], [1.0])
    with pytest.raises(InvalidParameterError, match="free"):
        linker_updates(DimerSynapse(), PROTOCOL, [-1.0, 1.0], [1.0, 1.0])
    with pytest.raises(InvalidParameterError, match="single"):
        linker_updates(DimerSynapse(), Sawtooth([1.0, 2.0], 3.0), [1.0], [1.0])


def test_report_of_the_shipped_parameters():
    protocol = Sawtooth(fast=250.0, slow=5000.0)
    report = DimerSynapse().report(protocol, amplitudes=(0.1, 0.4))
    assert report.window.open and report.energy_per_update is None and "one-way" in report.energy_note
    assert_allclose(report.area, DimerSynapse().kernel.area)
    assert report.timescale == DimerSynapse().timescale
    assert report.parameters["removal_speed"] == (0.06, "uM/s")
    assert set(report.parameters) == set(DimerSynapse.__dataclass_fields__)
    text = str(report)
    assert "uM^2" in text and "energy per update: not defined" in text


def test_report_of_the_reversible_synapse_has_an_energy():
    protocol, cell = Sawtooth(fast=250.0, slow=5000.0), ReversibleDimer(DimerSynapse())
    report = cell.report(protocol, amplitudes=(0.1, 0.4), volume=2.0)
    assert report.window.open
    body = 1.380649e-23 * 310.15
    assert_allclose(report.energy_per_update, cell.update_cost(protocol, 0.1, 2.0).total * body, rtol=1e-12)
    assert_allclose(report.energy_per_update, cell.power() * 5250.0 * 2.0 * body, rtol=1e-3)


def test_report_warns_of_a_ramp_faster_than_the_kernel():
    with pytest.warns(RampWindowWarning, match=r"fast ramp = 10 s \(window 84"):
        DimerSynapse().report(Sawtooth(fast=10.0, slow=5000.0), amplitudes=(0.1, 0.4))
