"""One synapse under a sawtooth: threshold, exact weight updates, offset and dynamic range."""

from thermo_cl._show import public
from thermo_cl.synapse.curve import UpdateCurve, update_curve
from thermo_cl.synapse.driven import DrivenUpdate, driven_update
from thermo_cl.synapse.integral import thresholded_integral
from thermo_cl.synapse.linear_noise import LinearNoise, linear_noise
from thermo_cl.synapse.metrics import (
    CurveMetrics,
    crossing_metrics,
    exact_crossing_metrics,
    exact_window_metrics,
    segment_metrics,
)
from thermo_cl.synapse.noisy import NoisyUpdate, noisy_update
from thermo_cl.synapse.sawtooth import Sawtooth
from thermo_cl.synapse.sensitivity import (
    UpdateSensitivities,
    ramp_time_sensitivities,
    update_sensitivities,
    update_tangent,
)
from thermo_cl.synapse.update import adaptive_threshold, amplitude_window, update_slope, weight_update

__all__ = [
    "CurveMetrics",
    "DrivenUpdate",
    "LinearNoise",
    "NoisyUpdate",
    "Sawtooth",
    "UpdateCurve",
    "UpdateSensitivities",
    "adaptive_threshold",
    "amplitude_window",
    "crossing_metrics",
    "driven_update",
    "exact_crossing_metrics",
    "exact_window_metrics",
    "linear_noise",
    "noisy_update",
    "ramp_time_sensitivities",
    "segment_metrics",
    "thresholded_integral",
    "update_curve",
    "update_sensitivities",
    "update_slope",
    "update_tangent",
    "weight_update",
]

__dir__ = public(__all__)
