"""Offset and dynamic range of a weight-update curve: the paper's two recipes, and their exact counterparts.

The recipes read sampled curves. The exact ones ask the synapse itself: where a ramp meets the threshold, where the
update passes a level, and the line through the update as a function rather than through samples of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.synapse.sawtooth import Sawtooth
from thermo_cl.synapse.update import amplitude_window, update_and_slope, weight_update

__all__ = ["CurveMetrics", "crossing_metrics", "exact_crossing_metrics", "exact_window_metrics", "segment_metrics"]

_LINEAR_SLOPES = (0.75, 1.25)  # App. E: slopes that count as the ideal slope of one
_QUADRATURE_NODES = 64


@dataclass(frozen=True, eq=False, repr=False)
class CurveMetrics:
    """What a weight-update curve is worth; every field has the shape of the batch.

    Attributes
    ----------
    amplitude_min : ndarray
        Smallest amplitude of the linear regime, in units of the signal; amplitude_max where there is none.
    dynamic_range : ndarray
        amplitude_max / amplitude_min, >= 1 (``exact_window_metrics`` puts the amplitude at which the slow ramp breaks
        through in place of amplitude_max, if it is smaller); one where there is no linear regime.
    offset : ndarray
        Intercept of the regime's line at zero amplitude, signed, in units of the update; NaN where undefined.
    slope : ndarray
        Slope of that line; one is ideal.
    linear : ndarray of bool
        Whether the curve has a linear regime by the recipe.
    """

    amplitude_min: FloatArray
    dynamic_range: FloatArray
    offset: FloatArray
    slope: FloatArray
    linear: BoolArray

    __repr__ = show.brief_repr


def _metrics(
    lowest: FloatArray, largest: FloatArray, offset: FloatArray, slope: FloatArray, linear: BoolArray
) -> CurveMetrics:
    amplitude_min = np.where(linear, lowest, largest)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(amplitude_min == largest, 1.0, largest / amplitude_min)
    return CurveMetrics(amplitude_min[()], ratio[()], offset[()], slope[()], linear[()])


def _curve(
    amplitudes: ArrayLike, update: ArrayLike, amplitude_max: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    a, y = check.non_negative("amplitudes", amplitudes), check.finite("update", update)
    if a.ndim != 1 or a.size < 6 or (np.diff(a) <= 0).any():
        raise InvalidParameterError("amplitudes", a, "at least 6 increasing amplitudes, shape (a,)")
    if y.shape[-1:] != a.shape:
        raise InvalidParameterError("update.shape", y.shape, f"(..., {a.size}), one update per amplitude")
    largest = check.positive("amplitude_max", amplitude_max)
    batch = check.broadcast(update=y[..., 0], amplitude_max=largest)
    return a, np.broadcast_to(y, (*batch, a.size)), np.broadcast_to(largest, batch)


def segment_metrics(amplitudes: ArrayLike, update: ArrayLike, *, amplitude_max: ArrayLike) -> CurveMetrics:
    """Three-segment recipe for kernels of small area (Falk et al. 2025, App. E), with pwlf.

    Parameters
    ----------
    amplitudes : array_like, shape (a,)
        Increasing sampled amplitudes.
    update : array_like, shape (..., a)
        Weight updates there.
    amplitude_max : array_like, shape (...)
        Upper end A_max of the dynamic range.

    Returns
    -------
    CurveMetrics
        amplitude_min is the left end of the last segment if its slope is in (0.75, 1.25), and offset its
        intercept (given for every curve, as in the paper).

    Notes
    -----
    The breaks minimise the sum of squares over all pairs (pwlf's own differential evolution finds the same ones,
    0.3 s a curve, up to its tolerance); pwlf then fits the three segments at these breaks.
    """
    import pwlf

    from thermo_cl.synapse._segments import best_breaks

    a, y, largest = _curve(amplitudes, update, amplitude_max)
    x, rows = a / a[-1], np.array(y.reshape(-1, a.size)) / a[-1]
    breaks = np.empty((rows.shape[0], 2))
    over_batch(lambda begin, end: best_breaks(begin, end, x, rows, breaks), rows.shape[0])
    lines = np.empty((rows.shape[0], 2))
    for i, row in enumerate(rows):
        fit = pwlf.PiecewiseLinFit(x, row)
        fit.fit_with_breaks([x[0], *breaks[i], x[-1]])
        lines[i] = fit.calc_slopes()[-1], fit.intercepts[-1]
    batch = y.shape[:-1]
    slope, intercept, lowest = (
        column.reshape(batch) for column in (lines[:, 0], a[-1] * lines[:, 1], a[-1] * breaks[:, 1])
    )
    linear = (slope > _LINEAR_SLOPES[0]) & (slope < _LINEAR_SLOPES[1]) & (lowest > 0)
    return _metrics(lowest, np.broadcast_to(largest, batch), intercept, slope, linear)


def crossing_metrics(
    amplitudes: ArrayLike,
    update: ArrayLike,
    *,
    amplitude_max: ArrayLike,
    level: float = 0.05,
    index_factor: float = 1.0,
) -> CurveMetrics:
    """Crossing recipe for ladder kernels (Falk et al. 2025, App. G.3).

    Parameters
    ----------
    amplitudes, update, amplitude_max
        As for ``segment_metrics``.
    level : float
        Update, as a fraction of A_max, that counts as a response.
    index_factor : float
        The published program takes the amplitude at 1.25 times the crossing's index; 1 is the recipe as stated.

    Returns
    -------
    CurveMetrics
        amplitude_min is the first sampled amplitude whose update exceeds ``level * A_max``; offset and slope
        are of the least-squares line over the samples from there to A_max, NaN with fewer than 2 of them.

    Raises
    ------
    InvalidParameterError
        If ``index_factor`` is not a finite number of at least 1, or an array does not fit.
    """
    a, y, largest = _curve(amplitudes, update, amplitude_max)
    check.positive("level", level)
    if not (np.isfinite(index_factor) and index_factor >= 1):
        raise InvalidParameterError("index_factor", index_factor, "a finite number of at least 1")
    above = y > level * np.asarray(largest)[..., None]
    first = np.ceil(index_factor * np.argmax(above, axis=-1)).astype(int)
    lowest = a[np.minimum(first, a.size - 1)]
    used = (np.arange(a.size) >= first[..., None]) & (a <= np.asarray(largest)[..., None])
    count = used.sum(axis=-1)
    linear = above.any(axis=-1) & (count >= 2)
    safe = np.maximum(count, 1)
    centre_a, centre_y = (used * a).sum(axis=-1) / safe, (used * y).sum(axis=-1) / safe
    spread = used * (a - centre_a[..., None])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(linear, (spread * y).sum(axis=-1) / (spread * spread).sum(axis=-1), np.nan)
    return _metrics(lowest, np.broadcast_to(largest, linear.shape), centre_y - slope * centre_a, slope, linear)


def exact_window_metrics(
    kernel: Kernel, protocol: Sawtooth, *, threshold: ArrayLike, amplitude_max: ArrayLike
) -> CurveMetrics:
    """Exact counterpart of the three-segment recipe: the threshold window, and the tangent at its middle.

    ``amplitude_min`` is where the fast ramp's peak reaches the threshold; the line is the tangent of the update
    curve half-way from there to the amplitude at which the slow ramp breaks through, or to A_max if that is less.
    ``linear`` is False where the window is empty or the slope is outside
    (0.75, 1.25).

    Parameters
    ----------
    kernel : Kernel, shape batch
    protocol : Sawtooth, shape batch
    threshold : array_like, shape batch
        Outputs below it in magnitude do not count; > 0, in output units.
    amplitude_max : array_like, shape batch
        Largest amplitude A_max > 0 that is meant to be learnt, in signal units.

    Returns
    -------
    CurveMetrics, shape batch
        Amplitude and offset in signal units, range and slope pure numbers.
    """
    largest = check.positive("amplitude_max", amplitude_max)
    opening, breakthrough = amplitude_window(kernel, protocol, threshold=threshold)
    batch = check.broadcast(window=opening, amplitude_max=largest)
    top = np.minimum(breakthrough, largest)
    open_window = np.broadcast_to(opening < top, batch)
    middle = np.where(open_window, 0.5 * (opening + top), largest)[..., None]
    update, slope = (line[..., 0] for line in update_and_slope(kernel, protocol, middle, threshold))
    linear = open_window & (slope > _LINEAR_SLOPES[0]) & (slope < _LINEAR_SLOPES[1])
    offset = update - slope * middle[..., 0]
    metrics = _metrics(np.broadcast_to(opening, batch), np.broadcast_to(largest, batch), offset, slope, linear)
    with np.errstate(divide="ignore", invalid="ignore"):
        usable = np.where(linear, top / metrics.amplitude_min, 1.0)  # the window may close before A_max
    return replace(metrics, dynamic_range=usable[()])


def exact_crossing_metrics(
    kernel: Kernel, protocol: Sawtooth, *, threshold: ArrayLike, amplitude_max: ArrayLike, level: float = 0.05
) -> CurveMetrics:
    """Exact counterpart of the crossing recipe: the crossing solved for, the line fitted to the function.

    The first amplitude whose update passes ``level * A_max`` is bracketed on a grid and bisected to rounding; the
    least-squares line over [amplitude_min, A_max] integrates the exact update on either side of the amplitude at
    which the slow ramp breaks through, graded for the square root with which the curve leaves it.

    Parameters
    ----------
    kernel : Kernel, shape batch
    protocol : Sawtooth, shape batch
    threshold : array_like, shape batch
        Outputs below it in magnitude do not count; > 0, in output units.
    amplitude_max : array_like, shape batch
        Largest amplitude A_max > 0 that is meant to be learnt, in signal units.
    level : float
        Update, as a fraction of A_max, that counts as a response.

    Returns
    -------
    CurveMetrics, shape batch
        Amplitude and offset in signal units, range and slope pure numbers.
    """
    largest, fraction = check.positive("amplitude_max", amplitude_max), check.positive("level", level)
    floor = check.non_negative("threshold", threshold)
    batch = check.broadcast(
        kernel=np.zeros(kernel.batch_shape), protocol=np.zeros(protocol.batch_shape), threshold=floor, largest=largest
    )
    largest = np.broadcast_to(largest, batch)
    grid = np.linspace(0.0, 1.0, 101) * largest[..., None]
    above = weight_update(kernel, protocol, grid, threshold=floor) > (fraction * largest)[..., None]
    linear = above.any(axis=-1)
    first = np.argmax(above, axis=-1)[..., None]
    high = np.take_along_axis(grid, first, axis=-1)
    low = np.take_along_axis(grid, np.maximum(first - 1, 0), axis=-1)
    for _ in range(60):
        middle = 0.5 * (low + high)
        passed = weight_update(kernel, protocol, middle, threshold=floor) > (fraction * largest)[..., None]
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    linear &= low[..., 0] > 0.0  # a mean response past the threshold by itself is no crossing
    lowest = np.where(linear, high[..., 0], largest)
    breakthrough = np.broadcast_to(amplitude_window(kernel, protocol, threshold=floor)[1], batch)
    kink = np.clip(np.where(np.isnan(breakthrough), largest, breakthrough), lowest, largest)
    nodes, weights = _graded_rule(lowest, kink, largest)
    y = weight_update(kernel, protocol, nodes, threshold=floor)
    length = np.where(linear, largest - lowest, 1.0)
    mean = (y * weights).sum(axis=-1) / length
    spread = nodes - 0.5 * (lowest + largest)[..., None]
    slope = np.where(linear, 12.0 * (y * weights * spread).sum(axis=-1) / length**3, np.nan)
    return _metrics(lowest, largest, mean - slope * 0.5 * (lowest + largest), slope, linear)


def _graded_rule(low: FloatArray, middle: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights over [low, middle] and [middle, high], dense at the start of each.

    A curve leaves each breakpoint like a square root, which the substitution x = start + length z^2 makes smooth.
    """
    z, w = np.polynomial.legendre.leggauss(_QUADRATURE_NODES)
    z, w = 0.5 * (z + 1.0), 0.5 * w
    nodes, weights = [], []
    for start, stop in ((low, middle), (middle, high)):
        length = (stop - start)[..., None]
        nodes.append(start[..., None] + length * z**2)
        weights.append(length * 2.0 * z * w)
    return np.concatenate(nodes, axis=-1), np.concatenate(weights, axis=-1)
