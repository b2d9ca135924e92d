"""What every simulation starts from: an initial distribution, and alias tables of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["JumpTables", "alias_rows", "distribution", "jump_tables"]


def distribution(name: str, n_states: int, initial: ArrayLike) -> FloatArray:
    """Probabilities of a start or an end, shape (n,), from a distribution or from the index of one state."""
    p = np.asarray(initial)
    if p.ndim == 0 and p.dtype.kind in "iu":
        if not 0 <= p < n_states:
            raise InvalidParameterError(name, int(p), f"a state from 0 to {n_states - 1}, or a distribution")
        return np.where(np.arange(n_states) == p, 1.0, 0.0)
    return check.distribution(name, initial, n_states)


@dataclass(frozen=True, eq=False)
class JumpTables:
    """A network prepared for simulation.

    Attributes
    ----------
    dwells : ndarray, shape (n,)
        Mean dwell times, infinite for an absorbing state.
    rows, thresholds, choices : ndarray of uint64
        Alias tables of the next state, and as a last row of the first; layout in ``_jumps``.
    """

    dwells: FloatArray
    rows: Array
    thresholds: Array
    choices: Array

    @property
    def arrays(self) -> tuple[Array, Array, Array, Array]:
        """The arrays as the compiled loops take them."""
        return self.dwells, self.rows, self.thresholds, self.choices


def alias_rows(counts: Array, weights: FloatArray, entries: Array) -> tuple[Array, Array, Array]:
    """Alias rows of ``counts`` weights each, in order; their slots are filled up to a power of two."""
    from thermo_cl.markov.trajectories._jumps import fill_tables  # compiled code is imported where it is used

    bits = np.array([int(c - 1).bit_length() if c > 1 else 0 for c in np.unique(counts)])
    bits = bits[np.unique(counts, return_inverse=True)[1]].astype(np.uint64)
    slots = np.left_shift(np.uint64(1), bits)
    before = np.cumsum(slots) - slots
    rows = (before << np.uint64(6)) | bits
    size = int(slots.sum())
    require_memory("a table of transitions", 24 * size, "Simulate a network with fewer edges.")
    thresholds, choices = np.empty(size, np.uint64), np.empty(2 * size, np.uint64)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    fill_tables(starts, np.ascontiguousarray(weights, float), entries.astype(np.uint64), rows, thresholds, choices)
    return rows, thresholds, choices


def jump_tables(network: MarkovNetwork, initial: ArrayLike | None) -> tuple[JumpTables, FloatArray]:
    """Tables of a single network and its initial distribution, steady unless given.

    Transition 2 e runs along edge e of ``network.edges``, transition 2 e + 1 against it.
    """
    if network.batch_shape:
        raise InvalidParameterError("network", f"a batch of shape {network.batch_shape}", "a single network")
    n = network.n_states
    start = network.steady_state() if initial is None else distribution("initial", n, initial)
    edges = network.edges
    rates = np.stack([edges.forward, edges.backward], axis=-1).ravel()
    source = np.stack([edges.source, edges.target], axis=-1).ravel()
    target = np.stack([edges.target, edges.source], axis=-1).ravel()
    order = np.argsort(source, kind="stable")
    order = order[rates[order] > 0]
    occupied = np.flatnonzero(start)
    counts = np.append(np.bincount(source[order], minlength=n), occupied.size)
    weights = np.concatenate([rates[order], start[occupied]])
    entries = (np.append(order, 0 * occupied) << 32) | np.append(target[order], occupied)
    leaving = np.bincount(source[order], weights=rates[order], minlength=n)
    with np.errstate(divide="ignore"):
        return JumpTables(1.0 / leaving, *alias_rows(counts, weights, entries)), start
