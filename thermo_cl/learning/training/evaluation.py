"""Error and cost of a network on many examples, by blocks that do not depend on the number of threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, output_cost, relax
from thermo_cl.learning.training.blas import one_blas_thread

__all__ = ["Evaluation", "evaluate", "evaluated", "wrong"]

_BLOCK = 250  # examples whose states stay in the cache; the time is flat from 200 to 500


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of a data set.

    Attributes
    ----------
    error : float
        Share of the examples whose largest output is not that of their label.
    cost : float
        Mean over the examples of the squared distance between outputs and one-hot labels.
    """

    error: float
    cost: float


def evaluate(
    network: EnergyNetwork, data: Dataset, relaxation: Relaxation | None = None, *, states: States | None = None
) -> Evaluation:
    """Error and cost after a free phase.

    Parameters
    ----------
    network : EnergyNetwork
    data : Dataset
    relaxation : Relaxation, optional
        Its ``free_steps`` and ``step_size`` are used; 20 and 0.5 by default.
    states : tuple of ndarray, shapes (n, n_l), optional
        Where the free phase starts; from rest by default. A trained network has several stable states, so that the two
        differ: see ``train``.
    """
    return evaluated(network, data, relaxation or Relaxation(), states)[0]


def evaluated(
    network: EnergyNetwork, data: Dataset, how: Relaxation, states: States | None
) -> tuple[Evaluation, States]:
    """What ``evaluate`` finds, and the states at the end of the free phase."""
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(data), _BLOCK)]
    failures, costs = np.zeros(len(blocks), int), np.zeros(len(blocks))
    start = network.initial_states(len(data)) if states is None else states
    reached = tuple(np.empty_like(layer) for layer in start)

    def loop(first: int, last: int) -> None:
        for n in range(first, last):
            rows = blocks[n]
            free = _free(network, data, how, tuple(layer[rows] for layer in start), rows)
            labels = data.labels[rows]
            failures[n] = wrong(free[-1], labels)
            costs[n] = output_cost(free, np.eye(data.classes, dtype=network.dtype)[labels]).sum()
            for layer, new in zip(reached, free, strict=True):
                layer[rows] = new

    with one_blas_thread():
        over_batch(loop, len(blocks))
    return Evaluation(int(failures.sum()) / len(data), float(costs.sum()) / len(data)), reached


def _free(network: EnergyNetwork, data: Dataset, how: Relaxation, states: States, rows: slice) -> States:
    inputs = data.inputs[rows].astype(network.dtype, copy=False)
    drive = inputs @ network.weights[0] + network.biases[0]
    return relax(network, inputs, states, steps=how.free_steps, step_size=how.step_size, drive=drive)


def wrong(outputs: Array, labels: Array) -> int:
    """Number of examples whose largest output, the first of equal ones, is not at the label."""
    return int(np.count_nonzero(outputs.argmax(axis=1) != labels))
