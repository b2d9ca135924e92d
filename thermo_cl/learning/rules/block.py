"""From the currents of a block of synapses to their thresholded integrals over one cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray
from thermo_cl.kernels import Kernel, PeriodicSignal
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.rules.cycle import ClampingCycle
from thermo_cl.synapse import thresholded_integral

__all__ = ["Block", "exact_integral", "over_rows", "sampled_integral"]

_CHUNKS_PER_THREAD = 2  # for each thread: rows differ in cost, but a chunk costs some 50 us
_GROUP = 20  # consecutive samples that share one bound
_PADDING = 3  # steps of factor zero, so that two or four can be taken at once anywhere
_SERIAL = 20_000  # synapses below which threads cost more than they save
_CHUNK = 256  # synapses whose exact crossings are sought at once


@dataclass(frozen=True, eq=False)
class Block:
    """All synapses between two layers; their currents are minus the batch mean of outer times inner.

    Attributes
    ----------
    outer : ndarray, shape (outer, levels, batch), or (outer, 1, batch) if the same at every level
    inner : ndarray, shape (batch, levels, inner)
    """

    outer: Array
    inner: Array

    def currents(self) -> FloatArray:
        """In every level, shape (outer, inner, levels): for small networks."""
        outer, inner = self.outer.astype(float), self.inner.astype(float)
        outer = np.broadcast_to(outer, (outer.shape[0], inner.shape[1], inner.shape[0]))
        return np.asarray(np.einsum("plb,blh->phl", outer, inner) / -inner.shape[0])


def over_rows(loop: Callable[[int, int], None], block: Block) -> None:
    """Run ``loop(begin, end)`` over all outer neurons of a block, on threads where they save more than they cost."""
    rows = block.outer.shape[0]
    if rows * block.inner.shape[2] < _SERIAL:
        loop(0, rows)
    else:
        over_batch(loop, rows, chunks=_CHUNKS_PER_THREAD)


def sampled_integral(block: Block, current_map: CurrentMap, threshold: float) -> Array:
    """Quadrature of the outputs past the threshold, shape (outer, inner), in the precision of the block.

    No array of samples by synapses is made, and results do not depend on the number of threads.
    """
    from thermo_cl.learning.rules._thresholded import integrate_rows  # compiled code is imported where it is used

    inner, dtype = np.ascontiguousarray(block.inner), block.inner.dtype
    steps, low, high, edges, spans, peaks, largest, weights = _prepared(current_map, dtype)
    limit = dtype.type(threshold)
    rounding = 4 * steps.shape[1] * np.finfo(dtype).eps  # of the bound and of the outputs it is a bound of
    arrays = (
        np.ascontiguousarray(block.outer, dtype=dtype), inner, np.diff(inner, axis=1), dtype.type(-1 / inner.shape[0]),
        dtype.type(current_map.area), steps, low, high, edges, spans, peaks, largest, weights, limit,
        dtype.type(limit * (1 - rounding)),
    )  # fmt: skip
    integral = np.empty((block.outer.shape[0], inner.shape[2]), dtype)

    def loop(begin: int, end: int) -> None:
        integrate_rows(begin, end, *arrays, integral)

    over_rows(loop, block)
    return integral


@lru_cache(maxsize=8)  # the same for every minibatch
def _prepared(current_map: CurrentMap, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """Steps of a map with their support, the groups of samples, and bounds of every group."""
    steps = np.pad(current_map.steps.astype(dtype), ((0, 0), (0, _PADDING)))
    low, high = _support(steps)
    edges = np.unique(np.append(np.arange(0, steps.shape[0], _GROUP), steps.shape[0]))
    spans = np.stack(
        [np.minimum.reduceat(low, edges[:-1]), np.maximum.reduceat(_padded(low, high), edges[:-1])], axis=1
    )
    peaks = np.maximum.reduceat(np.abs(steps), edges[:-1], axis=0)
    return steps, low, high, edges, spans, peaks, peaks.max(axis=0), current_map.weights.astype(dtype)


def exact_integral(block: Block, kernel: Kernel, cycle: ClampingCycle, threshold: float) -> FloatArray:
    """Integral between exact crossings of the threshold, shape (outer, inner), float64; some 10 us a synapse."""
    currents = block.currents()
    knots = currents.reshape(-1, currents.shape[-1])[:, cycle.visits]
    parts = [
        thresholded_integral(kernel, PeriodicSignal(cycle.times, some), threshold=threshold)
        for some in np.split(knots, range(_CHUNK, len(knots), _CHUNK))
    ]
    return np.concatenate(parts).reshape(currents.shape[:2])


def _support(steps: Array) -> tuple[Array, Array]:
    """First entry of each row that is not zero, and one past the last."""
    used = steps != 0
    low = np.argmax(used, axis=1)
    high = steps.shape[1] - np.argmax(used[:, ::-1], axis=1)
    return low, np.where(used.any(axis=1), high, low)


def _padded(low: Array, high: Array) -> Array:
    """Ends of the steps that a sample is made of, taken by fours and the last by two or four."""
    width = high - low
    fours = np.maximum(-(-width // 4) - 1, 0)
    return np.asarray(low + 4 * fours + np.where(width - 4 * fours <= 2, 2, 4))
