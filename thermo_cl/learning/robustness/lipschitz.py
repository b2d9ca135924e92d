"""Lipschitz constants of feed-forward networks from the spectral norms of their weights."""

from __future__ import annotations

import math

from thermo_cl.learning.feedforward import FeedForwardNetwork
from thermo_cl.learning.feedforward.gradient import check_network
from thermo_cl.learning.feedforward.norms import chain_norm, spectral_norm

__all__ = ["layer_norms", "lipschitz_bound", "lipschitz_product"]


def lipschitz_product(network: FeedForwardNetwork, *, tolerance: float = 1e-8) -> float:
    r"""Spectral norm :math:`\|W_L \cdots W_1\|_2` of the network with its activation and biases left out.

    The Lipschitz constant of a linear network; for others a measure of how strongly the weights amplify (Hoier and
    Zach, ICML 2024, where it is compared between nudging asymmetries), and no bound. Convolutions and mean pooling
    are linear maps and part of the product.

    Parameters
    ----------
    network : FeedForwardNetwork
        Without maximum pooling.
    tolerance : float
        Relative accuracy where more than 64 classes need an iteration; see ``chain_norm``.

    Raises
    ------
    InvalidParameterError
        If a connection pools by maxima, which is not linear; ``layer_norms`` and ``lipschitz_bound`` take those too.
    ConvergenceError
        If the accuracy is not reached.
    """
    check_network(network)
    return chain_norm(network.connections, network.weights, network.input_shape, tolerance=tolerance)


def layer_norms(network: FeedForwardNetwork, *, tolerance: float = 1e-8) -> tuple[float, ...]:
    """Spectral norm of each connection, pooling included, first to last; see ``spectral_norm``.

    Raises
    ------
    ConvergenceError
        If the relative accuracy ``tolerance`` is not reached.
    """
    check_network(network)
    layers = zip(network.connections, network.weights, network.shapes, strict=False)
    return tuple(spectral_norm(kind, w, shape, tolerance=tolerance) for kind, w, shape in layers)


def lipschitz_bound(network: FeedForwardNetwork, *, tolerance: float = 1e-8) -> float:
    r"""Upper bound :math:`\prod_k \|W_k\|_2\,\max|f'|^{L-1}` of the Lipschitz constant from inputs to outputs.

    No two inputs have outputs further apart, in Euclidean lengths, than this times their own distance (Szegedy et
    al., ICLR 2014, Sec. 4.3). It holds with maximum pooling too, and is usually far from tight.

    Raises
    ------
    ConvergenceError
        If the relative accuracy ``tolerance`` of a norm is not reached.
    """
    norms = layer_norms(network, tolerance=tolerance)
    return math.prod(norms) * network.activation.largest_slope ** (len(norms) - 1)
