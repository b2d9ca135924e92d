"""How a kernel shows itself in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thermo_cl import _show as show

if TYPE_CHECKING:
    from thermo_cl.kernels.kernel import Kernel

__all__ = ["kernel_html"]

_WIDE = 100.0  # slowest over fastest mode from which even times would hide the fast one


def kernel_html(kernel: Kernel) -> str:
    """Table of what a kernel is, and its course over three of its slowest decay times; a line for a batch."""
    if kernel.batch_shape:
        return show.html_card("Memory kernels", {"batch": str(kernel.batch_shape), "terms": kernel.rates.shape[-1]})
    live = kernel.rates[kernel.coefficients != 0].real
    decays = -1.0 / live[live < 0.0]
    rows: dict[str, object] = {"terms": live.size, "area I": kernel.area, "first moment": kernel.first_moment}
    if decays.size:
        rows["decay times"] = " to ".join(show.brief(t) for t in sorted({decays.min(), decays.max()}))
    if np.isfinite(kernel.window):
        rows["cut at"] = float(kernel.window)
    if kernel.feedthrough:
        rows["instantaneous part"] = float(kernel.feedthrough)
    end = min(float(kernel.window), 3.0 * float(decays.max(initial=0.0)) or np.inf)
    if not np.isfinite(end):
        return show.html_card("Memory kernel", rows)
    if decays.max() > _WIDE * decays.min():  # equal areas under t K(t) over log t are equal parts of the area I
        logs = np.linspace(np.log(0.03 * decays.min()), np.log(2.0 * end), 300)
        times = np.exp(logs)
        caption = f"t K(t) over log t, from t = {times[0]:.2g} to {times[-1]:.2g}"
        return show.html_card("Memory kernel", rows, show.drawing(logs, times * kernel(times)), caption)
    times = np.linspace(0.0, end, 200)
    return show.html_card("Memory kernel", rows, show.drawing(times, kernel(times)), f"K(t) until t = {end:.3g}")
