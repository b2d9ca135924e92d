"""Learning rules behind one interface."""

from thermo_cl._show import public
from thermo_cl.learning.rules.backpropagation import Backpropagation
from thermo_cl.learning.rules.contrastive_hebbian import ContrastiveHebbian
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.rules.cycle import ClampingCycle
from thermo_cl.learning.rules.equilibrium_propagation import EquilibriumPropagation
from thermo_cl.learning.rules.interface import Estimate, Rule
from thermo_cl.learning.rules.temporal_contrast import TemporalContrast

__all__ = [
    "Backpropagation",
    "ClampingCycle",
    "ContrastiveHebbian",
    "CurrentMap",
    "EquilibriumPropagation",
    "Estimate",
    "Rule",
    "TemporalContrast",
]

__dir__ = public(__all__)
