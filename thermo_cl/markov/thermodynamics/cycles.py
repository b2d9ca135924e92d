"""Cycles of a network: a spanning forest, the fundamental cycle of every other edge, and affinities.

A forest joins the states without a cycle; each edge outside it, a chord, closes exactly one (Schnakenberg, Rev. Mod.
Phys. 48, 571 (1976)). Every steady current is a sum of chord currents, each running around its cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError, NotConnectedError
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.double_double import lift, log_ratio, times

__all__ = ["SpanningForest", "cycle_affinity", "fundamental_cycles", "spanning_forest"]

_BYTES_PER_STEP = 64  # what one edge of one cycle takes while the cycle matrix is put together


@dataclass(frozen=True, eq=False)
class SpanningForest:
    """Rooted spanning forest of the edges of one network.

    Attributes
    ----------
    edges : Edges
        All edges.
    parent, link, depth : ndarray of int, shape (n,)
        Next state towards the root, the edge to it (both -1 at a root), and the number of edges to the root.
    chords : ndarray of int, shape (c,)
        Edges outside the forest, one for each fundamental cycle.
    """

    edges: Edges
    parent: IntArray
    link: IntArray
    depth: IntArray
    chords: IntArray

    def cycle_matrix(self) -> scipy.sparse.csr_array:
        """Sparse (edges, chords): 1 where a cycle runs along an edge, -1 where against it, and 1 at its own chord."""
        source, target, m = self.edges.source, self.edges.target, len(self.edges)
        upward = np.where(source[self.link] == np.arange(self.parent.size), 1.0, -1.0)
        falling, rising = source[self.chords], target[self.chords]  # from the chord's target up, and down to its source
        cycle = np.arange(self.chords.size)
        rows, columns, signs = [self.chords], [cycle], [np.ones(cycle.size)]
        total = cycle.size
        while cycle.size:
            depths = self.depth[rising], self.depth[falling]
            for walker, sign, moves in ((rising, 1.0, depths[0] >= depths[1]), (falling, -1.0, depths[1] > depths[0])):
                at = walker[moves]
                rows.append(self.link[at])
                columns.append(cycle[moves])
                signs.append(sign * upward[at])
                walker[moves] = self.parent[at]
            total += cycle.size
            if total > 1_000_000:
                require_memory(
                    "the cycle matrix", _BYTES_PER_STEP * total, "Choose a network with fewer or shorter cycles."
                )
            apart = rising != falling
            rising, falling, cycle = rising[apart], falling[apart], cycle[apart]
        entries = np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns))
        return scipy.sparse.coo_array(entries, shape=(m, self.chords.size)).tocsr()

    def cycles(self) -> list[list[int]]:
        """The states of every fundamental cycle: its chord from source to target, then back through the forest."""
        return [self._cycle(int(chord)) for chord in self.chords]

    def _cycle(self, chord: int) -> list[int]:
        start, end = int(self.edges.source[chord]), int(self.edges.target[chord])
        rising, falling = [end], [start]
        while rising[-1] != falling[-1]:
            walker = rising if self.depth[rising[-1]] >= self.depth[falling[-1]] else falling
            walker.append(int(self.parent[walker[-1]]))
        return [start, *(rising if len(falling) > 1 else rising[:-1]), *falling[-2:0:-1]]

    def affinities(self) -> FloatArray:
        """Affinity of every fundamental cycle, in k_B, exact to the last digits for the rates as given."""
        edges = self.edges
        joined = self.link >= 0
        own = np.arange(self.parent.size)
        upward = edges.source[self.link] == own
        forward, backward = edges.forward[self.link], edges.backward[self.link]
        # products of the rates from a root to each state and back, by doubling the paths
        away = lift(np.where(joined, np.where(upward, backward, forward), 1.0))
        home = lift(np.where(joined, np.where(upward, forward, backward), 1.0))
        ancestor = np.where(joined, self.parent, own)
        for _ in range(int(self.depth.max(initial=0)).bit_length()):
            away, home = times(away, away.at(ancestor)), times(home, home.at(ancestor))
            ancestor = ancestor[ancestor]
        s, t = edges.source[self.chords], edges.target[self.chords]
        along = times(lift(edges.forward[self.chords]), times(home.at(t), away.at(s)))
        against = times(lift(edges.backward[self.chords]), times(home.at(s), away.at(t)))
        return log_ratio(along, against)


def spanning_forest(n: int, edges: Edges, weight: FloatArray | None = None) -> SpanningForest:
    """Spanning forest of the heaviest edges, or with no weights one of short paths (breadth first)."""
    m = len(edges)
    shape = (n + 1, n + 1)
    names = scipy.sparse.coo_array((np.arange(1, m + 1), (edges.source, edges.target)), shape=(n, n)).tocsr()
    order = np.arange(m) if weight is None else np.argsort(-weight, kind="stable")
    rank = np.empty(m)
    rank[order] = np.arange(1.0, m + 1.0)
    graph = scipy.sparse.coo_array((rank, (edges.source, edges.target)), shape=(n, n)).tocsr()
    kept = graph if weight is None else scipy.sparse.csgraph.minimum_spanning_tree(graph)
    label = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
    roots = np.unique(label, return_index=True)[1]
    kept = scipy.sparse.coo_array(kept)
    # state n stands above all roots, so that one search finds every tree
    above = np.ones(roots.size), (np.full(roots.size, n), roots)
    rows, columns = np.concatenate([kept.row, above[1][0]]), np.concatenate([kept.col, above[1][1]])
    joined = scipy.sparse.coo_array((np.ones(rows.size), (rows, columns)), shape=shape).tocsr()
    visited, parent = scipy.sparse.csgraph.breadth_first_order(joined, n, directed=False)
    depth = np.zeros(n + 1, dtype=np.int64)
    depth[n] = -1
    for state in visited[1:].tolist():
        depth[state] = depth[parent[state]] + 1
    parent = parent[:n].astype(np.int64)
    parent[parent == n] = -1
    child = np.flatnonzero(parent >= 0)
    link = np.full(n, -1, dtype=np.int64)
    if child.size:
        low, high = np.minimum(child, parent[child]), np.maximum(child, parent[child])
        link[child] = np.asarray(names[low, high]).ravel() - 1
    chord = np.ones(m, dtype=bool)
    chord[link[child]] = False
    return SpanningForest(edges, parent, link, depth[:n], np.flatnonzero(chord))


def fundamental_cycles(network: MarkovNetwork) -> list[list[int]]:
    """A basis of the network's cycles as lists of states: m - n + 1 for m edges that join all n states.

    Short ones, from a breadth-first spanning tree; of a batch, the cycles of all edges that occur in it.
    """
    return spanning_forest(network.n_states, network.edges).cycles()


def cycle_affinity(network: MarkovNetwork, cycle: Sequence[int]) -> FloatArray:
    """Thermodynamic force around a closed cycle of states.

    The logarithm of the product of forward rates over the product of backward rates (Schnakenberg,
    Rev. Mod. Phys. 48, 571 (1976)); zero for every cycle exactly when detailed balance holds. Exact to the last
    digits for the rates as given, however close the two products are.

    Parameters
    ----------
    network : MarkovNetwork
        Rates in 1/time.
    cycle : sequence of int, shape (k,)
        State indices in order; consecutive states, and last to first, must be joined in both directions.

    Returns
    -------
    ndarray, shape batch
        In k_B.

    Raises
    ------
    InvalidParameterError
        If the cycle has fewer than two states, or one is not an index.
    NotConnectedError
        If two consecutive states are not joined by a reversible edge.
    """
    states = [check.integer_at_least("cycle", state, 0) for state in cycle]
    if len(states) < 2:
        raise InvalidParameterError("cycle", states, "at least 2 states")
    along = against = lift(np.ones(network.batch_shape))
    for source, target in zip(states, states[1:] + states[:1], strict=True):
        if max(source, target) >= network.n_states or source == target:
            raise NotConnectedError(
                f"cycle {states} asks for the edge {source} -> {target}, which no network of "
                f"{network.n_states} states has; use different indices from 0 to {network.n_states - 1}"
            )
        forward, backward = (
            np.asarray(network.generator[at] if network.is_sparse else network.generator[(..., *at)])
            for at in ((target, source), (source, target))
        )
        if (forward <= 0).any() or (backward <= 0).any():
            raise NotConnectedError(
                f"states {source} and {target} of cycle {states} are not joined by a reversible "
                "edge; choose a cycle of edges with rates in both directions"
            )
        along, against = times(along, lift(forward)), times(against, lift(backward))
    return log_ratio(along, against)[()]
