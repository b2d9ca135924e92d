"""Conservation laws of a reaction network: the left null space of its stoichiometry, in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

import numpy as np

from thermo_cl._types import IntArray

__all__ = ["integer_left_null_space", "non_negative_laws"]

_ROWS = 2000  # combinations kept before the search for non-negative laws gives up


def integer_left_null_space(stoichiometry: IntArray) -> IntArray:
    """Basis of the l with l N = 0, shape (laws, species), found exactly and in lowest terms.

    As many of them as possible are non-negative (amounts of matter that are kept), those of few species first; the
    others have a positive first entry.

    Parameters
    ----------
    stoichiometry : ndarray of int, shape (species, reactions)
        Net molecules of each species that one reaction makes.

    Returns
    -------
    ndarray of int
    """
    species = stoichiometry.shape[0]
    basis: list[list[int]] = []
    for law in [*non_negative_laws(stoichiometry), *_null_space(stoichiometry)]:
        if _rank([*basis, law]) > len(basis):
            basis.append(law)
    return np.array(basis, dtype=np.int64).reshape(len(basis), species)


def non_negative_laws(stoichiometry: IntArray) -> list[list[int]]:
    """Laws without negative entries that no two others add up to, in order of their number of species.

    Farkas' elimination: reactions are cancelled one after the other from positive combinations of species. Empty if
    there would be more than 2000 combinations.
    """
    species, reactions = stoichiometry.shape
    rows = [(tuple(map(int, stoichiometry[i])), tuple(int(i == j) for j in range(species))) for i in range(species)]
    for r in range(reactions):
        kept = [row for row in rows if row[0][r] == 0]
        plus, minus = ([row for row in rows if sign * row[0][r] > 0] for sign in (1, -1))
        for left, law_left in plus:
            for right, law_right in minus:
                a, b = -right[r], left[r]
                change = [a * x + b * y for x, y in zip(left, right, strict=True)]
                law = [a * x + b * y for x, y in zip(law_left, law_right, strict=True)]
                common = gcd(*change, *law)
                kept.append((tuple(x // common for x in change), tuple(x // common for x in law)))
        rows = _minimal(kept)
        if len(rows) > _ROWS:
            return []
    laws = [list(law) for _, law in rows]
    return sorted(laws, key=lambda law: (sum(x > 0 for x in law), sum(law), [-x for x in law]))


def _minimal(
    rows: list[tuple[tuple[int, ...], tuple[int, ...]]],
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Rows whose species hold no other row's species."""
    unique = sorted(set(rows), key=lambda row: sum(x > 0 for x in row[1]))
    supports: list[frozenset[int]] = []
    kept = []
    for row in unique:
        support = frozenset(i for i, x in enumerate(row[1]) if x)
        if not any(other <= support for other in supports):
            supports.append(support)
            kept.append(row)
    return kept


def _null_space(stoichiometry: IntArray) -> list[list[int]]:
    """A basis by exact elimination."""
    reduced, pivots = _eliminated([list(map(int, column)) for column in stoichiometry.T])
    species, laws = stoichiometry.shape[0], []
    for free in (j for j in range(species) if j not in pivots):
        law = [Fraction(int(j == free)) for j in range(species)]
        for row, pivot in zip(reduced, pivots, strict=False):
            law[pivot] = -row[free]
        scale = lcm(*(x.denominator for x in law))
        whole = [int(x * scale) for x in law]
        common = gcd(*whole) * (1 if next(x for x in whole if x) > 0 else -1)
        laws.append([x // common for x in whole])
    return laws


def _rank(rows: list[list[int]]) -> int:
    return len(_eliminated(rows)[1])


def _eliminated(rows: list[list[int]]) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form and its pivot columns."""
    matrix = [[Fraction(x) for x in row] for row in rows]
    pivots: list[int] = []
    for column in range(len(matrix[0]) if matrix else 0):
        at = next((i for i in range(len(pivots), len(matrix)) if matrix[i][column]), None)
        if at is None:
            continue
        top = len(pivots)
        matrix[top], matrix[at] = matrix[at], matrix[top]
        head = matrix[top][column]
        matrix[top] = [x / head for x in matrix[top]]
        for i, row in enumerate(matrix):
            if i != top and row[column]:
                factor = row[column]
                matrix[i] = [x - factor * y for x, y in zip(row, matrix[top], strict=True)]
        pivots.append(column)
    return matrix, pivots
