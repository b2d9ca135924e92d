"""The output of a driven ladder over one cycle: a polynomial on every interval of the mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from thermo_cl._types import FloatArray
from thermo_cl.markov.driving import DrivenCycle

__all__ = ["Output", "output_of"]


@dataclass(frozen=True, eq=False)
class Output:
    """Output u(t) = factor * (observable - reference) in a periodic state.

    Attributes
    ----------
    times : ndarray, shape (k + 1,)
        Ends of the intervals.
    series : ndarray, shape (k, s + 1)
        Legendre coefficients of u on each, over [-1, 1].
    """

    times: FloatArray
    series: FloatArray

    def thresholded(self, threshold: float) -> float:
        r"""Integral of u over the parts of the cycle where \|u\| >= threshold: differences of primitives."""
        total = 0.0
        for length, u in zip(np.diff(self.times), self.series, strict=True):
            x = np.unique([-1.0, 1.0, *_level_roots(u, threshold)])
            kept = np.abs(legendre.legval(0.5 * (x[1:] + x[:-1]), u)) >= threshold
            total += 0.5 * length * float(np.diff(legendre.legval(x, legendre.legint(u)))[kept].sum())
        return float(total)

    def extremes(self) -> tuple[float, float]:
        """Smallest and largest value over the cycle."""
        values = [legendre.legval([-1.0, 1.0, *_roots(legendre.legder(u))], u) for u in self.series]
        return float(min(v.min() for v in values)), float(max(v.max() for v in values))

    def crossings(self, threshold: float) -> FloatArray:
        r"""Times at which \|u\| crosses the threshold, increasing."""
        found = [
            begin + 0.5 * (end - begin) * (1.0 + x)
            for begin, end, u in zip(self.times[:-1], self.times[1:], self.series, strict=True)
            for x in _level_roots(u, threshold)
        ]
        return np.unique(np.array(found, dtype=float))


def output_of(cycle: DrivenCycle, observable: FloatArray, reference: float, factor: float) -> Output:
    """Output of a periodic state for an observable with one value per state."""
    begin, lengths = cycle.times[:-1], np.diff(cycle.times)
    points = np.concatenate([[0.0], (cycle.stage_times[0] - begin[0]) / lengths[0]])
    start = cycle.probabilities[:-1] @ observable
    values = np.concatenate([start[:, None], cycle.stage_probabilities @ observable], axis=1)
    to_series = np.linalg.inv(legendre.legvander(2.0 * points - 1.0, points.size - 1))
    return Output(cycle.times, factor * (values - reference) @ to_series.T)


def _level_roots(series: FloatArray, threshold: float) -> list[float]:
    """Places where the series meets the threshold or its negative."""
    spread, unit = np.abs(series[1:]).sum(), np.eye(series.size)[0]
    levels = [level for level in {threshold, -threshold} if abs(level - series[0]) <= spread]
    return [x for level in levels for x in _roots(series - level * unit)]


def _roots(series: FloatArray) -> list[float]:
    """Real roots in (-1, 1) of a Legendre series, polished once; one too many does no harm, it is only a cut."""
    scale = np.abs(series).max()
    if scale == 0.0:
        return []
    trimmed = legendre.legtrim(series, 1e-17 * scale)
    if trimmed.size < 2:
        return []
    roots = legendre.legroots(trimmed)
    x = roots.real[(np.abs(roots.imag) < 1e-6) & (np.abs(roots.real) < 1.0)]
    slope = legendre.legval(x, legendre.legder(trimmed))
    steps = np.where(slope == 0.0, 0.0, legendre.legval(x, trimmed) / np.where(slope == 0.0, 1.0, slope))
    return [float(r) for r in np.where(np.abs(steps) < 1e-6, x - steps, x) if abs(r) < 1.0]
