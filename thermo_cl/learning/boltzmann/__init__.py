"""Restricted and semi-restricted Boltzmann machines: sampling, learning by phases, exact and annealed likelihoods."""

from thermo_cl._show import public
from thermo_cl.learning.boltzmann.annealing import AnnealedEstimate, annealed_log_partition
from thermo_cl.learning.boltzmann.energies import energy, free_energy, hidden_probabilities, visible_probabilities
from thermo_cl.learning.boltzmann.enumeration import (
    exact_gradient,
    log_likelihood,
    log_partition,
    model_expectations,
    negative_log_likelihood,
    row_entropy,
    total_variation,
    visible_distribution,
)
from thermo_cl.learning.boltzmann.estimator import BoltzmannEstimator
from thermo_cl.learning.boltzmann.follow import follow_replicas
from thermo_cl.learning.boltzmann.gibbs import held, sample
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.boltzmann.replicas import LearnedReplicas, learn_replicas

__all__ = [
    "AnnealedEstimate",
    "BoltzmannEstimator",
    "BoltzmannMachine",
    "LearnedReplicas",
    "annealed_log_partition",
    "energy",
    "exact_gradient",
    "follow_replicas",
    "free_energy",
    "held",
    "hidden_probabilities",
    "learn_replicas",
    "log_likelihood",
    "log_partition",
    "model_expectations",
    "negative_log_likelihood",
    "row_entropy",
    "sample",
    "total_variation",
    "visible_distribution",
    "visible_probabilities",
]

__dir__ = public(__all__)
