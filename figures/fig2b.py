"""A kernel with two lobes, what it makes of a step and of a sawtooth (Falk et al. 2025, Fig. 2)."""

from __future__ import annotations

import xarray as xr
from matplotlib import style
from matplotlib.figure import Figure

from figures._axes import BLACK, GREY, ORANGE, PAGE, PALE_BLUE, PALE_ORANGE, STYLE, new_figure, panel, parameter

DATASETS = ("kernel_shape",)


@style.context(STYLE)
def draw(data: xr.Dataset) -> Figure:
    """Kernel with its lobes; a step and its response; one cycle of a sawtooth and its response.

    Parameters
    ----------
    data : xarray.Dataset
        From ``analysis.kernel_shape``.
    """
    figure = new_figure(PAGE, 2.5)
    grid = figure.add_gridspec(2, 3, width_ratios=(1.0, 1.0, 1.2))
    kernel = figure.add_subplot(grid[:, 0])
    step, answer = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    cycle, response = figure.add_subplot(grid[0, 2]), figure.add_subplot(grid[1, 2])

    time, k = data["time"], data["kernel"]
    kernel.fill_between(
        time, k, where=k >= 0, interpolate=True, facecolor=PALE_BLUE, linewidth=0, label="positive lobe"
    )
    kernel.fill_between(
        time, k, where=k <= 0, interpolate=True, facecolor=PALE_ORANGE, edgecolor=ORANGE, hatch="/////", linewidth=0,
        label="negative lobe",
    )  # fmt: skip
    kernel.plot(time, k, color=BLACK, linestyle="-")
    kernel.axhline(0.0, color=GREY, linewidth=0.6, linestyle="-", zorder=0)
    kernel.set(xlabel="Time after the impulse $t$ (time)", ylabel="Memory kernel $K$ (1 / time$^2$)")
    kernel.legend(loc="upper right")
    panel(kernel, "a", "kernel of zero area")

    step.plot(time, data["step"], color=GREY, linestyle="-")
    step.set(ylabel="$s$ (signal)", yticks=(0, 1))
    step.tick_params(labelbottom=False)
    panel(step, "b", "a step is felt, then forgotten")
    answer.plot(time, data["step_response"], color=BLACK, linestyle="-")
    answer.set(xlabel="Time after the step (time)", ylabel="$u$ (signal / time)")

    phase, rate = data["phase"], (1.0 / parameter(data, "fast"), -1.0 / parameter(data, "slow"))
    cycle.plot(phase, data["sawtooth"], color=GREY, linestyle="-")
    cycle.set(ylabel="$s$ (signal)", yticks=(-0.5, 0.5))
    cycle.tick_params(labelbottom=False)
    panel(cycle, "c", "a sawtooth is differentiated")
    response.plot(phase, data["response"], color=BLACK, linestyle="-")
    for level, text, align in zip(rate, (r"$A/\tau_f$", r"$-A/\tau_s$"), ("top", "bottom"), strict=True):
        response.axhline(level, color=ORANGE, linewidth=1.0, linestyle="--", zorder=0)
        response.annotate(text, (10.0, level), xytext=(0, -2 if align == "top" else 2), textcoords="offset points",
                          ha="right", va=align)  # fmt: skip
    response.set(xlabel="Time within the cycle (time)", ylabel="$u$ (signal / time)")
    for axes in (step, answer):
        axes.set_xlim(-0.1, 0.6)
    for axes in (cycle, response):
        axes.set_xlim(0.0, 10.0)
    figure.align_ylabels((step, answer))
    figure.align_ylabels((cycle, response))
    return figure
