"""Exact stochastic thermodynamics of learning synapses.

A Markov ladder gives a memory kernel, a kernel under a sawtooth a weight update, and thousands of updates the
trade-offs between dissipation, offset and dynamic range. Energies in k_B T, entropy in k_B, times in units of the
ladder's horizontal rate. Generators have the column convention: W[i, j] is the rate j -> i.
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING

from thermo_cl import errors, markov, units
from thermo_cl._show import public as _public
from thermo_cl.kernels import (
    Kernel,
    PeriodicResponse,
    PeriodicSignal,
    chemotaxis_kernel,
    integral_feedback_kernel,
    periodic_response,
    sine_kernel,
)
from thermo_cl.markov import (
    Ladder,
    MarkovNetwork,
    cycle_affinity,
    drive,
    edge_entropy_production,
    entropy_production_rate,
    periodic_state,
    probability_currents,
    propagate,
    relaxation_kernel,
    solve_steady_state,
    stationary_noise,
    steady_thermodynamics,
    step_response_kernel,
    uncertainty_ratios,
)
from thermo_cl.synapse import (
    CurveMetrics,
    Sawtooth,
    UpdateCurve,
    adaptive_threshold,
    amplitude_window,
    crossing_metrics,
    driven_update,
    exact_crossing_metrics,
    exact_window_metrics,
    linear_noise,
    noisy_update,
    segment_metrics,
    update_curve,
    update_slope,
    weight_update,
)

if _TYPE_CHECKING:
    from thermo_cl import learning

__version__ = _version("thermo-cl")

__all__ = [
    "CurveMetrics",
    "Kernel",
    "Ladder",
    "MarkovNetwork",
    "PeriodicResponse",
    "PeriodicSignal",
    "Sawtooth",
    "UpdateCurve",
    "__version__",
    "adaptive_threshold",
    "amplitude_window",
    "chemotaxis_kernel",
    "crossing_metrics",
    "cycle_affinity",
    "drive",
    "driven_update",
    "edge_entropy_production",
    "entropy_production_rate",
    "errors",
    "exact_crossing_metrics",
    "exact_window_metrics",
    "integral_feedback_kernel",
    "learning",
    "linear_noise",
    "markov",
    "noisy_update",
    "periodic_response",
    "periodic_state",
    "probability_currents",
    "propagate",
    "relaxation_kernel",
    "segment_metrics",
    "sine_kernel",
    "solve_steady_state",
    "stationary_noise",
    "steady_thermodynamics",
    "step_response_kernel",
    "uncertainty_ratios",
    "units",
    "update_curve",
    "update_slope",
    "weight_update",
]

# rooms that are imported when they are first entered
_LAZY = ("explore", "feedback", "learning", "plotting", "sweep", "symbolic")
__dir__ = _public(__all__, "kernels", "synapse", *_LAZY)

if not _TYPE_CHECKING:  # a type checker would take any name for one of the package

    def __getattr__(name: str) -> _ModuleType:
        """Enter a room."""
        if name in _LAZY:
            return _import_module(f"thermo_cl.{name}")
        raise AttributeError(f"module 'thermo_cl' has no attribute {name!r}")
