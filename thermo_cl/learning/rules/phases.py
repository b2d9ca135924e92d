"""What the contrastive rules share: the free phase, and the currents that synapses see in a state."""

from __future__ import annotations

import itertools

from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, Parameters, Relaxation, States, relax

__all__ = ["energy_contrast", "energy_gradient", "free_phase"]


def free_phase(network: EnergyNetwork, inputs: Array, states: States, relaxation: Relaxation) -> tuple[Array, States]:
    """Drive of the first layer, shape (batch, n_1), and the relaxed free states."""
    drive = inputs @ network.weights[0] + network.biases[0]
    free = relax(
        network, inputs, states, steps=relaxation.free_steps, step_size=relaxation.step_size, drive=drive
    )  # fmt: skip
    return drive, free


def energy_gradient(network: EnergyNetwork, inputs: Array, states: States) -> Parameters:
    r"""Batch mean of :math:`\partial E/\partial W = -\rho(x_{l-1})^T \rho(x_l)` and :math:`\partial E/\partial b`."""
    outputs = [inputs, *(network.activation.value(x) for x in states)]
    gradient: dict[str, Array] = {}
    for n, (below, here) in enumerate(itertools.pairwise(outputs), start=1):
        gradient[f"W{n}"] = -(below.T @ here) / below.shape[0]
        gradient[f"b{n}"] = -here.mean(axis=0)
    return gradient


def energy_contrast(
    network: EnergyNetwork, inputs: Array, states: States, reference: States, *, factor: float = 1.0
) -> Parameters:
    r"""``energy_gradient`` at some states less that at the reference, times a factor, without losing digits.

    Outputs are subtracted before anything is multiplied,
    :math:`a^T b - c^T d = \tfrac12 [(a + c)^T (b - d) + (a - c)^T (b + d)]`, so that a contrast of nearly equal
    states keeps the digits that the states have.
    """
    pairs = [(network.activation.value(x), network.activation.value(y)) for x, y in zip(states, reference, strict=True)]
    share = -factor / inputs.shape[0]
    gaps = [share * (here - there) for here, there in pairs]
    means = [0.5 * (here + there) for here, there in pairs]
    gradient: dict[str, Array] = {"W1": inputs.T @ gaps[0], "b1": gaps[0].sum(axis=0)}
    for n in range(1, len(gaps)):
        gradient[f"W{n + 1}"] = means[n - 1].T @ gaps[n] + gaps[n - 1].T @ means[n]
        gradient[f"b{n + 1}"] = gaps[n].sum(axis=0)
    return gradient
