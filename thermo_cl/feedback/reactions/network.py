"""Networks of chemical reactions: stoichiometry, rates, drift and Jacobian, and what they conserve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions.conservation import integer_left_null_space, non_negative_laws
from thermo_cl.feedback.reactions.reaction import Reaction, Saturated, complex_text, parse_reaction
from thermo_cl.feedback.reactions.terms import Terms, terms_of

__all__ = ["ConservationLaw", "ReactionNetwork"]


@dataclass(frozen=True, eq=False)
class ConservationLaw:
    """An amount that no reaction changes.

    Attributes
    ----------
    coefficients : ndarray of int, shape (species,)
        Whole numbers in lowest terms; 0 for held species.
    name : str
        The amount as a sum, such as "D + R".
    """

    coefficients: IntArray
    name: str

    def total(self, concentrations: ArrayLike) -> FloatArray:
        """The amount at given concentrations, shape (..., species), in their unit."""
        return np.asarray(np.asarray(concentrations, dtype=float) @ self.coefficients.astype(float))[()]


@dataclass(frozen=True, eq=False, init=False)
class ReactionNetwork:
    """Species and their reactions, with mass-action rates (or effective saturating ones).

    Concentrations and times may have any unit; the package's carriers use uM and s.

    Parameters
    ----------
    reactions : sequence of Reaction
        At least one. A reaction and its reverse are one entry.
    species : sequence of str, optional
        Order of the species; by default that in which the reactions name them.
    held : sequence of str
        Species whose concentration is imposed from outside, by a reservoir or a signal: reactions do not change it.

    Raises
    ------
    InvalidParameterError
        If a species is unknown, given twice or in no reaction, all are held, or two reactions are the same or
        each other's reverse.

    Examples
    --------
    >>> network = ReactionNetwork.from_strings([("A + B <-> D", 2.0, 0.5), ("D -> 0", 0.1)])
    >>> network.drift([1.0, 1.0, 2.0])
    array([-1. , -1. ,  0.8])
    >>> [law.name for law in network.conservation_laws]
    ['A - B']
    """

    species: tuple[str, ...]
    reactions: tuple[Reaction, ...]
    held: tuple[str, ...]

    def __init__(
        self, reactions: Sequence[Reaction], species: Sequence[str] | None = None, held: Sequence[str] = ()
    ) -> None:
        listed = tuple(reactions)
        if not listed or not all(isinstance(r, Reaction) for r in listed):
            raise InvalidParameterError("reactions", reactions, "at least one Reaction")
        used = list(dict.fromkeys(name for reaction in listed for name in reaction.species))
        names = tuple(used if species is None else species)
        if len(set(names)) < len(names):
            raise InvalidParameterError("species", names, "without duplicates")
        for name in used:
            if name not in names:
                raise InvalidParameterError("species", name, f"one of {', '.join(names)}, or added to them")
        for name in names:
            if name not in used:
                raise InvalidParameterError("species", name, f"in a reaction; those there are name {', '.join(used)}")
        imposed = tuple(held)
        for name in imposed:
            if name not in names or imposed.count(name) > 1:
                raise InvalidParameterError("held", name, f"one of {', '.join(names)}, each once")
        if len(imposed) == len(names):
            raise InvalidParameterError("held", imposed, "not all species")
        _refuse_duplicates(listed)
        check.freeze(self, species=names, reactions=listed, held=imposed)

    @classmethod
    def from_strings(
        cls, reactions: Iterable[tuple[Any, ...]], species: Sequence[str] | None = None, held: Sequence[str] = ()
    ) -> ReactionNetwork:
        """Network of entries (text, forward) and (text, forward, backward), each read by ``parse_reaction``."""
        entries = list(reactions)
        for entry in entries:
            if not isinstance(entry, tuple | list) or len(entry) not in {2, 3}:
                raise InvalidParameterError("reactions", entry, "(text, forward) or (text, forward, backward)")
        return cls([parse_reaction(*entry) for entry in entries], species, held)

    # ---------------------------------------------------------------- structure

    def index(self, name: str) -> int:
        """Position of a species; ``InvalidParameterError`` for an unknown one."""
        if name not in self.species:
            raise InvalidParameterError("species", name, f"one of {', '.join(self.species)}")
        return self.species.index(name)

    @cached_property
    def dynamic(self) -> IntArray:
        """Positions of the species that are not held."""
        return np.array([i for i, name in enumerate(self.species) if name not in self.held], dtype=np.int64)

    @cached_property
    def orders(self) -> tuple[IntArray, IntArray]:
        """Molecules that each reaction takes and makes, both of shape (species, reactions)."""
        taken, made = (np.zeros((len(self.species), len(self.reactions)), dtype=np.int64) for _ in range(2))
        for r, reaction in enumerate(self.reactions):
            for table, side in ((taken, reaction.reactants), (made, reaction.products)):
                for name, number in side:
                    table[self.index(name), r] = number
        return taken, made

    @cached_property
    def stoichiometry(self) -> IntArray:
        """Net molecules of each species that one reaction makes, shape (species, reactions).

        Rows of held species are kept: they are what a reaction takes from the reservoirs.
        """
        taken, made = self.orders
        return made - taken

    @cached_property
    def changes(self) -> IntArray:
        """Stoichiometry with rows of zeros for held species, whose concentrations do not change."""
        change = np.zeros_like(self.stoichiometry)
        change[self.dynamic] = self.stoichiometry[self.dynamic]
        return change

    @cached_property
    def conservation_laws(self) -> tuple[ConservationLaw, ...]:
        """Independent amounts that no reaction changes, non-negative where possible."""
        laws = []
        for row in integer_left_null_space(self.stoichiometry[self.dynamic]):
            full = np.zeros(len(self.species), dtype=np.int64)
            full[self.dynamic] = row
            laws.append(ConservationLaw(full, _law_name(self.species, full)))
        return tuple(laws)

    @cached_property
    def bounding_laws(self) -> IntArray:
        """All minimal conservation laws without negative entries, shape (laws, species): they bound their species."""
        found = non_negative_laws(self.stoichiometry[self.dynamic])
        full = np.zeros((len(found), len(self.species)), dtype=np.int64)
        full[:, self.dynamic] = np.array(found, dtype=np.int64).reshape(len(found), self.dynamic.size)
        return full

    @cached_property
    def zero_order(self) -> tuple[int, ...]:
        """Positions of the species, not held, that some reaction takes at zero order."""
        laws = [r.forward for r in self.reactions if isinstance(r.forward, Saturated) and r.forward.constant == 0]
        return tuple(sorted({self.index(law.species) for law in laws if law.species not in self.held}))

    # ----------------------------------------------------------------- kinetics

    @cached_property
    def _terms(self) -> tuple[Terms, Terms]:
        return terms_of(self.species, self.reactions)

    def concentrations(self, values: Mapping[str, float] | ArrayLike) -> FloatArray:
        """Concentrations >= 0 as an array, shape (..., species), from an array or by name (0 where not named)."""
        if isinstance(values, Mapping):
            listed = np.zeros(len(self.species))
            for name, value in values.items():
                listed[self.index(name)] = check.single(name, check.non_negative(name, value))
            return listed
        array = check.non_negative("concentrations", values)
        if array.ndim == 0 or array.shape[-1] != len(self.species):
            raise InvalidParameterError("concentrations.shape", array.shape, f"(..., {len(self.species)})")
        return array

    def one_way_rates(self, concentrations: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Rates of the reactions and of their reverses, both of shape (..., reactions), in concentration/time."""
        c = np.asarray(concentrations, dtype=float)
        forward, backward = self._terms
        return forward.rates(c), backward.rates(c)

    def rates(self, concentrations: ArrayLike) -> FloatArray:
        """Net rates, forward minus backward, shape (..., reactions), in concentration/time."""
        forward, backward = self.one_way_rates(concentrations)
        return forward - backward

    def drift(self, concentrations: ArrayLike) -> FloatArray:
        """Rates of change of the concentrations, shape (..., species); 0 for held species."""
        return np.asarray(self.rates(concentrations) @ self.changes.T)

    def jacobian(self, concentrations: ArrayLike) -> FloatArray:
        """Derivative of the drift, shape (..., species, species), entry (i, j) of i's drift by j's concentration.

        Columns of held species are kept: they are how a signal that sets them enters.
        """
        c = np.asarray(concentrations, dtype=float)
        forward, backward = self._terms
        return np.asarray(self.changes @ (forward.derivatives(c) - backward.derivatives(c)))

    def __repr__(self) -> str:
        held = f", held: {', '.join(self.held)}" if self.held else ""
        return f"ReactionNetwork({'; '.join(r.text for r in self.reactions)}{held})"


def _refuse_duplicates(reactions: tuple[Reaction, ...]) -> None:
    seen: dict[tuple[Any, ...], str] = {}
    for reaction in reactions:
        law = isinstance(reaction.forward, float)
        for left, right in ((reaction.reactants, reaction.products), (reaction.products, reaction.reactants)):
            if (left, right, law) in seen:
                raise InvalidParameterError(
                    "reactions", reaction.text, f"given once, but there is {seen[left, right, law]} as well; a "
                    "reaction and its reverse are one entry with two constants",
                )  # fmt: skip
        seen[reaction.reactants, reaction.products, law] = reaction.text


def _law_name(species: tuple[str, ...], coefficients: IntArray) -> str:
    positive = complex_text(tuple((s, int(n)) for s, n in zip(species, coefficients, strict=True) if n > 0))
    negative = tuple((s, int(-n)) for s, n in zip(species, coefficients, strict=True) if n < 0)
    return positive + "".join(f" - {complex_text((term,))}" for term in negative)
