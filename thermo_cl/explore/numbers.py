"""The numbers beside the pictures, and messages, as HTML; everything foreign is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from thermo_cl.errors import InvalidParameterError
from thermo_cl.explore.address import UNKNOWN
from thermo_cl.explore.view import View

__all__ = ["code_html", "message_html", "tiles_html"]

_MOST_MESSAGES = 6
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_RATE = "k<sub>B</sub> / ladder time"


def tiles_html(view: View) -> str:
    """Tiles of name, value, unit and a remark."""
    tiles = [_tile("Dissipation σ", _number(view.ladder.dissipation), _RATE, _price(view))]
    kernel, synapse = view.kernel, view.synapse
    if synapse is not None:
        tiles.append(_tile("Cost of a cycle", _number(synapse.cost_per_cycle), "k<sub>B</sub>", "of one ladder"))
    if kernel is not None:
        adapts = "adapts" if kernel.first_moment > 0 else "does not adapt"
        lobes = f"{_number(kernel.lobes.positive)} {_number(kernel.lobes.negative)}"
        tiles.append(_tile("Kernel area", _number(kernel.area), "1, ideal 0", lobes))
        tiles.append(_tile("First moment μ₁", _number(kernel.first_moment), "ladder time", adapts))
    if synapse is not None:
        metrics, linear = synapse.metrics, bool(synapse.metrics.linear)
        slope = f"slope {_number(float(metrics.slope))}" if linear else "no linear regime"
        window = f"A {_number(synapse.opening)} to {_number(synapse.breakthrough)}" if linear else "no window"
        kind = "automatic" if view.settings.threshold is None else "set by hand"
        tiles.append(_tile("Threshold θ", _number(synapse.threshold), "signal / time", kind))
        tiles.append(_tile("Offset", _number(float(metrics.offset)) if linear else "–", "signal", slope))
        tiles.append(_tile("Dynamic range", _number(float(metrics.dynamic_range)) if linear else "–", "", window))
        tiles.append(_tile("Update Δw", _number(synapse.update_here), "signal", f"at A = {view.settings.amplitude:g}"))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def message_html(problems: Sequence[InvalidParameterError], problem: str = "") -> str:
    """Why values of an address were not used, and why a part of the view is missing; empty if all is well."""
    lines = [f"{escape(str(p))}. {_consequence(p)}" for p in problems[:_MOST_MESSAGES]]
    if len(problems) > _MOST_MESSAGES:
        lines.append(f"... and {len(problems) - _MOST_MESSAGES} more.")
    if problem:
        lines.append(f"This ladder has no learning synapse: {escape(problem)}.")
    if not lines:
        return ""
    return f'<div class="message" role="alert">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def _consequence(problem: InvalidParameterError) -> str:
    return "It is ignored." if problem.name == UNKNOWN else "Its default is used."


def code_html(lines: str) -> str:
    """Python lines as preformatted text."""
    return f"<pre>{escape(lines)}</pre>"


def _tile(name: str, value: str, unit: str, remark: str) -> str:
    parts = {"name": name, "value": value, "unit": unit or "&nbsp;", "remark": remark}
    return '<div class="tile">' + "".join(f'<span class="{k}">{text}</span>' for k, text in parts.items()) + "</div>"


def _price(view: View) -> str:
    least = view.kernel.least_dissipation if view.kernel is not None else math.nan
    if math.isfinite(least):
        return f"best n = {view.settings.levels}: {_number(least)}"
    if view.ladder.dissipation == 0.0:
        return "in detailed balance"
    return f"after the step {_number(view.ladder.dissipation_after)}"


def _number(value: float) -> str:
    """Four digits, small and large ones as powers of ten, with a real minus sign."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    if value == 0.0:
        return "0"
    if not 1e-3 <= abs(value) < 1e4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")
