"""Robustness of feed-forward networks: attacks on the inputs, Lipschitz constants, adversarial training."""

from thermo_cl._show import public
from thermo_cl.learning.robustness.accuracy import RobustAccuracy, certified_radius, robust_accuracy
from thermo_cl.learning.robustness.adversarial import AdversarialTraining
from thermo_cl.learning.robustness.attacks import FGSM, PGD, Attack
from thermo_cl.learning.robustness.lipschitz import layer_norms, lipschitz_bound, lipschitz_product

__all__ = [
    "FGSM",
    "PGD",
    "AdversarialTraining",
    "Attack",
    "RobustAccuracy",
    "certified_radius",
    "layer_norms",
    "lipschitz_bound",
    "lipschitz_product",
    "robust_accuracy",
]

__dir__ = public(__all__)
