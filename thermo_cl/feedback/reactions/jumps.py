"""Reactions among few copies: the Markov jump process of their numbers (the chemical master equation)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import BoolArray, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions.entropy import require_reversible
from thermo_cl.feedback.reactions.network import ReactionNetwork
from thermo_cl.feedback.reactions.reaction import Complex, Saturated
from thermo_cl.feedback.reactions.states import largest_counts, positions, reachable_counts
from thermo_cl.markov import MarkovNetwork
from thermo_cl.markov.algebra.ratios import log_ratio

__all__ = ["MOLECULES_PER_UM_FL", "Channels", "JumpProcess", "jump_network"]

MOLECULES_PER_UM_FL = 602.214076  # in a femtolitre at a concentration of one micromole per litre


class Channels(NamedTuple):
    """Jumps by reaction, each of shape (channels,): a pair of states joined by one reaction and its reverse.

    ``forward`` and ``backward`` are the rates of source -> target and of target -> source, in 1/time. Several
    reactions may join the same pair of states; they are channels of their own.
    """

    reaction: IntArray
    source: IntArray
    target: IntArray
    forward: FloatArray
    backward: FloatArray


@dataclass(frozen=True, eq=False)
class JumpProcess:
    """Copy numbers of a reaction network as states of a Markov jump network.

    Attributes
    ----------
    reactions : ReactionNetwork
    species : tuple of str
        Those that are not held, whose numbers are the state.
    states : ndarray of int, shape (n, species)
        Copy numbers of each state, in lexicographic order.
    initial : int
        State of the counts that it was made from: an ``initial`` for ``sample_paths``.
    volume : float
        Copies per unit of concentration.
    network : MarkovNetwork
        Sparse; what `sample_paths`, `record_paths`, `count_jumps`, `solve_steady_state` and `propagate` take.
    channels : Channels
    held : mapping of str to float
        Concentrations of the held species.
    """

    reactions: ReactionNetwork
    species: tuple[str, ...]
    states: IntArray
    initial: int
    volume: float
    network: MarkovNetwork
    channels: Channels
    held: Mapping[str, float]

    def counts(self, name: str) -> IntArray:
        """Copy number of one species in every state, shape (n,): an observable."""
        if name not in self.species:
            raise InvalidParameterError("species", name, f"one of {', '.join(self.species)}")
        return self.states[:, self.species.index(name)]

    @cached_property
    def concentrations(self) -> FloatArray:
        """Copy numbers over volume, shape (n, species)."""
        return self.states / self.volume

    def state(self, counts: Mapping[str, int]) -> int:
        """Index of a state given by its copy numbers (0 where not named); refused if it is not reached."""
        row = _counts(self.reactions, counts)
        found = int(positions(self.states, row[None, :])[0])
        if found < 0:
            raise InvalidParameterError("counts", dict(counts), "a state that is reached from the initial counts")
        return found

    def entropy_production_rate(self, probabilities: ArrayLike | None = None) -> float:
        r"""Entropy production rate in k_B per time, :math:`\sum (J^+ - J^-) \ln(J^+/J^-)` over channels.

        Equal to ``thermo_cl.entropy_production_rate(network)`` unless several reactions join the same states; then
        that one, which sees only their sum, is a lower bound. ``probabilities`` is the steady state by default.

        Raises
        ------
        InvalidParameterError
            If a reaction has no reverse; it is named.
        """
        require_reversible(self.reactions)
        if probabilities is None:
            p = self.network.steady_state()
        else:
            p = check.distribution("probabilities", probabilities, self.network.n_states)
        one, other = self.channels.forward * p[self.channels.source], self.channels.backward * p[self.channels.target]
        current = one - other
        return float((current * np.where(current == 0, 0.0, log_ratio(one, other))).sum())

    def driven_generator(self, name: str) -> Callable[[FloatArray], FloatArray]:
        """Rates as a function of a held species' concentration, for ``thermo_cl.sample_thinned_paths``.

        Maps m concentrations to rates of shape (m, n, n). Rates are powers of a held concentration by mass action.

        Raises
        ------
        InvalidParameterError
            If the species is not held, or its concentration was 0 or saturates a reaction.
        """
        base = self.held.get(name, 0.0)
        if name not in self.held or base == 0:
            valid = f"a held species with a concentration above 0; held are {dict(self.held)}"
            raise InvalidParameterError("species", name, valid)
        for reaction in self.reactions.reactions:
            if isinstance(reaction.forward, Saturated) and reaction.forward.species == name:
                raise InvalidParameterError("species", name, f"not saturating, as in {reaction.text}")
        taken, made = (table[self.reactions.index(name)][self.channels.reaction] for table in self.reactions.orders)
        n, channels = self.network.n_states, self.channels

        def rates(levels: FloatArray) -> FloatArray:
            level = np.asarray(levels, dtype=float) / base
            require_memory(f"dense rates of {n} states at {level.size} times", 8 * level.size * n * n, "Ask for fewer.")
            result = np.zeros((level.size, n, n))
            each = np.arange(level.size)[:, None]
            ends = (channels.target, channels.source)
            np.add.at(result, (each, *ends), channels.forward * level[:, None] ** taken)
            np.add.at(result, (each, *ends[::-1]), channels.backward * level[:, None] ** made)
            return result

        return rates

    def __repr__(self) -> str:
        return f"JumpProcess({len(self.states)} states of {', '.join(self.species)})"


def jump_network(
    network: ReactionNetwork,
    counts: Mapping[str, int],
    volume: float,
    *,
    held: Mapping[str, float] | None = None,
    largest: Mapping[str, int] | None = None,
    max_states: int = 100_000,
) -> JumpProcess:
    r"""Jump process of the copy numbers, on all states that are reached from given ones.

    A mass-action reaction of constant k that takes :math:`m_i` molecules of species i has rate
    :math:`V k \prod_i n_i (n_i - 1) \dots (n_i - m_i + 1) / V^{m_i}`, which tends to V times the rate of
    ``ReactionNetwork.rates`` for many copies (McQuarrie, J. Appl. Probab. 4, 413 (1967)). Saturating laws are
    evaluated at n/V: the enzyme's own noise is not in them.

    Parameters
    ----------
    network : ReactionNetwork
    counts : mapping of str to int
        Initial copy numbers of the species that are not held; 0 where not named.
    volume : float
        Copies per unit of concentration, > 0: 602.214076 (``MOLECULES_PER_UM_FL``) times the volume in fL for uM.
    held : mapping of str to float, optional
        Concentrations >= 0 of the held species; all of them.
    largest : mapping of str to int, optional
        Largest copy numbers, needed for species that no conservation law limits. Jumps beyond are left out; the error
        is of the size of the probability at the limit.
    max_states : int
        Refused above this.

    Returns
    -------
    JumpProcess

    Raises
    ------
    InvalidParameterError
        If a species is unknown or not given, numbers are not limited, or there are more states than ``max_states``.

    Examples
    --------
    >>> network = ReactionNetwork.from_strings([("A + B <-> D", 1.0, 1.0)])
    >>> process = jump_network(network, {"A": 1, "B": 2}, volume=1.0)
    >>> process.states.tolist()
    [[0, 1, 1], [1, 2, 0]]
    >>> process.network.steady_state()
    array([0.66666667, 0.33333333])
    """
    size = check.positive_number("volume", volume)
    start = _counts(network, counts)
    fixed = _held(network, held or {})
    bound = largest_counts(network, start, largest or {})
    most = check.integer_at_least("max_states", max_states, 2)
    constants = [_constants(network, fixed, size, direction) for direction in (0, 1)]
    possible: list[BoolArray] = [c > 0 for c in constants]
    states = reachable_counts(network, start, bound, possible[0], possible[1], most)
    if len(states) < 2:
        raise InvalidParameterError("counts", dict(counts), "such that at least one reaction can happen")
    channels = _channels(network, states, constants, size)
    n = len(states)
    rows = np.concatenate([channels.target, channels.source])
    columns = np.concatenate([channels.source, channels.target])
    values = np.concatenate([channels.forward, channels.backward])
    rates = scipy.sparse.coo_array((values, (rows, columns)), shape=(n, n)).tocsc()
    names = tuple(network.species[i] for i in network.dynamic)
    at = int(positions(states, start[None, :])[0])
    return JumpProcess(network, names, states, at, size, MarkovNetwork(rates), channels, fixed)


def _counts(network: ReactionNetwork, counts: Mapping[str, int]) -> IntArray:
    names = [network.species[i] for i in network.dynamic]
    for name in counts:
        if name not in names:
            raise InvalidParameterError("counts", name, f"numbers of species that are not held: {', '.join(names)}")
    return np.array([check.integer_at_least(f"counts[{n!r}]", counts.get(n, 0), 0) for n in names], dtype=np.int64)


def _held(network: ReactionNetwork, held: Mapping[str, float]) -> dict[str, float]:
    if set(held) != set(network.held):
        raise InvalidParameterError("held", dict(held), f"one concentration for each of {network.held}")
    return {name: check.single(name, check.non_negative(name, value)) for name, value in held.items()}


def _constants(network: ReactionNetwork, held: Mapping[str, float], volume: float, direction: int) -> FloatArray:
    """Rate constants per time, with the held concentrations and the volume in them."""
    values = []
    for reaction in network.reactions:
        law = reaction.forward if direction == 0 else reaction.backward
        side: Complex = reaction.reactants if direction == 0 else reaction.products
        speed = law.speed if isinstance(law, Saturated) else law
        value = volume * speed
        for name, number in side:
            if isinstance(law, Saturated) and name == law.species:
                if name in held:
                    full = law.constant + held[name]
                    value *= held[name] / full if full > 0 else 0.0
                continue
            value *= held[name] ** number if name in held else volume**-number
        values.append(value)
    return np.array(values, dtype=float)


def _channels(network: ReactionNetwork, states: IntArray, constants: list[FloatArray], volume: float) -> Channels:
    taken, made = (table[network.dynamic] for table in network.orders)
    parts: list[tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]] = []
    for r, reaction in enumerate(network.reactions):
        change = made[:, r] - taken[:, r]
        if not change.any():
            continue  # only held species change, which is no jump
        source = np.flatnonzero((states >= taken[:, r]).all(axis=1))
        target = positions(states, states[source] + change)
        source, target = source[target >= 0], target[target >= 0]
        forward = constants[0][r] * _ways(states[source], taken[:, r], _saturation(network, r), volume)
        backward = constants[1][r] * _ways(states[target], made[:, r], None, volume)
        parts.append((np.full(source.size, r), source, target, forward, backward))
        if constants[0][r] == 0 and constants[1][r] == 0:
            raise InvalidParameterError("held", reaction.text, "above 0 where it is all that a reaction takes")
    if not parts:
        raise InvalidParameterError("network", network, "one that changes species that are not held")
    return Channels(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _saturation(network: ReactionNetwork, r: int) -> tuple[int, float] | None:
    """Position among the species not held, and constant, of a reaction's saturating species."""
    law = network.reactions[r].forward
    if not isinstance(law, Saturated) or law.species in network.held:
        return None
    return int(np.flatnonzero(network.dynamic == network.index(law.species))[0]), law.constant


def _ways(states: IntArray, taken: IntArray, saturation: tuple[int, float] | None, volume: float) -> FloatArray:
    """Numbers of ways to choose the molecules in order, or the saturating factor, shape (states,)."""
    ways = np.ones(len(states))
    for i in np.flatnonzero(taken):
        n = states[:, i].astype(float)
        if saturation is not None and i == saturation[0]:
            ways *= np.where(n > 0, n / np.where(n > 0, saturation[1] * volume + n, 1.0), 0.0)
            continue
        for j in range(int(taken[i])):
            ways *= n - j
    return ways
