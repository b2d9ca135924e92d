"""A view to take away: a labelled data set, the same as the bytes of a netCDF file, and the Python that makes it."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl.explore.settings import LADDER_UNITS
from thermo_cl.explore.view import AMPLITUDES, BEYOND, PHASES, TIMES, KernelView, LadderView, SynapseView, View

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl.sweep import Quantity

__all__ = ["dataset", "netcdf_bytes", "python_lines"]

_SOURCE = "thermo-cl explore: Falk et al. 2025, Apps. E to G"
_LADDER_TIME, _PROTOCOL_TIME = "ladder time unit", "protocol time unit"
_OUTPUT = f"signal / {_PROTOCOL_TIME}"


def dataset(view: View) -> xr.Dataset:
    """Numbers of a view with names, units and provenance; its settings are the attribute ``parameters``."""
    from thermo_cl.sweep import Quantity, label, provenance

    variables, coordinates = _ladder(view.settings.levels, view.ladder)
    coordinates["time"] = Quantity("time", view.cycle.time, "time over two cycles", _PROTOCOL_TIME)
    variables["sawtooth"] = Quantity("time", view.cycle.signal, "signal of the sawtooth", "signal")
    if view.kernel is not None:
        _kernel(view.kernel, variables, coordinates)
    if view.synapse is not None:
        _synapse(view.synapse, variables, coordinates)
    parameters = asdict(view.settings) | {"ladder_units": LADDER_UNITS, "baseline": 0.0}
    return label(variables, coordinates, provenance(_SOURCE, parameters))


def netcdf_bytes(view: View) -> bytes:
    """The data set as a netCDF4 file."""
    content = io.BytesIO()
    dataset(view).to_netcdf(content, engine="h5netcdf")
    return content.getvalue()


def _ladder(levels: int, ladder: LadderView) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    from thermo_cl.sweep import Quantity

    steady, rate = "steady occupancy of states, top rail by level, then bottom rail", f"1 / {_LADDER_TIME}"
    sigma, unit = "steady entropy production rate", f"k_B / {_LADDER_TIME}"
    variables = {
        "occupancy_before": Quantity("state", ladder.before, f"{steady}, before the step", "1"),
        "occupancy_after": Quantity("state", ladder.after, f"{steady}, after it", "1"),
        "rung_current": Quantity("level", ladder.currents.vertical, "net current up a rung after the step", rate),
        "top_current": Quantity("gap", ladder.currents.top, "net current from level m to m + 1, top rail", rate),
        "bottom_current": Quantity("gap", ladder.currents.bottom, "net current from level m to m + 1, bottom", rate),
        "dissipation": Quantity((), ladder.dissipation, f"{sigma} at zero signal", unit),
        "dissipation_after": Quantity((), ladder.dissipation_after, f"{sigma} after the step", unit),
    }
    coordinates = {
        "state": Quantity("state", np.arange(2 * levels), "state", "1"),
        "level": Quantity("level", np.arange(levels), "level m", "1"),
        "gap": Quantity("gap", np.arange(levels - 1), "level m below the gap to m + 1", "1"),
    }
    return variables, coordinates


def _kernel(kernel: KernelView, variables: dict[str, Quantity], coordinates: dict[str, Quantity]) -> None:
    from thermo_cl.sweep import Quantity

    least = "least entropy production rate of as many levels at this accuracy, interpolated"
    coordinates["step_time"] = Quantity("step_time", kernel.time, "time after the step", _LADDER_TIME)
    variables |= {
        "top_occupancy": Quantity("step_time", kernel.occupancy, "occupancy of the top rail after the step", "1"),
        "weighted_kernel": Quantity("step_time", kernel.weighted, "un-normalised kernel times time", "1"),
        "raw_area": Quantity((), kernel.area, "area of the un-normalised kernel", "1"),
        "raw_first_moment": Quantity((), kernel.first_moment, "first moment of it", _LADDER_TIME),
        "positive_area": Quantity((), kernel.lobes.positive, "area of its positive lobes", "1"),
        "negative_area": Quantity((), kernel.lobes.negative, "area of its negative lobes", "1"),
        "accuracy": Quantity((), kernel.accuracy, "accuracy L' = ln(mu1 / abs(area))", "ln of ladder time units"),
        "least_dissipation": Quantity((), kernel.least_dissipation, least, f"k_B / {_LADDER_TIME}"),
    }


def _synapse(synapse: SynapseView, variables: dict[str, Quantity], coordinates: dict[str, Quantity]) -> None:
    from thermo_cl.sweep import Quantity

    metrics = synapse.metrics
    coordinates["amplitude"] = Quantity("amplitude", synapse.amplitude, "amplitude, clamped minus free", "signal")
    variables |= {
        "area": Quantity((), synapse.area, "area I of the normalised kernel", f"1 / {_PROTOCOL_TIME}"),
        "threshold": Quantity((), synapse.threshold, "hard threshold", _OUTPUT),
        "output": Quantity("time", synapse.output, "output u of the memory", _OUTPUT),
        "weight_update": Quantity("amplitude", synapse.update, "weight update over one cycle", "signal"),
        "update_here": Quantity((), synapse.update_here, "weight update at the amplitude shown", "signal"),
        "opening": Quantity((), synapse.opening, "amplitude at which the output reaches +threshold", "signal"),
        "breakthrough": Quantity((), synapse.breakthrough, "amplitude at which it reaches -threshold", "signal"),
        "offset": Quantity((), metrics.offset, "offset of the linear regime, exact", "signal"),
        "slope": Quantity((), metrics.slope, "slope of the linear regime, exact", "1"),
        "dynamic_range": Quantity((), metrics.dynamic_range, "usable over smallest amplitude, exact", "1"),
        "cost_per_cycle": Quantity((), synapse.cost_per_cycle, "entropy produced by a ladder in a cycle", "k_B"),
    }


def python_lines(view: View) -> str:
    """Lines that compute the same numbers under the names that the data set has.

    They need numpy and thermo_cl alone, and end with what is printed on the page.
    """
    s = view.settings
    reference = f"reference_level={s.reference_level!r}"
    lines = [
        "import numpy as np",
        "import thermo_cl as tcl",
        "",
        f"ladder = tcl.Ladder({s.gamma!r}, {s.rate_factor!r}, n_levels={s.levels!r}, {reference})",
        f"occupancy_before, occupancy_after = ladder.steady_state(0.0), ladder.steady_state({s.signal!r})",
        f"rung_current, top_current, bottom_current = tcl.markov.steady_currents(ladder, {s.signal!r})",
        "dissipation = ladder.entropy_production_rate()  # k_B per ladder time",
        f"dissipation_after = ladder.entropy_production_rate({s.signal!r})",
        "",
        f"protocol = tcl.Sawtooth(fast={s.fast!r}, slow={s.slow!r}, mean={s.mean!r})",
        f"cycle, period = protocol.signal({s.amplitude!r}), protocol.period",
        f"dense = np.linspace(0.0, 1.0, {PHASES}, endpoint=False) ** 1.5  # behind every corner",
        "ramps = np.concatenate([protocol.fast * dense, protocol.fast + protocol.slow * dense])",
        "time = np.concatenate([ramps, ramps + period, [2.0 * period]])",
        "sawtooth = cycle(time)",
    ]
    shown = ["dissipation"]
    if view.kernel is not None:
        lines += [
            "",
            f"raw = ladder.step_kernel(signal={s.signal!r})  # its memory, un-normalised",
            "raw_area, raw_first_moment = raw.area, raw.first_moment",
            f"step_time = np.geomspace({float(view.kernel.time[0])!r}, {float(view.kernel.time[-1])!r}, {TIMES})",
            "top_occupancy = ladder.top_rail @ occupancy_before + raw.step_response(step_time)",
            "weighted_kernel = step_time * raw(step_time)",
        ]
        shown.append("raw_area")
    if view.kernel is not None and np.isfinite(view.kernel.accuracy):
        lines.append("accuracy = np.log(raw_first_moment / abs(raw_area))")
        shown.append("accuracy")
    if view.synapse is not None:
        threshold = f"tcl.adaptive_threshold(kernel, protocol, {s.amplitude_max!r})" if s.threshold is None else None
        lines += [
            "",
            f"kernel = raw.rescaled({LADDER_UNITS!r}).normalized()  # five ladder units are one of protocol time",
            f"area, threshold = kernel.area, {threshold or repr(s.threshold)}",
            "output = tcl.periodic_response(kernel, cycle)(time)",
            f"amplitude = np.linspace(0.0, {BEYOND * s.amplitude_max!r}, {AMPLITUDES})",
            "weight_update = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)",
            f"update_here = tcl.weight_update(kernel, protocol, {s.amplitude!r}, threshold=threshold)",
            "opening, breakthrough = tcl.amplitude_window(kernel, protocol, threshold=threshold)",
            f"largest = {s.amplitude_max!r}",
            "metrics = tcl.exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)",
            "offset, slope, dynamic_range = metrics.offset, metrics.slope, metrics.dynamic_range",
            f"cost_per_cycle = dissipation * {LADDER_UNITS!r} * period  # k_B",
        ]
        shown += ["threshold", "offset", "dynamic_range", "update_here", "cost_per_cycle"]
    return "\n".join([*lines, "", *(f'print("{name}", {name})' for name in shown)]) + "\n"
