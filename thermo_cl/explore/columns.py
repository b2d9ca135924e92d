"""What the page's pictures hold: one table of columns for each data source, from a view; no drawing here."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.explore.frontier import frontier
from thermo_cl.explore.view import KernelView, LadderView, SynapseView, View

__all__ = ["BOTTOM", "EMPTY", "TOP", "Table", "columns", "disc_radius", "limits"]

Table = dict[str, Array]
TOP, BOTTOM = 1.0, 0.0  # heights of the rails in the picture
_RADIUS = 0.46  # of the fullest state, where neighbours are one apart
_LABELLED = 8  # levels up to which occupancies are written into the states
_WIDTHS = (1.0, 9.0)  # pixels of the weakest and the strongest current
_ROOMY = 12.0  # levels up to which arrows have their full size
_FAR = 20.0  # times the output, from which a threshold is off the picture
_FAINT = 1e-4  # share of the strongest current, below which a line stands without an arrow
_NOTHING = 1e-14  # currents that count as none, 1 / ladder time

_COLUMNS = {
    "states": ("level", "rail", "name", "before", "after", "radius_before", "radius", "label"),
    "edges": ("x0", "y0", "x1", "y1", "current", "width"),
    "arrows": ("x", "y", "angle", "size"),
    "step": ("time", "occupancy", "weighted", "above", "below"),
    "cycle": ("time", "signal"),
    "output": ("time", "output", "kept"),
    "threshold": ("level",),
    "curve": ("amplitude", "update"),
    "line": ("amplitude", "update"),
    "window": ("left", "right"),
    "here": ("amplitude", "update"),
    "point": ("accuracy", "dissipation"),
}
EMPTY: dict[str, Table] = {name: {column: np.empty(0) for column in names} for name, names in _COLUMNS.items()}


def columns(view: View) -> dict[str, Table]:
    """Columns of every data source by its name; those of a missing part are empty."""
    tables = EMPTY | {"states": _states(view.ladder), **_edges(view.ladder)}
    if view.kernel is not None:
        tables |= _kernel(view.kernel, view.ladder.dissipation)
    if view.synapse is not None:
        tables |= _synapse(view.synapse, view.settings.amplitude, view.settings.amplitude_max)
        tables["output"] = _output(view.synapse, view.cycle.time)
    return tables | {"cycle": {"time": view.cycle.time, "signal": view.cycle.signal}}


def _states(ladder: LadderView) -> Table:
    n = ladder.after.size // 2
    largest = ladder.after.max()
    labels = [f"{p:.2f}".removeprefix("0") if n <= _LABELLED and p > 0.1 * largest else "" for p in ladder.after]
    return {
        "level": np.tile(np.arange(n, dtype=float), 2),
        "rail": np.repeat([TOP, BOTTOM], n),
        "name": np.repeat(["top", "bottom"], n),
        "before": ladder.before,
        "after": ladder.after,
        "radius_before": disc_radius(ladder.before, ladder),
        "radius": disc_radius(ladder.after, ladder),
        "label": np.array(labels),
    }


def disc_radius(occupancy: FloatArray, ladder: LadderView) -> FloatArray:
    """Radius of the disc whose area stands for an occupancy, on the scale of the ladder's fullest state."""
    largest = max(ladder.before.max(), ladder.after.max())
    return np.asarray(_RADIUS * np.sqrt(np.maximum(occupancy, 0.0) / largest))


def _edges(ladder: LadderView) -> dict[str, Table]:
    """Edges as lines as wide as their current is strong, and an arrow head in the middle of each."""
    n = ladder.after.size // 2
    level, gap = np.arange(n, dtype=float), np.arange(n - 1, dtype=float)
    low_x = np.concatenate([level, gap, gap])
    high_x = np.concatenate([level, gap + 1.0, gap + 1.0])
    low_y = np.concatenate([np.full(n, BOTTOM), np.full(n - 1, TOP), np.full(n - 1, BOTTOM)])
    high_y = np.concatenate([np.full(n, TOP), np.full(n - 1, TOP), np.full(n - 1, BOTTOM)])
    current = np.concatenate([ladder.currents.vertical, ladder.currents.top, ladder.currents.bottom])
    strength = np.sqrt(np.abs(current) / max(np.abs(current).max(), _NOTHING))
    flows = np.abs(current) > max(_NOTHING, _FAINT * np.abs(current).max())
    crowded = min(1.0, _ROOMY / n)  # heads of many levels would cover each other
    sign = np.where(current < 0, -1.0, 1.0)
    angle = np.arctan2(sign * (high_y - low_y), sign * (high_x - low_x)) - 0.5 * np.pi  # a triangle points upwards
    edges: Table = {
        "x0": low_x, "y0": low_y, "x1": high_x, "y1": high_y, "current": current,
        "width": _WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * crowded * strength,
    }  # fmt: skip
    arrows: Table = {
        "x": 0.5 * (low_x + high_x)[flows], "y": 0.5 * (low_y + high_y)[flows], "angle": angle[flows],
        "size": crowded * (4.0 + 1.6 * edges["width"][flows]),
    }  # fmt: skip
    return {"edges": edges, "arrows": arrows}


def _kernel(kernel: KernelView, dissipation: float) -> dict[str, Table]:
    weighted = kernel.weighted
    on_frontier = np.array([kernel.accuracy]) if np.isfinite(kernel.accuracy) and dissipation > 0 else np.empty(0)
    return {
        "step": {
            "time": kernel.time, "occupancy": kernel.occupancy, "weighted": weighted,
            "above": np.maximum(weighted, 0.0), "below": np.minimum(weighted, 0.0),
        },
        "point": {"accuracy": on_frontier, "dissipation": np.full(on_frontier.size, dissipation)},
    }  # fmt: skip


def _output(synapse: SynapseView, time: FloatArray) -> Table:
    """Output of the memory, and what of it passes the threshold."""
    u, theta = synapse.output, synapse.threshold
    return {"time": time, "output": u, "kept": np.where(np.abs(u) >= theta, u, 0.0)}


def _synapse(synapse: SynapseView, amplitude: float, largest: float) -> dict[str, Table]:
    end = float(synapse.amplitude[-1])
    left, right = min(synapse.opening, end), min(synapse.breakthrough, end)
    return {
        "threshold": {"level": np.array([synapse.threshold, -synapse.threshold])},
        "curve": {"amplitude": synapse.amplitude, "update": synapse.update},
        "line": _line(synapse, largest),
        "window": {"left": np.array([left]), "right": np.array([max(left, right)])},
        "here": {"amplitude": np.array([amplitude]), "update": np.array([synapse.update_here])},
    }


def _line(synapse: SynapseView, largest: float) -> Table:
    """The linear regime's line, drawn back to zero amplitude, where its height is the offset."""
    if not synapse.metrics.linear:
        return EMPTY["line"]
    ends = np.array([0.0, min(synapse.breakthrough, largest)])
    return {"amplitude": ends, "update": float(synapse.metrics.offset) + float(synapse.metrics.slope) * ends}


def limits(view: View) -> dict[str, tuple[float, float]]:
    """Ends of axes by name, with some room; those of a missing part are left out."""
    ends = {"time": _room(view.cycle.time), "signal": _room(view.cycle.signal)}
    ends["accuracy"], ends["dissipation"] = _frontier_ends(view)
    kernel = view.kernel
    if kernel is not None:
        ends["step_time"] = (float(kernel.time[0]), float(kernel.time[-1]))
        ends["occupancy"] = _room(np.append(kernel.occupancy, 0.5))
        ends["weighted"] = _room(np.append(kernel.weighted, 0.0))
    synapse = view.synapse
    if synapse is not None:
        theta = synapse.threshold if synapse.threshold < _FAR * np.abs(synapse.output).max() else 0.0
        ends["output"] = _room(np.append(synapse.output, [-theta, theta, 0.0]))
        ends["amplitude"] = _room(np.append(synapse.amplitude, view.settings.amplitude), 0.02)
        ends["update"] = _room(np.concatenate([synapse.update, _line(synapse, view.settings.amplitude_max)["update"],
                                               [0.0, view.settings.amplitude_max, synapse.update_here]]))  # fmt: skip
    return ends


def _frontier_ends(view: View) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ends of both axes, with a margin on the right for the names of the lines; the vertical one is logarithmic."""
    known, kernel = frontier(), view.kernel
    accuracy, rate = [known.accuracy[0], known.accuracy[-1]], [known.rate.min(), known.rate.max()]
    if kernel is not None and np.isfinite(kernel.accuracy) and view.ladder.dissipation > 0:
        accuracy.append(kernel.accuracy)
        rate.append(view.ladder.dissipation)
    low, high = min(accuracy), max(accuracy)
    margin = (max(rate) / min(rate)) ** 0.06
    across = low - 0.04 * (high - low), high + 0.14 * (high - low)
    return across, (min(rate) / margin, max(rate) * margin)


def _room(values: FloatArray, share: float = 0.07) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = share * (high - low) or 1.0
    return low - margin, high + margin
