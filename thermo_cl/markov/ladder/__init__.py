"""The ladder of Falk et al. (2025): its rates, its structured solutions and its memory kernels."""

from thermo_cl.markov.ladder.cost_law import cost_law, cost_law_end, log_accuracy, reversal_margin, sharp_cost_law
from thermo_cl.markov.ladder.fast_rungs import FastRungs, fast_rung_limit
from thermo_cl.markov.ladder.ladder import Ladder
from thermo_cl.markov.ladder.laws import (
    LadderLaws,
    bulk_laws,
    critical_gamma,
    end_excess,
    finite_size_laws,
    finite_size_scaling,
)
from thermo_cl.markov.ladder.levels import LadderEdges, steady_currents, steady_forces
from thermo_cl.markov.ladder.moments import StepMoments

__all__ = [
    "FastRungs", "Ladder", "LadderEdges", "LadderLaws", "StepMoments", "bulk_laws", "cost_law", "cost_law_end",
    "critical_gamma", "end_excess", "fast_rung_limit", "finite_size_laws", "finite_size_scaling", "log_accuracy",
    "reversal_margin", "sharp_cost_law", "steady_currents", "steady_forces",
]  # fmt: skip
