"""Networks that minimise an energy: layers, activations, relaxation."""

from thermo_cl._show import public
from thermo_cl.learning.arrays import Parameters
from thermo_cl.learning.energy.activations import ACTIVATIONS, Activation, Clip, Sigmoid, SoftClip, Tanh, activation
from thermo_cl.learning.energy.checks import check_batch
from thermo_cl.learning.energy.descent import rises, stable_step
from thermo_cl.learning.energy.network import EnergyNetwork, States
from thermo_cl.learning.energy.relaxation import (
    Relaxation,
    check_relaxation,
    clamped_energy,
    output_cost,
    relax,
    relaxation_energies,
)

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Clip",
    "EnergyNetwork",
    "Parameters",
    "Relaxation",
    "Sigmoid",
    "SoftClip",
    "States",
    "Tanh",
    "activation",
    "check_batch",
    "check_relaxation",
    "clamped_energy",
    "output_cost",
    "relax",
    "relaxation_energies",
    "rises",
    "stable_step",
]

__dir__ = public(__all__)
