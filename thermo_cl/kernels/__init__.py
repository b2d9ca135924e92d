"""Memory kernels as exact values, and their exact responses to piecewise-linear signals."""

from thermo_cl._show import public
from thermo_cl.kernels.families import chemotaxis_kernel, high_pass_kernel, integral_feedback_kernel, sine_kernel
from thermo_cl.kernels.kernel import Kernel
from thermo_cl.kernels.response import PeriodicResponse, periodic_response
from thermo_cl.kernels.signals import PeriodicSignal

__all__ = [
    "Kernel",
    "PeriodicResponse",
    "PeriodicSignal",
    "chemotaxis_kernel",
    "high_pass_kernel",
    "integral_feedback_kernel",
    "periodic_response",
    "sine_kernel",
]

__dir__ = public(__all__)
