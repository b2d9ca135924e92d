"""Products of concentrations, one for each reaction, with their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from thermo_cl._types import FloatArray, IntArray
from thermo_cl.feedback.reactions.reaction import Complex, Reaction, Saturated

__all__ = ["Terms", "terms_of"]


class Terms(NamedTuple):
    """Rates of reactions in one direction: a constant times one factor for each molecule taken.

    ``constants`` and ``saturation`` have shape (reactions,), ``molecules`` shape (reactions, m): positions of species,
    padded by the position after the last one, whose factor is 1. The first molecule of a saturating reaction has the
    factor c/(K + c) with K = ``saturation``, which is NaN for mass action.
    """

    constants: FloatArray
    molecules: IntArray
    saturation: FloatArray

    def _factors(self, c: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Factors and their derivatives, shape (..., reactions, m)."""
        padded = np.concatenate([c, np.ones((*c.shape[:-1], 1))], axis=-1)
        factors = padded[..., self.molecules]
        slopes = np.broadcast_to((self.molecules < c.shape[-1]).astype(float), factors.shape)
        laws = np.flatnonzero(~np.isnan(self.saturation))
        if laws.size:
            slopes = slopes.copy()
            first, constant = factors[..., laws, 0], self.saturation[laws]
            zero_order = constant == 0
            below = np.where(zero_order, 1.0, constant + first)
            factors[..., laws, 0] = np.where(zero_order, first > 0, first / below)
            slopes[..., laws, 0] = np.where(zero_order, 0.0, constant / below**2)
        return factors, slopes

    def rates(self, c: FloatArray) -> FloatArray:
        """Rates at concentrations of shape (..., species): shape (..., reactions)."""
        return np.asarray(self.constants * np.prod(self._factors(c)[0], axis=-1))

    def derivatives(self, c: FloatArray) -> FloatArray:
        """Derivatives of the rates by the concentrations, shape (..., reactions, species)."""
        factors, slopes = self._factors(c)
        reactions, m = self.molecules.shape
        result = np.zeros((*c.shape[:-1], reactions, c.shape[-1] + 1))
        own = np.arange(reactions)
        for slot in range(m):
            others = np.prod(np.delete(factors, slot, axis=-1), axis=-1)
            result[..., own, self.molecules[:, slot]] += self.constants * slopes[..., slot] * others
        return np.asarray(result[..., :-1])


def terms_of(species: tuple[str, ...], reactions: Sequence[Reaction]) -> tuple[Terms, Terms]:
    """Terms of the reactions and of their reverses."""
    laws = [r.forward if isinstance(r.forward, Saturated) else None for r in reactions]
    forward = Terms(
        np.array([r.forward.speed if isinstance(r.forward, Saturated) else r.forward for r in reactions]),
        _molecules(species, [r.reactants for r in reactions], [law.species if law else "" for law in laws]),
        np.array([law.constant if law else np.nan for law in laws]),
    )
    backward = Terms(
        np.array([r.backward for r in reactions]),
        _molecules(species, [r.products for r in reactions], [""] * len(reactions)),
        np.full(len(reactions), np.nan),
    )
    return forward, backward


def _molecules(species: tuple[str, ...], sides: list[Complex], first: list[str]) -> IntArray:
    position = {name: i for i, name in enumerate(species)}
    lists = [
        sorted((position[name] for name, n in side for _ in range(n)), key=position.get(leading, -1).__ne__)
        for side, leading in zip(sides, first, strict=True)
    ]
    width = max(1, *map(len, lists))
    return np.array([m + [len(species)] * (width - len(m)) for m in lists], dtype=np.int64)
