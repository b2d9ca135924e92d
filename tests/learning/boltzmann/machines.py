"""Small machines with strong weights, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl.learning.boltzmann import BoltzmannMachine

KINDS = {
    "plain": (False, False, False),
    "biases": (True, False, False),
    "coupled": (True, True, False),
    "averaged": (True, True, True),
}


def machine(
    kind: str, visible: int, hidden: int, *, seed: int = 0, size: float = 1.0, dtype: Any = float
) -> BoltzmannMachine:
    biases, coupled, averaged = KINDS[kind]
    rng = np.random.default_rng(seed)
    between = np.tril(rng.normal(0, size, (visible, visible)), -1)
    return BoltzmannMachine(
        rng.normal(0, size, (hidden, visible)).astype(dtype),
        rng.normal(0, size, hidden).astype(dtype),
        rng.normal(0, size, visible).astype(dtype) if biases else None,
        (between + between.T).astype(dtype) if coupled else None,
        averaged=averaged,
    )


def rows(count: int, visible: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (count, visible)).astype(float)
