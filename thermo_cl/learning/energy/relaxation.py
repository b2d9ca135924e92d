"""Relaxation of a network towards a minimum of its energy, free or nudged towards a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy.network import EnergyNetwork, States

__all__ = ["Relaxation", "clamped_energy", "output_cost", "relax", "relaxation_energies"]


@dataclass(frozen=True)
class Relaxation:
    r"""Steps :math:`x \leftarrow \mathrm{clip}(x - \epsilon\, \partial F/\partial x)`, all layers at once.

    Parameters
    ----------
    free_steps, clamped_steps : int
        Steps of the free phase, from a kept state, and of each clamped state, from the free one; >= 0 and >= 1.
    step_size : float
        :math:`\epsilon` > 0. The energy falls at every step where it is below 2 over the largest curvature.
    """

    free_steps: int = 20
    clamped_steps: int = 4
    step_size: float = 0.5

    def __post_init__(self) -> None:
        check.integer_at_least("free_steps", self.free_steps, 0)
        check.integer_at_least("clamped_steps", self.clamped_steps, 1)
        check.positive_number("step_size", self.step_size)


def output_cost(states: States, targets: Array) -> FloatArray:
    r"""Cost :math:`C = \sum_\mathrm{out} (x - y)^2` of each example, shape (batch,) (Falk et al. 2025, Eq. 30)."""
    gap = states[-1] - targets
    return np.asarray(np.einsum("bi,bi->b", gap, gap, dtype=np.float64))


def clamped_energy(network: EnergyNetwork, inputs: Array, states: States, targets: Array, nudge: float) -> FloatArray:
    r"""Clamped energy :math:`F = E + \beta C` of each example, shape (batch,)."""
    return network.energy(inputs, states) + nudge * output_cost(states, targets)


def relax(
    network: EnergyNetwork,
    inputs: Array,
    states: States,
    *,
    steps: int,
    step_size: float = 0.5,
    targets: Array | None = None,
    nudge: float | Array = 0.0,
    drive: Array | None = None,
) -> States:
    r"""States after some steps down the energy, or down :math:`F = E + \beta C` with a nudge.

    Parameters
    ----------
    network : EnergyNetwork
    inputs : ndarray, shape (batch, n_0)
    states : tuple of ndarray, shapes (batch, n_l)
        Where to start; not changed.
    steps : int
    step_size : float
    targets : ndarray, shape (batch, n_L), optional
        Needed with a nudge.
    nudge : float or ndarray of shape (batch, 1)
        Clamping strength :math:`\beta` of either sign.
    drive : ndarray, shape (batch, n_1), optional
        ``inputs @ W1 + b1`` if it is known already.

    Returns
    -------
    tuple of ndarray, shapes (batch, n_l)
    """
    if targets is None and np.any(nudge):
        raise InvalidParameterError("targets", None, "given with a nudge")
    act, (low, high) = network.activation, network.activation.bounds
    first = inputs @ network.weights[0] + network.biases[0] if drive is None else drive
    pull = None if targets is None else 2.0 * np.asarray(nudge, dtype=network.dtype)
    x = list(states)
    for _ in range(steps):
        out = [act.value(layer) for layer in x]
        moved = []
        for index, layer in enumerate(x):
            total = first if index == 0 else out[index - 1] @ network.weights[index] + network.biases[index]
            if index + 1 < len(x):
                total = total + out[index + 1] @ network.weights[index + 1].T
            slope = layer - act.slope(layer) * total
            if pull is not None and index + 1 == len(x):
                slope += pull * (layer - targets)
            moved.append(np.clip(layer - step_size * slope, low, high))
        x = moved
    return tuple(x)


def relaxation_energies(
    network: EnergyNetwork,
    inputs: Array,
    states: States,
    *,
    steps: int,
    step_size: float = 0.5,
    targets: Array | None = None,
    nudge: float = 0.0,
) -> FloatArray:
    """Energy (clamped, with a nudge) before and after each step, shape (steps + 1, batch); it should only fall."""

    def value() -> FloatArray:
        if targets is None:
            return network.energy(inputs, states)
        return clamped_energy(network, inputs, states, targets, nudge)

    energies = [value()]
    for _ in range(steps):
        states = relax(network, inputs, states, steps=1, step_size=step_size, targets=targets, nudge=nudge)
        energies.append(value())
    return np.stack(energies)
