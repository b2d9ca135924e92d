"""Parameters that move: plain descent with a rate for each, or an optimizer with its moments."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.learning.energy import Parameters
from thermo_cl.learning.optimizers import Adam, Moments, Optimizer
from thermo_cl.learning.training.networks import Network

__all__ = ["Change", "descended", "norm", "optimized"]

Change = tuple[dict[str, float], dict[str, float]]
"""Norm of each parameter's update, and the share of its entries that moved."""

_BLOCK = 1 << 16  # entries that a thread moves at a time, whatever the number of threads


def norm(array: Array) -> float:
    """Frobenius norm."""
    flat = array.ravel()
    return math.sqrt(float(flat @ flat))


def descended(
    network: Network, gradient: Parameters, norms: Mapping[str, float], rates: Mapping[str, float]
) -> tuple[Network, Change]:
    """The network after a step of plain descent by a gradient of these norms, which is used up."""
    moved, sizes, shares = {}, {}, {}
    for name, value in network.parameters.items():
        rate = rates[name]
        sizes[name] = rate * norms[name]
        shares[name] = np.count_nonzero(gradient[name]) / gradient[name].size if rate > 0 else 0.0
        step = gradient[name] * value.dtype.type(rate)
        moved[name] = np.subtract(value, step, out=step)
    return network.with_parameters(moved), (sizes, shares)


def optimized(
    network: Network, gradient: Parameters, optimizer: Optimizer, moments: Moments
) -> tuple[Network, Moments, Change]:
    """Network and moments after an optimizer's step; those of ``Adam`` are the same arrays, changed in place."""
    if isinstance(optimizer, Adam):
        return network, *_adam(network, gradient, optimizer, moments)
    moved, moments = optimizer.step(network.parameters, gradient, moments)
    changes: dict[str, Array] = {name: moved[name] - value for name, value in network.parameters.items()}
    sizes = {name: norm(change) for name, change in changes.items()}
    shares = {name: float(np.count_nonzero(change) / change.size) for name, change in changes.items()}
    return network.with_parameters(moved), moments, (sizes, shares)


def _adam(network: Network, gradient: Parameters, how: Adam, moments: Moments) -> tuple[Moments, Change]:
    from thermo_cl.learning.training._adam import adam_step

    count = moments.count + 1
    bias1, bias2 = 1.0 - how.beta1**count, 1.0 - how.beta2**count
    numbers = np.array(
        [
            how.beta1, 1.0 - how.beta1, how.beta2, 1.0 - how.beta2, how.rate / bias1, 1.0 / math.sqrt(bias2),
            how.epsilon,
        ],
        dtype=network.dtype,
    )  # fmt: skip
    jobs = [
        (name, slice(start, start + _BLOCK))
        for name, value in network.parameters.items()
        for start in range(0, value.size, _BLOCK)
    ]
    flat = {
        name: [a.reshape(-1) for a in (value, np.ascontiguousarray(gradient[name]), moments.first[name],
                                       moments.second[name])]
        for name, value in network.parameters.items()
    }  # fmt: skip
    found: list[tuple[float, int]] = [(0.0, 0)] * len(jobs)

    def loop(first: int, last: int) -> None:
        for n in range(first, last):
            name, part = jobs[n]
            found[n] = adam_step(*(array[part] for array in flat[name]), numbers)

    over_batch(loop, len(jobs), chunks=1)
    squares, moved = dict.fromkeys(flat, 0.0), dict.fromkeys(flat, 0)
    for (name, _), (square, entries) in zip(jobs, found, strict=True):
        squares[name] += float(square)
        moved[name] += entries
    sizes = {name: math.sqrt(square) for name, square in squares.items()}
    shares = {name: moved[name] / value.size for name, value in network.parameters.items()}
    return Moments(count, moments.first, moments.second), (sizes, shares)
