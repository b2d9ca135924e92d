"""Sliders, switches and buttons of the page, styled by the page's own colours."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from bokeh.models import Button, Checkbox, CustomJSTickFormatter, InlineStyleSheet, Select, Slider

from thermo_cl.explore.parameters import Parameter

__all__ = ["asset", "button", "checkbox", "from_slider", "select", "slider", "style", "to_slider"]

_DIGITS = 4  # of a number that a logarithmic slider gives


def asset(name: str) -> str:
    """Text of a file that comes with the page."""
    return files("thermo_cl.explore").joinpath("assets", name).read_text(encoding="utf-8")


def style() -> InlineStyleSheet:
    """Style of a widget, whose insides the page's own style does not reach."""
    return InlineStyleSheet(css=asset("widgets.css"))


def to_slider(parameter: Parameter, value: float) -> float:
    """Place of a number on its slider."""
    return float(np.log10(value)) if parameter.logarithmic else float(value)


def from_slider(parameter: Parameter, place: float) -> float:
    """Number at a place of its slider, within the range, to a few digits if the slider is logarithmic."""
    number = float(f"{10.0**place:.{_DIGITS}g}") if parameter.logarithmic else float(place)
    return parameter.checked(min(max(number, parameter.low), parameter.high))


def slider(parameter: Parameter, value: float) -> Slider:
    """Slider that is labelled with symbol, meaning, value and unit."""
    number = "Math.pow(10, tick)" if parameter.logarithmic else "tick"
    unit = f" {parameter.unit}" if parameter.unit else ""
    shown = CustomJSTickFormatter(
        code=f"const v = {number}; const s = Math.abs(v) < 1e-3 && v != 0 ? v.toExponential(2)"
        f" : String(Number(v.toPrecision({_DIGITS}))); return s.replace('-', '−') + '{unit}'"
    )
    return Slider(
        name=f"slider_{parameter.name}", title=f"{parameter.title} {parameter.symbol}",
        value=to_slider(parameter, value),
        start=to_slider(parameter, parameter.low), end=to_slider(parameter, parameter.high), step=parameter.step,
        format=shown, bar_color="#e8743b", sizing_mode="stretch_width", margin=(2, 6, 4, 6), stylesheets=[style()],
    )  # fmt: skip


def checkbox(name: str, label: str, *, active: bool) -> Checkbox:
    """Switch with a label."""
    return Checkbox(name=f"checkbox_{name}", label=label, active=active, margin=(0, 6, 2, 6), stylesheets=[style()])


def button(name: str, label: str) -> Button:
    """Button that is as wide as its label."""
    return Button(name=f"button_{name}", label=label, margin=(0, 0, 0, 0), stylesheets=[style()])


def select(name: str, options: list[str]) -> Select:
    """Menu."""
    return Select(
        name=f"select_{name}", options=options, value=options[0], width=144, margin=(0, 0, 0, 0), stylesheets=[style()]
    )
