"""Exact derivatives of steady states, entropy production and memories, by rates and by the ladder's parameters."""

from thermo_cl.markov.sensitivities.adjoint import steady_state_sensitivities
from thermo_cl.markov.sensitivities.entropy import entropy_production_sensitivities
from thermo_cl.markov.sensitivities.kernels import (
    KERNEL_PARAMETERS,
    ladder_kernel_tangents,
    normalized_tangent,
    step_kernel_tangent,
)
from thermo_cl.markov.sensitivities.ladder import LadderDerivatives, LadderSensitivities, ladder_sensitivities
from thermo_cl.markov.sensitivities.objective import LadderObjective, NetworkObjective, log_cost, log_offset
from thermo_cl.markov.sensitivities.step import StepSensitivities, step_sensitivities

__all__ = [
    "KERNEL_PARAMETERS",
    "LadderDerivatives",
    "LadderObjective",
    "LadderSensitivities",
    "NetworkObjective",
    "StepSensitivities",
    "entropy_production_sensitivities",
    "ladder_kernel_tangents",
    "ladder_sensitivities",
    "log_cost",
    "log_offset",
    "normalized_tangent",
    "steady_state_sensitivities",
    "step_kernel_tangent",
    "step_sensitivities",
]
