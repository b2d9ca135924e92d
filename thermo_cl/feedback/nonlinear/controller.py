"""Nonlinear controllers: equations of motion between a signal and an output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear.differences import difference_jacobian
from thermo_cl.feedback.nonlinear.trial import try_out

__all__ = ["NonlinearController", "VectorFunction"]

VectorFunction = Callable[[FloatArray, float], ArrayLike]
"""A function of the state, shape (n,), and the signal."""

_SMALL = 1e-3  # of a variable over its typical size, which then is its scale
_LEAST_ROOM = 1e-9  # over a variable's lowest value, in typical sizes


@dataclass(frozen=True, eq=False, init=False)
class NonlinearController:
    r"""Equations of motion :math:`x' = f(x, s)`, :math:`u = h(x, s)` between a signal s and an output u.

    The functions are called with the state, an array of shape (n,), and the signal, a float. They must be smooth where
    the state goes; kinks cost the integrator its accuracy.

    Parameters
    ----------
    motion : callable
        f, to an array of shape (n,), in state / time.
    output : callable
        h, to a single number.
    dimension : int
        Number n >= 1 of state variables.
    jacobian, signal_gradient : callable, optional
        Derivatives :math:`\partial f/\partial x`, shape (n, n), and :math:`\partial f/\partial s`, shape (n,); by
        differences where they are not given.
    output_gradient, output_slope : callable, optional
        Derivatives :math:`\partial h/\partial x`, shape (n,), and :math:`\partial h/\partial s`, a single number.
    names : sequence of str, optional
        Of the state variables, for messages; x0, x1, ... by default.
    typical_state : array_like, shape (n,), optional
        A state of usual size, at which everything is tried; the guess where none is given, and the scale over which
        differences are taken of variables that are near 0. Ones by default: give it where states have another size.
    typical_signal : float, optional
        The signal that goes with it; 1 by default.
    lowest : array_like, shape () or (n,), optional
        Smallest values that the state may have, for instance 0 for concentrations; none by default.

    Raises
    ------
    InvalidParameterError
        If a function, tried at the typical state, returns a wrong shape or a number that is not finite, or if a given
        derivative disagrees with the difference quotient; the message names the entry.

    Examples
    --------
    >>> decay = NonlinearController(lambda x, s: s - x**3, lambda x, s: x[0], 1, names=["u"])
    >>> decay.jacobian_at([2.0], 1.0)
    array([[-12.]])
    """

    motion: VectorFunction
    output: Callable[[FloatArray, float], float]
    dimension: int
    jacobian: VectorFunction | None
    signal_gradient: VectorFunction | None
    output_gradient: VectorFunction | None
    output_slope: Callable[[FloatArray, float], float] | None
    names: tuple[str, ...]
    typical_state: FloatArray
    typical_signal: float
    lowest: FloatArray

    def __init__(
        self,
        motion: VectorFunction,
        output: Callable[[FloatArray, float], float],
        dimension: int,
        *,
        jacobian: VectorFunction | None = None,
        signal_gradient: VectorFunction | None = None,
        output_gradient: VectorFunction | None = None,
        output_slope: Callable[[FloatArray, float], float] | None = None,
        names: Sequence[str] | None = None,
        typical_state: ArrayLike | None = None,
        typical_signal: float = 1.0,
        lowest: ArrayLike = -np.inf,
    ) -> None:
        n = check.integer_at_least("dimension", dimension, 1)
        given = {
            "motion": motion, "output": output, "jacobian": jacobian, "signal_gradient": signal_gradient,
            "output_gradient": output_gradient, "output_slope": output_slope,
        }  # fmt: skip
        for name, function in given.items():
            if not callable(function) and (function is not None or name in {"motion", "output"}):
                raise InvalidParameterError(name, function, "a function of the state and the signal")
        labels = tuple(names) if names is not None else tuple(f"x{i}" for i in range(n))
        if len(labels) != n or len(set(labels)) != n or not all(isinstance(label, str) for label in labels):
            raise InvalidParameterError("names", names, f"{n} different names, one for each state variable")
        floor = np.asarray(lowest, dtype=float)
        if floor.shape not in {(), (n,)} or np.isnan(floor).any():
            raise InvalidParameterError(
                "lowest", lowest, f"a number or an array of shape ({n},), minus infinity for no"
            )
        floor = np.broadcast_to(floor, (n,))
        check.freeze(
            self, dimension=n, names=labels, typical_signal=_signal("typical_signal", typical_signal), lowest=floor,
            typical_state=np.ones(n), **given,
        )  # fmt: skip
        if typical_state is not None:
            check.freeze(self, typical_state=self.checked_state("typical_state", typical_state))
        try_out(self)

    # ------------------------------------------------------------------ values

    def rate(self, state: FloatArray, signal: float) -> FloatArray:
        """Rate of change f(x, s) of the state, shape (n,); not finite where the equations are not defined."""
        return self.value("motion", state, signal)

    def outputs(self, states: ArrayLike, signals: ArrayLike) -> FloatArray:
        """Output h(x, s) along states of shape (..., n) and signals of shape (...)."""
        x = np.asarray(states, dtype=float)
        s = np.broadcast_to(np.asarray(signals, dtype=float), x.shape[:-1])
        pairs = zip(x.reshape(-1, self.dimension), s.ravel(), strict=True)
        values = [float(self.value("output", *pair)) for pair in pairs]
        return np.asarray(np.asarray(values).reshape(s.shape)[()])

    def jacobian_at(self, state: ArrayLike, signal: float) -> FloatArray:
        r"""Derivative :math:`\partial f/\partial x`, shape (n, n), by differences if no function was given."""
        x = np.asarray(state, dtype=float)
        if self.jacobian is not None:
            return self.value("jacobian", x, signal)
        return difference_jacobian(lambda y: self.rate(y, signal), x, self.scale(x))[0]

    def signal_gradient_at(self, state: ArrayLike, signal: float) -> FloatArray:
        r"""Derivative :math:`\partial f/\partial s`, shape (n,)."""
        x = np.asarray(state, dtype=float)
        if self.signal_gradient is not None:
            return self.value("signal_gradient", x, signal)
        return difference_jacobian(lambda s: self.rate(x, float(s[0])), [signal], [self.signal_scale(signal)])[0][:, 0]

    def output_gradient_at(self, state: ArrayLike, signal: float) -> FloatArray:
        r"""Derivative :math:`\partial h/\partial x`, shape (n,)."""
        x = np.asarray(state, dtype=float)
        if self.output_gradient is not None:
            return self.value("output_gradient", x, signal)
        return np.asarray(difference_jacobian(lambda y: self.outputs(y[None], signal), x, self.scale(x))[0][0])

    def output_slope_at(self, state: ArrayLike, signal: float) -> float:
        r"""Derivative :math:`\partial h/\partial s`, the part of the output that follows the signal at once."""
        x = np.asarray(state, dtype=float)
        if self.output_slope is not None:
            return float(self.value("output_slope", x, signal))
        scale = [self.signal_scale(signal)]
        return float(difference_jacobian(lambda s: self.outputs(x[None], s[0]), [signal], scale)[0][0, 0])

    # ------------------------------------------------------------------ helpers

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of what each function returns."""
        n = self.dimension
        return {
            "motion": (n,), "output": (), "jacobian": (n, n), "signal_gradient": (n,), "output_gradient": (n,),
            "output_slope": (),
        }  # fmt: skip

    def value(self, name: str, state: FloatArray, signal: float) -> FloatArray:
        """What one of the functions returns; not a number where it is not defined, as the root of -1.

        Raises
        ------
        InvalidParameterError
            If the shape is not that which it was at the typical state.
        """
        shape = self.shapes[name]
        with np.errstate(all="ignore"):
            try:
                found = np.asarray(getattr(self, name)(state, signal))
            except (ArithmeticError, ValueError):  # of the math module, and of Python's own numbers
                return np.full(shape, np.nan)
            if found.shape != shape:
                at = f"{shape} everywhere, and so at x = {np.asarray(state).tolist()}, s = {signal:g}"
                raise InvalidParameterError(f"{name}(x, s).shape", found.shape, at)
            return np.full(shape, np.nan) if found.dtype.kind == "c" else np.asarray(found, dtype=float)

    def scale(self, state: FloatArray) -> FloatArray:
        """Size of the state variables near a state, shape (n,), never 0.

        Their distance from the lowest value where there is one; else their own size, or the typical one if they are
        much smaller than that.
        """
        usual = np.where(self.typical_state == 0.0, 1.0, np.abs(self.typical_state))
        bounded = np.isfinite(self.lowest)
        room = np.maximum(np.abs(state - np.where(bounded, self.lowest, 0.0)), _LEAST_ROOM * usual)
        size = np.abs(state)
        return np.where(bounded, room, np.where(size > _SMALL * usual, size, usual))

    def checked_state(self, name: str, state: ArrayLike) -> FloatArray:
        """The state as an array, refused if its shape is wrong or it is not finite."""
        x = check.finite(name, state)
        if x.shape != (self.dimension,):
            raise InvalidParameterError(f"{name}.shape", x.shape, f"({self.dimension},), one number a state variable")
        return x

    def signal_scale(self, signal: float) -> float:
        """Size of the signal near a value, never 0."""
        usual = abs(self.typical_signal) or 1.0
        return abs(signal) if abs(signal) > _SMALL * usual else usual

    def __repr__(self) -> str:
        return f"NonlinearController({', '.join(self.names)})"


def _signal(name: str, value: float) -> float:
    return check.single(name, check.finite(name, value))
