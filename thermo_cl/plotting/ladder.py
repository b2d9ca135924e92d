"""A ladder with its occupancies and currents."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import Ladder, steady_currents

__all__ = ["plot_ladder"]

_TOP, _BOTTOM, _CURRENT = "C0", "C1", "0.35"


def plot_ladder(ladder: Ladder, signal: float = 0.0) -> Figure:
    """States as discs whose area is their occupancy, edges as arrows whose width is the net current.

    Parameters
    ----------
    ladder : Ladder
        Single.
    signal : float
        Constant signal >= 0, in micromolar.

    Raises
    ------
    InvalidParameterError
        For a batch of ladders, or a signal that is not valid.
    """
    if ladder.batch_shape:
        raise InvalidParameterError("ladder", f"a batch of shape {ladder.batch_shape}", "a single ladder")
    n, occupancy, currents = ladder.n_levels, ladder.steady_state(signal), steady_currents(ladder, signal)
    rungs, top, bottom = (np.asarray(part, dtype=float) for part in currents)
    figure = Figure(figsize=(max(4.0, 1.1 * n), 2.8), layout="constrained")
    axes = figure.subplots()
    largest = max(np.abs(part).max(initial=0.0) for part in (rungs, top, bottom))
    for m in range(n):
        _arrow(axes, (m, 0.0), (m, 1.0), rungs[m], largest)
    for m in range(n - 1):
        _arrow(axes, (m, 1.0), (m + 1, 1.0), top[m], largest)
        _arrow(axes, (m, 0.0), (m + 1, 0.0), bottom[m], largest)
    level = np.arange(n)
    for height, share, colour in ((1.0, occupancy[:n], _TOP), (0.0, occupancy[n:], _BOTTOM)):
        axes.scatter(level, np.full(n, height), s=2500.0 * share, color=colour, alpha=0.85, zorder=3)
        axes.scatter(level, np.full(n, height), s=12.0, color="white", edgecolors=colour, zorder=4)
    axes.set_xlim(-0.6, n - 0.4)
    axes.set_ylim(-0.45, 1.45)
    axes.set_xticks(level)
    axes.set_yticks([0.0, 1.0], ["bottom rail", "top rail"])
    axes.set_xlabel("Level m")
    axes.set_title(
        f"signal {signal:g} μM; largest current {largest:.2g} / ladder time; top rail {occupancy[:n].sum():.3f}",
        fontsize="medium",
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], current: float, largest: float) -> None:
    """From start to end where the current is positive, the other way where it is negative; a thin line at none."""
    share = abs(current) / largest if largest > 0.0 else 0.0
    ends = (start, end) if current >= 0.0 else (end, start)
    style = "-" if share < 1e-3 else "-|>"
    arrow = FancyArrowPatch(
        *ends, arrowstyle=style, mutation_scale=8.0 + 8.0 * share, shrinkA=7.0, shrinkB=7.0,
        linewidth=0.6 + 3.0 * share, color=_CURRENT if share >= 1e-3 else "0.8", zorder=2,
    )  # fmt: skip
    axes.add_patch(arrow)
