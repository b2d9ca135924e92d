"""Small random networks and minibatches for the tests of this room."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, Parameters, States, activation


def network(
    name: str, sizes: Sequence[int], *, seed: int = 0, scale: float = 1.0, dtype: Any = np.float64
) -> EnergyNetwork:
    """A network with weights and biases of both signs, none of them zero."""
    rng = np.random.default_rng(seed)
    weights = [(scale * rng.normal(size=(a, b)) / np.sqrt(a + b)).astype(dtype) for a, b in itertools.pairwise(sizes)]
    biases = [(0.3 + 0.3 * rng.normal(size=n)).astype(dtype) for n in sizes[1:]]
    return EnergyNetwork(weights, biases, activation(name))


def batch(net: EnergyNetwork, examples: int, *, seed: int = 0) -> tuple[Array, Array, States]:
    """Inputs, targets and states, all strictly within [0, 1]."""
    rng = np.random.default_rng(seed)
    first, *rest = (rng.uniform(0.02, 0.98, (examples, n)).astype(net.dtype) for n in net.sizes)
    targets = rng.uniform(0.1, 0.9, (examples, net.sizes[-1])).astype(net.dtype)
    return first, targets, tuple(rest)


def distance(estimate: Parameters, reference: Parameters) -> float:
    """Size of the difference of two gradients over the size of the reference."""
    gap, size = (
        np.concatenate([np.ravel(a) for a in arrays])
        for arrays in ([estimate[k] - reference[k] for k in reference], list(reference.values()))
    )
    return float(np.linalg.norm(gap) / np.linalg.norm(size))
