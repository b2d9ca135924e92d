"""Kernels whose modes coincide or nearly so, against matrix exponentials in many digits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.oracles.linear_controller import agrees, kernel_mp
from thermo_cl.errors import ConvergenceError
from thermo_cl.feedback.linear import LinearController


@pytest.mark.parametrize("order", [2, 3, 4, 6])
@pytest.mark.parametrize("apart", [0.0, 1e-13, 1e-7, 1e-3, 0.05])
def test_repeated_and_nearly_repeated_modes(order: int, apart: float) -> None:
    """A chain of lags, whose exponential is confluent; the lags equal, or apart by that share."""
    rates = 1.3 * (1.0 + apart * np.arange(order))
    controller = LinearController(-np.diag(rates) + np.eye(order, k=-1), np.eye(order)[0], np.eye(order)[-1])
    agrees(controller)


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-4])
def test_repeated_oscillations(apart: float) -> None:
    turn = np.array([[-0.4, -2.0], [2.0, -0.4]])
    a = np.block([[turn, np.zeros((2, 2))], [np.eye(2), turn * (1.0 + apart)]])
    agrees(LinearController(a, [1.0, 0.5, 0.0, 0.0], [0.0, 0.0, 1.0, -0.3]))


def test_perturbed_jordan_blocks() -> None:
    """Rounding-sized couplings split a fourfold mode into a ring of complex ones."""
    rng = np.random.default_rng(5)
    for size in (1e-14, 1e-9, 1e-5):
        a = -np.eye(4) + np.eye(4, k=-1) + size * rng.normal(size=(4, 4))
        agrees(LinearController(a, np.eye(4)[0], np.eye(4)[3]))


def test_weakly_damped_close_oscillators_keep_their_beats() -> None:
    turn = np.array([[-1e-3, -1.0], [1.0, -1e-3]])
    a = np.block([[turn, np.zeros((2, 2))], [np.eye(2), turn * (1.0 + 1e-3)]])
    controller = LinearController(a, [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0])
    kernel, t = controller.kernel(), np.array([1.0, 30.0, 1000.0])
    assert_allclose(kernel(t), kernel_mp(controller, t), atol=1e-12 * np.abs(kernel(np.arange(4000.0))).max())


def test_a_crowd_of_modes_is_refused() -> None:
    n = 18
    a = -np.diag(1.0 + 0.05 * np.arange(n)) + np.eye(n, k=-1)
    with pytest.raises(ConvergenceError, match=r"18 poles that lie close together.*that hardly differ equal"):
        LinearController(a, np.eye(n)[0], np.eye(n)[-1])
    n = 9  # that many that coincide are a single chain
    agrees(LinearController(-np.eye(n) + np.eye(n, k=-1), np.eye(n)[0], np.eye(n)[-1]))
