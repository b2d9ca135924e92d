"""Relaxation: its steps against finite differences of the energy, its precision, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from tests.oracles.unrolled_gradient import STEP, brute_energy
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import (
    ACTIVATIONS,
    Relaxation,
    check_batch,
    clamped_energy,
    relax,
    relaxation_energies,
)

SIZES = (5, 4, 3)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 2), SIZES, (3, 4, 2, 3)])
@pytest.mark.parametrize("nudge", [0.0, 0.7, -0.4])
def test_one_step_goes_down_the_derivative_of_the_energy(name: str, sizes: tuple[int, ...], nudge: float) -> None:
    net = network(name, sizes)
    inputs, targets, states = batch(net, 2)
    tiny = 1e-3  # so that no bound is met
    moved = relax(net, inputs, states, steps=1, step_size=tiny, targets=targets, nudge=nudge)
    for k in range(len(inputs)):
        for layer in range(len(states)):
            for i in range(states[layer].shape[1]):
                neurons = [inputs[k], *(x[k].astype(complex) for x in states)]
                neurons[1 + layer][i] += 1j * STEP
                slope = brute_energy(name, net.parameters, neurons).imag / STEP
                if layer == len(states) - 1:
                    slope += 2 * nudge * (states[-1][k, i] - targets[k, i])
                assert_allclose(moved[layer][k, i] - states[layer][k, i], -tiny * slope, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_relaxed_states_are_stationary(name: str) -> None:
    net = network(name, SIZES, scale=0.7)
    inputs, targets, states = batch(net, 3)
    rest = relax(net, inputs, states, steps=2000, step_size=0.3, targets=targets, nudge=0.5)
    again = relax(net, inputs, rest, steps=1, step_size=0.3, targets=targets, nudge=0.5)
    for x, y in zip(rest, again, strict=True):
        assert_allclose(x, y, rtol=0, atol=1e-14)


def test_bounds_hold_the_states_of_clip() -> None:
    net = network("clip", SIZES, scale=3.0)
    inputs, _, states = batch(net, 20)
    free = relax(net, inputs, states, steps=20)
    values = np.concatenate([x.ravel() for x in free])
    assert values.min() == 0 and values.max() == 1


def test_steps_add_up_and_the_drive_may_be_given() -> None:
    net = network("tanh", SIZES)
    inputs, targets, states = batch(net, 3)
    options: dict[str, Any] = {"targets": targets, "nudge": 0.3, "step_size": 0.4}
    whole = relax(net, inputs, states, steps=5, **options)
    half = relax(net, inputs, relax(net, inputs, states, steps=2, **options), steps=3, **options)
    driven = relax(net, inputs, states, steps=5, drive=inputs @ net.weights[0] + net.biases[0], **options)
    for x, y, z in zip(whole, half, driven, strict=True):
        assert_array_equal(x, y)
        assert_array_equal(x, z)


def test_a_nudge_for_each_example_equals_one_after_the_other() -> None:
    net = network("sigmoid", SIZES)
    inputs, targets, states = batch(net, 3)
    nudges = np.array([[0.5], [-0.25], [0.0]])
    together = relax(net, inputs, states, steps=6, targets=targets, nudge=nudges)
    for k in range(3):
        one = slice(k, k + 1)
        alone = relax(
            net, inputs[one], tuple(x[one] for x in states), steps=6, targets=targets[one], nudge=float(nudges[k, 0])
        )
        for x, y in zip(together, alone, strict=True):
            assert_allclose(x[one], y, rtol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [float, np.float32, np.float64])
def test_precision_and_given_states_are_kept(name: str, dtype: Any, number: Any) -> None:
    net = network(name, SIZES, dtype=dtype)
    inputs, targets, states = batch(net, 3)
    before = [x.copy() for x in states]
    for nudge in (number(0.5), np.full((3, 1), number(0.5))):
        moved = relax(net, inputs, states, steps=3, step_size=number(0.25), targets=targets, nudge=nudge)
        assert all(x.dtype == dtype for x in moved)
    for x, y in zip(states, before, strict=True):
        assert_array_equal(x, y)
    how = Relaxation(step_size=number(0.25), free_steps=np.int64(3))  # type: ignore[arg-type]
    assert type(how.step_size) is float and type(how.free_steps) is int


def test_energies_are_those_of_the_states_on_the_way() -> None:
    net = network("soft-clip", SIZES)
    inputs, targets, states = batch(net, 3)
    nudge = np.array([[0.1], [0.2], [-0.3]])
    got = relaxation_energies(net, inputs, states, steps=4, step_size=0.2, targets=targets, nudge=nudge)
    assert got.shape == (5, 3)
    for t in range(5):
        x = relax(net, inputs, states, steps=t, step_size=0.2, targets=targets, nudge=nudge)
        assert_allclose(got[t], clamped_energy(net, inputs, x, targets, nudge), rtol=1e-13)
    free = relaxation_energies(net, inputs, states, steps=0)
    assert_allclose(free, net.energy(inputs, states)[None])


@pytest.mark.parametrize(
    "change",
    [
        {"steps": -1},
        {"steps": 1.5},
        {"step_size": 0.0},
        {"step_size": math.nan},
        {"step_size": math.inf},
        {"nudge": math.nan},
        {"nudge": np.zeros(3)},
        {"nudge": np.zeros((2, 1))},
        {"targets": None},
        {"targets": np.zeros((3, 4))},
        {"drive": np.zeros((3, 5))},
        {"drive": np.zeros((3, 4), np.float32)},
        {"drive": np.zeros((2, 4))},
    ],
)
def test_bad_arguments_of_relax_are_refused(change: dict[str, Any]) -> None:
    net = network("clip", SIZES)
    inputs, targets, states = batch(net, 3)
    with pytest.raises(InvalidParameterError):
        relax(net, inputs, states, **{"steps": 2, "targets": targets, "nudge": 0.5, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"free_steps": -1},
        {"free_steps": 2.5},
        {"clamped_steps": 0},
        {"clamped_steps": None},
        {"step_size": 0},
        {"step_size": math.inf},
        {"step_size": "half"},
    ],
)
def test_bad_relaxations_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        Relaxation(**change)


GOOD = batch(network("clip", SIZES), 3)


@pytest.mark.parametrize(
    ("inputs", "targets", "states", "message"),
    [
        (GOOD[0][:, :4], GOOD[1], GOOD[2], "inputs"),
        (GOOD[0][0], GOOD[1], GOOD[2], "inputs"),
        (GOOD[0][:0], GOOD[1][:0], tuple(x[:0] for x in GOOD[2]), "batch >= 1"),
        (GOOD[0].tolist(), GOOD[1], GOOD[2], "inputs = 'list'"),
        (GOOD[0].astype(np.float32), GOOD[1], GOOD[2], "float64, as the network's"),
        (GOOD[0][:2], GOOD[1], GOOD[2], "states of layer 1"),
        (GOOD[0], GOOD[1][:2], GOOD[2], "targets"),
        (GOOD[0], GOOD[1][:, :2], GOOD[2], "targets"),
        (GOOD[0], GOOD[1].astype(np.float32), GOOD[2], "targets"),
        (GOOD[0], np.array([0, 1, 2]), GOOD[2], "targets"),
        (GOOD[0], GOOD[1], GOOD[2][:1], "a tuple of 2 arrays"),
        (GOOD[0], GOOD[1], list(GOOD[2]), "a tuple of 2 arrays"),
        (GOOD[0], GOOD[1], None, "a tuple of 2 arrays"),
        (GOOD[0], GOOD[1], GOOD[2][::-1], "states of layer 1"),
        (GOOD[0], GOOD[1], (GOOD[2][0], GOOD[2][1].astype(np.float32)), "states of layer 2"),
    ],
)
def test_minibatches_that_do_not_fit_are_refused(inputs: Any, targets: Any, states: Any, message: str) -> None:
    net = network("clip", SIZES)
    check_batch(net, GOOD[0], GOOD[2], GOOD[1])
    with pytest.raises(InvalidParameterError, match=message):
        check_batch(net, inputs, states, targets)
