"""Random networks of any size with a planted steady state: the answers are drawn first, the rates follow from them.

Currents are multiples of a power of two, so that they add up without rounding around every state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.construction import both_ways
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["PlantedNetwork", "planted_network"]

_GRAIN = 2.0**-20  # fluxes are multiples of it; sums stay exact up to 2^33


@dataclass(frozen=True, eq=False)
class PlantedNetwork:
    """A random network and its exact answers.

    Attributes
    ----------
    source, target : ndarray of int, shape (m,)
        Edges, source < target, in the order of ``Edges``.
    forward_flux, backward_flux : ndarray, shape (m,)
        Steady jumps per time from source to target and back.
    probabilities : ndarray, shape (n,)
        The planted steady state.
    """

    source: IntArray
    target: IntArray
    forward_flux: FloatArray
    backward_flux: FloatArray
    probabilities: FloatArray

    def network(self, *, sparse: bool | None = None) -> MarkovNetwork:
        """The network with these answers; ``sparse`` as for an edge list."""
        forward = self.forward_flux / self.probabilities[self.source]
        backward = self.backward_flux / self.probabilities[self.target]
        table = both_ways(self.source, self.target, forward, backward)
        return MarkovNetwork.from_edges(table, self.probabilities.size, sparse=sparse)

    def steady_state(self) -> FloatArray:
        """Steady probabilities, shape (n,)."""
        return self.probabilities

    def currents(self) -> FloatArray:
        """Steady current of every edge from source to target, shape (m,), in 1/time; without rounding."""
        return self.forward_flux - self.backward_flux

    def edge_entropy_production(self) -> FloatArray:
        """Entropy production rate of every edge, shape (m,), in k_B per time."""
        current = self.currents()
        return np.asarray(current * np.log1p(current / self.backward_flux))

    def entropy_production_rate(self) -> float:
        """Total entropy production rate, in k_B per time."""
        return float(self.edge_entropy_production().sum())


def planted_network(
    n_states: int,
    chords: int,
    rng: np.random.Generator | int | None = None,
    *,
    decades: float = 2.0,
    drive: float = 1.0,
) -> PlantedNetwork:
    """Random connected network with a known steady state and known currents.

    Parameters
    ----------
    n_states : int
        At least 3.
    chords : int
        Edges beyond a random spanning tree; each carries a current around its cycle.
    rng : numpy.random.Generator or int, optional
        Generator or seed.
    decades : float
        Range of the steady probabilities, log-uniform, >= 0 and at most 200.
    drive : float
        Size of the currents beside the equilibrium fluxes, rounded down to a power of two; 2^-30 to 2^10. Small
        values are close to detailed balance.

    Returns
    -------
    PlantedNetwork

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its domain, or there is no room for that many chords.
    """
    n, extra = check.integer_at_least("n_states", n_states, 3), check.integer_at_least("chords", chords, 0)
    if extra > n * (n - 1) // 2 - (n - 1):
        raise InvalidParameterError("chords", chords, f"at most {n * (n - 1) // 2 - (n - 1)} for {n} states")
    if check.single("decades", check.non_negative("decades", decades)) > 200:
        raise InvalidParameterError("decades", decades, "from 0 to 200")
    if not 2.0**-30 <= check.positive_number("drive", drive) <= 2.0**10:
        raise InvalidParameterError("drive", drive, "from 2^-30 to 2^10")
    generator = check.generator(rng)
    parent = np.concatenate([[-1], np.floor(generator.random(n - 1) * np.arange(1, n)).astype(np.int64)])
    label = generator.permutation(n)
    low, high = _chords(n, extra, parent, generator)
    unit = 2.0 ** np.floor(np.log2(drive)) * _GRAIN
    around = unit * generator.integers(1, 2**20, extra) * generator.choice([-1.0, 1.0], extra)
    gained = np.zeros(n)  # by each state from its chords; the tree carries it back
    np.add.at(gained, high, around)
    np.add.at(gained, low, -around)
    for state in range(n - 1, 0, -1):
        gained[parent[state]] += gained[state]
    first = np.concatenate([np.arange(1, n), low])
    second = np.concatenate([parent[1:], high])
    current = np.concatenate([gained[1:], around])
    base = _GRAIN * generator.integers(2**10, 2**20, first.size)
    onward, back = base + np.maximum(current, 0.0), base + np.maximum(-current, 0.0)
    weight = 10.0 ** generator.uniform(-decades, 0.0, n)
    return _ordered(label[first], label[second], onward, back, weight / weight.sum())


def _chords(n: int, count: int, parent: IntArray, generator: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Distinct pairs low < high that are not edges of the tree."""
    taken = np.sort(parent[1:] * n + np.arange(1, n))
    chosen = np.empty(0, dtype=np.int64)
    if 4 * (count + n) > n * (n - 1) // 2:  # nearly full: draw from the list of all pairs
        low, high = np.triu_indices(n, 1)
        free = np.setdiff1d(low * n + high, taken)
        chosen = generator.choice(free, count, replace=False)
    while chosen.size < count:
        ends = np.sort(generator.integers(0, n, (2 * (count - chosen.size) + 8, 2)), axis=1)
        drawn = ends[ends[:, 0] < ends[:, 1]] @ np.array([n, 1])
        fresh = np.setdiff1d(np.setdiff1d(drawn, taken), chosen)
        chosen = np.concatenate([chosen, generator.permutation(fresh)])[:count]
    return chosen // n, chosen % n


def _ordered(first: IntArray, second: IntArray, onward: FloatArray, back: FloatArray, p: FloatArray) -> PlantedNetwork:
    """Edges turned and sorted as ``Edges`` are."""
    turned = first > second
    source, target = np.where(turned, second, first), np.where(turned, first, second)
    forward, backward = np.where(turned, back, onward), np.where(turned, onward, back)
    order = np.lexsort((target, source))
    return PlantedNetwork(source[order], target[order], forward[order], backward[order], p)
