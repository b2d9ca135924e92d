"""Markov jump networks and the ladder: steady states, relaxation, thermodynamics."""

from thermo_cl.markov.dynamics import propagate, relaxation_kernel, step_response_kernel
from thermo_cl.markov.ladder import Ladder
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics import (
    cycle_affinity,
    edge_entropy_production,
    entropy_production_rate,
    probability_currents,
)

__all__ = [
    "Ladder",
    "MarkovNetwork",
    "cycle_affinity",
    "edge_entropy_production",
    "entropy_production_rate",
    "probability_currents",
    "propagate",
    "relaxation_kernel",
    "step_response_kernel",
]
