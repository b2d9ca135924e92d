"""Forward-forward networks: layers that learn from phases with right and with wrong labels."""

from thermo_cl._show import public
from thermo_cl.learning.forward_forward.follow import follow_network
from thermo_cl.learning.forward_forward.labels import with_labels, wrong_labels
from thermo_cl.learning.forward_forward.losses import goodness_of, loss_slope, phase_loss
from thermo_cl.learning.forward_forward.network import ForwardForwardNetwork
from thermo_cl.learning.forward_forward.prediction import active_units, error_rate, label_goodness, predict

__all__ = [
    "ForwardForwardNetwork",
    "active_units",
    "error_rate",
    "follow_network",
    "goodness_of",
    "label_goodness",
    "loss_slope",
    "phase_loss",
    "predict",
    "with_labels",
    "wrong_labels",
]

__dir__ = public(__all__)
