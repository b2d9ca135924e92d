"""Networks of synapses that learn: data, energy networks, rules, training."""

from thermo_cl.learning.data import DATASETS, Dataset, split
from thermo_cl.learning.diagnostics import angles
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, activation
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
    "Backpropagation",
    "ClampingCycle",
    "ContrastiveHebbian",
    "Dataset",
    "EnergyNetwork",
    "EquilibriumPropagation",
    "Estimate",
    "Evaluation",
    "LadderSynapse",
    "Progress",
    "Relaxation",
    "Rule",
    "RunConfiguration",
    "TemporalContrast",
    "Trained",
    "activation",
    "angles",
    "evaluate",
    "load_configuration",
    "run",
    "shipped_configurations",
    "split",
    "train",
]
