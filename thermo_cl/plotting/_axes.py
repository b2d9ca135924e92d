"""Axes of a data set's variables: labels from the attributes, scales from the spread of the values."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import SymmetricalLogLocator

__all__ = ["axis_label", "rule", "scale_for"]

_HARD_SPACE = "\0"
_WIDE = 20.0  # largest over typical size from which a plain axis would hide the small values


def axis_label(variable: xr.DataArray, *, name: str | None = None, width: int = 90) -> str:
    """Long name (or ``name``) wrapped at ``width``, and the unit, never broken; the dimensionless "1" is left out."""
    text = name or str(variable.attrs.get("long_name", variable.name))
    unit = str(variable.attrs.get("units", "1"))
    bracket = [] if unit == "1" else [f"({unit})".replace(" ", _HARD_SPACE)]
    words = " ".join([text[:1].upper() + text[1:], *bracket])
    lines = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
    return _typeset("\n".join(lines).replace(_HARD_SPACE, " "))


def _typeset(text: str) -> str:
    """Powers and subscripts, ``time^2`` and ``k_B``, as mathematics."""
    return re.sub(r"\b([A-Za-z])_(\w+)", r"$\1_{\\mathrm{\2}}$", re.sub(r"\^(\d+)", r"$^{\1}$", text))


def rule(axes: Axes) -> None:
    """Light grid behind the data, and a line at zero."""
    axes.set_axisbelow(True)
    axes.grid(color="0.93")
    axes.axhline(0.0, color="0.6", linewidth=0.8, zorder=1)


def scale_for(axes: Axes, values: xr.DataArray) -> None:
    """Set, after drawing, a vertical scale that shows small values beside large ones: log, or asinh for both signs."""
    finite = values.values[np.isfinite(values.values)]
    size = np.abs(finite)
    if size.size == 0 or not size.max() > _WIDE * np.median(size) > 0:
        return
    if (finite > 0).all():
        axes.set_yscale("log")
    else:
        width = np.median(size)
        axes.set_yscale("asinh", linear_width=width)
        axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=10.0 ** np.ceil(np.log10(width))))
