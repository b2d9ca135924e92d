"""The shipped networks learn by physics alone what the explicit two-state rule learns."""

from dataclasses import replace

import numpy as np
import pytest

from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback import CapacitorMemristor
from thermo_cl.feedback.learning import Carrier
from thermo_cl.feedback.learning.scenarios import SHIPPED, shipped
from thermo_cl.feedback.networks import contrast, loss


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", SHIPPED)
def test_physics_comes_within_a_factor_of_the_two_state_rule(name, seed):
    """No warning either: the slow ramp is silent, the fast one is not."""
    scenario = shipped(name, seed)
    physical, explicit = scenario.run(), scenario.run(scenario.two_state())
    assert physical.losses[0] == explicit.losses[0]
    assert physical.losses[-1] < 0.9 * physical.losses[0]  # no edges within the bounds go below 0.3 for flow 3, ionic 3
    assert physical.losses[-1] <= 1.5 * explicit.losses[-1]


@pytest.mark.parametrize(("seed", "learns"), [(1, True), (2, True), (4, False)])
def test_pores_that_keep_their_orientation_fail_where_a_voltage_changes_sign(seed, learns):
    """Why the shipped pores are driven by power: their own voltage needs an orientation, which nothing turns."""
    scenario = shipped("nanofluidic", seed)
    pore = CapacitorMemristor(voltage_scale=0.2)
    free = contrast(scenario.network, scenario.task, amplitude=1.0, nudge=scenario.nudge).free
    fixed = replace(
        pore, polarity=pore.orientation(free), threshold=scenario.carrier.threshold / pore.voltage_scale
    )  # fmt: skip
    losses = replace(scenario, carrier=fixed).run().losses
    assert bool(losses[-1] < 1e-3 * losses[0]) is learns


@pytest.mark.parametrize("name", SHIPPED)
def test_the_first_update_goes_downhill(name):
    scenario = shipped(name, 2)
    assert isinstance(scenario.carrier, Carrier)
    network, task = scenario.network, scenario.task
    start = loss(network, task)
    update = scenario.physical().update(contrast(network, task, amplitude=0.3), network.coefficients)
    step = 1e-3 / np.abs(update).max()
    lower = loss(network.with_coefficients(network.coefficients + step * update), task)
    assert lower < start
    run = replace(scenario, cycles=2).run(angles=True)
    assert (run.angles < 60.0).all()


def test_scenarios_repeat_and_names_are_checked():
    one, two = shipped("flow", 3), shipped("flow", 3)
    assert np.array_equal(one.network.coefficients, two.network.coefficients)
    assert np.array_equal(one.task.targets, two.task.targets)
    with pytest.raises(InvalidParameterError, match="elastic, flow, nanofluidic"):
        shipped("plastic")
    with pytest.raises(InvalidParameterError, match="seed"):
        shipped("flow", -1)
