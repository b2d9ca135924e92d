"""Multiply-adds counted as they are done: arrays that count matrix products, and synapses in plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np


class Tally:
    """How many were done."""

    def __init__(self) -> None:
        self.count = 0


class Counted(np.ndarray):
    """An array whose matrix products, and those of all that is made from it, are counted by the tally of the class."""

    tally = Tally()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(x) if isinstance(x, Counted) else x for x in inputs]
        if out := options.get("out"):
            options["out"] = tuple(np.asarray(x) if isinstance(x, Counted) else x for x in out)
        if ufunc is np.matmul:
            left, right = plain
            assert left.ndim == right.ndim == 2
            Counted.tally.count += left.shape[0] * left.shape[1] * right.shape[1]
        result = getattr(ufunc, method)(*plain, **options)
        if out and len(out) == 1 and isinstance(out[0], Counted):
            return out[0]
        return counted(result) if isinstance(result, np.ndarray) and result.ndim else result


def counted(array: np.ndarray) -> Counted:
    return np.asarray(array).view(Counted)


class Multiplier:
    """Numbers multiplied one by one."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, a: float, b: float) -> float:
        self.count += 1
        return a * b


def remembered(
    below: np.ndarray, here: np.ndarray, steps: np.ndarray, weights: np.ndarray, threshold: float, times: Multiplier
) -> float:
    """Thresholded integral of one synapse between neurons of states (levels or 1, batch) and (levels, batch).

    The current is minus the batch mean of the product; its change from level to level is taken by the product rule, its
    output at each sample is the sum over changes that the sample remembers.
    """
    levels, batch = here.shape
    changes = []
    for i in range(levels - 1):
        change = 0.0
        for b in range(batch):
            change += times(below[min(i, len(below) - 1), b], here[i + 1, b] - here[i, b])
            if len(below) > 1:
                change += times(below[i + 1, b] - below[i, b], here[i + 1, b])
        changes.append(-change / batch)
    total = 0.0
    for row, weight in zip(steps, weights, strict=True):
        output = sum(times(factor, change) for factor, change in zip(row, changes, strict=True) if factor != 0)
        total += times(weight, output if abs(output) >= threshold else 0.0)
    return total
