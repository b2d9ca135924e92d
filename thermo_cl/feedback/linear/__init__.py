"""Linear controllers: state space or transfer function, exact kernels, perfect adaptation, cascades and loops."""

from thermo_cl._show import public
from thermo_cl.feedback.linear.adaptation import Adaptation, adaptation_test, has_integrator
from thermo_cl.feedback.linear.connections import feedback_loop, parallel, series
from thermo_cl.feedback.linear.controller import LinearController
from thermo_cl.feedback.linear.controllers import (
    double_integral_feedback,
    high_pass,
    integral_feedback,
    leaky_area,
    leaky_first_moment,
    low_pass,
    sensed_integral_feedback,
)

__all__ = [
    "Adaptation",
    "LinearController",
    "adaptation_test",
    "double_integral_feedback",
    "feedback_loop",
    "has_integrator",
    "high_pass",
    "integral_feedback",
    "leaky_area",
    "leaky_first_moment",
    "low_pass",
    "parallel",
    "sensed_integral_feedback",
    "series",
]

__dir__ = public(__all__)
