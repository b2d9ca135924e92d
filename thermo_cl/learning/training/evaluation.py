"""Error and cost of a network on many examples, by blocks that do not depend on the number of threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States
from thermo_cl.learning.energy.checks import check_states
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.learning.training.networks import Network, costs, free_states

__all__ = ["Evaluation", "evaluate", "followed", "wrong"]

_BLOCK = 250  # examples whose states stay in the cache; the time is flat from 200 to 500


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of a data set.

    Attributes
    ----------
    error : float
        Share of the examples whose largest output, the first of equal ones, is not that of their label.
    cost : float
        Mean over the examples of the loss of a feed-forward network, of the squared distance between outputs and
        one-hot labels for an energy network.
    """

    error: float
    cost: float


def evaluate(
    network: Network, data: Dataset, relaxation: Relaxation | None = None, *, states: States | None = None
) -> Evaluation:
    """Error and cost after a free phase, or a forward pass.

    Parameters
    ----------
    network : EnergyNetwork or FeedForwardNetwork
    data : Dataset
    relaxation : Relaxation, optional
        Of an energy network. Its ``free_steps`` and ``step_size`` are used; 20 and 0.5 by default.
    states : tuple of ndarray, shapes (n, n_l), optional
        Of an energy network, where the free phase starts; from rest by default. A trained network has several stable
        states, so that the two differ: see ``train``.

    Raises
    ------
    InvalidParameterError
        If data or states do not fit the network.
    DivergenceError
        If an output is not finite.
    """
    return _evaluated(network, data, relaxation or Relaxation(), states, None)


def followed(
    network: EnergyNetwork, data: Dataset, relaxation: Relaxation, states: States
) -> tuple[Evaluation, States]:
    """What ``evaluate`` finds from some states, and the states at the end of the free phase."""
    reached = tuple(np.empty_like(layer) for layer in states)
    return _evaluated(network, data, relaxation, states, reached), reached


def _evaluated(
    network: Network, data: Dataset, how: Relaxation, states: States | None, reached: States | None
) -> Evaluation:
    if (data.inputs.shape[1], data.classes) != (network.sizes[0], network.sizes[-1]):
        wanted = f"of {network.sizes[0]} features and {network.sizes[-1]} classes, as the network"
        raise InvalidParameterError("data", data, wanted)
    if states is not None and isinstance(network, EnergyNetwork):
        check_states(network, len(data), states)
    blocks = [slice(start, min(start + _BLOCK, len(data))) for start in range(0, len(data), _BLOCK)]
    failures, totals = np.zeros(len(blocks), int), np.zeros(len(blocks))

    def loop(first: int, last: int) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # of this thread; told as a DivergenceError
            for n in range(first, last):
                rows = blocks[n]
                free = _free(network, data, how, states, rows)
                labels = data.labels[rows]
                failures[n] = wrong(free[-1], labels)
                totals[n] = costs(network, free[-1], np.eye(data.classes, dtype=network.dtype)[labels]).sum()
                for layer, new in zip(reached or (), free, strict=reached is not None):
                    layer[rows] = new

    with one_blas_thread():
        over_batch(loop, len(blocks))
    if not np.isfinite(totals).all():
        way = f"free phase of {how.free_steps} steps" if isinstance(network, EnergyNetwork) else "forward pass"
        raise DivergenceError(f"the {way} on {data.name} leads to costs that are not finite")
    return Evaluation(int(failures.sum()) / len(data), float(totals.sum()) / len(data))


def _free(network: Network, data: Dataset, how: Relaxation, states: States | None, rows: slice) -> States:
    inputs = data.inputs[rows].astype(network.dtype, copy=False)
    return free_states(network, inputs, None if states is None else tuple(layer[rows] for layer in states), how)


def wrong(outputs: Array, labels: Array) -> int:
    """Number of examples whose largest output, the first of equal ones, is not at the label."""
    return int(np.count_nonzero(outputs.argmax(axis=1) != labels))
