"""Error and cost of a network on many examples, by blocks that do not depend on the number of threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, output_cost, relax
from thermo_cl.learning.training.blas import one_blas_thread

__all__ = ["Evaluation", "evaluate", "wrong"]

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


def evaluate(network: EnergyNetwork, data: Dataset, relaxation: Relaxation | None = None) -> Evaluation:
    """Error and cost after a free phase from rest.

    Parameters
    ----------
    network : EnergyNetwork
    data : Dataset
    relaxation : Relaxation, optional
        Its ``free_steps`` and ``step_size`` are used; 20 and 0.5 by default.
    """
    how = relaxation or Relaxation()
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(data), _BLOCK)]
    failures, costs = np.zeros(len(blocks), int), np.zeros(len(blocks))

    def loop(first: int, last: int) -> None:
        for n in range(first, last):
            failures[n], costs[n] = _block(network, data, how, blocks[n])

    with one_blas_thread():
        over_batch(loop, len(blocks))
    return Evaluation(int(failures.sum()) / len(data), float(costs.sum()) / len(data))


def _block(network: EnergyNetwork, data: Dataset, how: Relaxation, rows: slice) -> tuple[int, float]:
    """Failures and summed cost of some examples."""
    inputs, labels = data.inputs[rows].astype(network.dtype, copy=False), data.labels[rows]
    states = network.initial_states(len(inputs))
    drive = inputs @ network.weights[0] + network.biases[0]
    free = relax(network, inputs, states, steps=how.free_steps, step_size=how.step_size, drive=drive)
    targets = np.eye(data.classes, dtype=network.dtype)[labels]
    return wrong(free[-1], labels), float(output_cost(free, targets).sum())


def wrong(outputs: Array, labels: Array) -> int:
    """Number of examples whose largest output, the first of equal ones, is not at the label."""
    return int(np.count_nonzero(outputs.argmax(axis=1) != labels))
