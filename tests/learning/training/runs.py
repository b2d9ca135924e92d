"""A run small enough to be repeated many times."""

from __future__ import annotations

import numpy as np

from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork, Relaxation
from thermo_cl.learning.rules import Backpropagation, EquilibriumPropagation
from thermo_cl.learning.training import train

RELAXATION = Relaxation(free_steps=8, clamped_steps=3)
RATES = {"W1": 0.2, "b1": 0.1, "W2": 0.2, "b2": 0.1}


def examples(count: int = 50, *, seed: int = 0) -> Dataset:
    """Noisy copies of three patterns of six pixels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    inputs = np.clip(np.eye(3)[labels].repeat(2, axis=1) * 0.8 + 0.2 * rng.random((count, 6)), 0.0, 1.0)
    return Dataset(inputs, labels, classes=3, name="patterns")


def network(dtype=np.float32) -> EnergyNetwork:
    return EnergyNetwork.glorot([6, 7, 3], dtype=dtype, rng=1)


def run(**changes):
    """Three epochs of eight minibatches, the last of them short, unless changed."""
    settings = {
        "network": network(),
        "rule": EquilibriumPropagation(relaxation=RELAXATION),
        "training": examples(),
        "holdout": examples(20, seed=1),
        "epochs": 3,
        "batch": 7,
        "learning_rates": RATES,
        "reference": Backpropagation(RELAXATION),
    }
    return train(**(settings | changes))


def assert_same(found, expected):
    """Network, states and metrics are equal to the bit."""
    import xarray as xr

    assert found.epochs == expected.epochs
    for name, array in expected.network.parameters.items():
        np.testing.assert_array_equal(found.network.parameters[name], array)
    for mine, theirs in zip(found.states, expected.states, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    xr.testing.assert_identical(found.metrics, expected.metrics)
