"""Steady-state thermodynamics of a network: currents, affinities, cycles, entropy production."""

from thermo_cl.markov.thermodynamics.currents import (
    cycle_affinity,
    edge_entropy_production,
    entropy_production_rate,
    probability_currents,
)

__all__ = ["cycle_affinity", "edge_entropy_production", "entropy_production_rate", "probability_currents"]
