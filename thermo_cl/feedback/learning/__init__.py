"""Learning by physics alone: cycles in closed form, rules of learning, and the loop that trains a network.

The shipped networks, tasks and carriers are in ``thermo_cl.feedback.learning.scenarios``.
"""

from thermo_cl._show import public
from thermo_cl.feedback.learning.carrier import Carrier, KernelCarrier, Weights
from thermo_cl.feedback.learning.cells import Cells, cells_of
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.nudges import FixedSignal
from thermo_cl.feedback.learning.rules import ExactGradient, PhysicalRule, Rule, TwoState
from thermo_cl.feedback.learning.shape import Shape, ramp_shape
from thermo_cl.feedback.learning.threshold import integral_over_cells, threshold_integral
from thermo_cl.feedback.learning.training import PhysicalRun, train

__all__ = [
    "Carrier",
    "Cells",
    "ExactGradient",
    "FixedSignal",
    "KernelCarrier",
    "PhysicalRule",
    "PhysicalRun",
    "Rule",
    "Shape",
    "TwoState",
    "Weights",
    "cells_of",
    "driven_shape",
    "integral_over_cells",
    "ramp_shape",
    "threshold_integral",
    "train",
]

__dir__ = public(__all__)
