"""Accuracy under attack, and the radius within which no attack can succeed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.feedforward import FeedForwardNetwork
from thermo_cl.learning.feedforward.gradient import check_network
from thermo_cl.learning.robustness.attacks import Attack
from thermo_cl.learning.robustness.lipschitz import lipschitz_bound

__all__ = ["RobustAccuracy", "certified_radius", "robust_accuracy"]

_BLOCK = 250  # examples attacked at once; their states stay in the cache


@dataclass(frozen=True, eq=False)
class RobustAccuracy:
    """What attacks make of a network on a data set.

    Attributes
    ----------
    sizes : ndarray, shape (attacks,)
        Radii of the balls.
    accuracy : ndarray, shape (attacks,)
        Share of the examples that are told right both as they are and attacked; of equal outputs the first counts.
    loss : ndarray, shape (attacks,)
        Mean loss of the attacked examples.
    """

    sizes: FloatArray
    accuracy: FloatArray
    loss: FloatArray


def robust_accuracy(
    network: FeedForwardNetwork,
    data: Dataset,
    attacks: Attack | Sequence[Attack],
    *,
    rng: np.random.Generator | int | None = 0,
) -> RobustAccuracy:
    """Attack every example of a data set, once by each attack.

    An upper bound of the share of examples that no change within the ball could make the network tell wrong. An
    attack raises the loss, which for the squared error is not the same as to change the largest output.

    Parameters
    ----------
    network : FeedForwardNetwork
    data : Dataset
    attacks : Attack or sequence of Attack
        For a curve, one of each size: ``[FGSM(size) for size in sizes]``.
    rng : Generator or seed
        Every attack gets the same draws, so that curves are smooth; they do not depend on the number of threads.

    Raises
    ------
    InvalidParameterError
        If network and data do not fit each other, or there is no attack.
    DivergenceError
        If a loss is not finite.
    """
    from thermo_cl.learning.training.blas import one_blas_thread  # training knows this room's rules

    check_network(network)
    tried: list[Attack] = list(attacks) if isinstance(attacks, Sequence) else [attacks]
    if not tried or not all(isinstance(a, Attack) and not isinstance(a, type) for a in tried):
        raise InvalidParameterError("attacks", attacks, "FGSM(size), PGD(size) or a sequence of such, not empty")
    _check_data(network, data)
    starts = range(0, len(data), _BLOCK)
    seeds = check.generator(rng).integers(2**63, size=len(starts))
    right, losses = np.zeros((len(starts), len(tried)), int), np.zeros((len(starts), len(tried)))

    def loop(first: int, last: int) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # of this thread; told as a DivergenceError
            for n in range(first, last):
                rows = slice(starts[n], starts[n] + _BLOCK)
                inputs, labels = data.inputs[rows].astype(network.dtype, copy=False), data.labels[rows]
                targets = np.eye(data.classes, dtype=network.dtype)[labels]
                known = network.outputs(inputs).argmax(axis=1) == labels
                for m, attack in enumerate(tried):
                    attacked = attack.perturb(network, inputs, targets, np.random.default_rng(seeds[n]))
                    outputs = network.outputs(attacked)
                    right[n, m] = np.count_nonzero(known & (outputs.argmax(axis=1) == labels))
                    losses[n, m] = network.loss.value(outputs, targets).sum(dtype=np.float64)

    with one_blas_thread():
        over_batch(loop, len(starts))
    if not np.isfinite(losses).all():
        raise DivergenceError(f"the network has losses on {data.name} that are not finite")
    sizes = np.array([attack.size for attack in tried], dtype=float)
    return RobustAccuracy(sizes, right.sum(axis=0) / len(data), losses.sum(axis=0) / len(data))


def certified_radius(network: FeedForwardNetwork, data: Dataset) -> FloatArray:
    r"""Euclidean radius around each example within which its class cannot change.

    :math:`r = m/(\sqrt2\,\Lambda)` with the margin m by which the output of the label exceeds the next one and the
    ``lipschitz_bound`` :math:`\Lambda`, as the difference of two outputs changes at most :math:`\sqrt2` times as much
    as the outputs (Tsuzuku, Sato and Sugiyama, NeurIPS 2018, Prop. 1).

    Parameters
    ----------
    network : FeedForwardNetwork
    data : Dataset

    Returns
    -------
    ndarray, shape (n,)
        In units of the inputs; 0 for an example told wrong, infinite if the bound is 0. Up to rounding of the
        outputs in the network's type.

    Raises
    ------
    InvalidParameterError
        If network and data do not fit each other.
    DivergenceError
        If an output is not finite.
    ConvergenceError
        If a spectral norm is not found to its accuracy.
    """
    check_network(network)
    _check_data(network, data)
    steepest = math.sqrt(2) * lipschitz_bound(network)
    margins = np.concatenate(
        [_margins(network, data.take(slice(start, start + _BLOCK))) for start in range(0, len(data), _BLOCK)]
    )
    if not np.isfinite(margins).all():
        raise DivergenceError(f"the network has outputs on {data.name} that are not finite")
    margins = np.maximum(margins, 0)
    if steepest == 0:
        return np.where(margins > 0, math.inf, 0.0)
    return np.asarray(margins / steepest)


def _margins(network: FeedForwardNetwork, data: Dataset) -> Array:
    outputs = network.outputs(data.inputs.astype(network.dtype, copy=False)).astype(np.float64)
    own = np.arange(data.classes) == data.labels[:, None]
    return np.asarray(outputs[own] - np.where(own, -math.inf, outputs).max(axis=1))


def _check_data(network: FeedForwardNetwork, data: Dataset) -> None:
    wanted = f"a Dataset of {network.sizes[0]} features and {network.sizes[-1]} classes, as the network"
    if not isinstance(data, Dataset):
        raise InvalidParameterError("data", type(data).__name__, wanted)
    if (data.inputs.shape[1], data.classes) != (network.sizes[0], network.sizes[-1]):
        raise InvalidParameterError("data", data, wanted)
