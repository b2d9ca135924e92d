"""Integral feedback, and the physical systems that carry it and learn by it.

Controllers, between a signal s and an output u:

- ``linear``: state space or transfer function of any order; the kernel through its modes, in closed form.
- ``nonlinear``: any right-hand side; rest, small-signal kernel, full response to a sawtooth beside the linear one.
- ``reactions``: chemical networks, by rate equations or molecule by molecule.

Carriers, systems with such a controller built in, in SI units and with plausible constants as defaults:

- ``Chemical``: strain releases a chemical that an enzyme removes. Acts on any edge; the slowest.
- ``DimerSynapse``: dimers that regulate themselves down make linkers. Learns who is present together.
- ``MaxwellUnit``: spring and dashpot; what it remembers is exact whatever it has learnt.
- ``CapacitorMemristor``: ions in a channel; fastest. Driven by its voltage alone it descends for one pattern.

``networks`` holds networks of springs or resistors with their tasks, ``series`` those whose edges are Maxwell units or
capacitor-memristor pairs, followed in time; ``learning`` trains either by the physics alone. ``admissible_window`` says
which ramps, thresholds and amplitudes a carrier can learn with.
"""

from thermo_cl._show import public
from thermo_cl.feedback.learning import ExactGradient, PhysicalRule, PhysicalRun, TwoState, train
from thermo_cl.feedback.learning.scenarios import SHIPPED, Scenario, shipped
from thermo_cl.feedback.linear import LinearController, adaptation_test
from thermo_cl.feedback.mechanochemical import Chemical
from thermo_cl.feedback.molecular import DimerSynapse
from thermo_cl.feedback.nanofluidic import CapacitorMemristor
from thermo_cl.feedback.networks import EdgeNetwork, Task, elastic_network, resistor_network
from thermo_cl.feedback.nonlinear import NonlinearController, driven_response, small_signal_kernel
from thermo_cl.feedback.reactions import ReactionNetwork, jump_network
from thermo_cl.feedback.report import CarrierReport, carrier_table
from thermo_cl.feedback.viscoelastic import MaxwellUnit
from thermo_cl.feedback.window import AdmissibleWindow, admissible_window

__all__ = [
    "SHIPPED",
    "AdmissibleWindow",
    "CapacitorMemristor",
    "CarrierReport",
    "Chemical",
    "DimerSynapse",
    "EdgeNetwork",
    "ExactGradient",
    "LinearController",
    "MaxwellUnit",
    "NonlinearController",
    "PhysicalRule",
    "PhysicalRun",
    "ReactionNetwork",
    "Scenario",
    "Task",
    "TwoState",
    "adaptation_test",
    "admissible_window",
    "carrier_table",
    "driven_response",
    "elastic_network",
    "jump_network",
    "resistor_network",
    "shipped",
    "small_signal_kernel",
    "train",
]

__dir__ = public(
    __all__, "learning", "linear", "mechanochemical", "molecular", "nanofluidic", "networks", "nonlinear", "reactions",
    "series",
)  # fmt: skip
