"""Synapses made of ladders: their kernels, what they dissipate, and the noise of N copies at a threshold."""

from thermo_cl._show import public
from thermo_cl.learning.synapses.ladder_synapse import LadderSynapse
from thermo_cl.learning.synapses.output_noise import OutputNoise
from thermo_cl.learning.synapses.threshold_noise import ThresholdNoise

__all__ = ["LadderSynapse", "OutputNoise", "ThresholdNoise"]

__dir__ = public(__all__)
