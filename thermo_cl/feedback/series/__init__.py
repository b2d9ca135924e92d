"""Elements in series with a storing one: springs with dashpots, memristors with capacitors; single, and in networks."""

from thermo_cl._show import public
from thermo_cl.feedback.series.balance import Balance, Balanced, imbalance
from thermo_cl.feedback.series.heat import cycle_heat, network_cycle_heat
from thermo_cl.feedback.series.high_pass import cycle_square, ramp_shapes
from thermo_cl.feedback.series.modes import RelaxationModes, relaxation_modes
from thermo_cl.feedback.series.network import SeriesNetwork, matched_network
from thermo_cl.feedback.series.plasticity import Plasticity
from thermo_cl.feedback.series.schedule import Schedule, nudging_schedule
from thermo_cl.feedback.series.simulation import simulate
from thermo_cl.feedback.series.trajectory import Trajectory

__all__ = [
    "Balance",
    "Balanced",
    "Plasticity",
    "RelaxationModes",
    "Schedule",
    "SeriesNetwork",
    "Trajectory",
    "cycle_heat",
    "cycle_square",
    "imbalance",
    "matched_network",
    "network_cycle_heat",
    "nudging_schedule",
    "ramp_shapes",
    "relaxation_modes",
    "simulate",
]

__dir__ = public(__all__)
