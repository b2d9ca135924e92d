"""Chemical reaction networks: mass-action kinetics, conserved amounts, and the jump process of few copies."""

from thermo_cl._show import public
from thermo_cl.feedback.reactions.entropy import reaction_entropy_production, reaction_forces
from thermo_cl.feedback.reactions.jumps import MOLECULES_PER_UM_FL, Channels, JumpProcess, jump_network
from thermo_cl.feedback.reactions.network import ConservationLaw, ReactionNetwork
from thermo_cl.feedback.reactions.ode import TimeCourse, integrate, timescales
from thermo_cl.feedback.reactions.reaction import Reaction, Saturated, parse_reaction
from thermo_cl.feedback.reactions.steady import steady_concentrations

__all__ = [
    "MOLECULES_PER_UM_FL",
    "Channels",
    "ConservationLaw",
    "JumpProcess",
    "Reaction",
    "ReactionNetwork",
    "Saturated",
    "TimeCourse",
    "integrate",
    "jump_network",
    "parse_reaction",
    "reaction_entropy_production",
    "reaction_forces",
    "steady_concentrations",
    "timescales",
]

__dir__ = public(__all__)
