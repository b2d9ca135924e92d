"""Dyadic neurons: dual propagation, its adjoint form and damping."""

from thermo_cl.learning.dyadic.damping import check_curable, damped_value, damping_of
from thermo_cl.learning.dyadic.linear import growth_factor, influence, linear_objective, solve_linear
from thermo_cl.learning.dyadic.objective import Objective, objective_at, objective_at_rest
from thermo_cl.learning.dyadic.one_sweep import one_sweep, swept_states
from thermo_cl.learning.dyadic.output import output_step, shares
from thermo_cl.learning.dyadic.rule import DualPropagation, local_gradient
from thermo_cl.learning.dyadic.stability import advice, nudge_eigenvalues, stability_number
from thermo_cl.learning.dyadic.states import DyadicStates, forward_states
from thermo_cl.learning.dyadic.sweeps import ORDERS, Inner, layer_order, solve

__all__ = [
    "ORDERS",
    "DualPropagation",
    "DyadicStates",
    "Inner",
    "Objective",
    "advice",
    "check_curable",
    "damped_value",
    "damping_of",
    "forward_states",
    "growth_factor",
    "influence",
    "layer_order",
    "linear_objective",
    "local_gradient",
    "nudge_eigenvalues",
    "objective_at",
    "objective_at_rest",
    "one_sweep",
    "output_step",
    "shares",
    "solve",
    "solve_linear",
    "stability_number",
    "swept_states",
]
