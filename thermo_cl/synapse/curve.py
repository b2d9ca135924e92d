"""A weight-update curve as one object: amplitudes, updates, what they should be, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.synapse.metrics import CurveMetrics, exact_window_metrics
from thermo_cl.synapse.sawtooth import Sawtooth
from thermo_cl.synapse.update import adaptive_threshold, amplitude_window, weight_update

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["UpdateCurve", "update_curve"]


@dataclass(frozen=True, eq=False, repr=False)
class UpdateCurve:
    """Weight update of one synapse against the amplitude that it should learn; made by ``update_curve``.

    Attributes
    ----------
    kernel : Kernel
        Normalised, of one synapse.
    protocol : Sawtooth
    threshold : float
        In units of the kernel's output.
    amplitude_max : float
        Largest amplitude A_max meant, in units of the signal.
    amplitudes, updates : ndarray, shape (a,)
        In units of the signal.
    """

    kernel: Kernel
    protocol: Sawtooth
    threshold: float
    amplitude_max: float
    amplitudes: FloatArray
    updates: FloatArray

    @cached_property
    def window(self) -> tuple[float, float]:
        """Amplitudes at which the fast ramp first passes the threshold, and the slow ramp too."""
        opening, breakthrough = amplitude_window(self.kernel, self.protocol, threshold=self.threshold)
        return float(opening), float(breakthrough)

    @cached_property
    def metrics(self) -> CurveMetrics:
        """Exact offset, slope and dynamic range, by ``exact_window_metrics``."""
        return exact_window_metrics(
            self.kernel, self.protocol, threshold=self.threshold, amplitude_max=self.amplitude_max
        )  # fmt: skip

    def to_dataset(self) -> xr.Dataset:
        """Labelled: ``weight_update`` over ``amplitude``, the window, and the exact metrics as scalars."""
        from thermo_cl.sweep import Quantity, label, provenance

        opening, breakthrough = self.window
        found = self.metrics
        parameters = {name: float(getattr(self.protocol, name)) for name in ("fast", "slow", "mean")}
        parameters |= {"threshold": self.threshold, "amplitude_max": self.amplitude_max}
        return label(
            {
                "weight_update": Quantity("amplitude", self.updates, "weight update over one cycle", "signal"),
                "threshold": Quantity((), self.threshold, "hard threshold", "signal / protocol time"),
                "amplitude_max": Quantity((), self.amplitude_max, "largest amplitude A_max meant", "signal"),
                "opening": Quantity((), opening, "amplitude at which the response reaches +threshold", "signal"),
                "breakthrough": Quantity((), breakthrough, "amplitude at which it reaches -threshold", "signal"),
                "amplitude_min": Quantity((), found.amplitude_min, "smallest amplitude of the linear regime", "signal"),
                "offset": Quantity((), found.offset, "intercept of the regime's line", "signal"),
                "slope": Quantity((), found.slope, "slope of the regime's line", "1"),
                "dynamic_range": Quantity((), found.dynamic_range, "largest over smallest amplitude", "1"),
            },
            {"amplitude": Quantity("amplitude", self.amplitudes, "amplitude, clamped minus free", "signal")},
            provenance("thermo_cl.update_curve: Falk et al. 2025, Eqs. 3-7", parameters),
        )

    def plot(self) -> Figure:
        """The curve, its ideal line and its window, as a new matplotlib figure.

        Raises
        ------
        OutputError
            If matplotlib is missing.
        """
        figure: Figure = show.plotting().plot_curve(self.to_dataset())
        return figure

    def __repr__(self) -> str:
        found = self.metrics
        return (
            f"UpdateCurve({self.amplitudes.size} amplitudes to {show.brief(self.amplitudes[-1])}, "
            f"offset {show.brief(found.offset)}, dynamic range {show.brief(found.dynamic_range)})"
        )

    def _repr_html_(self) -> str:
        found, (opening, breakthrough) = self.metrics, self.window
        rows = {
            "threshold (signal / time)": self.threshold, "opens at (signal)": opening,
            "slow ramp breaks through at (signal)": breakthrough, "offset (signal)": found.offset,
            "slope": found.slope, "dynamic range": found.dynamic_range,
        }  # fmt: skip
        svg = show.drawing(self.amplitudes, self.updates, self.amplitudes)
        return show.html_card("Weight-update curve", rows, svg, "update against amplitude; dashed: ideal")


def update_curve(
    kernel: Kernel, protocol: Sawtooth, amplitude_max: float, *, threshold: float | None = None, samples: int = 400
) -> UpdateCurve:
    """Curve of one synapse from amplitude 0 to 1.2 times the largest meant.

    Parameters
    ----------
    kernel : Kernel
        Of one synapse, of first moment -1 (use ``kernel.normalized()``).
    protocol : Sawtooth
        Single.
    amplitude_max : float
        Largest amplitude A_max > 0 that the synapse is meant for, in units of the signal.
    threshold : float, optional
        Hard threshold >= 0 in units of the kernel's output; by default that which just silences the slow ramp up to
        A_max (Falk et al. 2025, Eq. 45).
    samples : int
        Number of amplitudes, at least 2.

    Returns
    -------
    UpdateCurve
        With ``plot()``, ``metrics`` and ``to_dataset()``.

    Raises
    ------
    InvalidParameterError
        For a batch, or a number out of its range.

    Examples
    --------
    >>> from thermo_cl import Sawtooth, chemotaxis_kernel
    >>> update_curve(chemotaxis_kernel(), Sawtooth(fast=1.0, slow=9.0), 50.0)
    UpdateCurve(400 amplitudes to 60, offset ..., dynamic range ...)
    """
    for name, shape in (("kernel", kernel.batch_shape), ("protocol", protocol.batch_shape)):
        if shape:
            raise InvalidParameterError(name, f"a batch of shape {shape}", "single; take weight_update for batches")
    largest = check.positive_number("amplitude_max", amplitude_max)
    count = check.integer_at_least("samples", samples, 2)
    level = adaptive_threshold(kernel, protocol, largest) if threshold is None else threshold
    limit = check.single("threshold", check.non_negative("threshold", level))
    amplitudes = np.linspace(0.0, 1.2 * largest, count)
    updates = weight_update(kernel, protocol, amplitudes, threshold=limit)
    return UpdateCurve(kernel, protocol, limit, largest, amplitudes, updates)
