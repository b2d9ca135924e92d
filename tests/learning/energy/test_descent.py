"""The energy falls at every step up to the stable step size, and not far above it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import (
    ACTIVATIONS,
    Activation,
    Clip,
    EnergyNetwork,
    relax,
    relaxation_energies,
    rises,
    stable_step,
)

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=5)


@settings(max_examples=150)
@given(
    name=st.sampled_from(sorted(ACTIVATIONS)),
    sizes=SIZES,
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(0.05, 6.0),
    nudge=st.sampled_from([0.0, 0.0, 0.5, 3.0, -0.2, -0.5]),
    dtype=st.sampled_from([np.float64, np.float32]),
    fraction=st.floats(0.2, 1.0),
    with_inputs=st.booleans(),
)
def test_energy_falls_at_every_step_up_to_the_stable_step(
    name: str,
    sizes: list[int],
    seed: int,
    scale: float,
    nudge: float,
    dtype: Any,
    fraction: float,
    with_inputs: bool,
) -> None:
    net = network(name, sizes, seed=seed, scale=scale, dtype=dtype)
    inputs, targets, states = batch(net, 4, seed=seed)
    step = fraction * min(stable_step(net, nudge=nudge, inputs=inputs if with_inputs else None), 1e3)
    energies = relaxation_energies(net, inputs, states, steps=40, step_size=step, targets=targets, nudge=nudge)
    assert rises(energies, rounding=1e-12 if dtype == np.float64 else 1e-9) == 0


@settings(max_examples=80)
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1), scale=st.floats(0.05, 4.0), nudge=st.floats(-2, 3))
def test_for_clip_the_bound_lies_above_the_largest_eigenvalue_and_is_it_for_two_layers(
    sizes: list[int], seed: int, scale: float, nudge: float
) -> None:
    net = network("clip", sizes, seed=seed, scale=scale)
    ends = np.concatenate([[0], np.cumsum(sizes[1:])])
    hessian = np.eye(ends[-1])
    hessian[ends[-2] :, ends[-2] :] += 2 * nudge * np.eye(sizes[-1])
    for n, w in enumerate(net.weights[1:]):
        hessian[ends[n] : ends[n + 1], ends[n + 1] : ends[n + 2]] = -w
        hessian[ends[n + 1] : ends[n + 2], ends[n] : ends[n + 1]] = -w.T
    largest = np.linalg.eigvalsh(hessian)[-1]
    step = stable_step(net, nudge=nudge)
    bound = 0.0 if math.isinf(step) else 2 / step
    assert bound >= largest * (1 - 1e-12) if largest > 0 else bound >= 0
    if len(sizes) <= 3 and largest > 0:
        assert_allclose(bound, largest, rtol=1e-10)


def test_for_clip_energies_rise_just_above_the_stable_step() -> None:
    net = network("clip", (4, 6, 3), scale=0.6)
    net = EnergyNetwork(net.weights, [0 * b + 0.2 for b in net.biases], Clip())
    inputs, _, states = batch(net, 1)
    rest = relax(net, inputs, states, steps=3000, step_size=0.2)
    assert all(((x > 0.01) & (x < 0.99)).all() for x in rest)  # an inner minimum, where the energy is quadratic
    left, _, right = np.linalg.svd(net.weights[1])
    steepest = tuple(x + 1e-3 * v for x, v in zip(rest, (left[:, 0], -right[0]), strict=True))
    step = stable_step(net)
    for factor, share in ((0.999, 0.0), (1.001, 1.0)):
        energies = relaxation_energies(net, inputs, steepest, steps=1, step_size=factor * step)
        assert rises(energies, rounding=1e-14) == share


def test_a_single_layer_pushed_away_has_no_limit() -> None:
    net = network("clip", (3, 2))
    assert stable_step(net) == 2.0
    assert stable_step(net, nudge=0.5) == 1.0
    assert math.isinf(stable_step(net, nudge=-1.0))


def test_paper_network_is_stable_at_the_papers_step() -> None:
    net = EnergyNetwork.glorot((784, 500, 10), rng=0)
    assert 0.5 < stable_step(net, nudge=0.5) < 1.0


@pytest.mark.parametrize(
    ("energies", "share"),
    [
        ([[3.0, 1.0], [2.0, 1.0], [1.0, 1.0]], 0.0),
        ([[3.0, 1.0], [2.0, 1.1], [1.0, 1.0]], 0.5),
        ([[3.0, 1.0], [3.0 + 1e-10, 1.0]], 0.0),
        ([[3.0, 1.0], [3.0 + 1e-8, 1.0]], 0.5),
        ([[0.0, 0.0], [1e-20, 0.0]], 0.5),
        ([[1e9, 1.0], [1e8, 1.001]], 0.5),  # each against its own energy
        ([[1.0, np.nan], [0.5, 1.0], [0.1, 0.5]], 0.5),
        ([[1.0, 0.0], [-np.inf, -1.0]], 0.5),
        ([[1.0, 2.0, 3.0]], 0.0),
    ],
)
def test_rises_by_table(energies: Any, share: float) -> None:
    assert rises(energies) == share


class Unknown(Activation):
    """An activation that says nothing about itself."""

    def value(self, x: Any) -> Any:
        return x

    slope = curvature = value


class Unbounded(Unknown):
    """Of known slope and curvature, without an end."""

    largest_slope = largest_curvature = 1.0


def test_bad_arguments_are_refused() -> None:
    net = network("sigmoid", (3, 2))
    for energies in ([1.0, 2.0], np.zeros((0, 2)), np.zeros((2, 0))):
        with pytest.raises(InvalidParameterError, match="energies"):
            rises(energies)
    with pytest.raises(InvalidParameterError, match="rounding"):
        rises([[1.0]], rounding=0)
    for inputs in (np.zeros(3), np.zeros((2, 4))):
        with pytest.raises(InvalidParameterError, match="inputs"):
            stable_step(net, inputs=inputs)
    for nudge in (math.nan, [0.0, 1.0]):
        with pytest.raises(InvalidParameterError, match="nudge"):
            stable_step(net, nudge=nudge)  # type: ignore[arg-type]
    for rho, message in ((Unknown(), "slope"), (Unbounded(), "outputs")):
        with pytest.raises(InvalidParameterError, match=message):
            stable_step(EnergyNetwork(net.weights, net.biases, rho))
