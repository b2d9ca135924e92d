"""Sampling of a weight-update curve and labels of its metrics, the same in every data set of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thermo_cl import CurveMetrics
    from thermo_cl._types import FloatArray
    from thermo_cl.sweep import Quantity

__all__ = ["FITTED_RANGE", "LEAST_AMPLITUDES", "METRICS", "labelled_metrics", "sampled_fractions"]

SAMPLED_RANGE, FITTED_RANGE = 1.25, 0.75  # of A_max: App. G.3 samples up to one, App. E fits up to the other
LEAST_AMPLITUDES = 10  # six of them lie in the fitted range, as three segments need
METRICS = ("amplitude_min", "dynamic_range", "offset", "slope", "linear")
_LINEAR = {"segments": "whether the slope is in (0.75, 1.25)", "crossing": "whether 5 % of A_max is reached"}


def sampled_fractions(count: int) -> FloatArray:
    """Amplitudes to sample as fractions of A_max, shape (count,)."""
    import numpy as np

    return SAMPLED_RANGE * np.arange(count) / count


def labelled_metrics(
    dims: str | tuple[str, ...], metrics: CurveMetrics, recipe: str, *, exact: bool = False
) -> dict[str, Quantity]:
    """Label a set of metrics, under their own names or behind ``exact_``.

    ``recipe`` is ``"segments"`` or ``"crossing"``: what makes a regime linear differs.
    """
    from thermo_cl.sweep import Quantity

    meanings = {
        "amplitude_min": ("lower end A_min of the linear regime", "signal"),
        "dynamic_range": ("dynamic range A_max / A_min", "1"),
        "offset": ("offset of the linear regime", "signal"),
        "slope": ("slope of the linear regime", "1"),
        "linear": (_LINEAR[recipe], "1"),
    }
    prefix, origin = ("exact_", "exact") if exact else ("", f"{recipe} recipe")
    return {
        prefix + name: Quantity(dims, getattr(metrics, name), f"{meaning}, {origin}", unit)
        for name, (meaning, unit) in meanings.items()
    }
