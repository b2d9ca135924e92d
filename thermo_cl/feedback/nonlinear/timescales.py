"""Timescales of linearised equations of motion, and the state variables that have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.feedback.nonlinear.controller import NonlinearController

__all__ = ["Timescales", "participation", "timescales"]


@dataclass(frozen=True)
class Timescales:
    """Shortest and longest time of the motion near one state.

    Attributes
    ----------
    fastest, slowest : float
        1/abs(rate) of the modes.
    fastest_state, slowest_state : str
        The state variable that has the largest share in each.
    """

    fastest: float
    slowest: float
    fastest_state: str
    slowest_state: str

    def __str__(self) -> str:
        return (
            f"the fastest timescale is {self.fastest:.3g} (mostly {self.fastest_state!r}), "
            f"the slowest {self.slowest:.3g} (mostly {self.slowest_state!r})"
        )


def timescales(controller: NonlinearController, state: FloatArray, signal: float) -> Timescales | None:
    """Timescales 1/abs(rate) of the modes of the motion near a state; None where it has no finite Jacobian."""
    matrix = controller.jacobian_at(state, signal)
    if not np.isfinite(matrix).all():
        return None
    rates, shares = participation(matrix)
    with np.errstate(divide="ignore"):
        times = 1.0 / np.abs(rates)
    ends = int(np.argmin(times)), int(np.argmax(times))
    names = [controller.names[int(np.argmax(shares[:, k]))] for k in ends]
    return Timescales(float(times[ends[0]]), float(times[ends[1]]), *names)


def participation(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rates of the modes, shape (n,), and the share of each state variable in them, shape (n, n) with modes last.

    The share is the product of left and right eigenvector, which does not depend on the units of the states.
    """
    import scipy.linalg

    values, left, right = scipy.linalg.eig(matrix, left=True, right=True)
    return values, np.abs(left * right)
