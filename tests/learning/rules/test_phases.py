"""Currents of the contrastive rules against complex steps of the energy, and their contrast in float32."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from tests.oracles.unrolled_gradient import STEP, brute_energy
from thermo_cl.learning.energy import ACTIVATIONS, EnergyNetwork, Relaxation, relax
from thermo_cl.learning.rules.phases import energy_contrast, energy_gradient, free_phase


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2, 3)])
def test_energy_gradient_is_the_derivative_of_the_mean_energy(name: str, sizes: tuple[int, ...]) -> None:
    net = network(name, sizes)
    inputs, _, states = batch(net, 3)
    gradient = energy_gradient(net, inputs, states)
    assert list(gradient) == list(net.parameters)
    for key, array in net.parameters.items():
        for entry in np.ndindex(array.shape):
            moved = {k: np.array(v, dtype=complex) for k, v in net.parameters.items()}
            moved[key][entry] += 1j * STEP
            energies = [brute_energy(name, moved, [inputs[k], *(x[k] for x in states)]) for k in range(3)]
            assert_allclose(gradient[key][entry], np.mean(energies).imag / STEP, rtol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_contrast_is_the_difference_of_two_gradients(name: str) -> None:
    net = network(name, (3, 4, 2, 3))
    inputs, _, states = batch(net, 3)
    _, _, others = batch(net, 3, seed=5)
    high, low = (energy_gradient(net, inputs, x) for x in (states, others))
    contrast = energy_contrast(net, inputs, states, others, factor=-2.5)
    assert list(contrast) == list(high)
    for key in high:
        assert_allclose(contrast[key], -2.5 * (high[key] - low[key]), rtol=1e-12, atol=1e-15)


def test_contrast_of_nearly_equal_float32_states_keeps_their_digits() -> None:
    net = network("clip", (300, 200, 5), dtype=np.float32)
    double = EnergyNetwork(
        [w.astype(float) for w in net.weights], [b.astype(float) for b in net.biases], net.activation
    )
    inputs, _, states = batch(net, 20)
    rng = np.random.default_rng(1)
    near = tuple(x + (1e-5 * rng.normal(size=x.shape)).astype(np.float32) for x in states)
    exact = energy_contrast(
        double, inputs.astype(float), tuple(x.astype(float) for x in near), tuple(x.astype(float) for x in states)
    )
    plain = energy_gradient(net, inputs, near)["W1"] - energy_gradient(net, inputs, states)["W1"]
    size = np.abs(exact["W1"]).max()
    assert np.abs(plain - exact["W1"]).max() > 1e-3 * size  # what subtracting afterwards would lose
    contrast = energy_contrast(net, inputs, near, states)
    for key in exact:
        assert contrast[key].dtype == np.float32
        assert_allclose(contrast[key], exact[key], rtol=0, atol=2e-6 * np.abs(exact[key]).max())


def test_free_phase_returns_the_drive_and_the_relaxed_states() -> None:
    net = network("tanh", (3, 4, 2))
    inputs, _, states = batch(net, 3)
    drive, free = free_phase(net, inputs, states, Relaxation(free_steps=6, step_size=0.3))
    assert_allclose(drive, inputs @ net.weights[0] + net.biases[0], rtol=1e-14)
    for x, y in zip(free, relax(net, inputs, states, steps=6, step_size=0.3), strict=True):
        assert_array_equal(x, y)
