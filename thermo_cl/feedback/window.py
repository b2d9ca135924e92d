"""Ramp times, thresholds and amplitudes between which a carrier's output tells the fast ramp from the slow one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError, NormalizationError, RampWindowWarning
from thermo_cl.feedback.straight_line import RampLaw, Range
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth, amplitude_window

__all__ = ["AdmissibleWindow", "Range", "admissible_window", "check_window", "kernel_timescale"]

_ROUNDING = 1e-12
_UNITS = {"time": "time units", "signal": "signal units", "output": "output units"}


@dataclass(frozen=True)
class AdmissibleWindow:
    r"""What a kernel allows of a training cycle; every range in the caller's own units.

    Without an area, in the ideal limit of ramps far longer than the kernel, the output is :math:`|\mu_1| A/\tau_f` on
    the fast ramp and :math:`-|\mu_1| A/\tau_s` on the slow one (the sign of a kernel of positive first moment is
    reversed). The exact ranges are those of the periodic state, whatever the ramps.

    Attributes
    ----------
    fast, slow : Range
        Ramp times. From a few timescales on, and so that the threshold (if none is given, some threshold) lies above
        the output of the slow ramp and below that of the fast ramp, for all amplitudes; if none were given, only so
        that the slow ramp is not the faster one.
    threshold, threshold_exact : Range or None
        Thresholds that separate the two ramps for all amplitudes of ``asked``.
    amplitude, amplitude_exact : Range
        Amplitudes taught at the threshold given, or else at the lowest of ``threshold`` (of ``threshold_exact``).
    asked : Range or None
        The smallest and largest amplitude asked for; if none were, twice the (geometric) middle of ``amplitude_exact``,
        or None where that has no middle.
    largest_area : float
        Bound on the area, in size, for the two ramps to be separable by a signed threshold (Eq. 41):
        :math:`|\mu_1| (1/\tau_f + 1/\tau_s)`, which is Eq. 42 for an endless slow ramp.
    area, first_moment, timescale : float
        Of the kernel.
    units : mapping of str to str
        Of "time", "signal" and "output".
    """

    fast: Range
    slow: Range
    threshold: Range | None
    threshold_exact: Range | None
    amplitude: Range
    amplitude_exact: Range
    asked: Range | None
    largest_area: float
    area: float
    first_moment: float
    timescale: float
    units: Mapping[str, str] = field(default_factory=lambda: dict(_UNITS))

    @property
    def separable(self) -> bool:
        """Whether the area lets some threshold separate the ramps."""
        return bool(self.area * -np.sign(self.first_moment) < self.largest_area)

    @property
    def open(self) -> bool:
        """Whether every range has values in it."""
        ranges = (
            self.fast, self.slow, self.threshold, self.threshold_exact, self.amplitude, self.amplitude_exact
        )  # fmt: skip
        return not any(each.empty for each in ranges if each is not None)

    def __str__(self) -> str:
        time, signal, output = (self.units[name] for name in ("time", "signal", "output"))
        lines = [f"fast ramp {self.fast} {time}, slow ramp {self.slow} {time}"]
        if self.threshold is not None and self.asked is not None:
            amplitudes = f"{self.asked.low:.4g}" if self.asked.low == self.asked.high else str(self.asked)
            lines.append(
                f"threshold {self.threshold} {output} (exact: {self.threshold_exact}) for amplitudes of {amplitudes}"
            )
        lines.append(f"amplitude {self.amplitude} {signal} (exact: {self.amplitude_exact})")
        return "; ".join(lines)


def kernel_timescale(kernel: Kernel) -> float:
    """Memory time of a single kernel: the decay time of its slowest term, and its window if that is shorter."""
    if kernel.batch_shape:
        raise InvalidParameterError("kernel", f"a batch of shape {kernel.batch_shape}", "a single kernel")
    rates = kernel.rates.real[kernel.coefficients != 0]
    longest = float(np.max(-1.0 / rates, initial=0.0)) if (rates < 0.0).all() else np.inf
    return min(longest, float(kernel.window))


def admissible_window(
    kernel: Kernel,
    protocol: Sawtooth,
    *,
    threshold: float | None = None,
    amplitudes: ArrayLike | None = None,
    timescale: float | None = None,
    relaxations: float = 3.0,
    units: Mapping[str, str] | None = None,
) -> AdmissibleWindow:
    r"""Ramp times, thresholds and amplitudes at which a kernel and a threshold teach a contrast.

    The ideal form (Falk et al. 2025, Eqs. 9, 27, 28, 41, 42, 45): on a ramp the output is the straight-line law
    :math:`u = I s - \mu_1 \dot s`, so that the fast ramp passes where its smallest output is above the threshold, and
    the slow ramp is silent where its largest, in size, is below. Without an area,

    .. math:: |\mu_1| A_{max}/\tau_s \le \theta \le |\mu_1| A_{min}/\tau_f, \qquad \tau_s/\tau_f \ge A_{max}/A_{min}.

    The exact form asks the periodic state: updates begin where the peak of the output reaches the threshold, and the
    slow ramp breaks through where its trough does. That a large area lifts the slow ramp past the threshold in the
    direction of the fast one is seen by the ideal form alone.

    Parameters
    ----------
    kernel : Kernel
        Single, of first moment other than 0 and of either sign.
    protocol : Sawtooth
        Single, with the mean of the signal.
    threshold : float, optional
        Hard threshold > 0 on the size of the output.
    amplitudes : array_like, shape () or (2,), optional
        Smallest and largest clamped-minus-free difference of the signal that is to be taught, > 0.
    timescale : float, optional
        Memory time; by default the decay time of the kernel's slowest term.
    relaxations : float, optional
        Memory times that a ramp must last. After three an exponential is within 5 % of its plateau.
    units : mapping, optional
        Names of the units of "time", "signal" and "output", for messages.

    Returns
    -------
    AdmissibleWindow

    Raises
    ------
    InvalidParameterError
        If neither a threshold nor amplitudes are given, a number is out of range, or something is a batch.
    NormalizationError
        If the first moment vanishes.

    Examples
    --------
    >>> from thermo_cl.kernels import high_pass_kernel
    >>> window = admissible_window(high_pass_kernel(2.0, 0.1), Sawtooth(fast=1.0, slow=20.0), amplitudes=(1.0, 5.0))
    >>> window.threshold
    Range(low=0.05, high=0.2)
    >>> window.fast.high, window.slow.low
    (4.0, 5.0)
    """
    if protocol.batch_shape:
        raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
    memory = kernel_timescale(kernel) if timescale is None else check.positive_number("timescale", timescale)
    first, area = float(kernel.first_moment), float(kernel.area)
    if first == 0.0:
        raise NormalizationError("the kernel's first moment is 0: its output says nothing of changes, at any threshold")
    if threshold is None and amplitudes is None:
        raise InvalidParameterError("threshold", None, "given, or else amplitudes=(smallest, largest), or both")
    theta = None if threshold is None else check.positive_number("threshold", threshold)
    shortest = check.positive_number("relaxations", relaxations) * memory
    fast, slow = float(protocol.fast), float(protocol.slow)
    size, upright = abs(first), kernel.scaled(-np.sign(first))
    law = RampLaw(size, float(upright.area), float(protocol.mean))
    peak, trough = _extremes(upright, protocol)
    bias = law.area * law.mean

    asked = None if amplitudes is None else Range(*_ends(amplitudes))
    longest, quickest, lazy = slow, max(shortest, fast), np.inf
    limits = exact = None
    if asked is not None:
        limits, exact = law.thresholds(asked, fast, slow), _exact_thresholds(asked, peak, trough, bias)
        floor, ceiling = (limits.low, limits.high) if theta is None else (theta, theta)
        longest = min(law.longest_rise(a, floor) for a in asked)
        falls = [law.falls(a, ceiling) for a in asked]
        quickest, lazy = max(shortest, *(f.low for f in falls)), min(f.high for f in falls)
    at, at_exact = (theta, theta) if theta is not None else (limits.low, exact.low)  # type: ignore[union-attr]
    opening, breakthrough = amplitude_window(upright, protocol, threshold=max(at_exact, 0.0))
    taught = Range(float(opening), float(breakthrough))
    if asked is None and 0.0 < taught.low < np.inf and 0.0 < taught.high < np.inf:
        middle = float(np.sqrt(taught.low * taught.high))
        asked = Range(middle, middle)
        limits, exact = law.thresholds(asked, fast, slow), _exact_thresholds(asked, peak, trough, bias)
    return AdmissibleWindow(
        fast=Range(shortest, longest),
        slow=Range(quickest, lazy),
        threshold=limits,
        threshold_exact=exact,
        amplitude=law.amplitudes(at, fast, slow),
        amplitude_exact=taught,
        asked=asked,
        largest_area=size * (1.0 / fast + 1.0 / slow),
        area=area, first_moment=first, timescale=memory, units={**_UNITS, **(units or {})},
    )  # fmt: skip


def check_window(
    kernel: Kernel,
    protocol: Sawtooth,
    *,
    threshold: float | None = None,
    amplitudes: ArrayLike | None = None,
    name: str = "carrier",
    timescale: float | None = None,
    relaxations: float = 3.0,
    units: Mapping[str, str] | None = None,
    stacklevel: int = 2,
) -> AdmissibleWindow:
    """The admissible window, and a warning if the protocol, threshold or amplitudes are outside it.

    Parameters
    ----------
    kernel, protocol, threshold, amplitudes, timescale, relaxations, units
        As for ``admissible_window``.
    name : str, optional
        Of the carrier, for the message.
    stacklevel : int, optional
        Of the line that the warning points at; 2 is the caller's.

    Returns
    -------
    AdmissibleWindow

    Warns
    -----
    RampWindowWarning
        Naming each value outside (thresholds and amplitudes by the exact form) and its range.
    """
    window = admissible_window(
        kernel, protocol, threshold=threshold, amplitudes=amplitudes, timescale=timescale, relaxations=relaxations,
        units=units,
    )  # fmt: skip
    faults = []
    for label, value, allowed in (
        ("fast ramp", float(protocol.fast), window.fast),
        ("slow ramp", float(protocol.slow), window.slow),
    ):
        if _outside(value, allowed):
            faults.append(f"{label} = {value:.4g} {window.units['time']} (window {allowed})")
    separating = None if amplitudes is None else window.threshold_exact
    if threshold is not None and separating is not None and _outside(threshold, separating):
        faults.append(f"threshold = {threshold:.4g} {window.units['output']} (window {separating})")
    elif amplitudes is not None:
        outside = [a for a in _ends(amplitudes) if _outside(a, window.amplitude_exact)]
        unit = window.units["signal"]
        faults += [f"amplitude = {a:.4g} {unit} (window {window.amplitude_exact})" for a in dict.fromkeys(outside)]
    if faults:
        warnings.warn(
            RampWindowWarning(
                f"the {name}, of memory {window.timescale:.4g} {window.units['time']}, does not tell the ramps apart: "
                + "; ".join(faults)
                + f". The whole window: {window}"
            ),
            stacklevel=stacklevel,
        )
    return window


def _outside(value: float, allowed: Range) -> bool:
    """Whether a value is out of a range by more than rounding."""
    return not allowed.low * (1.0 - _ROUNDING) <= value <= allowed.high * (1.0 + _ROUNDING)


def _extremes(kernel: Kernel, protocol: Sawtooth) -> tuple[float, float]:
    """Peak and trough, in size, of the periodic response to the sawtooth of mean 0 and amplitude 1."""
    centred = Sawtooth(protocol.fast, protocol.slow)
    opening, breakthrough = amplitude_window(kernel, centred, threshold=1.0)
    return 1.0 / float(opening), 1.0 / float(breakthrough)


def _exact_thresholds(asked: Range, peak: float, trough: float, bias: float) -> Range:
    """Between the trough at the largest amplitude and the peak at the smallest."""
    return Range(asked.high * trough - bias, asked.low * peak + bias)


def _ends(amplitudes: ArrayLike) -> tuple[float, float]:
    """Smallest and largest amplitude."""
    given = check.positive("amplitudes", amplitudes)
    if given.shape not in {(), (2,)} or given.min() != given.flat[0]:
        raise InvalidParameterError("amplitudes", amplitudes, "one amplitude, or the smallest and the largest")
    return float(given.min()), float(given.max())
