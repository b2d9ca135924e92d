"""Networks of synapses that learn: data, energy networks, rules, training."""

from thermo_cl.learning.boltzmann import BoltzmannEstimator, BoltzmannMachine
from thermo_cl.learning.data import DATASETS, Dataset, split
from thermo_cl.learning.diagnostics import angles
from thermo_cl.learning.dyadic import DualPropagation
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, activation
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    ForwardBackpropagation,
    MaxPooling,
    MeanPooling,
)
from thermo_cl.learning.forward_forward import ForwardForwardNetwork
from thermo_cl.learning.phases import (
    SGD,
    Adam,
    EnergyPhases,
    PhaseSchedule,
    RandomPhases,
    always_on,
    isd,
    learn,
    two_term,
)
from thermo_cl.learning.robustness import FGSM, PGD, AdversarialTraining
from thermo_cl.learning.rules import (
    Backpropagation,
    ClampingCycle,
    ContrastiveHebbian,
    EquilibriumPropagation,
    Estimate,
    Rule,
    TemporalContrast,
)
from thermo_cl.learning.synapses import LadderSynapse
from thermo_cl.learning.training import (
    Evaluation,
    Progress,
    RunConfiguration,
    Trained,
    evaluate,
    load_configuration,
    run,
    shipped_configurations,
    train,
)

__all__ = [
    "DATASETS",
    "FGSM",
    "PGD",
    "SGD",
    "Adam",
    "AdversarialTraining",
    "Backpropagation",
    "BoltzmannEstimator",
    "BoltzmannMachine",
    "ClampingCycle",
    "ContrastiveHebbian",
    "Convolution",
    "Dataset",
    "Dense",
    "DualPropagation",
    "EnergyNetwork",
    "EnergyPhases",
    "EquilibriumPropagation",
    "Estimate",
    "Evaluation",
    "FeedForwardNetwork",
    "ForwardBackpropagation",
    "ForwardForwardNetwork",
    "LadderSynapse",
    "MaxPooling",
    "MeanPooling",
    "PhaseSchedule",
    "Progress",
    "RandomPhases",
    "Relaxation",
    "Rule",
    "RunConfiguration",
    "TemporalContrast",
    "Trained",
    "activation",
    "always_on",
    "angles",
    "evaluate",
    "isd",
    "learn",
    "load_configuration",
    "run",
    "shipped_configurations",
    "split",
    "train",
    "two_term",
]
