"""Networks of synapses that learn: data, energy networks, rules, training."""

from thermo_cl._show import public
from thermo_cl.learning.boltzmann import BoltzmannEstimator, BoltzmannMachine
from thermo_cl.learning.data import DATASETS, Dataset, split
from thermo_cl.learning.diagnostics import angles
from thermo_cl.learning.dyadic import DualPropagation, stability_number
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, activation
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    ForwardBackpropagation,
    HardSigmoid,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
)
from thermo_cl.learning.forward_forward import ForwardForwardNetwork
from thermo_cl.learning.optimizers import SGD, Adam
from thermo_cl.learning.phases import (
    EnergyPhases,
    PhaseSchedule,
    RandomPhases,
    always_on,
    isd,
    learn,
    two_term,
)
from thermo_cl.learning.robustness import (
    FGSM,
    PGD,
    AdversarialTraining,
    certified_radius,
    lipschitz_bound,
    lipschitz_product,
    robust_accuracy,
)
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
    "HardSigmoid",
    "LadderSynapse",
    "Linear",
    "MaxPooling",
    "MeanPooling",
    "PhaseSchedule",
    "Progress",
    "RandomPhases",
    "ReLU",
    "Relaxation",
    "Rule",
    "RunConfiguration",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Tanh",
    "TemporalContrast",
    "Trained",
    "activation",
    "always_on",
    "angles",
    "certified_radius",
    "evaluate",
    "isd",
    "learn",
    "lipschitz_bound",
    "lipschitz_product",
    "load_configuration",
    "robust_accuracy",
    "run",
    "shipped_configurations",
    "split",
    "stability_number",
    "train",
    "two_term",
]

__dir__ = public(
    __all__, "boltzmann", "data", "energy", "forward_forward", "laboratory", "phases", "robustness", "rules",
    "synapses", "training",
)  # fmt: skip
