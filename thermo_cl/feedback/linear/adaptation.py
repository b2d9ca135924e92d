"""Perfect adaptation, decided exactly: whether an integrator of the output's error exists, and which one it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear.controller import LinearController

__all__ = ["Adaptation", "adaptation_test", "has_integrator"]


@dataclass(frozen=True, eq=False)
class Adaptation:
    r"""What a controller does with a constant signal.

    Attributes
    ----------
    adapts : bool
        Whether the output returns to its set point exactly: the area is zero.
    area : float
        Steady output per unit of constant signal.
    order : int
        Integrators in a row: the smallest n whose moment is not zero. 0 does not adapt, 1 answers the slope of a ramp,
        2 adapts to ramps as well.
    integrator : ndarray or None, shape (n,)
        Weights w of the combination of states that integrates the error, :math:`d(w \cdot x)/dt = r (u - u_0)`, the
        largest of size 1. None without adaptation, or if a conserved quantity takes its place.
    rate : float
        The factor r, in (state / output) / time; 0 without an integrator.
    """

    adapts: bool
    area: float
    order: int
    integrator: FloatArray | None
    rate: float


def has_integrator(controller: LinearController) -> BoolArray:
    r"""Whether each controller adapts perfectly, shape batch, decided exactly.

    The area is :math:`\det\begin{pmatrix} A & B \\ C & D \end{pmatrix} / \det A`, and the determinant is that of floats
    taken as rational numbers: zero if and only if some combination of the states integrates the output's error.
    """
    if not isinstance(controller, LinearController):
        raise InvalidParameterError("controller", controller, "a LinearController")
    found = [not numerator or numerator[0] == 0 for numerator, _ in controller.functions]
    return np.reshape(found, controller.batch_shape)[()]


def adaptation_test(controller: LinearController) -> Adaptation:
    r"""Whether a controller adapts perfectly, to what order, and by which integrator.

    A combination w of states integrates the error when :math:`w^T A = r C` and :math:`w^T B = r D`, a left null vector
    (w, -r) of the matrix of ``has_integrator``.

    Parameters
    ----------
    controller : LinearController
        A single one.

    Returns
    -------
    Adaptation

    Raises
    ------
    InvalidParameterError
        For a batch.

    Examples
    --------
    >>> from thermo_cl.feedback.linear import integral_feedback
    >>> found = adaptation_test(integral_feedback(damping=3.0, gain=2.0))
    >>> found.order, found.integrator, found.rate
    (1, array([0., 1.]), 2.0)
    >>> adaptation_test(integral_feedback(damping=3.0, gain=2.0, leak=0.1)).adapts
    False
    """
    adapts = has_integrator(controller)
    if controller.batch_shape:
        raise InvalidParameterError("controller", f"a batch of shape {controller.batch_shape}", "a single controller")
    ((numerator, _),) = controller.functions
    order = next((n for n, value in enumerate(numerator) if value), len(numerator))
    if not bool(adapts):
        return Adaptation(False, float(controller.area), 0, None, 0.0)
    weights = _solved(controller.state_matrix.T, controller.output_vector)
    if weights is None:
        return Adaptation(True, 0.0, order, None, 0.0)
    largest = max(weights, key=abs, default=Fraction(0))
    if largest == 0:  # there is no output at all to be integrated
        return Adaptation(True, 0.0, order, None, 0.0)
    return Adaptation(True, 0.0, order, np.array([float(w / largest) for w in weights]), float(1 / largest))


def _solved(matrix: FloatArray, right: FloatArray) -> list[Fraction] | None:
    """Solution of linear equations between floats, exactly; None if there is not one and only one."""
    n = len(right)
    rows = [[Fraction(float(x)) for x in (*line, end)] for line, end in zip(matrix, right, strict=True)]
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]
