r"""Rates of heat, work and entropy production along a driven path, at given probabilities.

With fluxes :math:`J_{ij} = W_{ij} p_j` and the function :math:`\varphi(r) = r - 1 - \ln r \ge 0`, each entropy
production is a sum of terms none of which is negative, so that small ones keep their digits:

.. math::
    \dot S_{tot} = \sum_{i \ne j} J_{ij} \varphi\Big(\frac{J_{ji}}{J_{ij}}\Big), \quad
    \dot S_{hk} = \sum_{i \ne j} J_{ij} \varphi\Big(\frac{W_{ji} \pi_i}{W_{ij} \pi_j}\Big), \quad
    \dot S_{ex} = \sum_{i \ne j} J_{ij} \varphi\Big(\frac{p_i \pi_j}{\pi_i p_j}\Big),

and the first is the sum of the other two (Esposito and Van den Broeck, Phys. Rev. E 82, 011143 (2010)); pi is the
steady state of the rates at the time. What was added to the usual logarithms sums to zero.
"""

from __future__ import annotations

import numpy as np

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.markov.algebra.elimination import eliminate
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.edges import Edges, edges_of
from thermo_cl.markov.ladder import Ladder

__all__ = [
    "boundary_rate",
    "drive_rate",
    "heat_rate",
    "signal_work_rate",
    "split_rates",
    "state_energies",
    "total_rate",
]

_SERIES_BELOW = 0.03
_SERIES_ORDER = 12


def _fluxes(generators: FloatArray, p: FloatArray) -> tuple[Edges, FloatArray, FloatArray]:
    """Reversible edges and the fluxes along and against them, shape (..., m)."""
    edges = edges_of(generators)
    edges.require_reversible()
    return edges, edges.forward * p[..., edges.source], edges.backward * p[..., edges.target]


def _ratio(above: FloatArray, below: FloatArray, used: BoolArray) -> FloatArray:
    """(above - below)/below where used, else zero."""
    return np.where(used, above - below, 0.0) / np.where(used, below, 1.0)


def _log_ratio(above: FloatArray, below: FloatArray, used: BoolArray) -> FloatArray:
    """Logarithm of above/below where used, else zero; accurate near one."""
    return np.where(used, log_ratio(above, below), 0.0)


def _phi(above: FloatArray, below: FloatArray, used: BoolArray) -> FloatArray:
    """The function phi(r) = r - 1 - ln r of r = above/below where used, else zero, accurate near r = 1."""
    x = _ratio(above, below, used)
    near = np.abs(x) < _SERIES_BELOW
    small, series = np.where(near, x, 0.0), np.zeros_like(x)
    for k in range(_SERIES_ORDER, 1, -1):
        series = 1.0 / k - small * series
    return np.where(near, small * small * series, x - _log_ratio(above, below, used))


def heat_rate(generators: FloatArray, p: FloatArray) -> FloatArray:
    """Entropy flow into the bath, sum of J ln(W_ij / W_ji), shape (...), in k_B per time; generators (..., n, n)."""
    edges, along, against = _fluxes(generators, p)
    force = _log_ratio(edges.forward, edges.backward, edges.forward > 0)
    return np.asarray(((along - against) * force).sum(axis=-1))


def total_rate(generators: FloatArray, p: FloatArray) -> FloatArray:
    """Total entropy production rate, shape (...), in k_B per time."""
    _, along, against = _fluxes(generators, p)
    used = (along > 0) & (against > 0)  # an edge between two empty states carries nothing
    return np.asarray(((along - against) * _log_ratio(along, against, used)).sum(axis=-1))


def split_rates(generators: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Housekeeping and excess entropy production rates, each of shape (...), in k_B per time."""
    edges, along, against = _fluxes(generators, p)
    steady = eliminate(generators).steady_state()
    out, back = edges.forward * steady[..., edges.source], edges.backward * steady[..., edges.target]
    weights = p / np.where(steady > 0, steady, 1.0)
    here, there = weights[..., edges.source], weights[..., edges.target]
    used = (out > 0) & (back > 0)
    kept = along * _phi(back, out, used) + against * _phi(out, back, used)
    used &= (here > 0) & (there > 0)
    lag = along * _phi(there, here, used) + against * _phi(here, there, used)
    return np.asarray(kept.sum(axis=-1)), np.asarray(lag.sum(axis=-1))


def boundary_rate(generators: FloatArray, p: FloatArray) -> FloatArray:
    """Sum of dp/dt ln pi, shape (...): with the change of the system's entropy it makes the excess production."""
    steady = eliminate(generators).steady_state()
    source = np.matmul(np.swapaxes(generators, -1, -2), np.log(np.where(steady > 0, steady, 1.0))[..., None])[..., 0]
    return np.asarray((p * source).sum(axis=-1))


def state_energies(ladder: Ladder, signals: FloatArray) -> FloatArray:
    """Energies of the ladder's states, shape signals.shape + (2n,): half the difference up and down, in k_B T.

    With them every vertical jump gives its energy to the bath, and a horizontal one its energy and -ln gamma along
    the drive or ln gamma against it: local detailed balance at every signal.
    """
    half = 0.5 * ladder.energy_difference(signals)
    return np.concatenate([half, -half], axis=-1)


def signal_work_rate(ladder: Ladder, signals: FloatArray, p: FloatArray) -> FloatArray:
    """Work per change of the signal, sum of p dE/ds, shape (...), in k_B T per micromolar."""
    n = ladder.n_levels
    inactive, active = ladder.inactive_dissociation, ladder.active_dissociation
    slope = (active - inactive) / ((inactive + signals) * (active + signals))
    return np.asarray(0.5 * slope * (p[..., :n].sum(axis=-1) - p[..., n:].sum(axis=-1)))


def drive_rate(ladder: Ladder, p: FloatArray) -> FloatArray:
    """Work of the drive, shape (...), in k_B T per time."""
    n, r = ladder.n_levels, ladder.backward_rate
    along = p[..., 1:n].sum(axis=-1) + p[..., n : 2 * n - 1].sum(axis=-1)
    against = p[..., : n - 1].sum(axis=-1) + p[..., n + 1 :].sum(axis=-1)
    return np.asarray(-np.log(ladder.gamma) * (along - r * against))
