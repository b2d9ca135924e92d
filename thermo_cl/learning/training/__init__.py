"""The training loop: epochs, metrics, checkpoints; and runs from configuration files."""

from thermo_cl._show import public
from thermo_cl.learning.training.configuration import RunConfiguration, load_configuration, shipped_configurations
from thermo_cl.learning.training.evaluation import Evaluation, evaluate
from thermo_cl.learning.training.loop import Progress, Trained, train
from thermo_cl.learning.training.run import run

__all__ = [
    "Evaluation",
    "Progress",
    "RunConfiguration",
    "Trained",
    "evaluate",
    "load_configuration",
    "run",
    "shipped_configurations",
    "train",
]

__dir__ = public(__all__)
