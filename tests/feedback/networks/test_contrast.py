"""Nudges: linear, of the size said, and what a two-state rule makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.networks.examples import NETWORKS, task_for
from tests.oracles import edge_networks_slow as slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks import (
    Equilibrium,
    Task,
    angle,
    contrast,
    gradient,
    loss,
    outputs,
    resistor_network,
    square_resistor_network,
)
from thermo_cl.feedback.networks.gradients import loss_and_gradient


def dense(network, task):
    """The oracle's arguments, the coefficients left open."""
    matrix = slow.compatibility(network.positions, network.edges, network.kind)
    return matrix, (network.imposed, task.values, task.readout.toarray(), task.targets)


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradient_are_the_oracles(name):
    network = NETWORKS[name]
    task = task_for(network)
    matrix, rest = dense(network, task)
    assert_allclose(loss(network, task), slow.loss(matrix, network.coefficients, *rest), rtol=1e-11)
    expected = slow.slope(lambda c: slow.loss(matrix, c, *rest), network.coefficients)
    assert_allclose(gradient(network, task), expected, rtol=0, atol=1e-8 * np.abs(expected).max())
    both = loss_and_gradient(network, task)
    assert both[0] == loss(network, task)
    for p, given in enumerate(task.values):
        x = slow.equilibrium(matrix, network.coefficients, network.imposed, given)
        assert_allclose(outputs(network, task)[p], task.readout.toarray() @ x, rtol=1e-9, atol=1e-10)


def test_the_gradient_of_a_large_network_along_a_direction():
    """The sparse path, by extrapolated differences of the loss."""
    network = square_resistor_network(20, 20, rng=4)
    assert not network.assembly.dense
    task = task_for(network, patterns=2, outputs=3)
    way = np.random.default_rng(8).standard_normal(network.n_edges)

    def along(h):
        return loss(network.with_coefficients(network.coefficients + h * way), task)

    central = [(along(h) - along(-h)) / (2.0 * h) for h in (2e-4, 1e-4)]
    assert_allclose(gradient(network, task) @ way, (4.0 * central[1] - central[0]) / 3.0, rtol=1e-8)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_load_nudge_is_the_state_under_that_load(name):
    network = NETWORKS[name]
    task = task_for(network)
    seen = contrast(network, task, amplitude=0.3)
    matrix, (imposed, values, readout, targets) = dense(network, task)
    for p in range(len(values)):
        free = slow.equilibrium(matrix, network.coefficients, imposed, values[p])
        error = targets[p] - readout @ free
        nudged = slow.equilibrium(matrix, network.coefficients, imposed, values[p], 0.3 * readout.T @ error)
        scale = np.abs(matrix @ nudged).max()
        assert_allclose(seen.free[p], matrix @ free, rtol=0, atol=1e-11 * scale)
        assert_allclose(seen.free[p] + seen.change[p], matrix @ nudged, rtol=0, atol=1e-11 * scale)
        assert_allclose(seen.errors[p], error, rtol=0, atol=1e-10)
    assert_allclose(seen.loss, loss(network, task), rtol=1e-13)


@pytest.mark.parametrize("name", ["plane", "space", "resistors"])
def test_a_clamp_moves_every_output_by_its_share_with_balance_elsewhere(name):
    network = NETWORKS[name]
    task = task_for(network, outputs=3)
    eta = 0.4
    seen = contrast(network, task, amplitude=eta, nudge="clamp")
    matrix, (imposed, values, readout, targets) = dense(network, task)
    k, n = slow.stiffness(matrix, network.coefficients), matrix.shape[1]
    for p in range(len(values)):
        free = slow.equilibrium(matrix, network.coefficients, imposed, values[p])
        rows = np.vstack([np.eye(n)[imposed], readout])
        held = np.concatenate([values[p], readout @ free + eta * (targets[p] - readout @ free)])
        saddle = np.block([[k, rows.T], [rows, np.zeros((len(rows), len(rows)))]])
        clamped = np.linalg.solve(saddle, np.concatenate([np.zeros(n), held]))[:n]
        scale = np.abs(matrix @ clamped).max()
        assert_allclose(seen.free[p] + seen.change[p], matrix @ clamped, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_two_state_rule_of_loads_is_the_gradient_to_first_order_and_exactly_if_centred(name):
    network = NETWORKS[name]
    task = task_for(network)
    exact = -gradient(network, task)
    errors = []
    for eta in (1e-2, 5e-3):
        seen = contrast(network, task, amplitude=eta)
        errors.append(np.abs(-seen.rise().mean(axis=0) / eta - exact).max())
    assert 1.9 < errors[0] / errors[1] < 2.1
    for eta in (1e-3, 1.0, 7.0):
        seen = contrast(network, task, amplitude=eta)
        assert_allclose(-seen.rise(0.0).mean(axis=0) / eta, exact, rtol=0, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("name", ["plane", "space", "resistors"])
def test_the_two_state_rule_of_full_clamps_is_the_gradient_of_what_clamping_costs(name):
    network = NETWORKS[name]
    task = task_for(network)
    matrix, rest = dense(network, task)
    expected = slow.slope(lambda c: slow.clamping_cost(matrix, c, *rest), network.coefficients)
    rule = contrast(network, task, amplitude=1.0, nudge="clamp").rise().mean(axis=0)
    assert_allclose(rule, expected, rtol=0, atol=1e-7 * np.abs(expected).max())
    centred = contrast(network, task, amplitude=1.0, nudge="clamp").rise(0.0).mean(axis=0)
    assert angle(centred, rule) > 1.0  # it matters which


def test_for_one_output_a_small_clamp_goes_down_the_gradient():
    network = NETWORKS["plane"]
    task = task_for(network, outputs=1, patterns=2)
    rule = -contrast(network, task, amplitude=1e-6, nudge="clamp").rise().mean(axis=0)
    assert angle(rule, -gradient(network, task)) < 1e-3
    several = task_for(network, outputs=3, patterns=2)
    other = -contrast(network, several, amplitude=1e-6, nudge="clamp").rise().mean(axis=0)
    assert angle(other, -gradient(network, several)) > 5.0


def test_the_rise_is_that_between_the_two_ends():
    seen = contrast(NETWORKS["plane"], task_for(NETWORKS["plane"]), amplitude=0.7)
    for mean in (0.5, 0.0, -0.2):
        ends = [0.5 * (seen.free + (mean + side) * seen.change) ** 2 for side in (0.5, -0.5)]
        assert_allclose(seen.rise(mean), ends[0] - ends[1], rtol=0, atol=1e-12 * np.abs(ends[0]).max())


def test_a_nudge_is_proportional_to_its_amplitude():
    network = NETWORKS["resistors"]
    task = task_for(network)
    for nudge in ("load", "clamp"):
        one, three = (contrast(network, task, amplitude=a, nudge=nudge) for a in (1.0, 3.0))
        assert_allclose(three.change, 3.0 * one.change, rtol=1e-13)
        assert (one.amplitude, three.amplitude) == (1.0, 3.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"amplitude": 0.0}, "amplitude"), ({"amplitude": np.nan}, "amplitude"), ({"nudge": "pull"}, "'load' or 'clamp'")],
)
def test_bad_nudges_are_refused(options, message):
    network = NETWORKS["plane"]
    with pytest.raises(InvalidParameterError, match=message):
        contrast(network, task_for(network), **options)


def test_outputs_that_depend_on_each_other_cannot_be_clamped_but_loaded():
    network = NETWORKS["plane"]
    task = task_for(network)
    row = task.readout.toarray()[0]
    twice = Task(task.values, np.stack([row, 2.0 * row]), task.targets)
    contrast(network, twice)
    with pytest.raises(InvalidParameterError, match="linearly independent"):
        contrast(network, twice, nudge="clamp")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros(4)}, r"\(patterns, m\)"), ({"values": np.zeros((0, 4))}, "at least one pattern"),
        ({"targets": np.zeros((3, 1))}, r"\(3, 2\)"), ({"targets": np.full((3, 2), np.nan)}, "targets"),
        ({"values": np.full((3, 4), np.inf)}, "values"), ({"readout": np.zeros((2, 14))}, "row 0 without entries"),
        ({"readout": np.full((2, 14), np.nan)}, "readout"),
    ],
)  # fmt: skip
def test_bad_tasks_are_refused(change, message):
    task = task_for(NETWORKS["plane"])
    parts = {"values": task.values, "readout": task.readout, "targets": task.targets}
    with pytest.raises(InvalidParameterError, match=message):
        Task(**(parts | change))


def test_tasks_of_other_networks_are_refused():
    network, other = NETWORKS["plane"], NETWORKS["resistors"]
    with pytest.raises(InvalidParameterError, match=r"task.values.shape"):
        loss(network, task_for(other))
    task = task_for(network)
    with pytest.raises(InvalidParameterError, match=r"task.readout.shape"):
        loss(network, Task(task.values, task.readout.toarray()[:, :-1], task.targets))
    fixed = np.zeros((1, 14))
    fixed[0, 2] = 1.0
    with pytest.raises(InvalidParameterError, match="imposed values only"):
        loss(network, Task(task.values, fixed, task.targets[:, :1]))


def test_angles():
    assert angle([1.0, 0.0], [0.0, 2.0]) == 90.0
    assert angle([1.0, 0.0], [-3.0, 0.0]) == 180.0
    assert_allclose(angle([1.0, 0.0], [1.0, 1e-10]), np.degrees(1e-10), rtol=1e-9)
    assert angle([1e-200, 1e-200], [1e200, 1e200]) == 0.0
    for bad in ([0.0, 0.0], [np.nan, 1.0], [1.0], [[1.0, 2.0]]):
        with pytest.raises(InvalidParameterError):
            angle([1.0, 2.0], bad)


def test_a_divider_by_hand():
    """x = c0/(c0 + c1) for 1 V, so dx/dc0 = c1/(c0 + c1)^2."""
    divider = resistor_network([(0, 1), (1, 2)], [2.0, 3.0], imposed=[0, 2])
    task = Task([[1.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.25]])
    assert_allclose(outputs(divider, task), [[0.4]], rtol=1e-15)
    assert_allclose(loss(divider, task), 0.5 * 0.15**2, rtol=1e-13)
    assert_allclose(gradient(divider, task), [0.15 * 3 / 25, -0.15 * 2 / 25], rtol=1e-13)
    assert_allclose(Equilibrium(divider).condition, 1.0, rtol=1e-15)
