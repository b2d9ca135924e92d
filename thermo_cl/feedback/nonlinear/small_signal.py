"""Linearisation about a state of rest, and the kernel of small signals."""

from __future__ import annotations

from numpy.typing import ArrayLike

from thermo_cl.feedback.linear import LinearController
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.rest import OperatingPoint, operating_point
from thermo_cl.kernels import Kernel

__all__ = ["linearised", "small_signal_kernel"]


def linearised(point: OperatingPoint) -> LinearController:
    r"""Linear controller of small deviations from a state of rest.

    :math:`A = \partial f/\partial x`, :math:`B = \partial f/\partial s`, :math:`C = \partial h/\partial x`,
    :math:`D = \partial h/\partial s` at the operating point, from the controller's own derivatives or by differences
    (10 to 14 digits). Its signal is the deviation from ``point.signal``, its set point the output at rest.

    Parameters
    ----------
    point : OperatingPoint

    Returns
    -------
    LinearController

    Notes
    -----
    Its area is zero exactly where an integrator stands in one row of the equations, k (u - u_0), even by differences.
    An integrator that is a combination of several rows (antithetic feedback) is seen exactly only with the
    controller's own derivatives; by differences its area is zero to about 1e-12.

    Examples
    --------
    >>> from thermo_cl.feedback.nonlinear import NonlinearController, operating_point
    >>> cubic = NonlinearController(lambda x, s: s - x**3, lambda x, s: x[0], 1)
    >>> round(float(linearised(operating_point(cubic, 8.0)).area), 10)
    0.0833333333
    """
    controller, x, s = point.controller, point.state, point.signal
    return LinearController(
        point.state_matrix,
        controller.signal_gradient_at(x, s),
        controller.output_gradient_at(x, s),
        controller.output_slope_at(x, s),
        set_point=point.output,
    )


def small_signal_kernel(controller: NonlinearController, signal: float, guess: ArrayLike | None = None) -> Kernel:
    """Kernel of small signals about a constant one: ``linearised(operating_point(...)).kernel()``.

    Parameters and errors as for ``operating_point``.
    """
    return linearised(operating_point(controller, signal, guess)).kernel()
