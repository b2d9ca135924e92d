"""The page's pictures: Bokeh figures over data sources that are filled later, every axis with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    Range1d,
    Span,
)
from bokeh.plotting import figure

from thermo_cl.explore import palette as colour
from thermo_cl.explore.columns import BOTTOM, TOP
from thermo_cl.explore.frontier import frontier

__all__ = ["curve_figure", "cycle_figures", "frontier_figure", "ladder_figure", "step_figures"]

Sources = Mapping[str, ColumnDataSource]
_STEP_TIME = "time after the step (ladder time)"
_HEIGHT = 194


def _new(name: str, x: str, y: str, *, height: int = _HEIGHT, **options: Any) -> Any:
    """Figure without a toolbar, as wide as its place; touching it scrolls the page."""
    made = figure(
        name=f"figure_{name}", x_axis_label=x, y_axis_label=y, height=height, min_width=200,
        sizing_mode="stretch_width", toolbar_location=None, tools="", background_fill_alpha=0.0,
        border_fill_alpha=0.0, outline_line_color=None, min_border_right=12, **options,
    )  # fmt: skip
    for axis in made.axis:
        axis.axis_label_text_font, axis.major_label_text_font = colour.FONT, colour.FONT
        axis.axis_label_text_font_size, axis.major_label_text_font_size = "12px", "11px"
        axis.axis_label_text_font_style = "normal"
        axis.ticker.desired_num_ticks = 5
        axis.minor_tick_line_color, axis.major_tick_line_color, axis.axis_line_alpha = None, None, 0.5
    return made


def _ranges() -> dict[str, Range1d]:
    """Ranges that the page sets: a browser that finds them itself tells the server, at every change."""
    return {"x_range": Range1d(0.1, 1.0), "y_range": Range1d(0.1, 1.0)}


def _zero(made: Any) -> None:
    made.add_layout(Span(location=0.0, dimension="width", line_color=colour.GREY, line_width=1, level="underlay"))


def ladder_figure(sources: Sources) -> Any:
    """States as discs whose area is their occupancy, edges as wide as their current, rings for before the step."""
    made = _new(
        "ladder", "level m (1)", "rail", height=_HEIGHT + 24,
        x_range=Range1d(-0.7, 4.7), y_range=Range1d(-0.62, 1.62),
    )  # fmt: skip
    made.yaxis.ticker = FixedTicker(ticks=[BOTTOM, TOP])
    made.yaxis.major_label_overrides = {int(BOTTOM): "bottom", int(TOP): "top"}
    made.xaxis.ticker = FixedTicker(ticks=[0, 1, 2, 3, 4])
    made.grid.visible = False
    rails = {"field": "name", "transform": _rails()}
    edges = made.segment(
        "x0", "y0", "x1", "y1", source=sources["edges"], line_width="width", line_color=colour.GREY, line_alpha=0.45,
        line_cap="round", hover_line_alpha=0.9,
    )  # fmt: skip
    made.scatter(
        "x", "y", source=sources["arrows"], marker="triangle", angle="angle", size="size", color=colour.GREY,
    )  # fmt: skip
    made.scatter("x", "y", source=sources["flow"], size=4.5, color=colour.THRESHOLD, alpha=0.95)
    states = made.circle(
        "level", "rail", radius="radius", radius_dimension="min", source=sources["states"], fill_color=rails,
        fill_alpha=0.92, line_color=None,
    )  # fmt: skip
    made.circle(
        "level", "rail", radius="radius_before", radius_dimension="min", source=sources["states"], fill_color=None,
        line_color=colour.GREY, line_dash=[3, 2], line_width=1.4,
    )  # fmt: skip
    made.text(
        "level", "rail", text="label", source=sources["states"], text_align="center", text_baseline="middle",
        text_font=value(colour.FONT), text_font_size="11px", text_color="white",
    )  # fmt: skip
    occupancy = [("before the step", "@before{0.0000e+0}"), ("after it", "@after{0.0000e+0}")]
    made.add_tools(
        HoverTool(renderers=[states], tooltips=[("", "@name rail, level @level"), *occupancy]),
        HoverTool(renderers=[edges], line_policy="interp", tooltips=[("current", "@current{0.000e+0} / ladder time")]),
    )  # fmt: skip
    return made


def _rails() -> Any:
    from bokeh.models import CategoricalColorMapper

    return CategoricalColorMapper(factors=["top", "bottom"], palette=[colour.TOP_RAIL, colour.BOTTOM_RAIL])


def step_figures(sources: Sources) -> tuple[Any, Any]:
    """Occupancy of the top rail after the step, out and nearly back, and the kernel times time.

    Over the logarithm of time the lobes of t K(t) are areas as they are drawn.
    """
    source = sources["step"]
    left = _new("response", _STEP_TIME, "top-rail occupancy (1)", x_axis_type="log", **_ranges())
    left.hspan(y=[0.5], line_color=colour.GREY, line_dash="dashed")
    left.line("time", "occupancy", source=source, line_color=colour.TOP_RAIL, line_width=2.5)
    left.scatter("time", "occupancy", source=sources["cursor"], size=11, color=colour.TOP_RAIL, line_color="white")
    left.scatter("time", "occupancy", source=sources["path"], visible=False)  # the film's frames, which the page plays
    right = _new(
        "kernel", _STEP_TIME, "t · K(t)  (1)", x_axis_type="log", x_range=left.x_range,
        y_range=Range1d(-1.0, 1.0),
    )  # fmt: skip
    right.varea("time", 0, "above", source=source, fill_color=colour.ABOVE, fill_alpha=0.4)
    right.varea("time", 0, "below", source=source, fill_color=colour.BELOW, fill_alpha=0.4)
    right.line("time", "weighted", source=source, line_color=colour.GREY, line_width=2)
    _zero(right)
    return left, right


def cycle_figures(sources: Sources) -> tuple[Any, Any]:
    """Sawtooth above, output below with the threshold; what passes it is filled."""
    source, time = sources["output"], "time, two cycles (protocol time)"
    above = _new("signal", time, "s (signal)", height=_HEIGHT - 14, **_ranges())
    above.line("time", "signal", source=sources["cycle"], line_color=colour.GREY, line_width=2.5)
    below = _new(
        "output", time, "u (signal / time)", height=_HEIGHT - 14, x_range=above.x_range,
        y_range=Range1d(0, 1),
    )  # fmt: skip
    below.varea("time", 0, "kept", source=source, fill_color=colour.OUTPUT, fill_alpha=0.3)
    below.line("time", "output", source=source, line_color=colour.OUTPUT, line_width=2.5)
    below.hspan(
        "level", source=sources["threshold"], line_color=colour.THRESHOLD, line_width=1.6, line_dash="dashed",
    )  # fmt: skip
    _zero(below)
    return above, below


def curve_figure(sources: Sources) -> Any:
    """Weight update against amplitude, its ideal, and the window in which it is linear."""
    made = _new(
        "curve", "amplitude A (signal)", "Δw in a cycle (signal)", **_ranges(),
    )  # fmt: skip
    source = sources["curve"]
    made.quad(
        left="left", right="right", bottom=-1e9, top=1e9, source=sources["window"], fill_color=colour.FRONTIER,
        fill_alpha=0.1, line_color=None,
    )  # fmt: skip
    made.line([0.0, 1e3], [0.0, 1e3], line_color=colour.GREY, line_dash="dashed")
    made.line(
        "amplitude", "update", source=sources["line"], line_color=colour.THRESHOLD, line_width=1.6,
        line_dash="dotted",
    )  # fmt: skip
    made.line("amplitude", "update", source=source, line_color=colour.CURVE, line_width=2.5)
    made.scatter("amplitude", "update", source=sources["here"], size=11, color=colour.CURVE, line_color="white")
    _zero(made)
    return made


def frontier_figure(sources: Sources) -> Any:
    """Dissipation against accuracy: the least of any ladder by number of levels, and where this one stands."""
    made = _new(
        "frontier", "accuracy L′ = ln(μ₁ / |area|)  (ln of ladder time)",
        "σ (k_B / ladder time)", height=_HEIGHT + 24, y_axis_type="log",
        **_ranges(),
    )  # fmt: skip
    known = frontier()
    lines, ends = [known.accuracy] * known.levels.size, [known.accuracy[-1]] * known.levels.size
    shades = np.linspace(0.95, 0.35, known.levels.size).tolist()
    made.multi_line(lines, list(known.rate), line_color=colour.FRONTIER, line_alpha=shades, line_width=2)
    made.text(
        ends, known.rate[:, -1], text=[f"n={levels}" for levels in known.levels], x_offset=4, y_offset=[0, 0, -2, 3, 3],
        text_color=colour.FRONTIER, text_font=value(colour.FONT), text_font_size="10px", text_baseline="middle",
    )  # fmt: skip
    made.line("accuracy", "dissipation", source=sources["trail"], line_color=colour.STAR, line_alpha=0.25)
    made.scatter("accuracy", "dissipation", source=sources["trail"], size=4, color=colour.STAR, alpha=0.35)
    point = made.scatter(
        "accuracy", "dissipation", source=sources["point"], marker="star", size=20, color=colour.STAR,
        line_color="white",
    )  # fmt: skip
    made.add_tools(HoverTool(renderers=[point], tooltips=[("accuracy", "@accuracy"), ("σ", "@dissipation k_B / time")]))
    return made
