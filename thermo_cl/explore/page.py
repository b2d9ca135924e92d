"""One session of the explorer: settings, pictures and controls of one visitor; nothing is shared between sessions."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import panel as pn
from bokeh.layouts import column
from bokeh.models import ColumnDataSource
from panel.io import hold

from thermo_cl.errors import ThermoError
from thermo_cl.explore import controls, figures, numbers
from thermo_cl.explore.address import from_query, to_query
from thermo_cl.explore.columns import EMPTY, columns, disc_radius, limits
from thermo_cl.explore.parameters import BY_NAME, PARAMETERS
from thermo_cl.explore.path import occupancy_path
from thermo_cl.explore.settings import PRESETS, ExplorerSettings
from thermo_cl.explore.share import netcdf_bytes, python_lines
from thermo_cl.explore.view import View, compute

__all__ = ["FILE_NAME", "Page"]

FILE_NAME = "thermo-cl-view"
GROUPS = {
    "ladder_controls": ("gamma", "rate_factor", "levels", "reference_level", "signal"),
    "cycle_controls": ("fast", "slow", "mean", "amplitude"),
    "threshold_controls": ("threshold", "amplitude_max"),
}
_OWN = {  # sources that no view fills
    "flow": ("x", "y"),
    "cursor": ("time", "occupancy"),
    "path": ("time", "occupancy"),
    "trail": ("accuracy", "dissipation"),
    "page": ("tiles", "message", "code", "query"),
}
_AXES = {  # whose ends a view sets
    "step_time": ("response", "x"),
    "occupancy": ("response", "y"),
    "weighted": ("kernel", "y"),
    "time": ("signal", "x"),
    "signal": ("signal", "y"),
    "output": ("output", "y"),
    "amplitude": ("curve", "x"),
    "update": ("curve", "y"),
    "accuracy": ("frontier", "x"),
    "dissipation": ("frontier", "y"),
}
_TRAIL = 60  # points of the frontier that were visited last and are still drawn
_FRAMES = 48
_MOST_TICKS = 13
_CHOOSE = "Try ..."


class Page:
    """Models and state of one session.

    Parameters
    ----------
    arguments : mapping of str to sequence of str
        Of the address that the visitor opened.
    """

    def __init__(self, arguments: Mapping[str, Sequence[str]]) -> None:
        self.settings, self.problems = from_query(arguments)
        self.view = compute(self.settings)
        self._following = False  # while sliders are moved to values, not values by sliders
        self._scheduled = False
        self._sent: dict[str, dict[str, list[Any]]] = {}
        self._trail: list[tuple[float, float]] = []
        self.sources = {name: ColumnDataSource(dict(table), name=f"data_{name}") for name, table in EMPTY.items()}
        for name, fields in _OWN.items():
            self.sources[name] = ColumnDataSource({field: np.empty(0) for field in fields}, name=f"data_{name}")
        self.sliders = {p.name: controls.slider(p, self._shown(p.name)) for p in PARAMETERS}
        self.automatic = controls.checkbox("automatic", "automatic threshold (Eq. 45)", active=True)
        self.presets = controls.select("presets", [_CHOOSE, *PRESETS])
        self.play = controls.button("play", "▶ Play the step")
        self.figures = self._figures()
        self._ranges = {name: getattr(self.figures[place], f"{axis}_range") for name, (place, axis) in _AXES.items()}
        self.figures["ladder"].tags = [self.sources["page"]]  # nothing draws it: the page's script reads it
        self._fill()
        self._connect()

    # --------------------------------------------------------------- the page

    def template(self) -> Any:
        """The page with everything in its place."""
        made = _Template(
            controls.asset("page.html").replace("/* page.css */", controls.asset("page.css")).replace(
                "/* page.js */", controls.asset("page.js")
            )
        )  # fmt: skip
        made.add_variable("page_title", "thermo_cl explorer")
        for name, group in GROUPS.items():
            parts = [self.sliders[parameter] for parameter in group]
            if "threshold" in group:
                parts.insert(0, self.automatic)
            made.add_panel(name, column(parts, sizing_mode="stretch_width"))
        for name, model in (
            ("presets", self.presets), ("play", self.play), *self.figures.items(),
        ):  # fmt: skip
            made.add_panel(name, model)
        for name, suffix, content in (
            ("netcdf", "nc", lambda: netcdf_bytes(self.view)),
            ("python", "py", lambda: python_lines(self.view).encode()),
        ):
            download = pn.widgets.FileDownload(
                callback=partial(_file, content), filename=f"{FILE_NAME}.{suffix}", label=f"⤓ .{suffix}",
                name=name, auto=True, embed=False, margin=0, stylesheets=[controls.asset("widgets.css")],
            )  # fmt: skip
            made.add_panel(name, download)
        return made

    def _figures(self) -> dict[str, Any]:
        signal, output = figures.cycle_figures(self.sources)
        response, kernel = figures.step_figures(self.sources)
        return {
            "ladder": figures.ladder_figure(self.sources), "response": response,
            "kernel": kernel, "signal": signal, "output": output,
            "curve": figures.curve_figure(self.sources), "frontier": figures.frontier_figure(self.sources),
        }  # fmt: skip

    # ------------------------------------------------------------ interaction

    def _connect(self) -> None:
        for name, slider in self.sliders.items():
            slider.on_change("value", lambda _attribute, _old, new, name=name: self._moved(name, new))
        self.automatic.on_change("active", lambda _attribute, _old, new: self._switched(new))
        self.presets.on_change("value", lambda _attribute, _old, new: self._chosen(new))
        self.play.on_click(self._played)

    def _moved(self, name: str, place: float) -> None:
        if not self._following:
            self.change(self.settings.replaced(**{name: controls.from_slider(BY_NAME[name], place)}))

    def _switched(self, automatic: bool) -> None:
        if not self._following:
            self.change(self.settings.replaced(threshold=None if automatic else self._shown("threshold")))

    def _chosen(self, name: str) -> None:
        if not self._following and name in PRESETS:
            self.change(PRESETS[name], preset=name)

    def change(self, settings: ExplorerSettings, *, preset: str = _CHOOSE) -> None:
        """Take other settings and redraw, once for all changes that have arrived by then."""
        self.settings, self.problems = settings, ()
        self._preset = preset
        if not self._scheduled:
            self._scheduled = True
            pn.state.curdoc.add_next_tick_callback(self._redraw)

    def _redraw(self) -> None:
        self._scheduled = False
        self.view = compute(self.settings)
        with hold(pn.state.curdoc):
            self._fill()

    def _shown(self, name: str) -> float:
        """Value at which a slider stands: of an automatic threshold the one in use."""
        value = getattr(self.settings, name)
        if value is None:
            synapse, parameter = self.view.synapse, BY_NAME[name]
            value = parameter.low if synapse is None else round(min(synapse.threshold, parameter.high), 6)
        return float(value)

    def _fill(self) -> None:
        """Put the view into sources, numbers and controls."""
        view = self.view
        for name, table in columns(view).items():
            # lists: all of them travel in one message, arrays each in two of their own
            data = {column: values.tolist() for column, values in table.items()}
            if self._sent.get(name) != data:  # what has not changed is not drawn again
                self._sent[name] = self.sources[name].data = data
        self._frontier_and_axes(view)
        self._say(numbers.message_html(self.problems, view.problem))
        self._follow()

    def _frontier_and_axes(self, view: View) -> None:
        point = self.sources["point"].data
        self._trail = [*self._trail, *zip(point["accuracy"], point["dissipation"], strict=True)][-_TRAIL:]
        trail = np.array(self._trail).reshape(-1, 2)
        self.sources["trail"].data = {"accuracy": trail[:, 0].tolist(), "dissipation": trail[:, 1].tolist()}
        for name, (start, end) in limits(view).items():
            self._ranges[name].update(start=start, end=end)
        n = self.settings.levels
        ladder = self.figures["ladder"]
        ladder.x_range.update(start=-0.7, end=n - 0.3)
        ladder.xaxis[0].ticker.ticks = list(range(0, n, 1 + (n - 1) // _MOST_TICKS))

    def _follow(self) -> None:
        """Move the controls to the settings."""
        self._following = True
        try:
            levels = BY_NAME["reference_level"]
            self.sliders["reference_level"].end = max(float(self.settings.levels - 1), levels.step)
            for name, slider in self.sliders.items():
                place = controls.to_slider(BY_NAME[name], self._shown(name))
                if controls.from_slider(BY_NAME[name], slider.value) != self._shown(name):
                    slider.value = place
            self.automatic.active = self.settings.threshold is None
            self.sliders["threshold"].disabled = self.settings.threshold is None
            self.presets.value = getattr(self, "_preset", _CHOOSE)
        finally:
            self._following = False

    def _say(self, message: str) -> None:
        """Send what the page shows in words: numbers, message, Python, and the query of its address."""
        self.sources["page"].data = {
            "tiles": [numbers.tiles_html(self.view)], "message": [message],
            "code": [numbers.code_html(python_lines(self.view))], "query": [to_query(self.settings)],
        }  # fmt: skip

    def _played(self) -> None:
        """Send the way from one steady state to the other; the browser plays it."""
        kernel = self.view.kernel
        if kernel is None:
            return
        frames = np.linspace(0, kernel.time.size - 1, _FRAMES).astype(int)
        try:
            path = occupancy_path(self.settings, kernel.time[frames])
        except ThermoError as error:
            self._say(numbers.message_html((), str(error)))
            return
        radius = disc_radius(path, self.view.ladder)
        self.sources["path"].data = {
            "time": kernel.time[frames].tolist(), "occupancy": kernel.occupancy[frames].tolist(),
            **{f"radius{k}": radius[:, k].tolist() for k in range(radius.shape[1])},
        }  # fmt: skip


class _Template(pn.Template):  # type: ignore[misc]
    """A page whose parts join their document at once: one after the other each would make it count them all again."""

    def server_doc(self, doc: Any = None, title: str | None = None, location: Any = True) -> Any:
        """Add the page to a document."""
        document = doc or pn.state.curdoc
        with document.models.freeze():
            return super().server_doc(document, title, location)


def _file(content: Any) -> io.BytesIO:
    return io.BytesIO(content())
