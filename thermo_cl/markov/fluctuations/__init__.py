"""Fluctuations of steady networks: counted jumps, uncertainty relations, noise of observables.

How to choose:

- Something counted at jumps (a current, entropy, the jumps themselves) over a long time: build its increments with
  ``edge_current``, ``entropy_increments`` or by hand, then ``cumulants`` for mean, variance and shape of typical
  fluctuations, ``scaled_cumulant_generating_function`` for rare ones, ``uncertainty_ratios`` for its price.
- Something read off the state (a ladder's memory): ``stationary_noise``.
"""

from thermo_cl.markov.fluctuations.cumulants import cumulants
from thermo_cl.markov.fluctuations.increments import edge_current, entropy_increments
from thermo_cl.markov.fluctuations.noise import StationaryNoise, stationary_noise
from thermo_cl.markov.fluctuations.scgf import gallavotti_cohen_defect, scaled_cumulant_generating_function
from thermo_cl.markov.fluctuations.uncertainty import UncertaintyRatios, activity, uncertainty_ratios

__all__ = [
    "StationaryNoise",
    "UncertaintyRatios",
    "activity",
    "cumulants",
    "edge_current",
    "entropy_increments",
    "gallavotti_cohen_defect",
    "scaled_cumulant_generating_function",
    "stationary_noise",
    "uncertainty_ratios",
]
