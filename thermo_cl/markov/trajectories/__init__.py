"""Exact jump trajectories: simulation, statistics and entropy along them."""

from thermo_cl.markov.trajectories.counts import CurrentSamples, JumpCounts, count_jumps, sample_currents
from thermo_cl.markov.trajectories.driven import driven_trajectory_entropy, sample_driven_paths
from thermo_cl.markov.trajectories.entropy import EntropySamples, trajectory_entropy
from thermo_cl.markov.trajectories.paths import JumpRecord, SampledPaths, record_paths, sample_paths
from thermo_cl.markov.trajectories.thinning import sample_thinned_paths

__all__ = [
    "CurrentSamples",
    "EntropySamples",
    "JumpCounts",
    "JumpRecord",
    "SampledPaths",
    "count_jumps",
    "driven_trajectory_entropy",
    "record_paths",
    "sample_currents",
    "sample_driven_paths",
    "sample_paths",
    "sample_thinned_paths",
    "trajectory_entropy",
]
