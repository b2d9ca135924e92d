"""Flexible phases: contrastive learning without a schedule (Williams, Bredenberg and Lajoie, ICML 2023)."""

from thermo_cl._show import public
from thermo_cl.learning.optimizers import SGD, Adam, Moments, Optimizer
from thermo_cl.learning.phases.baseline import AdaptiveProbability, RunningMean
from thermo_cl.learning.phases.energy_phases import EnergyPhases
from thermo_cl.learning.phases.follow import Carried, begin, follow
from thermo_cl.learning.phases.interface import Phase, PhaseModel, State
from thermo_cl.learning.phases.learner import Learned, learn
from thermo_cl.learning.phases.plan import Plan, step_seed
from thermo_cl.learning.phases.rule import RandomPhases
from thermo_cl.learning.phases.schedules import (
    BothPhases,
    FixedLength,
    GeometricLength,
    PhaseSchedule,
    RandomPhase,
    always_on,
    isd,
    two_term,
)

__all__ = [
    "SGD",
    "Adam",
    "AdaptiveProbability",
    "BothPhases",
    "Carried",
    "EnergyPhases",
    "FixedLength",
    "GeometricLength",
    "Learned",
    "Moments",
    "Optimizer",
    "Phase",
    "PhaseModel",
    "PhaseSchedule",
    "Plan",
    "RandomPhase",
    "RandomPhases",
    "RunningMean",
    "State",
    "always_on",
    "begin",
    "follow",
    "isd",
    "learn",
    "step_seed",
    "two_term",
]

__dir__ = public(__all__)
