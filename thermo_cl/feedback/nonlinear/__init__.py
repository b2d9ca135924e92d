"""Nonlinear controllers: rest, linearisation, the full response to a periodic signal and what it teaches."""

from thermo_cl._show import public
from thermo_cl.feedback.nonlinear.adaptation import AdaptationError, adaptation_error
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.driven import DrivenResponse, driven_response
from thermo_cl.feedback.nonlinear.examples import antithetic_feedback, saturated_integral_feedback
from thermo_cl.feedback.nonlinear.rest import OperatingPoint, operating_point
from thermo_cl.feedback.nonlinear.small_signal import linearised, small_signal_kernel
from thermo_cl.feedback.nonlinear.timescales import Timescales, timescales
from thermo_cl.feedback.nonlinear.update import NonlinearUpdate, nonlinear_update, thresholded_update

__all__ = [
    "AdaptationError",
    "DrivenResponse",
    "NonlinearController",
    "NonlinearUpdate",
    "OperatingPoint",
    "Timescales",
    "adaptation_error",
    "antithetic_feedback",
    "driven_response",
    "linearised",
    "nonlinear_update",
    "operating_point",
    "saturated_integral_feedback",
    "small_signal_kernel",
    "thresholded_update",
    "timescales",
]

__dir__ = public(__all__)
