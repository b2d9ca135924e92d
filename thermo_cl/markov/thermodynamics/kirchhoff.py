r"""Steady currents from Kirchhoff's two laws, without subtracting fluxes.

Near detailed balance the flux of an edge and its reverse agree to almost all digits, and their difference is noise.
The network as a circuit has the digits: with :math:`\kappa = \sqrt{J^+ J^-}` an edge obeys
:math:`J = 2\kappa\sinh(f/2)`, f its force; currents run around cycles (current law), and the forces around each
cycle sum to its affinity (loop law), which the rates give exactly. The subtracted fluxes are a good start, and the
linear circuit of conductances :math:`dJ/df = (J^+ + J^-)/2` corrects them (Newton). Cycles close over a tree of the
best conductors, in which that circuit is well conditioned however the rates spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.thermodynamics.cycles import SpanningForest, spanning_forest

__all__ = ["Circuit", "Method", "solve_circuit"]

Method = Literal["auto", "loop", "cut", "direct"]

_EPSILON = float(np.finfo(float).eps)
_FAINT = 1e-290  # flux from which a current of any force above rounding is a number of full precision
_AFFINITY = 2.0**-100  # rounding of a logarithm in the affinities, which are summed in double-double
_ENOUGH = 4.0 * _EPSILON  # relative residual of the loop law that counts as rounding
_MOST_STEPS = 40
_SMALL = 20_000  # entries up to which the cycle matrix is handled as a dense one
_DENSE = 1500  # unknowns up to which a dense factorization is the quicker one


@dataclass(frozen=True, eq=False)
class Circuit:
    """Currents and forces of the edges, shape (m,), the cycles they were found on, and the larger law's residual."""

    currents: FloatArray
    forces: FloatArray
    forest: SpanningForest
    cycle_currents: FloatArray
    affinities: FloatArray
    residual: float
    method: Method


def solve_circuit(n: int, edges: Edges, steady: FloatArray, method: Method = "auto") -> Circuit:
    """Steady currents and forces of one reversible network with a known steady state."""
    forward, backward = edges.forward * steady[edges.source], edges.backward * steady[edges.target]
    mean = np.sqrt(forward) * np.sqrt(backward)
    live = mean > _FAINT  # the others lead to states that are empty to underflow
    traffic = np.where(live, 0.5 * (forward + backward), 0.0)
    forest = spanning_forest(n, edges, traffic)
    cycles, affinities, chords = forest.cycle_matrix(), forest.affinities(), forest.chords
    if cycles.shape[0] * cycles.shape[1] <= _SMALL:
        cycles = cycles.toarray()
    currents = np.where(live, forward - backward, 0.0)
    around = currents[chords]
    logarithms = np.abs(log_ratio(edges.forward, edges.backward))
    noise = _AFFINITY * (abs(cycles).T @ np.where(np.isfinite(logarithms), logarithms, 0.0) + 1.0)
    if method == "direct":
        forces = log_ratio(forward, backward)
        residual = _loop_residual(cycles, affinities, forces, live[chords], noise)[1]
        residual = max(residual, _node_residual(n, edges, currents))
        return Circuit(currents, forces, forest, around, affinities, residual, method)
    if method == "auto":
        method = "loop" if chords.size <= n - 1 else "cut"
    best, least, forces, best_around = np.inf, np.inf, np.zeros_like(currents), around
    for _ in range(_MOST_STEPS):
        trial = np.asarray(cycles @ around)
        trial_forces = _forces(trial, mean)
        missing, residual = _loop_residual(cycles, affinities, trial_forces, live[chords], noise)
        gap = float(np.abs(missing).max(initial=0.0))  # still falls where the relative residual is one until the last
        stalled = residual > 0.5 * best and gap > 0.5 * least
        if (residual, gap) < (best, least):
            best, least, currents, forces, best_around = residual, gap, trial, trial_forces, around
        if stalled or residual <= _ENOUGH:
            break
        conductance = np.where(live, np.hypot(mean, 0.5 * trial), 0.0)
        change = _linear_circuit(cycles, forest, conductance, missing, method)
        moved = np.abs(cycles @ change)[live] / conductance[live]
        around = around + change * min(1.0, 1.0 / max(float(moved.max(initial=0.0)), 1e-300))
    residual = max(best if chords.size else 0.0, _node_residual(n, edges, currents))
    return Circuit(currents, forces, forest, best_around, affinities, residual, method)


def _forces(currents: FloatArray, mean: FloatArray) -> FloatArray:
    """Force that drives a current through an edge: 2 arsinh(J / 2 kappa)."""
    live = mean > _FAINT
    safe = np.where(live, mean, 1.0)
    with np.errstate(over="ignore"):
        ratio = 0.5 * currents / safe
    size = np.abs(np.where(currents == 0, 1.0, currents))
    huge = np.sign(currents) * 2.0 * (np.log(size) - np.log(safe))
    moderate = np.abs(ratio) < 1e100
    return np.asarray(np.where(live, np.where(moderate, 2.0 * np.arcsinh(np.where(moderate, ratio, 0.0)), huge), 0.0))


def _loop_residual(
    cycles: Any, affinities: FloatArray, forces: FloatArray, live: BoolArray, noise: FloatArray
) -> tuple[FloatArray, float]:
    """What the forces lack of the affinities, by cycle, and the largest such part of the terms that were summed.

    What is below the rounding of the affinities counts as nothing: in detailed balance there is no more than that.
    """
    missing = np.where(live, affinities - cycles.T @ forces, 0.0)
    missing = np.where(np.abs(missing) <= noise, 0.0, missing)
    size = np.abs(affinities) + np.abs(cycles.T) @ np.abs(forces)
    return missing, float(np.max(np.abs(missing) / np.where(size > 0, size, 1.0), initial=0.0))


def _node_residual(n: int, edges: Edges, currents: FloatArray) -> float:
    """Largest net current into a state, over the sum of those that meet there."""
    net = np.bincount(edges.target, currents, n) - np.bincount(edges.source, currents, n)
    size = np.bincount(edges.target, np.abs(currents), n) + np.bincount(edges.source, np.abs(currents), n)
    return float(np.max(np.abs(net) / np.where(size > 0, size, 1.0), initial=0.0))


def _linear_circuit(
    cycles: Any, forest: SpanningForest, conductance: FloatArray, missing: FloatArray, method: Method
) -> FloatArray:
    """Chord currents that a voltage in each cycle drives through the resistors, by loops or by cuts of the tree.

    In units of the root of their conductances chords obey (1 + N^T N) z = v, where N has entries of at most 1, for
    every tree edge conducts at least as well as the chords that close over it. Cuts solve 1 + N N^T instead.
    """
    chord = np.sqrt(conductance[forest.chords])
    tree = forest.link[forest.link >= 0]
    root = np.sqrt(conductance[tree])
    inverse = np.where(root > 0, 1.0 / np.where(root > 0, root, 1.0), 0.0)
    scaled = cycles[tree] * chord[None, :] * inverse[:, None]
    if scipy.sparse.issparse(scaled):
        scaled = scaled.tocsr()
    voltage = chord * missing
    if method == "loop":
        return np.asarray(chord * _solve_shifted(scaled.T @ scaled, voltage))
    return np.asarray(chord * (voltage - scaled.T @ _solve_shifted(scaled @ scaled.T, scaled @ voltage)))


def _solve_shifted(square: Any, right_side: FloatArray) -> FloatArray:
    """(1 + square)^-1 applied to a vector, for a dense or sparse matrix."""
    if square.shape[0] <= _DENSE:
        dense = square.toarray() if scipy.sparse.issparse(square) else square
        factor = scipy.linalg.cho_factor(np.eye(square.shape[0]) + dense)
        return np.asarray(scipy.linalg.cho_solve(factor, right_side))
    return np.asarray(
        scipy.sparse.linalg.splu((scipy.sparse.eye_array(square.shape[0]) + square).tocsc()).solve(right_side)
    )
