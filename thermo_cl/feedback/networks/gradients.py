"""Loss of a task, its exact gradient by the adjoint, and the angle between two directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.contrast import contrast
from thermo_cl.feedback.networks.equilibrium import Equilibrium
from thermo_cl.feedback.networks.network import EdgeNetwork
from thermo_cl.feedback.networks.task import Task, require_fit

__all__ = ["angle", "gradient", "loss", "loss_and_gradient", "outputs"]


def outputs(network: EdgeNetwork, task: Task) -> FloatArray:
    """Outputs R x of the free state, shape (patterns, outputs).

    Raises
    ------
    InvalidParameterError
        If the task does not fit the network.
    """
    require_fit(network, task)
    return np.asarray(task.targets - task.errors(Equilibrium(network).solve(task.values)))


def loss(network: EdgeNetwork, task: Task) -> float:
    """Half the mean over patterns of the squared errors of the outputs; raises as ``outputs``."""
    return 0.5 * float(np.mean(np.sum((task.targets - outputs(network, task)) ** 2, axis=1)))


def gradient(network: EdgeNetwork, task: Task) -> FloatArray:
    r"""Exact derivative of the loss by every coefficient, shape (edges,); raises as ``outputs``.

    :math:`\partial C/\partial c_e = \langle\varepsilon_e\,\lambda_e\rangle`, :math:`\lambda` the strains of the adjoint
    state, which the loads :math:`R^T(y - Rx)` make alone: the state that a nudge by loads adds.
    """
    return loss_and_gradient(network, task)[1]


def loss_and_gradient(network: EdgeNetwork, task: Task) -> tuple[float, FloatArray]:
    """Both, from one factorisation; raises as ``outputs``."""
    seen = contrast(network, task, amplitude=1.0, nudge="load")
    return seen.loss, np.mean(seen.free * seen.change, axis=0)


def angle(first: ArrayLike, second: ArrayLike) -> float:
    """Angle between two directions, in degrees from 0 to 180.

    Accurate for nearly parallel directions too (Kahan's formula, from the sum and difference of unit vectors).

    Parameters
    ----------
    first, second : array_like, shape (edges,)

    Raises
    ------
    InvalidParameterError
        If a direction is zero, not finite, or of another shape.

    Examples
    --------
    >>> angle([1.0, 0.0], [1.0, 1.0])
    45.0
    """
    a, b = check.finite("first", first), check.finite("second", second)
    if a.shape != b.shape or a.ndim != 1:
        raise InvalidParameterError("second.shape", b.shape, f"{a.shape}, one dimension, as the first")
    units = []
    for name, direction in (("first", a), ("second", b)):
        scaled = direction / max(float(np.abs(direction).max(initial=0.0)), np.finfo(float).tiny)
        length = float(np.linalg.norm(scaled))
        if length == 0.0:
            raise InvalidParameterError(name, "a vector of zeros", "a direction, with an entry other than 0")
        units.append(scaled / length)
    u, v = units
    return float(np.degrees(2.0 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))))
