"""How objects show themselves: one line at the prompt, a small table with a drawing in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import OutputError

__all__ = ["brief", "brief_repr", "drawing", "html_card", "plotting", "public"]

_FEW = 4  # entries that are written out
_WIDTH, _HEIGHT = 260, 90


def brief(value: object) -> str:
    """A value in few characters: numbers to six digits, long arrays by shape and range.

    Examples
    --------
    >>> brief(np.float64(0.001)), brief(np.linspace(0.0, 1.0, 50)), brief(np.array([1.0, 2.5]))
    ('0.001', '<(50,) from 0 to 1>', '[1, 2.5]')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return f"{complex(value):.6g}"
    if isinstance(value, np.ndarray):
        return _brief_array(value)
    return repr(value)


def _brief_array(array: Any) -> str:
    if array.ndim == 0:
        return brief(array[()])
    if array.size <= _FEW:
        return f"[{', '.join(brief(entry) for entry in array)}]"
    if array.dtype.kind not in "iuf":
        return f"<{array.shape}>"
    return f"<{array.shape} from {brief(array.min())} to {brief(array.max())}>"


def brief_repr(self: Any) -> str:
    """For ``__repr__`` of a dataclass: its class and fields, each in few characters."""
    shown = ", ".join(f"{f.name}={brief(getattr(self, f.name))}" for f in fields(self) if f.repr)
    return f"{type(self).__name__}({shown})"


def drawing(x: FloatArray, y: FloatArray, ideal: FloatArray | None = None) -> str:
    """A curve as inline SVG, filled between it and zero; a dashed second one if given. Empty if nothing is finite."""
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or np.ptp(x) == 0:
        return ""
    low, high = min(0.0, float(y.min())), max(0.0, float(y.max()))
    if ideal is not None:
        low, high = min(low, float(ideal.min())), max(high, float(ideal.max()))
    across = (x - x[0]) / (x[-1] - x[0]) * _WIDTH
    span = (high - low) or 1.0

    def points(values: FloatArray) -> str:
        down = (high - values) / span * _HEIGHT
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))

    zero = high / span * _HEIGHT
    line = f'<polyline points="{points(y)}" fill="none" stroke="#1f4e8c" stroke-width="1.5"/>'
    area = f'<polygon points="0,{zero:.1f} {points(y)} {_WIDTH},{zero:.1f}" fill="#1f4e8c" fill-opacity="0.15"/>'
    axis = f'<line x1="0" y1="{zero:.1f}" x2="{_WIDTH}" y2="{zero:.1f}" stroke="currentColor" stroke-opacity="0.4"/>'
    dashed = "" if ideal is None else (
        f'<polyline points="{points(ideal)}" fill="none" stroke="#d98014" stroke-dasharray="4 3"/>'
    )  # fmt: skip
    box = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 -2 {_WIDTH} {_HEIGHT + 4}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{axis}{area}{dashed}{line}</svg>'


def html_card(title: str, rows: Mapping[str, object], svg: str = "", caption: str = "") -> str:
    """A titled table of names and values beside a drawing, escaped; plain HTML that follows the page's colours."""
    cells = "".join(
        f'<tr><td style="text-align:left">{html.escape(name)}</td>'
        f'<td style="text-align:left">{html.escape(value if isinstance(value, str) else brief(value))}</td></tr>'
        for name, value in rows.items()
    )
    figure = f"<div>{svg}<div><small>{html.escape(caption)}</small></div></div>" if svg else ""
    return (
        f'<div><strong>{html.escape(title)}</strong><div style="display:flex;gap:1.5em;align-items:center">'
        f"<table>{cells}</table>{figure}</div></div>"
    )


def public(names: Iterable[str], *rooms: str) -> Callable[[], list[str]]:
    """``__dir__`` of a package: what tab completion offers, its public names and rooms."""
    offered = sorted({*names, *rooms})
    return lambda: offered


def plotting() -> ModuleType:
    """The room of figures.

    Raises
    ------
    OutputError
        If matplotlib is missing.
    """
    try:
        import thermo_cl.plotting as room
    except ModuleNotFoundError as error:
        raise OutputError(f"figures need matplotlib ({error}); install it with the extra thermo-cl[plot]") from error
    return room
