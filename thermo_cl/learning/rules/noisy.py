"""Mean and variance of the noisy integrals of a block of synapses over one cycle."""

from __future__ import annotations

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.learning.rules.block import _SERIAL, Block
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.synapses import ThresholdNoise

__all__ = ["noisy_integral", "smeared_integral"]


def smeared_integral(block: Block, current_map: CurrentMap, smeared: ThresholdNoise) -> tuple[Array, Array]:
    r"""Mean and variance of :math:`\int g(u + \xi) dt` over a cycle, shapes (outer, inner), in the block's precision.

    See ``ThresholdNoise.update``. No array of samples by synapses is made, and results do not depend on the number of
    threads.
    """
    from thermo_cl.learning.rules._noisy import smear_rows  # compiled code is imported where it is used

    inner, dtype = np.ascontiguousarray(block.inner), block.inner.dtype
    steps = current_map.steps.T.astype(dtype, order="C")
    rises = np.diff(smeared.table, axis=0, append=smeared.table[-1:])
    table = np.stack([smeared.table[:, 0], rises[:, 0], smeared.table[:, 1], rises[:, 1]]).astype(dtype)
    weights = current_map.weights.astype(dtype)
    arrays = (
        np.ascontiguousarray(block.outer, dtype=dtype), inner, np.diff(inner, axis=1), dtype.type(-1 / inner.shape[0]),
        dtype.type(current_map.area), steps, np.abs(steps).max(axis=1), weights,
        current_map.weights.sum(keepdims=True).astype(dtype), dtype.type(smeared.start), dtype.type(smeared.step),
        dtype.type(1 / smeared.step), table,
    )  # fmt: skip
    mean = np.empty((block.outer.shape[0], inner.shape[2]), dtype)
    variance = np.empty_like(mean)

    def loop(begin: int, end: int) -> None:
        smear_rows(begin, end, *arrays, mean, variance)

    if mean.size < _SERIAL:
        loop(0, mean.shape[0])
    else:
        over_batch(loop, mean.shape[0])
    return mean, variance


def noisy_integral(block: Block, current_map: CurrentMap, smeared: ThresholdNoise, rng: np.random.Generator) -> Array:
    """One draw of the integrals, Gaussian and independent between synapses, shape (outer, inner)."""
    mean, variance = smeared_integral(block, current_map, smeared)
    draw = rng.standard_normal(mean.shape, dtype=mean.dtype)
    np.sqrt(variance, out=variance)
    draw *= variance
    draw += mean
    return draw
