"""Mechano-chemical carrier: a chemical that strain releases, held by an enzyme that it makes."""

from thermo_cl._show import public
from thermo_cl.feedback.mechanochemical.chemical import Chemical
from thermo_cl.feedback.mechanochemical.loop import ChemicalLoop, Rest
from thermo_cl.feedback.mechanochemical.network import ChemicalTrajectory, follow_chemicals
from thermo_cl.feedback.mechanochemical.turnover import Turnover, turnover_cost

__all__ = [
    "Chemical",
    "ChemicalLoop",
    "ChemicalTrajectory",
    "Rest",
    "Turnover",
    "follow_chemicals",
    "turnover_cost",
]

__dir__ = public(__all__)
