"""Dimensions, names and units of what ``analysis.frontier`` stores."""

from __future__ import annotations

from collections.abc import Mapping

from thermo_cl._types import Array
from thermo_cl.sweep import Quantity

RATE, TIME = "k_B per ladder time unit", "ladder time unit"
LADDER = "gamma, rate factor, energy step (k_B T), reference level, signal (micromolar)"
_LINE, _MEMORY = ("levels", "step", "target"), ("memory_levels", "memory_target", "budget")
_RELATIVE = ("memory_levels", "relative_target")
_POINT, _ON_LINE = ("memory_levels", "point"), ("memory_levels", "target")

LABELS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "levels": (("levels",), "number of levels", "1"),
    "step": (("step",), "step of the signal", "micromolar"),
    "target": (("target",), "accuracy asked for, L' = ln(mu1 / abs(area))", "ln of ladder time units"),
    "parameter": (("parameter",), "parameter of a ladder", "1"),
    "accuracy": (("accuracy",), "accuracy L' = ln(mu1 / abs(area)), middle of the bin", "ln of ladder time units"),
    "log_rate": (("log_rate",), "ln of the entropy production rate, middle of the bin", "ln of k_B per ladder time"),
    "gamma": (("gamma",), "drive parameter gamma of the paper's ladder", "1"),
    "rate_factor_max": (("rate_factor_max",), "largest rate factor allowed", "1"),
    "memory_levels": (("memory_levels",), "number of levels", "1"),
    "memory_target": (("memory_target",), "accuracy asked for, L' = ln(mu1 / abs(area))", "ln of ladder time units"),
    "budget": (("budget",), "entropy production rate allowed, over the least", "1"),
    "relative_target": (("relative_target",), "accuracy asked for, ln(mu1 / (abs(area) tau))", "1"),
    "sweep_rate": (_LINE, "least entropy production rate among swept ladders at or above the target", RATE),
    "sweep_parameters": ((*_LINE, "parameter"), f"that ladder: {LADDER}", "as named"),
    "sweep_count": (_LINE, "swept ladders at or above the target", "1"),
    "sweep_adapting": (_LINE[:2], "swept ladders that adapt", "1"),
    "sweep_beyond": (_LINE[:2], "swept ladders that adapt above the critical gamma", "1"),
    "density": (("levels", "accuracy", "log_rate"), "swept ladders in the bin, step 0 to 200", "1"),
    "rate": (_LINE, "least entropy production rate by optimisation", RATE),
    "slope": (_LINE, "derivative of the least entropy production rate by the target", RATE),
    "parameters": ((*_LINE, "parameter"), f"optimal ladder: {LADDER}", "as named"),
    "at_bound": ((*_LINE, "parameter"), "whether the parameter is at its lower (-1) or upper (1) bound", "1"),
    "residual": (_LINE, "largest entry of the gradient of ln sigma left over", "1"),
    "spread": (_LINE, "relative difference of the ends of different starts", "1"),
    "fitted_slope": (_LINE[:2], "slope of the least entropy production rate fitted over the range", RATE),
    "bulk_rate": (("levels", "target"), "least entropy production rate by the bulk laws, step 0 to 200", RATE),
    "bulk_slope": (("levels",), "slope by the bulk laws fitted over the range, step 0 to 200", RATE),
    "asymptotic_slope": (("levels",), "slope for strong drive and small steps, 1 / u^2 with u^2 + u = n / 2", RATE),
    "paper_rate": (("gamma",), "entropy production rate of the paper's ladder", RATE),
    "paper_accuracy": (("gamma",), "accuracy L' of the paper's ladder", "ln of ladder time units"),
    "same_accuracy": ((), "accuracy L' of the paper's ladder at gamma = 1e-3", "ln of ladder time units"),
    "same_accuracy_rate": (("levels",), "least entropy production rate at that accuracy", RATE),
    "bounded_rate": (("levels", "rate_factor_max"), "least entropy production rate at L' = 6", RATE),
    "sample_rate": (_POINT, "entropy production rate of a sampled ladder", RATE),
    "sample_accuracy": (_POINT, "accuracy L' of a sampled ladder", "ln of ladder time units"),
    "sample_memory_time": (_POINT, "memory time of a sampled ladder, mu2 / (2 mu1)", TIME),
    "sample_dynamic_range": (_POINT, "dynamic range of a sampled ladder, A_max / A_min", "1"),
    "sample_offset": (_POINT, "offset of a sampled ladder, tangent inside the threshold window", "signal"),
    "frontier_dynamic_range": (_ON_LINE, "dynamic range of the optimal ladder, A_max / A_min", "1"),
    "frontier_offset": (_ON_LINE, "offset of the optimal ladder, tangent inside the threshold window", "signal"),
    "frontier_memory_time": (_ON_LINE, "memory time of the optimal ladder, mu2 / (2 mu1)", TIME),
    "memory_time": (_MEMORY, "longest memory time within the budget by optimisation", TIME),
    "memory_rate": (_MEMORY, "entropy production rate of that ladder", RATE),
    "sweep_memory_time": (_MEMORY, "longest memory time within the budget among sampled ladders", TIME),
    "memory_residual": (_MEMORY, "largest entry of the gradient of ln tau left over", "1"),
    "memory_cost": (_RELATIVE, "least entropy produced in a memory time, sigma tau, by optimisation", "k_B"),
    "sweep_memory_cost": (_RELATIVE, "least entropy produced in a memory time among sampled ladders", "k_B"),
    "memory_cost_time": (_RELATIVE, "memory time of the optimal ladder", TIME),
    "memory_cost_parameters": ((*_RELATIVE, "parameter"), f"optimal ladder: {LADDER}", "as named"),
    "memory_cost_residual": (_RELATIVE, "largest entry of the gradient of ln(sigma tau) left over", "1"),
}  # fmt: skip


def labelled(values: Mapping[str, Array]) -> dict[str, Quantity]:
    """Values with their dimensions, names and units."""
    return {name: Quantity(LABELS[name][0], value, *LABELS[name][1:]) for name, value in values.items()}
