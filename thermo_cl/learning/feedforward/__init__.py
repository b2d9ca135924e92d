"""Feed-forward networks: connections, activations, losses, backpropagation."""

from thermo_cl.learning.feedforward.activations import (
    ACTIVATIONS,
    HardSigmoid,
    Linear,
    Nonlinearity,
    ReLU,
    Tanh,
    activation,
)
from thermo_cl.learning.feedforward.connections import Connection, Convolution, Dense, Link
from thermo_cl.learning.feedforward.gradient import ForwardBackpropagation, gradient_of, input_gradient, pull_back
from thermo_cl.learning.feedforward.losses import LOSSES, Loss, SoftmaxCrossEntropy, SquaredError, loss
from thermo_cl.learning.feedforward.network import FeedForwardNetwork, ForwardPass
from thermo_cl.learning.feedforward.pooling import MaxPooling, MeanPooling, Pooling

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Connection",
    "Convolution",
    "Dense",
    "FeedForwardNetwork",
    "ForwardBackpropagation",
    "ForwardPass",
    "HardSigmoid",
    "Linear",
    "Link",
    "Loss",
    "MaxPooling",
    "MeanPooling",
    "Nonlinearity",
    "Pooling",
    "ReLU",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Tanh",
    "activation",
    "gradient_of",
    "input_gradient",
    "loss",
    "pull_back",
]
