"""Labels of a weight-update curve's metrics, the same in every data set of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thermo_cl import CurveMetrics
    from thermo_cl.sweep import Quantity

__all__ = ["METRICS", "labelled_metrics"]

_LINEAR = {"segments": "whether that line's slope is in (0.75, 1.25)", "crossing": "whether 5 % of A_max is reached"}
METRICS = ("amplitude_min", "dynamic_range", "offset", "slope", "linear")


def labelled_metrics(
    dims: str | tuple[str, ...], metrics: CurveMetrics, recipe: str, *, exact: bool = False
) -> dict[str, Quantity]:
    """Quantities of a set of metrics, under their own names or behind ``exact_``.

    ``recipe`` is ``"segments"`` or ``"crossing"``: what makes a regime linear differs.
    """
    from thermo_cl.sweep import Quantity

    meanings = {
        "amplitude_min": ("lower end A_min of the linear regime", "signal"),
        "dynamic_range": ("dynamic range A_max / A_min", "1"),
        "offset": ("intercept of its line at zero amplitude", "signal"),
        "slope": ("slope of its line, ideally one", "1"),
        "linear": (_LINEAR[recipe], "1"),
    }
    prefix, origin = ("exact_", "exact") if exact else ("", f"{recipe} recipe")
    return {
        prefix + name: Quantity(dims, getattr(metrics, name), f"{meaning} ({origin})", unit)
        for name, (meaning, unit) in meanings.items()
    }
