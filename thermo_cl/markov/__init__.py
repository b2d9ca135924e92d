"""Markov jump networks and the ladder: steady states, thermodynamics, fluctuations, driving, trajectories.

How to choose
-------------
A `Ladder` is solved by its levels: steady state, currents, entropy production and kernel moments cost time in
proportion to the number of levels, take parameters of any shape as a batch, and keep every digit. Anything else is a
`MarkovNetwork`, from an array (leading axes are a batch), a sparse matrix, an edge list, a graph, or energies and
barriers. `Ladder.network` and `Ladder.sparse_rates` turn the one into the other.

======================================  =========================================================================
question                                answer
======================================  =========================================================================
Where does it rest?                     ``network.steady_state()``; `solve_steady_state` for a choice of method and
                                        its residual, `steady_states` where there are several recurrent classes.
                                        Leave the method at ``"auto"``; see ``help(thermo_cl.markov.steady)``
What flows, and what does it cost?      `steady_thermodynamics`: currents, forces, affinities and entropy production
                                        by edge, by cycle and in total. `entropy_production_rate` for batches
Is it in equilibrium?                   `detailed_balance_violation` names a cycle that says no
How much of the cost is due to change?  `split_entropy_production`: housekeeping and excess, for any distribution
How fast does it forget?                `relaxation_times`, `deviation_matrix`, `propagate`
How much does a current fluctuate?      `cumulants` (exact, no differences), `scaled_cumulant_generating_function`,
                                        `uncertainty_ratios`
How noisy is the memory?                `stationary_noise`: variance, correlation and spectrum for N copies
What happens under a signal?            `periodic_state` for a periodic one (no waiting), `drive` for a finite one;
                                        both know work, heat and entropy production
What does one trajectory look like?     `sample_paths`, `record_paths`, `count_jumps`, `trajectory_entropy`; under a
                                        signal `sample_driven_paths` (ladder), `sample_thinned_paths` (any rates)
What changes if a rate does?            `steady_state_sensitivities`, `entropy_production_sensitivities`,
                                        `step_sensitivities`; by a ladder's parameters `ladder_sensitivities`, and the
                                        whole kernel `ladder_kernel_tangents`
Which design is best?                   `LadderObjective` and `NetworkObjective`, for ``scipy.optimize.minimize``
What does theory say of a ladder?       `bulk_laws`, `finite_size_laws` around `critical_gamma`, `cost_law`, and
                                        `fast_rung_limit`, which is exact
How do other programs get it?           `to_networkx`, `save_rates`; `load_rates` reads their matrices
What is the right answer?               `Ring`, `UniformRing`, `BirthDeath` and `planted_network` know theirs
======================================  =========================================================================

Simulation is for distributions that have no closed form; means, variances and correlations are exact elsewhere here and
cost microseconds. Results of methods carry ``method``, ``residual`` and ``status``.
"""

from thermo_cl._show import public
from thermo_cl.markov.driving import DrivenCycle, DrivenNetwork, DrivenPath, drive, periodic_state
from thermo_cl.markov.dynamics import propagate, relaxation_kernel, step_response_kernel
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.fluctuations import (
    StationaryNoise,
    UncertaintyRatios,
    activity,
    cumulants,
    edge_current,
    entropy_increments,
    gallavotti_cohen_defect,
    scaled_cumulant_generating_function,
    stationary_noise,
    uncertainty_ratios,
)
from thermo_cl.markov.interchange import LabelledNetwork, load_rates, save_rates, to_networkx
from thermo_cl.markov.ladder import (
    FastRungs,
    Ladder,
    LadderEdges,
    LadderLaws,
    StepMoments,
    bulk_laws,
    cost_law,
    cost_law_end,
    critical_gamma,
    end_excess,
    fast_rung_limit,
    finite_size_laws,
    finite_size_scaling,
    log_accuracy,
    reversal_margin,
    sharp_cost_law,
    steady_currents,
    steady_forces,
)
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.planted import PlantedNetwork, planted_network
from thermo_cl.markov.relaxation import RelaxationTimes, deviation_matrix, relaxation_times
from thermo_cl.markov.sensitivities import (
    KERNEL_PARAMETERS,
    LadderDerivatives,
    LadderObjective,
    LadderSensitivities,
    NetworkObjective,
    StepSensitivities,
    entropy_production_sensitivities,
    ladder_kernel_tangents,
    ladder_sensitivities,
    log_cost,
    log_offset,
    normalized_tangent,
    steady_state_sensitivities,
    step_kernel_tangent,
    step_sensitivities,
)
from thermo_cl.markov.steady import STEADY_STATE_METHODS, SteadyState, solve_steady_state, steady_states
from thermo_cl.markov.thermodynamics import (
    EntropySplit,
    SteadyThermodynamics,
    Violation,
    cycle_affinity,
    detailed_balance_violation,
    edge_entropy_production,
    entropy_production_rate,
    fundamental_cycles,
    is_detailed_balanced,
    probability_currents,
    split_entropy_production,
    steady_thermodynamics,
)
from thermo_cl.markov.topologies import BirthDeath, Ring, UniformRing
from thermo_cl.markov.trajectories import (
    CurrentSamples,
    EntropySamples,
    JumpCounts,
    JumpRecord,
    SampledPaths,
    count_jumps,
    driven_trajectory_entropy,
    record_paths,
    sample_currents,
    sample_driven_paths,
    sample_paths,
    sample_thinned_paths,
    trajectory_entropy,
)

__all__ = [
    "KERNEL_PARAMETERS",
    "STEADY_STATE_METHODS",
    "BirthDeath",
    "CurrentSamples",
    "DrivenCycle",
    "DrivenNetwork",
    "DrivenPath",
    "Edges",
    "EntropySamples",
    "EntropySplit",
    "FastRungs",
    "JumpCounts",
    "JumpRecord",
    "LabelledNetwork",
    "Ladder",
    "LadderDerivatives",
    "LadderEdges",
    "LadderLaws",
    "LadderObjective",
    "LadderSensitivities",
    "MarkovNetwork",
    "NetworkObjective",
    "PlantedNetwork",
    "RelaxationTimes",
    "Ring",
    "SampledPaths",
    "StationaryNoise",
    "SteadyState",
    "SteadyThermodynamics",
    "StepMoments",
    "StepSensitivities",
    "UncertaintyRatios",
    "UniformRing",
    "Violation",
    "activity",
    "bulk_laws",
    "cost_law",
    "cost_law_end",
    "count_jumps",
    "critical_gamma",
    "cumulants",
    "cycle_affinity",
    "detailed_balance_violation",
    "deviation_matrix",
    "drive",
    "driven_trajectory_entropy",
    "edge_current",
    "edge_entropy_production",
    "end_excess",
    "entropy_increments",
    "entropy_production_rate",
    "entropy_production_sensitivities",
    "fast_rung_limit",
    "finite_size_laws",
    "finite_size_scaling",
    "fundamental_cycles",
    "gallavotti_cohen_defect",
    "is_detailed_balanced",
    "ladder_kernel_tangents",
    "ladder_sensitivities",
    "load_rates",
    "log_accuracy",
    "log_cost",
    "log_offset",
    "normalized_tangent",
    "periodic_state",
    "planted_network",
    "probability_currents",
    "propagate",
    "record_paths",
    "relaxation_kernel",
    "relaxation_times",
    "reversal_margin",
    "sample_currents",
    "sample_driven_paths",
    "sample_paths",
    "sample_thinned_paths",
    "save_rates",
    "scaled_cumulant_generating_function",
    "sharp_cost_law",
    "solve_steady_state",
    "split_entropy_production",
    "stationary_noise",
    "steady_currents",
    "steady_forces",
    "steady_state_sensitivities",
    "steady_states",
    "steady_thermodynamics",
    "step_kernel_tangent",
    "step_response_kernel",
    "step_sensitivities",
    "to_networkx",
    "trajectory_entropy",
    "uncertainty_ratios",
]

__dir__ = public(__all__)
