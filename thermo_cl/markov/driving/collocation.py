"""Radau IIA collocation of dp/dt = W(t) p, for many intervals at once.

On each interval the probabilities are a polynomial whose derivative equals W(t) p at the Radau points, the last of
which is the interval's end (Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5). Fast modes
end where the rates of the interval's end put them, so the step follows the signal and not the fastest rate; steps by
exponentials lag behind there, and positive rational ones are of first order only (Bolley and Crouzeix 1978).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse.csgraph
from numpy.polynomial import legendre
from numpy.typing import ArrayLike

from thermo_cl._threads import over_batch
from thermo_cl._types import FloatArray, IntArray

__all__ = ["STAGES", "Tableau", "bandwidth_order", "defects", "interpolate", "propagators", "tableau"]

STAGES = 7  # fewest seconds at tolerances from 1e-8 to 1e-12, measured on ladders
_WORTH_THREADS = 100_000  # rates; below, threads take longer to start than to work


@dataclass(frozen=True, eq=False)
class Tableau:
    """Points and matrices of Radau IIA collocation with s stages, on the unit interval.

    Attributes
    ----------
    points : ndarray, shape (s,)
        Radau points, the last one 1.
    weights : ndarray, shape (s,)
        Quadrature weights, positive, exact up to degree 2 s - 2.
    integrals : ndarray, shape (s, s)
        Integral from 0 to point k of the Lagrange polynomial of point l.
    between : ndarray, shape (s,)
        Test points half-way between the collocation points (and 0).
    values_between, slopes_between : ndarray, shape (s, s + 1)
        Value and derivative at the test points of the Lagrange polynomials of 0 and the collocation points.
    """

    points: FloatArray
    weights: FloatArray
    integrals: FloatArray
    between: FloatArray
    values_between: FloatArray
    slopes_between: FloatArray


@cache
def tableau(stages: int = STAGES) -> Tableau:
    """The tableau, from Legendre polynomials: the points are the roots of P_s - P_(s-1)."""
    rule = np.zeros(stages + 1)
    rule[-2:] = -1.0, 1.0
    x = np.sort(legendre.legroots(rule).real)
    for _ in range(3):
        x = x - legendre.legval(x, rule) / legendre.legval(x, legendre.legder(rule))
    x[-1] = 1.0
    to_modes = np.linalg.inv(legendre.legvander(x, stages - 1))

    def primitives(y: FloatArray) -> FloatArray:
        columns = [0.5 * legendre.legval(y, legendre.legint(mode, lbnd=-1)) for mode in np.eye(stages)]
        return np.asarray(np.stack(columns, axis=-1) @ to_modes)

    ends = np.concatenate([[-1.0], x])
    middle = 0.5 * (ends[1:] + ends[:-1])
    with_start = np.linalg.inv(legendre.legvander(ends, stages))
    values = legendre.legvander(middle, stages) @ with_start
    slopes = np.stack([2.0 * legendre.legval(middle, legendre.legder(mode)) for mode in np.eye(stages + 1)], axis=-1)
    integrals = primitives(x)
    return Tableau(0.5 * (x + 1), integrals[-1], integrals, 0.5 * (middle + 1), values, slopes @ with_start)


def propagators(lengths: FloatArray, generators: FloatArray, order: IntArray) -> FloatArray:
    """Propagator minus one from the start of each interval to each of its collocation points.

    Parameters
    ----------
    lengths : ndarray, shape (k,)
        Lengths of the intervals.
    generators : ndarray, shape (k, s, n, n)
        W at the collocation points.
    order : ndarray of int, shape (n,)
        States in an order that keeps joined ones close; only speed depends on it.

    Returns
    -------
    ndarray, shape (k, s, n, n)
        Increments: what is not added to one keeps its digits over intervals that are short.
    """
    from thermo_cl.markov.driving._collocation import stage_increments  # compiled code is imported where it is used

    result = np.empty(generators.shape)
    inputs = (lengths, np.ascontiguousarray(generators), tableau(generators.shape[1]).integrals, order, result)
    if generators.size < _WORTH_THREADS:
        stage_increments(0, lengths.size, *inputs)
    else:
        over_batch(lambda begin, end: stage_increments(begin, end, *inputs), lengths.size)
    return result


def bandwidth_order(generators: FloatArray) -> IntArray:
    """Order of the states, shape (n,), that keeps joined ones close (reverse Cuthill and McKee)."""
    joined = (generators != 0).reshape(-1, *generators.shape[-2:]).any(axis=0)
    pattern = scipy.sparse.csr_array(joined | joined.T)
    return np.asarray(scipy.sparse.csgraph.reverse_cuthill_mckee(pattern, symmetric_mode=True), dtype=np.int64)


def defects(lengths: FloatArray, between: FloatArray, starts: FloatArray, stages: FloatArray) -> FloatArray:
    """Estimated error of the probabilities on each interval, shape (k,).

    The defect dP/dt - W P of the polynomial half-way between its collocation points, times the interval's length;
    a resolvent takes out what fast modes forget within the interval. It overestimates the error at the nodes, whose
    order is twice as high.

    Parameters
    ----------
    lengths : ndarray, shape (k,)
    between : ndarray, shape (k, s, n, n)
        W at the test points.
    starts : ndarray, shape (k, n)
        Probabilities at the start of each interval.
    stages : ndarray, shape (k, s, n)
        Probabilities at the collocation points.
    """
    count = stages.shape[1]
    rule, n = tableau(count), starts.shape[-1]
    width = lengths[:, None, None]
    values = np.concatenate([starts[:, None, :], stages], axis=1)
    flux = between * np.matmul(rule.values_between, values)[:, :, None, :]
    # net currents, edge by edge: rounding of large balanced fluxes then stays on its edge, and is forgotten
    gain = (flux - np.swapaxes(flux, -1, -2)).sum(axis=-1)
    defect = np.matmul(rule.slopes_between, values) - width * gain
    resolvent = np.eye(n) - 0.5 * width * between[:, count // 2]
    errors = np.linalg.solve(resolvent, np.swapaxes(defect, -1, -2))
    return np.asarray(np.abs(errors).max(axis=(-1, -2)))


def interpolate(stage_values: FloatArray, start_values: FloatArray, positions: ArrayLike) -> FloatArray:
    """Value of the collocation polynomial at positions in [0, 1], by the barycentric formula.

    ``stage_values`` (m, s, ...) and ``start_values`` (m, ...) belong to ``positions`` (m,) one to one.
    """
    x = np.asarray(positions, dtype=float)
    points = np.concatenate([[0.0], tableau(stage_values.shape[1]).points])
    gaps = points[:, None] - points
    np.fill_diagonal(gaps, 1.0)
    distance = x[:, None] - points
    exact = distance == 0.0
    weights = np.where(exact, 0.0, 1.0 / gaps.prod(axis=1)) / np.where(exact, 1.0, distance)
    weights = np.where(exact.any(axis=1, keepdims=True), exact, weights)
    weights /= weights.sum(axis=1, keepdims=True)
    values = np.concatenate([start_values[:, None], stage_values], axis=1)
    return np.asarray(np.einsum("mk,mk...->m...", weights, values))
