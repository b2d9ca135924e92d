"""Enumeration of the copy numbers that a reaction network can reach."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import BoolArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions.network import ReactionNetwork

__all__ = ["largest_counts", "positions", "reachable_counts"]

_UNLIMITED = np.iinfo(np.int64).max


def largest_counts(network: ReactionNetwork, counts: IntArray, largest: Mapping[str, int]) -> IntArray:
    """Largest copy number of each species that is not held, from conservation laws and the limits given.

    Raises
    ------
    InvalidParameterError
        If something that reactions make is limited neither by a conservation law nor by ``largest``, or starts above
        its limit.
    """
    own = network.dynamic
    bound = np.where(_produced(network)[own], _UNLIMITED, counts)
    for law in network.bounding_laws[:, own]:
        inside = law > 0
        bound[inside] = np.minimum(bound[inside], int(law @ counts) // law[inside])
    names = [network.species[i] for i in own]
    for name, limit in largest.items():
        if name not in names:
            raise InvalidParameterError("largest", name, f"limits of species that are not held: {', '.join(names)}")
        at = names.index(name)
        bound[at] = min(bound[at], check.integer_at_least(f"largest[{name!r}]", limit, 0))
        if counts[at] > bound[at]:
            raise InvalidParameterError(f"largest[{name!r}]", limit, f"at least the initial count, {counts[at]}")
    free = [name for name, b in zip(names, bound, strict=True) if b == _UNLIMITED]
    if free:
        raise InvalidParameterError(
            "largest", dict(largest), f"given for {', '.join(free)} too: no conservation law limits their numbers"
        )
    return np.asarray(bound)


def _produced(network: ReactionNetwork) -> BoolArray:
    """Whether some reaction, in a direction that it has, makes each species."""
    reverse = np.array([r.reversible for r in network.reactions])
    change = network.stoichiometry
    return np.asarray((change > 0).any(axis=1) | ((change < 0) & reverse).any(axis=1))


def reachable_counts(
    network: ReactionNetwork, counts: IntArray, bound: IntArray, forward: BoolArray, backward: BoolArray, most: int
) -> IntArray:
    """All counts within the bound that reactions reach, in lexicographic order, shape (states, species not held).

    ``forward`` and ``backward`` say which directions of the reactions occur at all.
    """
    taken, made = (table[network.dynamic] for table in network.orders)
    moves = [(taken[:, r], made[:, r]) for r in np.flatnonzero(forward)]
    moves += [(made[:, r], taken[:, r]) for r in np.flatnonzero(backward)]
    seen = {counts.tobytes()}
    frontier, found = counts[None, :], [counts[None, :]]
    while frontier.size:
        reached = [frontier[(frontier >= before).all(axis=1)] + (after - before) for before, after in moves]
        fresh = np.concatenate([np.empty((0, counts.size), np.int64), *reached])
        fresh = np.unique(fresh[(fresh <= bound).all(axis=1)], axis=0)
        new = np.array([row.tobytes() not in seen for row in fresh], dtype=bool)
        frontier = fresh[new]
        seen.update(row.tobytes() for row in frontier)
        found.append(frontier)
        if len(seen) > most:
            box = float(np.prod(bound.astype(float) + 1.0))
            raise InvalidParameterError(
                "max_states", most, f"at least the number of states that are reached: more than {len(seen)}, and at "
                f"most the {box:.3g} within the limits {bound.tolist()} of {_names(network)}. Lower `largest` or the "
                "volume, or follow concentrations with `integrate`",
            )  # fmt: skip
    states = np.concatenate(found)
    return np.asarray(states[np.lexsort(states.T[::-1])])


def positions(states: IntArray, rows: IntArray) -> IntArray:
    """Index of each row among the states, which are in lexicographic order; -1 for one that is not there."""
    if not rows.size:
        return np.empty(0, dtype=np.int64)
    both = np.concatenate([states, rows])
    _, label = np.unique(both, axis=0, return_inverse=True)
    label = label.reshape(-1)
    place = np.full(int(label.max()) + 1, -1, dtype=np.int64)
    place[label[: len(states)]] = np.arange(len(states))
    return np.asarray(place[label[len(states) :]])


def _names(network: ReactionNetwork) -> str:
    return ", ".join(network.species[i] for i in network.dynamic)
