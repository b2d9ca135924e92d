"""Problems to learn: what is imposed and wanted, and how low their losses can go."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from tests.feedback.networks.examples import NETWORKS, task_for
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks import (
    Task,
    accuracy,
    allosteric_task,
    disordered_elastic_network,
    gradient,
    linear_floor,
    loss,
    lowest_loss,
    outputs,
    pair_strain,
    regression_task,
    resistor_network,
    square_resistor_network,
    two_class_task,
    voltage_division_task,
)

MADE = {
    "allosteric": allosteric_task, "division": voltage_division_task, "regression": regression_task,
    "classes": two_class_task,
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_a_seed_gives_one_problem_that_fits_together(name):
    one, two, other = (MADE[name](rng=seed) for seed in (1, 1, 2))
    assert_array_equal(one.task.targets, two.task.targets)
    assert_array_equal(one.task.values, two.task.values)
    assert_array_equal(one.network.imposed, two.network.imposed)
    assert not np.array_equal(one.task.targets, other.task.targets) or not np.array_equal(
        one.network.positions, other.network.positions
    )
    assert outputs(one.network, one.task).shape == one.task.targets.shape
    low, high = one.bounds
    assert low < one.network.coefficients.min()
    assert one.network.coefficients.max() < high


def test_the_allosteric_source_is_strained_as_said():
    problem = allosteric_task(targets=3, gain=0.7, strain=0.2, rng=3)
    network, task = problem.network, problem.task
    source = network.imposed.reshape(2, 2)[:, 0] // 2
    moved = np.zeros(network.n_dofs)
    moved[network.imposed] = task.values[0]
    assert_allclose(pair_strain(network, source) @ moved, [0.2], rtol=1e-13)
    assert_allclose(task.values[0, :2] + task.values[0, 2:], 0.0, atol=1e-15)
    assert_allclose(np.abs(task.targets), 0.7 * 0.2, rtol=1e-14)
    assert task.targets.shape == (1, 3)
    places = network.positions
    left = places[source, 0].max()
    read = [np.flatnonzero(row) // 2 for row in task.readout.toarray()]
    assert all(left < places[nodes, 0].mean() for nodes in read)


def test_voltages_are_divided_between_one_volt_and_ground():
    problem = voltage_division_task(rng=3)
    assert_array_equal(problem.task.values, [[1.0, 0.0]])
    assert problem.network.imposed.size == 2
    assert ((problem.task.targets >= 0.3) & (problem.task.targets <= 0.7)).all()


@pytest.mark.parametrize("name", ["allosteric", "division"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_tasks_can_be_met_within_the_bounds(name, seed):
    problem = MADE[name](rng=seed)
    found = lowest_loss(problem.network, problem.task, problem.bounds, starts=1)
    assert found.loss < 1e-10 * loss(problem.network, problem.task)
    assert_allclose(loss(found.network, problem.task), found.loss, rtol=1e-6, atol=1e-25)
    low, high = problem.bounds
    assert low <= found.network.coefficients.min()
    assert found.network.coefficients.max() <= high
    assert accuracy(found.network, problem.task) == 1.0


def test_bounds_leave_a_loss():
    problem = allosteric_task(gain=1.0, bounds=(0.1, 2.0), rng=0)
    found = lowest_loss(problem.network, problem.task, problem.bounds, starts=1)
    slope, c = gradient(found.network, problem.task), found.network.coefficients
    stuck = ((c <= 0.1 * (1 + 1e-9)) & (slope > 0)) | ((c >= 2.0 * (1 - 1e-9)) & (slope < 0))
    assert np.abs(slope * c)[~stuck].max(initial=0.0) < 1e-4 * found.loss
    assert stuck.sum() > 10
    assert_allclose(found.slope, np.abs(slope * c)[~stuck].max(initial=0.0), rtol=1e-3, atol=1e-12 * found.loss)
    assert 0.1 < found.loss / loss(problem.network, problem.task) < 0.7


@pytest.mark.parametrize("seed", [0, 2])
def test_regression_reaches_the_floor_of_linear_maps_and_no_lower(seed):
    problem = regression_task(rng=seed)
    found = lowest_loss(problem.network, problem.task, problem.bounds, starts=1)
    assert_allclose(found.loss, linear_floor(problem.task), rtol=1e-6)
    assert found.slope < 1e-6 * found.loss


def test_noise_leaves_the_floor_said():
    floors = [
        linear_floor(regression_task(noise=0.1, patterns=12, network=square_resistor_network(5, 5), rng=seed).task)
        for seed in range(200)
    ]
    expected = 2 * 0.1**2 / 2 * (1 - 2 / 12)
    assert abs(np.mean(floors) - expected) < 4 * np.std(floors) / np.sqrt(200)
    assert linear_floor(regression_task(noise=0.0, rng=1).task) < 1e-30


def test_the_linear_floor_is_the_best_linear_maps():
    task = task_for(NETWORKS["plane"], patterns=9)

    def value(flat):
        weights = flat.reshape(2, -1)
        return 0.5 * np.mean(np.sum((task.targets - task.values @ weights.T) ** 2, axis=1))

    best = minimize(value, np.zeros(2 * task.values.shape[1]), method="BFGS", options={"gtol": 1e-9})
    assert_allclose(linear_floor(task), best.fun, rtol=1e-9)


def test_two_classes():
    problem = two_class_task(patterns=41, separation=30.0, label=0.3, rng=5)
    task = problem.task
    assert_array_equal(np.sign(task.targets[:, 0]), np.where(np.arange(41) % 2 == 0, 1.0, -1.0))
    assert_allclose(np.abs(task.targets), 0.3)
    assert_array_equal(task.values[:, 2:], np.tile([1.0, 0.0], (41, 1)))
    first, second = task.values[::2, :2], task.values[1::2, :2]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert abs(apart - 30 * 0.4) < 0.5
    easy = two_class_task(separation=6.0, rng=0)
    found = lowest_loss(easy.network, easy.task, easy.bounds, starts=1, steps=300)
    assert accuracy(found.network, easy.task) == 1.0
    assert found.loss > 0.99 * linear_floor(easy.task) > 0.0


def test_accuracy_counts_patterns_with_every_sign_right():
    divider = resistor_network([(0, 1), (1, 2), (2, 3)], 1.0, [0, 3])
    task = Task([[1.0, 0.0], [1.0, -1.0], [-3.0, 0.0]], np.eye(4)[1:3], [[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])
    assert_allclose(outputs(divider, task), [[2 / 3, 1 / 3], [1 / 3, -1 / 3], [-2.0, -1.0]])
    assert accuracy(divider, task) == pytest.approx(2 / 3)


def test_the_best_of_several_starts():
    problem = allosteric_task(disordered_elastic_network(40, 4.4, rng=1), gain=1.0, bounds=(0.1, 2.0), rng=0)
    one = lowest_loss(problem.network, problem.task, problem.bounds, starts=1)
    three = lowest_loss(problem.network, problem.task, problem.bounds, starts=3)
    assert three.losses.shape == (3,)
    assert three.losses[0] == one.loss
    assert three.loss == three.losses.min() <= one.loss
    assert_allclose(loss(three.network, problem.task), three.loss, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: allosteric_task(targets=4), "targets"), (lambda: allosteric_task(targets=0), "targets"),
        (lambda: allosteric_task(gain=0.0), "gain"), (lambda: allosteric_task(strain=-1.0), "strain"),
        (lambda: allosteric_task(square_resistor_network(5, 5)), "'elastic'"),
        (lambda: voltage_division_task(disordered_elastic_network(20)), "'resistor'"),
        (lambda: voltage_division_task(outputs=0), "outputs"), (lambda: voltage_division_task(spread=1.0), "spread"),
        (lambda: voltage_division_task(square_resistor_network(2, 2), outputs=3), "at most 4"),
        (lambda: regression_task(inputs=0), "inputs"), (lambda: regression_task(noise=-1.0), "noise"),
        (lambda: regression_task(patterns=0), "patterns"), (lambda: two_class_task(patterns=1), "patterns"),
        (lambda: two_class_task(separation=0.0), "separation"), (lambda: two_class_task(label=np.inf), "label"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, message):
    with pytest.raises(InvalidParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("options", "name"), [({"bounds": (1.0, 0.5)}, "bounds"), ({"starts": 0}, "starts"), ({"steps": 0}, "steps")]
)
def test_bad_searches_are_refused(options, name):
    network = NETWORKS["resistors"]
    with pytest.raises(InvalidParameterError, match=name):
        lowest_loss(network, task_for(network), **({"bounds": (0.1, 10.0)} | options))
