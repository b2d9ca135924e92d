"""Exact response of a small network of unlike series units, by its modes of relaxation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series.balance import Balance
from thermo_cl.feedback.series.network import SeriesNetwork
from thermo_cl.feedback.series.schedule import Schedule

__all__ = ["RelaxationModes", "relaxation_modes"]

_MOST_EDGES = 2000
_ZERO = 1e-10  # rates below this part of the fastest are those of elongations without tension


@dataclass(frozen=True, eq=False)
class RelaxationModes:
    r"""Modes of b d' = c e_0(t) - S d, with S = c - c B (B^T c B)^+ B^T c.

    S w = rate * b w, w^T b w = 1. Rates are 0 for elongations that the nodes can follow without any tension, and
    between the smallest and the largest c/b of the edges else.

    Attributes
    ----------
    series : SeriesNetwork
    rates : ndarray, shape (edges,)
        Increasing, in 1/time.
    modes : ndarray, shape (edges, edges)
        One in each column.
    """

    series: SeriesNetwork
    rates: FloatArray
    modes: FloatArray

    def elongations(self, schedule: Schedule, times: ArrayLike, initial: ArrayLike) -> FloatArray:
        """Elongations d at times within the schedule, shape (n, edges), from those at its first corner.

        Raises
        ------
        InvalidParameterError
            If a time is outside of the schedule, or times do not increase.
        """
        when = np.atleast_1d(check.finite("times", times))
        inside = (when >= schedule.times[0]) & (when <= schedule.times[-1])
        if when.ndim != 1 or not inside.all() or (np.diff(when) <= 0.0).any():
            valid = f"increasing, from {schedule.times[0]:g} to {schedule.times[-1]:g}"
            raise InvalidParameterError("times", when.tolist(), valid)
        grid = np.union1d(schedule.times, when)
        balance, c = Balance(self.series), self.series.network.coefficients
        values, loads, outputs = schedule.at(grid)
        push = c * balance(values, loads, outputs, np.zeros((grid.size, c.size))).strains @ self.modes
        amount = (self.series.storage * check.finite("initial", initial)) @ self.modes
        rows = [amount]
        for n, length in enumerate(np.diff(grid)):
            z = self.rates * length
            first, second = _phi(z)
            amount = amount * np.exp(-z) + length * (push[n] * first + (push[n + 1] - push[n]) * second)
            rows.append(amount)
        return np.asarray((np.stack(rows) @ self.modes.T)[np.searchsorted(grid, when)])


def relaxation_modes(series: SeriesNetwork) -> RelaxationModes:
    """Decompose a network of at most 2000 edges.

    Raises
    ------
    InvalidParameterError
        If the network has more edges: simulate it.
    """
    from scipy.linalg import eigh

    edges = series.network.n_edges
    if edges > _MOST_EDGES:
        raise InvalidParameterError("series.network", f"{edges} edges", f"at most {_MOST_EDGES}; or use simulate")
    c, balance = series.network.coefficients, Balance(series)
    silent = None if series.clamped is None else np.zeros((edges, series.clamped.shape[0]))
    rows = np.zeros((edges, len(series.network.imposed)))
    followed = balance(rows, None, silent, np.eye(edges)).strains  # row j: strains that a unit elongation of j makes
    stiffness = np.diag(c) - c[:, None] * followed.T
    rates, modes = eigh(0.5 * (stiffness + stiffness.T), np.diag(series.storage))
    return RelaxationModes(series, np.where(np.abs(rates) < _ZERO * rates.max(), 0.0, rates), modes)


def _phi(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Integrals over x from 0 to 1 of exp(-z (1 - x)) and of x exp(-z (1 - x))."""
    small = z < 0.5
    near, far = np.where(small, z, 0.0), np.where(small, 1.0, z)
    first = np.where(small, 0.0, -np.expm1(-far) / far)
    second = np.where(small, 0.0, (1.0 - first) / far)
    term_first, term_second = np.ones_like(near), np.full_like(near, 0.5)
    for n in range(1, 20):
        first = first + np.where(small, term_first, 0.0)
        second = second + np.where(small, term_second, 0.0)
        term_first, term_second = -term_first * near / (n + 1), -term_second * near / (n + 2)
    return first, second
