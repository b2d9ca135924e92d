"""Networks of springs or resistors: equilibrium, tasks, nudges, exact gradients, and problems to learn."""

from thermo_cl._show import public
from thermo_cl.feedback.networks.contrast import Contrast, contrast
from thermo_cl.feedback.networks.equilibrium import Equilibrium
from thermo_cl.feedback.networks.generators import (
    delaunay_resistor_network,
    disordered_elastic_network,
    square_resistor_network,
)
from thermo_cl.feedback.networks.gradients import angle, gradient, loss, loss_and_gradient, outputs
from thermo_cl.feedback.networks.lowest import Lowest, linear_floor, lowest_loss
from thermo_cl.feedback.networks.network import EdgeNetwork, elastic_network, resistor_network
from thermo_cl.feedback.networks.places import apart_nodes, boundary_nodes, node_dofs, pair_strain
from thermo_cl.feedback.networks.problems import Problem, allosteric_task, voltage_division_task
from thermo_cl.feedback.networks.supervised import accuracy, regression_task, two_class_task
from thermo_cl.feedback.networks.task import Task

__all__ = [
    "Contrast",
    "EdgeNetwork",
    "Equilibrium",
    "Lowest",
    "Problem",
    "Task",
    "accuracy",
    "allosteric_task",
    "angle",
    "apart_nodes",
    "boundary_nodes",
    "contrast",
    "delaunay_resistor_network",
    "disordered_elastic_network",
    "elastic_network",
    "gradient",
    "linear_floor",
    "loss",
    "loss_and_gradient",
    "lowest_loss",
    "node_dofs",
    "outputs",
    "pair_strain",
    "regression_task",
    "resistor_network",
    "square_resistor_network",
    "two_class_task",
    "voltage_division_task",
]

__dir__ = public(__all__)
