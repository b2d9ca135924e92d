"""Thermodynamics of a network: currents, affinities, cycles, entropy production and its parts.

How to choose:

- One number for many networks at once: ``entropy_production_rate``, batched; ``edge_entropy_production`` and
  ``probability_currents`` by pair of states. At a distribution that is not steady, give it as ``probabilities``.
- Everything about one network, with every current accurate and the cycles named: ``steady_thermodynamics``.
- What of the dissipation a drive causes, and what relaxation: ``split_entropy_production``.
- Whether there is a drive at all, and where: ``detailed_balance_violation``.
"""

from thermo_cl.markov.thermodynamics.currents import (
    edge_entropy_production,
    entropy_production_rate,
    probability_currents,
)
from thermo_cl.markov.thermodynamics.cycles import cycle_affinity, fundamental_cycles
from thermo_cl.markov.thermodynamics.detailed_balance import (
    Violation,
    detailed_balance_violation,
    is_detailed_balanced,
)
from thermo_cl.markov.thermodynamics.splitting import EntropySplit, split_entropy_production
from thermo_cl.markov.thermodynamics.steady import SteadyThermodynamics, steady_thermodynamics

__all__ = [
    "EntropySplit",
    "SteadyThermodynamics",
    "Violation",
    "cycle_affinity",
    "detailed_balance_violation",
    "edge_entropy_production",
    "entropy_production_rate",
    "fundamental_cycles",
    "is_detailed_balanced",
    "probability_currents",
    "split_entropy_production",
    "steady_thermodynamics",
]
