"""The ladder of Falk et al. (2025): its rates, its structured solutions and its memory kernels."""

from thermo_cl.markov.ladder.ladder import Ladder
from thermo_cl.markov.ladder.levels import LadderEdges, steady_currents, steady_forces
from thermo_cl.markov.ladder.moments import StepMoments

__all__ = ["Ladder", "LadderEdges", "StepMoments", "steady_currents", "steady_forces"]
