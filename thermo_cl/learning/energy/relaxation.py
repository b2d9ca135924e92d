"""Relaxation of a network towards a minimum of its energy, free or nudged towards a target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy.checks import check_inputs, check_states, check_targets
from thermo_cl.learning.energy.network import EnergyNetwork, States

__all__ = ["Relaxation", "check_relaxation", "clamped_energy", "output_cost", "relax", "relaxation_energies"]


@dataclass(frozen=True)
class Relaxation:
    r"""Steps :math:`x \leftarrow \mathrm{clip}(x - \epsilon\, \partial F/\partial x)`, all layers at once.

    Parameters
    ----------
    free_steps, clamped_steps : int
        Steps of the free phase, from a kept state, and of each clamped state, from the free one; >= 0 and >= 1.
    step_size : float
        :math:`\epsilon` > 0. The energy falls at every step if it is below ``stable_step(network)``.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.
    """

    free_steps: int = 20
    clamped_steps: int = 4
    step_size: float = 0.5

    def __post_init__(self) -> None:
        check.freeze(
            self,
            free_steps=check.integer_at_least("free_steps", self.free_steps, 0),
            clamped_steps=check.integer_at_least("clamped_steps", self.clamped_steps, 1),
            step_size=check.positive_number("step_size", self.step_size),
        )


def check_relaxation(relaxation: object) -> None:
    """Refuse, by InvalidParameterError, what is not a ``Relaxation``."""
    if not isinstance(relaxation, Relaxation):
        raise InvalidParameterError("relaxation", relaxation, "a Relaxation")


def output_cost(states: States, targets: Array) -> FloatArray:
    r"""Cost :math:`C = \sum_\mathrm{out} (x - y)^2` of each example, shape (batch,) (Falk et al. 2025, Eq. 30)."""
    gap = np.subtract(states[-1], targets, dtype=np.float64)
    return np.asarray(np.einsum("bi,bi->b", gap, gap))


def clamped_energy(
    network: EnergyNetwork, inputs: Array, states: States, targets: Array, nudge: float | Array
) -> FloatArray:
    r"""Clamped energy :math:`F = E + \beta C` of each example, shape (batch,); the nudge is as in ``relax``."""
    return network.energy(inputs, states) + np.ravel(nudge) * output_cost(states, targets)


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
        >= 0.
    step_size : float
        > 0.
    targets : ndarray, shape (batch, n_L), optional
        Needed with a nudge.
    nudge : float or ndarray of shape (batch, 1)
        Clamping strength :math:`\beta` of either sign.
    drive : ndarray, shape (batch, n_1), optional
        ``inputs @ W1 + b1`` if it is known already; the inputs are then not looked at.

    Returns
    -------
    tuple of ndarray, shapes (batch, n_l)
        Of the network's precision. With no steps, the states that were given.

    Raises
    ------
    InvalidParameterError
        If shapes or types do not fit the network, or a number is out of range.
    """
    step_size = _checked(network, inputs, states, steps, step_size, targets, nudge, drive)
    act, (low, high) = network.activation, network.activation.bounds
    first = inputs @ network.weights[0] + network.biases[0] if drive is None else drive
    pull = None if targets is None else 2.0 * np.asarray(nudge, dtype=network.dtype)
    x = list(states)
    for step in range(steps):
        plain = act.plain_within_bounds and step > 0  # the given states may lie outside
        out = x if plain else [act.value(layer) for layer in x]
        moved = []
        for index, layer in enumerate(x):
            if index == 0:
                total = first.copy()
            else:
                total = out[index - 1] @ network.weights[index]
                total += network.biases[index]
            if index + 1 < len(x):
                total += out[index + 1] @ network.weights[index + 1].T
            if not plain:
                total *= act.slope(layer)
            slope = np.subtract(layer, total, out=total)
            if pull is not None and index + 1 == len(x):
                slope += pull * (layer - targets)
            slope *= step_size
            moved.append(np.clip(np.subtract(layer, slope, out=slope), low, high, out=slope))
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
    nudge: float | Array = 0.0,
) -> FloatArray:
    """Energy (clamped, with a nudge) before and after each step, shape (steps + 1, batch); see ``rises``."""
    _checked(network, inputs, states, steps, step_size, targets, nudge, None)
    drive = inputs @ network.weights[0] + network.biases[0]

    def value() -> FloatArray:
        if targets is None:
            return network.energy(inputs, states)
        return clamped_energy(network, inputs, states, targets, nudge)

    energies = [value()]
    for _ in range(steps):
        states = relax(network, inputs, states, steps=1, step_size=step_size, targets=targets, nudge=nudge, drive=drive)
        energies.append(value())
    return np.stack(energies)


def _checked(
    network: EnergyNetwork,
    inputs: Array,
    states: States,
    steps: int,
    step_size: float,
    targets: Array | None,
    nudge: float | Array,
    drive: Array | None,
) -> float:
    """Step size as a plain number, which keeps float32 what it is, once all arguments of ``relax`` are checked."""
    if drive is None:
        batch = check_inputs(network, inputs)
    else:
        batch, shape = len(drive), (len(drive), network.biases[0].size)
        if drive.shape != shape or drive.dtype != network.dtype:
            raise InvalidParameterError("drive", f"{drive.dtype} {drive.shape}", f"{network.dtype} of shape {shape}")
    check_states(network, batch, states)
    if targets is not None:
        check_targets(network, batch, targets)
    check.integer_at_least("steps", steps, 0)
    if not 0 < step_size < math.inf:
        raise InvalidParameterError("step_size", step_size, "finite and greater than 0")
    shape = np.shape(nudge)
    if shape not in {(), (batch, 1)} or not np.isfinite(nudge).all():
        raise InvalidParameterError("nudge", nudge, f"a finite number, or {batch} of them in an array ({batch}, 1)")
    if targets is None and np.any(nudge):
        raise InvalidParameterError("targets", None, "given with a nudge")
    return float(step_size)
