"""The mechano-chemical loop with its enzymes' saturation: rest, linearisation, full response."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.mechanochemical.chemical import Chemical
from thermo_cl.feedback.nonlinear import DrivenResponse, NonlinearController, driven_response
from thermo_cl.feedback.nonlinear.examples import saturated_integral_feedback
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth

__all__ = ["ChemicalLoop", "Rest"]

UNITS = {
    "release": "uM/s", "basal": "uM/s", "damping": "1/s", "turnover": "1/s", "michaelis": "uM", "production": "1/s",
    "set_point": "uM", "saturation": "uM", "mean_signal": "1",
}  # fmt: skip

_MAY_VANISH = {"basal", "damping", "saturation"}


class Rest(NamedTuple):
    """Concentrations of chemical and enzyme at rest, uM."""

    chemical: float
    enzyme: float


@dataclass(frozen=True)
class ChemicalLoop:
    r"""A chemical released by strain, removed by an enzyme that it makes and that another enzyme removes.

    .. math::

        c' = b + r s - \kappa m \frac{c}{K_c + c} - \lambda c, \qquad
        m' = k\Bigl(c - c_0 \frac{m}{K_m + m}\Bigr).

    The enzyme m removes c after Michaelis and Menten. It is made in proportion to c and removed by an enzyme of largest
    rate k c_0. For K_m -> 0 that enzyme is saturated, m integrates c - c_0, and c returns to c_0 after every step of
    the strain (Yi et al., PNAS 97, 4649 (2000)). At finite K_m the integrator leaks at the rate
    :math:`\ell = k c_0 K_m/(K_m + m)^2`, and the area is in proportion to it. Concentrations stay positive whatever
    the strain does.

    About rest it is a ``Chemical`` of :math:`\hat\kappa = \kappa c/(K_c + c)` and
    :math:`\hat\lambda = \lambda + \kappa m K_c/(K_c + c)^2`. The defaults are near those of ``Chemical``.

    Parameters
    ----------
    release : float
        r, uM/s of chemical per unit of s = strain^2/2; > 0.
    basal : float
        b, release without strain, uM/s; >= 0.
    damping : float
        :math:`\lambda`, loss of the chemical by itself, 1/s; >= 0.
    turnover : float
        :math:`\kappa`, largest rate at which an enzyme removes the chemical, uM/(uM s); > 0.
    michaelis : float
        K_c, chemical at which that is half reached, uM; > 0.
    production : float
        k, uM of enzyme made per uM of chemical and s; > 0.
    set_point : float
        c_0 of the integrator, uM; > 0.
    saturation : float
        K_m, enzyme at which its own removal is half saturated, uM; >= 0. 0 is the exact integrator.
    mean_signal : float
        s about which it is linearised; >= 0.

    Raises
    ------
    InvalidParameterError
        If a constant is out of range, or if at the mean signal too little chemical is released for the set point of an
        exact integrator; the message says from which signal on it suffices.

    Examples
    --------
    >>> loop = ChemicalLoop(saturation=0.0)
    >>> loop.rest
    Rest(chemical=0.5, enzyme=2.0)
    >>> float(loop.kernel.area), float(loop.kernel.first_moment)
    (0.0, -20.0)
    """

    release: float = 2000.0
    basal: float = 12.5
    damping: float = 5.0
    turnover: float = 20.0
    michaelis: float = 0.5
    production: float = 10.0
    set_point: float = 0.5
    saturation: float = 0.01
    mean_signal: float = 0.005

    def __post_init__(self) -> None:
        lenient = _MAY_VANISH | {"mean_signal"}
        checked = {
            f.name: check.single(
                f.name, (check.non_negative if f.name in lenient else check.positive)(f.name, getattr(self, f.name))
            )
            for f in fields(self)
        }
        check.freeze(self, **checked)
        self._require_feedback("mean_signal", self.mean_signal)

    @property
    def parameters(self) -> dict[str, tuple[float, str]]:
        """Values and units by name."""
        return {name: (float(getattr(self, name)), unit) for name, unit in UNITS.items()}

    # ------------------------------------------------------------------ at rest

    @property
    def least_signal(self) -> float:
        """Signal at and below which an exact integrator finds too little chemical; minus infinity with a leak."""
        if self.saturation > 0.0:
            return -np.inf
        return (self.damping * self.set_point - self.basal) / self.release

    def steady(self, signal: float) -> Rest:
        """Concentrations under a constant signal.

        In closed form for the exact integrator: c = c_0. Otherwise c = c_0 m/(K_m + m) leaves one equation for m whose
        sides are monotone; its root is bracketed and found to rounding.

        Raises
        ------
        InvalidParameterError
            If the signal is negative, or too small for the exact integrator.
        """
        s = check.single("signal", check.non_negative("signal", signal))
        self._require_feedback("signal", s)
        source = self.basal + self.release * s
        if self.saturation == 0.0:
            surplus = source - self.damping * self.set_point
            return Rest(self.set_point, surplus * (self.michaelis + self.set_point) / (self.turnover * self.set_point))
        if source == 0.0:
            return Rest(0.0, 0.0)
        from scipy.optimize import brentq

        def excess(m: float) -> float:
            c = self._chemical(m)
            return self.turnover * m * c / (self.michaelis + c) + self.damping * c - source

        high = self.saturation
        while excess(high) < 0.0:
            high *= 2.0
        m = float(brentq(excess, 0.0, high, xtol=1e-300, rtol=4.0 * np.finfo(float).eps, maxiter=1000))
        return Rest(self._chemical(m), m)

    def _chemical(self, enzyme: float) -> float:
        """Chemical that keeps the enzyme where it is."""
        return self.set_point * enzyme / (self.saturation + enzyme)

    def _require_feedback(self, name: str, signal: float) -> None:
        if signal <= self.least_signal:
            raise InvalidParameterError(
                name, signal,
                f"above {self.least_signal:.6g}, from where on the release keeps the chemical at the set point of an "
                "exact integrator",
            )  # fmt: skip

    @cached_property
    def rest(self) -> Rest:
        """Concentrations at the mean signal."""
        return self.steady(self.mean_signal)

    # ------------------------------------------------------------- small signals

    @property
    def leak(self) -> float:
        r"""Decay rate :math:`k c_0 K_m/(K_m + m)^2` of the enzyme's deviations, 1/s."""
        return self.production * self.set_point * self.saturation / (self.saturation + self.rest.enzyme) ** 2

    def linear(self, **others: float) -> Chemical:
        """The linear carrier about rest; keyword arguments are its threshold, softening, strain_unit, volume, drive."""
        c, m = self.rest
        bound = c / (self.michaelis + c)
        return Chemical(
            release=self.release,
            damping=self.damping + self.turnover * m * self.michaelis / (self.michaelis + c) ** 2,
            removal=self.turnover * bound,
            production=self.production,
            leak=self.leak,
            set_point=c,
            enzyme=m,
            **others,
        )

    @property
    def kernel(self) -> Kernel:
        """Small-signal kernel from s to the deviation of c in uM, in closed form."""
        return self.linear().kernel

    # --------------------------------------------------------------- full motion

    @cached_property
    def controller(self) -> NonlinearController:
        """Equations of motion with their derivatives, from s to c in uM; states c and m, not below 0."""
        source = self.basal + self.release * self.mean_signal
        inner = saturated_integral_feedback(
            self.turnover, self.michaelis, self.damping, self.production, self.set_point, self.saturation,
            typical_signal=source,
        )  # fmt: skip
        assert inner.jacobian is not None
        jacobian, gradient = inner.jacobian, np.array([self.release, 0.0])

        def motion(x: FloatArray, s: float) -> ArrayLike:
            return inner.motion(x, self.basal + self.release * s)

        return NonlinearController(
            motion, inner.output, 2, jacobian=jacobian, signal_gradient=lambda *_: gradient,
            output_gradient=inner.output_gradient, output_slope=inner.output_slope, names=("chemical", "enzyme"),
            typical_state=self.rest, typical_signal=self.mean_signal, lowest=0.0,
        )  # fmt: skip

    def response(self, protocol: Sawtooth, amplitude: float, **options: Any) -> DrivenResponse:
        """Periodic response of c (uM) to a sawtooth of s about the mean signal, beside the linear prediction.

        Parameters
        ----------
        protocol : Sawtooth
            Single, of the deviation of s from the mean signal; ramp times in s.
        amplitude : float
            Clamped-minus-free s, >= 0.
        **options
            For ``driven_response``: rtol, method, samples, max_steps.

        Raises
        ------
        InvalidParameterError
            If s would become negative, or so small that an exact integrator loses its feedback.
        StiffnessError, ConvergenceError
            As ``driven_response``.
        """
        if protocol.batch_shape:
            raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
        height = check.single("amplitude", check.non_negative("amplitude", amplitude))
        signal = Sawtooth(protocol.fast, protocol.slow, protocol.mean + self.mean_signal).signal(height)
        lowest, floor = float(signal.values.min()), max(self.least_signal, 0.0)
        if lowest < floor:
            raise InvalidParameterError(
                "amplitude", height, f"such that s, now at least {lowest:.6g}, does not fall below {floor:.6g}"
            )
        return driven_response(self.controller, signal, about=self.mean_signal, guess=self.rest, **options)
