"""Networks that minimise an energy: layers, activations, relaxation."""

from thermo_cl.learning.energy.activations import ACTIVATIONS, Activation, Clip, Sigmoid, SoftClip, Tanh, activation
from thermo_cl.learning.energy.network import EnergyNetwork, Parameters, States
from thermo_cl.learning.energy.relaxation import (
    Relaxation,
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
    "clamped_energy",
    "output_cost",
    "relax",
    "relaxation_energies",
]
