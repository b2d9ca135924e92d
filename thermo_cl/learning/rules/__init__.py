"""Learning rules behind one interface."""

from thermo_cl.learning.rules.equilibrium_propagation import EquilibriumPropagation
from thermo_cl.learning.rules.interface import Estimate, Rule

__all__ = ["EquilibriumPropagation", "Estimate", "Rule"]
