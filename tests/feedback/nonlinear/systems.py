"""Controllers that several tests use."""

from __future__ import annotations

import numpy as np

from thermo_cl.feedback.nonlinear import NonlinearController


def linear(damping: float = 3.0, gain: float = 2.0, leak: float = 0.0) -> NonlinearController:
    """Eqs. 14-15 of Falk et al. 2025 with set point 0.7, as equations of motion."""
    return NonlinearController(
        lambda x, s: [s - x[1] - damping * x[0], gain * (x[0] - 0.7) - leak * x[1]], lambda x, s: x[0], 2,
        names=("u", "m"), typical_state=[0.7, 1.0],
    )  # fmt: skip


def quadratic_sensor(strength: float = 0.3) -> NonlinearController:
    """A high-pass filter whose output is read with a quadratic error: its response is known from the linear one."""

    def output(x: np.ndarray, s: float) -> float:
        return float((s - x[0]) + strength * (s - x[0]) ** 2)

    return NonlinearController(lambda x, s: [(s - x[0]) / 2.0], output, 1, names=("d",))


def cubic() -> NonlinearController:
    """Relaxation with a cubic part, odd about its rest under no signal."""
    return NonlinearController(lambda x, s: [s - x[0] - x[0] ** 3], lambda x, s: x[0], 1, typical_signal=0.5)


def chemical_removal() -> NonlinearController:
    """Saturated removal of a chemical by an enzyme that integrates it perfectly; no derivatives given."""
    return NonlinearController(
        lambda x, s: [s - x[1] * x[0] / (0.5 + x[0]) - 0.3 * x[0], 0.4 * (x[0] - 1.0)], lambda x, s: x[0], 2,
        names=("c", "m"), typical_state=[1.0, 2.0], typical_signal=2.0, lowest=0.0,
    )  # fmt: skip
