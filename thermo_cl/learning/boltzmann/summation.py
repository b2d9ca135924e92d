"""Tables for sums over all states of one layer of a machine, the other layer's units being independent given them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine, check_machine

__all__ = ["LARGEST", "SummedLayer", "log_weights", "summed_layer"]

LARGEST = 24
"""Most units of a layer whose states are summed: 16.8 million terms."""


@dataclass(frozen=True, eq=False)
class SummedLayer:
    """Tables of a summed layer's halves: states, and their share of the other layer's activations."""

    visible: bool  # which layer is summed
    low_bits: FloatArray
    high_bits: FloatArray
    low: FloatArray
    high: FloatArray
    own: FloatArray  # (highs, lows), minus the energy of the summed layer alone
    mild: bool

    @classmethod
    def of(cls, machine: BoltzmannMachine, *, visible: bool) -> SummedLayer:
        """Tables of the visible or the hidden layer."""
        from thermo_cl.learning.boltzmann._enumeration import MILD

        b_v = np.zeros(machine.visible) if machine.visible_biases is None else machine.visible_biases.astype(float)
        b_h, w = machine.hidden_biases.astype(float), machine.weights.astype(float)
        summed, other, joined = (b_v, b_h, w.T) if visible else (b_h, b_v, w)
        half = (len(summed) + 1) // 2
        low, high = _states(half), _states(len(summed) - half)
        own = (high @ summed[half:])[:, None] + low @ summed[:half]
        if machine.couplings is not None:
            between = machine.couplings.astype(float)
            own += _quadratic(high, between[half:, half:])[:, None] + _quadratic(low, between[:half, :half])
            own += high @ between[half:, :half] @ low.T
        mild = bool((np.abs(other) + np.abs(joined).sum(0)).max() <= MILD)
        return cls(visible, low, high, low @ joined[:half] + other, high @ joined[half:], own, mild)


def summed_layer(machine: BoltzmannMachine, *, visible: bool = False) -> SummedLayer:
    """Tables of the layer with fewer units, of the visible one if its units are coupled or it is asked for.

    Raises
    ------
    InvalidParameterError
        If that layer has more than 24 units; the message says what the sum would cost. Or if the machine is not
        finite.
    """
    check_machine(machine)
    settled = visible or machine.couplings is not None
    summed = settled or machine.visible < machine.hidden
    units, other = (machine.visible, machine.hidden) if summed else (machine.hidden, machine.visible)
    if units > LARGEST:
        _refuse("machine.visible" if settled else "min(machine.visible, machine.hidden)", units, other)
    return SummedLayer.of(machine, visible=summed)


def _refuse(name: str, units: int, other: int) -> None:
    raise InvalidParameterError(
        name,
        units,
        f"at most {LARGEST} to sum all states: 2**{units} = {2.0**units:.1e} terms of {other} units would take about "
        f"{2.0**units * other * 1e-9 / 3600:.1e} hours and {2.0**units * 8 / 2**30:.1e} GiB; "
        "annealed_log_partition estimates the sum with an error bar",
    )


def log_weights(layers: SummedLayer) -> FloatArray:
    """Log of the summed exp(-E), shape (highs, lows)."""
    from thermo_cl.learning.boltzmann._enumeration import log_weights as filled

    out = np.empty(layers.own.shape)
    exp_high, exp_low = (np.exp(layers.high), np.exp(layers.low)) if layers.mild else (layers.high, layers.low)
    filled(layers.own, layers.high, layers.low, exp_high, exp_low, layers.mild, out)
    return out


def _states(units: int) -> FloatArray:
    """All states of so many units, shape (2**units, units); unit i is bit i."""
    return (np.arange(2**units)[:, None] >> np.arange(units) & 1).astype(float)


def _quadratic(states: Array, matrix: Array) -> FloatArray:
    values: FloatArray = 0.5 * np.einsum("si,si->s", states @ matrix, states)
    return values
