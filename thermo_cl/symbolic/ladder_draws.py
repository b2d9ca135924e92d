"""Random ladders, and symbolic expressions at their numbers, for the checks of the ladder's equations."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import Ladder
from thermo_cl._types import FloatArray

__all__ = ["by_level", "draw", "rungs", "signal_of"]


def draw(
    rng: np.random.Generator, n: int, *, gamma: ArrayLike | None = None, factor: ArrayLike | None = None, size: int = 8
) -> tuple[Ladder, FloatArray]:
    """Random ladders of n levels, and a signal for each."""
    ladder = Ladder(
        gamma=10.0 ** rng.uniform(-3, 0, size) if gamma is None else gamma,
        rate_factor=10.0 ** rng.uniform(-1, 2, size) if factor is None else factor,
        n_levels=n,
        reference_level=rng.uniform(0, n - 1, size),
        energy_step=rng.uniform(0.5, 3.0, size),
    )
    return ladder, rng.uniform(1.0, 300.0, size)


def rungs(ladder: Ladder, signal: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Rates up and down the rungs, shape batch + (n,), from the energy differences (Eq. 52)."""
    energy, factor = ladder.energy_difference(signal), np.asarray(ladder.rate_factor)[..., None]
    return factor * np.maximum(1.0, np.exp(-energy)), factor * np.maximum(1.0, np.exp(energy))


def by_level(symbols: tuple[sp.Symbol, ...], values: FloatArray) -> dict[sp.Symbol, FloatArray]:
    """One symbol for each entry of the last axis."""
    return dict(zip(symbols, np.moveaxis(values, -1, 0), strict=True))


def signal_of(ladder: Ladder, shift: ArrayLike) -> FloatArray:
    """Signal at which every energy difference is ``shift`` above that at zero signal."""
    growth = np.exp(np.asarray(shift, dtype=float))
    return np.asarray((growth - 1.0) / (1.0 / ladder.inactive_dissociation - growth / ladder.active_dissociation))
