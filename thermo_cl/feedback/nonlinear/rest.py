"""States of rest under a constant signal, and whether they are stable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, ComplexArray, FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.flow import advance
from thermo_cl.feedback.nonlinear.timescales import Timescales, participation, timescales

__all__ = ["OperatingPoint", "operating_point"]

_MOST_STEPS = 60  # of Newton's method
_POLISHING = 3
_NEUTRAL = 1e-13  # decay over turning that counts as none
_MOST_CONDITION = 1e14


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """A stable state of rest of a controller under a constant signal.

    Attributes
    ----------
    controller : NonlinearController
    signal : float
    state : ndarray, shape (n,)
    output : float
    state_matrix : ndarray, shape (n, n)
        Jacobian of the motion there, in 1/time.
    error : float
        Last Newton step, the largest over the states' own scales: what the state may be wrong by.
    method : str
        "Newton", or "relaxation" where the state was first approached along the motion itself.
    """

    controller: NonlinearController
    signal: float
    state: FloatArray
    output: float
    state_matrix: FloatArray
    error: float
    method: str

    @cached_property
    def rates(self) -> ComplexArray:
        """Rates of the modes, shape (n,), slowest first, in 1/time."""
        values = np.linalg.eigvals(self.state_matrix).astype(complex)
        return values[np.argsort(-values.real)]

    @property
    def timescales(self) -> Timescales:
        """Shortest and longest timescale, and the states that have them."""
        found = timescales(self.controller, self.state, self.signal)
        assert found is not None  # its Jacobian is finite
        return found


def operating_point(
    controller: NonlinearController, signal: float, guess: ArrayLike | None = None, *, tolerance: float = 1e-11
) -> OperatingPoint:
    """State of rest under a constant signal.

    Newton's method from the guess; if that fails, or ends in a state that is unstable or below ``controller.lowest``,
    the motion is followed from the guess until it rests, and polished by Newton's method. Of several stable states
    the one found depends on the guess.

    Parameters
    ----------
    controller : NonlinearController
    signal : float
    guess : array_like, shape (n,), optional
        The controller's typical state by default.
    tolerance : float, optional
        Largest Newton step left, over the scales of the states.

    Returns
    -------
    OperatingPoint

    Raises
    ------
    ConvergenceError
        If no state of rest was found, or the one found is unstable; the message names the rate of growth.
    InvalidParameterError
        If the signal or the guess is not finite.

    Examples
    --------
    >>> cubic = NonlinearController(lambda x, s: s - x**3, lambda x, s: x[0], 1)
    >>> operating_point(cubic, 8.0).state
    array([2.])
    """
    if not isinstance(controller, NonlinearController):
        raise InvalidParameterError("controller", controller, "a NonlinearController")
    s = check.single("signal", check.finite("signal", signal))
    limit = check.positive_number("tolerance", tolerance)
    start = controller.typical_state if guess is None else controller.checked_state("guess", guess)
    found, error = _newton(controller, start, s, limit)
    method = "Newton"
    if not (error <= limit and _acceptable(controller, found, s)):
        try:
            relaxed, left = _relaxed(controller, start, s, limit)
        except (ConvergenceError, StiffnessError) as failure:
            if not error <= limit:  # else the state that was found is refused below, for a better reason
                raise _not_found(controller, s, start, f"following the motion failed: {failure}") from failure
        else:
            if left <= limit or not error <= limit:
                found, error, method = relaxed, left, "relaxation"
    if not error <= limit:
        raise _not_found(controller, s, start, f"the last Newton step was {error:.1g} of the states' scales")
    below = found < controller.lowest - limit * controller.scale(found)
    if below.any():
        k = int(np.argmax(below))
        raise _not_found(controller, s, start, f"{controller.names[k]} = {found[k]:.6g} is below its lowest value")
    matrix = controller.jacobian_at(found, s)
    _require_stable(controller, matrix, s)
    found.setflags(write=False)
    return OperatingPoint(controller, s, found, float(controller.outputs(found, s)), matrix, error, method)


def _newton(controller: NonlinearController, start: Array, s: float, limit: float) -> tuple[FloatArray, float]:
    """State of rest by damped Newton steps, and the size of the last step over the states' scales."""
    x = np.array(start, dtype=float)
    size, polished = np.inf, 0
    step = _step(controller, x, s)
    for _ in range(_MOST_STEPS):
        if step is None:
            return x, np.inf
        size = float(np.max(np.abs(step) / controller.scale(x)))
        if size <= limit:
            polished += 1
            if polished > _POLISHING or size == 0.0:
                return x, size
        damping = 1.0
        while True:
            ahead = x + damping * step
            following = _step(controller, ahead, s)
            if following is not None:
                # of steps, not of rates of change: no scale of the equations enters (Deuflhard's natural test)
                shrunk = np.max(np.abs(following) / controller.scale(x)) < (1.0 - 0.25 * damping) * size
                if shrunk or size <= limit:
                    break
            damping *= 0.5
            if damping < 1e-4:
                return x, size
        if size <= limit and np.max(np.abs(following) / controller.scale(x)) >= size:
            return x, size
        x, step = ahead, following
    return x, size


def _step(controller: NonlinearController, x: FloatArray, s: float) -> FloatArray | None:
    """Newton step; None where the equations are not defined or the Jacobian is singular."""
    rate, matrix = controller.rate(x, s), controller.jacobian_at(x, s)
    if not (np.isfinite(rate).all() and np.isfinite(matrix).all()):
        return None
    try:
        step = -np.linalg.solve(matrix, rate)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(step, dtype=float) if np.isfinite(step).all() else None


def _acceptable(controller: NonlinearController, x: FloatArray, s: float) -> bool:
    rates = np.linalg.eigvals(controller.jacobian_at(x, s))
    return bool((rates.real < 0.0).all() and (x >= controller.lowest - 1e-9 * controller.scale(x)).all())


def _relaxed(controller: NonlinearController, start: FloatArray, s: float, limit: float) -> tuple[FloatArray, float]:
    """State of rest along the motion, over longer and longer times, with Newton's method from its ends."""
    x, error = np.array(start, dtype=float), np.inf
    matrix, speed = controller.jacobian_at(x, s), np.abs(controller.rate(x, s)) / controller.scale(x)
    quickest = max(float(np.abs(np.linalg.eigvals(matrix)).max()) if np.isfinite(matrix).all() else 0.0, speed.max())
    time = 10.0 / quickest if 0.0 < quickest < np.inf else 1.0
    for _ in range(16):
        x = advance(controller, x, s, s, time, rtol=1e-8, atol=1e-10 * controller.scale(x)).end
        candidate, error = _newton(controller, x, s, limit)
        near = np.max(np.abs(candidate - x) / np.maximum(controller.scale(x), controller.scale(candidate))) < 0.5
        if error <= limit and near and _acceptable(controller, candidate, s):
            return candidate, error
        time *= 4.0
    return (candidate, error) if error <= limit else (x, np.inf)


def _require_stable(controller: NonlinearController, matrix: FloatArray, s: float) -> None:
    rates, shares = participation(matrix)
    k = int(np.argmax(rates.real))
    worst, name = complex(rates[k]), controller.names[int(np.argmax(shares[:, k]))]
    restored = worst.real < -_NEUTRAL * abs(worst)
    if restored and not _singular(matrix):
        return
    turning = f", turning at {abs(worst.imag):.4g} rad per time" if worst.imag else ""
    if worst.real > _NEUTRAL * abs(worst) and not _singular(matrix):
        fate, advice = "is unstable", "strengthen the damping or weaken the feedback"
    else:
        fate, advice = "is not restored", "take conserved quantities out of the state"
    raise ConvergenceError(
        f"the state of rest under the signal {s:g} {fate}: the rate {worst.real:.4g}{turning}, mostly of "
        f"{name!r}, does not decay; {advice}, or give a guess near another state of rest"
    )


def _singular(matrix: FloatArray) -> bool:
    """Whether rounding of the entries could make the matrix singular, whatever the units (Skeel's condition)."""
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return True
    product = np.abs(inverse) @ np.abs(matrix)
    return not np.isfinite(product).all() or float(np.abs(np.linalg.eigvals(product)).max()) > _MOST_CONDITION


def _not_found(controller: NonlinearController, s: float, start: FloatArray, why: str) -> ConvergenceError:
    matrix = controller.jacobian_at(start, s)
    if np.isfinite(matrix).all() and matrix.any() and _singular(matrix):
        why += ". The Jacobian at the guess is singular: if the equations conserve a quantity, take it out of the state"
    return ConvergenceError(
        f"no state of rest of {controller!r} was found under the signal {s:g} from the guess {np.array(start).tolist()}"
        f": {why}. Try a guess nearer to it (the state at a neighbouring signal serves), or check that the equations "
        "balance at this signal: a saturated removal has a largest rate"
    )
