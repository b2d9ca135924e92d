"""What the contrastive rules share: the free phase, and the currents that synapses see in a state."""

from __future__ import annotations

import itertools

from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, Parameters, Relaxation, States, relax

__all__ = ["energy_gradient", "free_phase"]


def free_phase(network: EnergyNetwork, inputs: Array, states: States, relaxation: Relaxation) -> tuple[Array, States]:
    """Drive of the first layer, shape (batch, n_1), and the relaxed free states."""
    drive = inputs @ network.weights[0] + network.biases[0]
    free = relax(
        network, inputs, states, steps=relaxation.free_steps, step_size=relaxation.step_size, drive=drive
    )  # fmt: skip
    return drive, free


def energy_gradient(network: EnergyNetwork, inputs: Array, states: States) -> Parameters:
    r"""Batch mean of :math:`\partial E/\partial W = -\rho(x_{l-1}) \rho(x_l)^T` and :math:`\partial E/\partial b`."""
    outputs = [inputs, *(network.activation.value(x) for x in states)]
    gradient: dict[str, Array] = {}
    for n, (below, here) in enumerate(itertools.pairwise(outputs), start=1):
        gradient[f"W{n}"] = -(below.T @ here) / below.shape[0]
        gradient[f"b{n}"] = -here.mean(axis=0)
    return gradient
