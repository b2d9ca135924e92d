"""Ladders by the batch: what each costs, remembers and learns.

Parameters are those of ``Ladder`` and of the step that its kernel is read from; ladders of different numbers of levels
may be mixed. A ladder whose numbers leave the range of floating point, or whose kernel cannot be normalised, has NaN
for results and ``valid`` false, and does not disturb the others.

``normalized_area`` is I/|mu1|, with the sign of the area. ``Kernel.normalized`` is the paper's K <- -K/|mu1|: its
area is the negative of that, whichever sign mu1 has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError, NormalizationError
from thermo_cl.markov.ladder import Ladder
from thermo_cl.sweep.labels import Quantity
from thermo_cl.synapse import (
    Sawtooth,
    adaptive_threshold,
    crossing_metrics,
    exact_window_metrics,
    weight_update,
)

__all__ = ["PARAMETERS", "ladder", "ladder_curves", "ladder_memory"]

PARAMETERS: dict[str, tuple[str, str]] = {
    "gamma": ("drive parameter gamma", "1"),
    "signal": ("height of the signal step", "micromolar"),
    "baseline": ("signal before the step", "micromolar"),
    "rate_factor": ("vertical over horizontal rates F", "1"),
    "n_levels": ("number of levels", "1"),
    "reference_level": ("level at which the rails have equal energy without signal", "1"),
    "energy_step": ("energy difference gained per level", "k_B T"),
    "inactive_dissociation": ("ligand constant K_i", "micromolar"),
    "active_dissociation": ("ligand constant K_a", "micromolar"),
}
_COST = Quantity("point", (), "steady entropy production rate at zero signal", "k_B per ladder time unit")
_MOMENTS = {
    "area": Quantity("point", (), "area I of the step kernel", "1"),
    "first_moment": Quantity("point", (), "first moment mu1 of the step kernel", "ladder time unit"),
    "normalized_area": Quantity("point", (), "area over |first moment|, I / |mu1|", "1 / ladder time unit"),
}
_CURVE_COPIES = 10  # arrays of the size of all curves alive at once while metrics are read
_VALID = Quantity("point", (), "whether the numbers are in the range of floating point", "1")


def ladder(
    gamma: Array,
    signal: Array,
    baseline: Array | float = 0.0,
    rate_factor: Array | float = 25.0,
    n_levels: Array | int = 5,
    reference_level: Array | float = 1.0,
    energy_step: Array | float = 2.0,
    inactive_dissociation: Array | float = 18.2,
    active_dissociation: Array | float = 3000.0,
) -> dict[str, Quantity]:
    """Entropy production rate, area, first moment and area over first moment, at about 2 microseconds a ladder."""

    def scalars(one: Ladder, end: FloatArray, start: FloatArray) -> dict[str, Array]:
        moments = one.step_moments(end, start)
        return _scalars(one, moments.area, moments.first_moment)

    given = (gamma, rate_factor, reference_level, energy_step, inactive_dissociation, active_dissociation)
    found = _by_levels(scalars, n_levels, signal, baseline, given)
    return _labelled(found, {"entropy_production_rate": _COST, **_MOMENTS})


def ladder_memory(
    gamma: Array,
    signal: Array,
    baseline: Array | float = 0.0,
    rate_factor: Array | float = 25.0,
    n_levels: Array | int = 5,
    reference_level: Array | float = 1.0,
    energy_step: Array | float = 2.0,
    inactive_dissociation: Array | float = 18.2,
    active_dissociation: Array | float = 3000.0,
) -> dict[str, Quantity]:
    r"""As ``ladder``, with the memory time :math:`\mu_2 / 2\mu_1`, the mean time of the response to a step.

    It needs the kernel's modes, at about 0.1 milliseconds a ladder of five levels.
    """

    def scalars(one: Ladder, end: FloatArray, start: FloatArray) -> dict[str, Array]:
        kernel = one.step_kernel(end, start, moments=3)
        with np.errstate(divide="ignore", invalid="ignore"):
            time = kernel.moment(2) / (2.0 * kernel.first_moment)
        return _scalars(one, kernel.area, kernel.first_moment) | {"memory_time": time}

    given = (gamma, rate_factor, reference_level, energy_step, inactive_dissociation, active_dissociation)
    found = _by_levels(scalars, n_levels, signal, baseline, given)
    time = Quantity("point", (), "memory time, mu2 / (2 mu1)", "ladder time unit")
    return _labelled(found, {"entropy_production_rate": _COST, **_MOMENTS, "memory_time": time})


def ladder_curves(
    gamma: Array,
    signal: Array,
    baseline: Array | float = 0.0,
    rate_factor: Array | float = 25.0,
    n_levels: Array | int = 5,
    reference_level: Array | float = 1.0,
    energy_step: Array | float = 2.0,
    inactive_dissociation: Array | float = 18.2,
    active_dissociation: Array | float = 3000.0,
    *,
    amplitudes: int = 500,
    amplitude_max: float = 50.0,
    fast: float = 3.0,
    slow: float = 15.0,
    mean: float = 10.0,
    ladder_units: float = 5.0,
    window: float = np.inf,
    dissipation_rate_factor: float | None = None,
    index_factor: float = 1.0,
    curves: bool = False,
) -> dict[str, Quantity]:
    """Metrics of weight-update curves of ladders under one protocol (Falk et al. 2025, Figs. 6B and 9B).

    Each kernel is normalised and put under the sawtooth with the threshold of Eq. 45; ``ladder_units`` of ladder time
    are one unit of protocol time. The options are those of ``analysis.dissipation``; ``curves`` keeps the curves,
    ``amplitudes`` numbers a ladder.
    """
    resolution = check.integer_at_least("amplitudes", amplitudes, 6)
    check.single("window", check.positive_or_infinite("window", window))
    if dissipation_rate_factor is not None:
        check.positive_number("dissipation_rate_factor", dissipation_rate_factor)
    if check.single("index_factor", check.finite("index_factor", index_factor)) < 1:
        raise InvalidParameterError("index_factor", index_factor, "at least 1")
    protocol = Sawtooth(fast=fast, slow=slow, mean=mean)
    top = check.positive_number("amplitude_max", amplitude_max)
    require_memory(f"{resolution} amplitudes", _CURVE_COPIES * 8 * resolution, "Take fewer.")
    amplitude = np.linspace(0.0, 1.25 * top, resolution, endpoint=False)

    def metrics(one: Ladder, end: FloatArray, start: FloatArray) -> dict[str, Array]:
        size = len(one.gamma) * resolution
        require_memory(f"{len(one.gamma)} curves of {resolution} amplitudes", _CURVE_COPIES * 8 * size, "Take fewer.")
        raw = one.step_kernel(end, start)
        kernel = (raw if np.isinf(window) else raw.windowed(window)).rescaled(ladder_units).normalized()
        threshold = adaptive_threshold(kernel, protocol, amplitude_max)
        update = weight_update(kernel, protocol, amplitude, threshold=threshold)
        read = crossing_metrics(amplitude, update, amplitude_max=amplitude_max, index_factor=index_factor)
        exact = exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=amplitude_max)
        if dissipation_rate_factor is None:
            cost = one.entropy_production_rate()
        else:
            cost = _with_rate_factor(one, dissipation_rate_factor).entropy_production_rate()
        return {
            "entropy_production_rate": np.asarray(cost),
            "kernel_area": kernel.area,
            "first_moment": raw.first_moment,
            "threshold": threshold,
            "amplitude_min": read.amplitude_min,
            "dynamic_range": read.dynamic_range,
            "offset": read.offset,
            "linear": read.linear,
            "exact_amplitude_min": exact.amplitude_min,
            "exact_offset": exact.offset,
            "exact_linear": exact.linear,
            "predicted_offset": fast * mean * kernel.area,
        } | ({"weight_update": update} if curves else {})

    labels = {
        "entropy_production_rate": _COST,
        "kernel_area": Quantity("point", (), "area of the normalised kernel", "1 / protocol time unit"),
        "first_moment": Quantity(
            "point", (), "first moment of the un-normalised, uncut kernel", "ladder time unit"
        ),
        "threshold": Quantity("point", (), "threshold by Eq. 45", "signal / protocol time unit"),
        "weight_update": Quantity(("point", "amplitude"), (), "weight update over one cycle", "signal"),
        "amplitude_min": Quantity("point", (), "smallest amplitude with an update", "signal"),
        "dynamic_range": Quantity("point", (), "A_max / A_min", "1"),
        "offset": Quantity("point", (), "intercept of the update's line, signed", "signal"),
        "linear": Quantity("point", (), "whether an update is reached below A_max", "1"),
        "exact_amplitude_min": Quantity("point", (), "amplitude at which updates begin", "signal"),
        "exact_offset": Quantity("point", (), "intercept of the tangent inside the threshold window", "signal"),
        "exact_linear": Quantity("point", (), "whether that tangent's slope is in (0.75, 1.25)", "1"),
        "predicted_offset": Quantity("point", (), "offset by Eq. 36, I s tau_f", "signal"),
    }  # fmt: skip
    given = (gamma, rate_factor, reference_level, energy_step, inactive_dissociation, active_dissociation)
    axis = {"amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal")} if curves else {}
    return _labelled(_by_levels(metrics, n_levels, signal, baseline, given), labels) | axis


Rows = dict[str, Array]
Compute = Callable[[Ladder, FloatArray, FloatArray], Rows]


def _scalars(one: Ladder, area: FloatArray, first_moment: FloatArray) -> Rows:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = area / np.abs(first_moment)
    return {
        "entropy_production_rate": np.asarray(one.entropy_production_rate()),
        "area": area,
        "first_moment": first_moment,
        "normalized_area": ratio,
    }


def _by_levels(
    compute: Compute, n_levels: Array | int, signal: Array, baseline: Array | float, given: tuple[Array | float, ...]
) -> Rows:
    """Results of ladders of any numbers of levels, each number as a batch of its own."""
    columns = [np.asarray(c) for c in np.broadcast_arrays(n_levels, signal, baseline, *given)]
    levels, found = columns[0], dict[str, Array]()
    for n in np.unique(levels).tolist():
        rows = np.flatnonzero(levels == n)
        for name, values in _guarded(compute, n, [c[rows] for c in columns[1:]]).items():
            if name not in found:
                found[name] = np.empty((levels.size, *values.shape[1:]), values.dtype)
            found[name][rows] = values
    return found


def _guarded(compute: Compute, n: int, columns: list[Array]) -> Rows:
    """Results of ladders of n levels; where some have none, halves are tried until those ladders stand alone."""
    end, start, gamma, factor, reference, step, inactive, active = columns
    one = Ladder(gamma, factor, n, reference, step, inactive, active)
    try:
        found = compute(one, end, start)
        return {name: np.asarray(v) for name, v in found.items()} | {"valid": np.ones(gamma.size, bool)}
    except (ConvergenceError, NormalizationError, FloatingPointError, ZeroDivisionError):
        pass
    except InvalidParameterError as error:
        if error.name != "kernel":  # a kernel too slow for the protocol: of that ladder, not of all
            raise
    if gamma.size == 1:
        return _without_results(compute, n)
    half = gamma.size // 2
    parts = [_guarded(compute, n, [c[side] for c in columns]) for side in (slice(half), slice(half, None))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _without_results(compute: Compute, n: int) -> Rows:
    """NaN, or false, in the shapes that a ladder with results has."""
    well = compute(Ladder(np.array([1e-3]), n_levels=n), np.array([200.0]), np.array([0.0]))
    empty = {k: np.full_like(v, False if np.asarray(v).dtype == bool else np.nan) for k, v in well.items()}
    return empty | {"valid": np.zeros(1, bool)}


def _with_rate_factor(one: Ladder, rate_factor: float) -> Ladder:
    return Ladder(
        one.gamma, rate_factor, one.n_levels, one.reference_level, one.energy_step,
        one.inactive_dissociation, one.active_dissociation,
    )  # fmt: skip


def _labelled(found: Rows, labels: Mapping[str, Quantity]) -> dict[str, Quantity]:
    return {
        name: (labels | {"valid": _VALID})[name]._replace(values=values)  # type: ignore[operator]
        for name, values in found.items()
    }
