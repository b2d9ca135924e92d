"""Mean and variance of the noisy integrals of a block of synapses over one cycle."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.rules.block import Block, over_rows
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.synapses import ThresholdNoise

__all__ = ["noisy_integral", "smeared_integral"]

_GROUP = 16  # consecutive samples that share one bound
_TOGETHER = 4  # steps that are added in one pass


def smeared_integral(block: Block, current_map: CurrentMap, smeared: ThresholdNoise) -> tuple[Array, Array]:
    r"""Mean and variance of :math:`\int g(u + \xi) dt` over a cycle, shapes (outer, inner), in the block's precision.

    See ``ThresholdNoise.update``. No array of samples by synapses is made, and results do not depend on the number of
    threads.
    """
    from thermo_cl.learning.rules._noisy import smear_rows  # compiled code is imported where it is used

    inner, dtype = np.ascontiguousarray(block.inner), block.inner.dtype
    steps = current_map.steps.T.astype(dtype)
    steps = np.pad(steps, ((0, -steps.shape[0] % _TOGETHER), (0, 0)))
    edges = np.append(np.arange(0, steps.shape[1], _GROUP), steps.shape[1])
    peaks = np.maximum.reduceat(np.abs(steps), edges[:-1], axis=1).T.copy()
    rises = np.diff(smeared.table, axis=0, append=smeared.table[-1:])
    table = np.stack([smeared.table[:, 0], rises[:, 0], smeared.table[:, 1], rises[:, 1]]).astype(dtype)
    arrays = (
        np.ascontiguousarray(block.outer, dtype=dtype), inner, np.diff(inner, axis=1), dtype.type(-1 / inner.shape[0]),
        dtype.type(current_map.area), steps, edges, peaks, current_map.weights.astype(dtype),
        current_map.weights.sum(keepdims=True).astype(dtype), dtype.type(smeared.start), dtype.type(smeared.step),
        dtype.type(1 / smeared.step), table,
    )  # fmt: skip
    mean = np.empty((block.outer.shape[0], inner.shape[2]), dtype)
    variance = np.empty_like(mean)
    over_rows(lambda begin, end: smear_rows(begin, end, *arrays, mean, variance), block)
    return mean, variance


def noisy_integral(block: Block, current_map: CurrentMap, smeared: ThresholdNoise, rng: np.random.Generator) -> Array:
    """One draw of the integrals, Gaussian and independent between synapses, shape (outer, inner)."""
    mean, variance = smeared_integral(block, current_map, smeared)
    draw = rng.standard_normal(mean.shape, dtype=mean.dtype)
    np.sqrt(variance, out=variance)
    draw *= variance
    draw += mean
    return draw
