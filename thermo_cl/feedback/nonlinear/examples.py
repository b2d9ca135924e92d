"""Two nonlinear controllers that adapt: saturated removal of an enzyme, and antithetic feedback."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.feedback.nonlinear.controller import NonlinearController

__all__ = ["antithetic_feedback", "saturated_integral_feedback"]


def saturated_integral_feedback(
    removal: float = 1.0,
    half_removal: float = 1.0,
    damping: float = 0.5,
    gain: float = 0.5,
    set_point: float = 1.0,
    saturation: float = 0.01,
    *,
    typical_signal: float = 2.0,
) -> NonlinearController:
    r"""Chemical c made by the signal, removed by an enzyme m that integrates it, with an enzyme of its own.

    :math:`c' = s - \kappa m\,c/(K_c + c) - \lambda c` and :math:`m' = k[c - c_0\,m/(K_m + m)]`, output c. The enzyme is
    made in proportion to the chemical and removed at a rate that saturates: for :math:`K_m \to 0` at the constant rate
    :math:`k c_0`, so that m integrates c - c_0 (Yi et al., PNAS 97, 4649 (2000)). At finite :math:`K_m` the integrator
    leaks at the rate :math:`\ell = k c_0 K_m/(K_m + m)^2`, and with :math:`a = \lambda + \kappa m K_c/(K_c + c)^2` and
    :math:`b = \kappa c/(K_c + c)` the kernel of small signals has the area :math:`\ell/(a\ell + bk)` and the first
    moment :math:`(\ell^2 - bk)/(a\ell + bk)^2`.

    Parameters
    ----------
    removal, half_removal : float
        :math:`\kappa > 0`, chemical per enzyme and time at saturation, and :math:`K_c > 0`, the chemical at which it is
        half of that.
    damping : float
        :math:`\lambda \ge 0`, removal of the chemical by itself, in 1/time.
    gain, set_point : float
        k > 0, enzyme per chemical and time, and :math:`c_0 > 0`.
    saturation : float
        :math:`K_m \ge 0`, the enzyme at which its removal is half saturated; 0 for a perfect integrator.
    typical_signal : float
        About which it works; it must exceed :math:`\lambda c_0`, what the damping takes.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its domain.
    """
    kappa, half = check.positive_number("removal", removal), check.positive_number("half_removal", half_removal)
    rate = check.single("damping", check.non_negative("damping", damping))
    k, c0 = check.positive_number("gain", gain), check.positive_number("set_point", set_point)
    km = check.single("saturation", check.non_negative("saturation", saturation))
    s0 = check.positive_number("typical_signal", typical_signal)

    def motion(x: FloatArray, s: float) -> FloatArray:
        c, m = x
        used = c0 * m / (km + m) if km else c0
        return np.array([s - kappa * m * c / (half + c) - rate * c, k * (c - used)])

    def jacobian(x: FloatArray, _: float) -> FloatArray:
        c, m = x
        leak = k * c0 * km / (km + m) ** 2 if km else 0.0
        return np.array([[-rate - kappa * m * half / (half + c) ** 2, -kappa * c / (half + c)], [k, -leak]])

    return NonlinearController(
        motion, lambda x, _: float(x[0]), 2, jacobian=jacobian, signal_gradient=lambda *_: np.array([1.0, 0.0]),
        output_gradient=lambda *_: np.array([1.0, 0.0]), output_slope=lambda *_: 0.0, names=("c", "m"), lowest=0.0,
        typical_state=[c0, max(s0 - rate * c0, 0.1 * s0) * (half + c0) / (kappa * c0)], typical_signal=s0,
    )  # fmt: skip


def antithetic_feedback(
    supply: float = 1.0,
    sensing: float = 1.0,
    annihilation: float = 10.0,
    removal: float = 1.0,
    damping: float = 0.5,
    dilution: float = 0.0,
    *,
    typical_signal: float = 2.0,
) -> NonlinearController:
    r"""Chemical x whose level is held by two species that annihilate each other.

    Briat et al., Cell Systems 2, 15 (2016): :math:`x' = s - \kappa z_2 x - \lambda x`,
    :math:`z_1' = \mu - \eta z_1 z_2 - \delta z_1`, :math:`z_2' = \theta x - \eta z_1 z_2 - \delta z_2`, output x.
    Without dilution :math:`z_2 - z_1` integrates :math:`\theta x - \mu`, and x returns to :math:`\mu/\theta`; the
    integrator is no single state.

    Parameters
    ----------
    supply, sensing : float
        :math:`\mu > 0`, amount per time, and :math:`\theta > 0`, in 1/time.
    annihilation, removal : float
        :math:`\eta > 0` and :math:`\kappa > 0`, in 1/(amount * time).
    damping, dilution : float
        :math:`\lambda \ge 0` and :math:`\delta \ge 0`, in 1/time; dilution is the integrator's leak.
    typical_signal : float
        About which it works, amount per time; it must exceed :math:`\lambda\mu/\theta`.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its domain.
    """
    mu, theta = check.positive_number("supply", supply), check.positive_number("sensing", sensing)
    eta, kappa = check.positive_number("annihilation", annihilation), check.positive_number("removal", removal)
    rate = check.single("damping", check.non_negative("damping", damping))
    loss = check.single("dilution", check.non_negative("dilution", dilution))
    s0 = check.positive_number("typical_signal", typical_signal)

    def motion(y: FloatArray, s: float) -> FloatArray:
        x, first, second = y
        pairs = eta * first * second
        return np.array([s - (kappa * second + rate) * x, mu - pairs - loss * first, theta * x - pairs - loss * second])

    def jacobian(y: FloatArray, _: float) -> FloatArray:
        x, first, second = y
        return np.array([
            [-kappa * second - rate, 0.0, -kappa * x],
            [0.0, -eta * second - loss, -eta * first],
            [theta, -eta * second, -eta * first - loss],
        ])  # fmt: skip

    level = mu / theta
    second = max(s0 / level - rate, 0.1 * s0 / level) / kappa
    return NonlinearController(
        motion, lambda y, _: float(y[0]), 3, jacobian=jacobian, signal_gradient=lambda *_: np.array([1.0, 0.0, 0.0]),
        output_gradient=lambda *_: np.array([1.0, 0.0, 0.0]), output_slope=lambda *_: 0.0, names=("x", "z1", "z2"),
        lowest=0.0, typical_state=[level, mu / (eta * second), second], typical_signal=s0,
    )  # fmt: skip
