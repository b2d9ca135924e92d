"""The ladder of Falk et al. (2025): its rates, its structured solutions and its memory kernels."""

from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["Ladder"]
