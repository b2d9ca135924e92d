"""The estimator laboratory: exact mean, covariance and bias of every phase schedule on small models, nothing sampled.

A model is two Markov chains, one for each phase, and a table of statistics; what a schedule measures follows from their
powers, resolvents and deviation matrices (Williams, Bredenberg and Lajoie, ICML 2023, Theorems 3.2-3.5).
"""

from thermo_cl._show import public
from thermo_cl.learning.laboratory.chain import FiniteModel, PhaseChain
from thermo_cl.learning.laboratory.divergence import contrastive_divergence
from thermo_cl.learning.laboratory.lengths import (
    PhaseMoments,
    bias_constant,
    phase_bias,
    phase_kernel,
    phase_moments,
    stationary_moments,
)
from thermo_cl.learning.laboratory.machines import boltzmann_family, boltzmann_model, boltzmann_moments
from thermo_cl.learning.laboratory.moving import ChainFamily, gradient_flow, moving_bias_constant, moving_mean
from thermo_cl.learning.laboratory.persistence import persistent_bias, persistent_long_run, persistent_start
from thermo_cl.learning.laboratory.variance import (
    best_baseline,
    best_probability,
    isd_covariance,
    isd_excess,
    isd_trace,
    least_trace,
    two_term_covariance,
)

__all__ = [
    "ChainFamily",
    "FiniteModel",
    "PhaseChain",
    "PhaseMoments",
    "best_baseline",
    "best_probability",
    "bias_constant",
    "boltzmann_family",
    "boltzmann_model",
    "boltzmann_moments",
    "contrastive_divergence",
    "gradient_flow",
    "isd_covariance",
    "isd_excess",
    "isd_trace",
    "least_trace",
    "moving_bias_constant",
    "moving_mean",
    "persistent_bias",
    "persistent_long_run",
    "persistent_start",
    "phase_bias",
    "phase_kernel",
    "phase_moments",
    "stationary_moments",
    "two_term_covariance",
]

__dir__ = public(__all__)
