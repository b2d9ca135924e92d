"""Perfect adaptation of a nonlinear controller: its output at rest under many constant signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.rest import OperatingPoint, operating_point
from thermo_cl.feedback.nonlinear.small_signal import linearised

__all__ = ["AdaptationError", "adaptation_error"]


@dataclass(frozen=True, eq=False)
class AdaptationError:
    """Outputs at rest under m constant signals.

    Attributes
    ----------
    signals, outputs : ndarray, shape (m,)
    states : ndarray, shape (m, n)
    errors : ndarray, shape (m,)
        Output less the set point.
    areas : ndarray, shape (m,)
        Of the small-signal kernels: slope of the output by the signal.
    """

    signals: FloatArray
    outputs: FloatArray
    states: FloatArray
    errors: FloatArray
    areas: FloatArray

    @property
    def largest(self) -> float:
        """Largest size of the errors."""
        return float(np.abs(self.errors).max())


def adaptation_error(
    controller: NonlinearController,
    signals: ArrayLike,
    *,
    set_point: float | None = None,
    guess: ArrayLike | None = None,
) -> AdaptationError:
    """Output at rest against the constant signal: the same everywhere exactly when the controller adapts perfectly.

    Each state of rest is sought from the one before, in the order given.

    Parameters
    ----------
    controller : NonlinearController
    signals : array_like, shape (m,)
    set_point : float, optional
        Output that is wanted; the output under the first signal by default.
    guess : array_like, shape (n,), optional
        For the first signal.

    Returns
    -------
    AdaptationError

    Raises
    ------
    InvalidParameterError
        If the signals are not a row of finite numbers.
    ConvergenceError
        As ``operating_point``, for instance where a signal is beyond what the feedback can balance.

    Examples
    --------
    >>> from thermo_cl.feedback.nonlinear import saturated_integral_feedback
    >>> adaptation_error(saturated_integral_feedback(saturation=0.0), [1.5, 2.0, 3.0]).outputs
    array([1., 1., 1.])
    """
    values = check.finite("signals", signals)
    if values.ndim != 1 or values.size == 0:
        raise InvalidParameterError("signals.shape", values.shape, "(m,), a row of constant signals")
    points: list[OperatingPoint] = []
    for value in values:
        points.append(operating_point(controller, float(value), points[-1].state if points else guess))
    outputs = np.array([point.output for point in points])
    wanted = float(outputs[0]) if set_point is None else check.single("set_point", check.finite("set_point", set_point))
    areas = np.array([float(linearised(point).area) for point in points])
    return AdaptationError(values, outputs, np.array([point.state for point in points]), outputs - wanted, areas)
