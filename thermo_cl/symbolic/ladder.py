"""The ladder in symbols: generator and steady state for few levels, sums over levels for any number of them.

States 0 .. n-1 are the top rail by level, n .. 2n-1 the bottom rail. Time is in units of the horizontal rate along the
drive; r is the rate against it. Rungs have a rate up (bottom to top) and a rate down at each level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.polys.matrices import DomainMatrix

__all__ = [
    "against", "boltzmann", "eliminated_weights", "evaluate_determinants", "flux", "ladder_generator", "level",
    "merge_sums", "n_levels", "on_rails", "p_bottom", "p_top", "rung_meaning", "rung_rates", "split_sums",
    "sums_from_zero", "tree_weights",
]  # fmt: skip

against = sp.Symbol("r", positive=True)
n_levels = sp.Symbol("n", integer=True, positive=True)
level = sp.Symbol("m", integer=True, nonnegative=True)
p_top, p_bottom = sp.Function("p_t", positive=True), sp.Function("p_b", positive=True)


def rung_rates(n: int) -> tuple[tuple[sp.Symbol, ...], tuple[sp.Symbol, ...]]:
    """Symbols for the rates up and down the n rungs."""
    return sp.symbols(f"u:{n}", positive=True), sp.symbols(f"d:{n}", positive=True)


def rung_meaning(*rates: sp.Symbol) -> dict[sp.Symbol, str]:
    """What symbols of ``rung_rates`` mean."""
    words = {"u": "rate up rung", "d": "rate down rung"}
    return {rate: f"{words[rate.name[0]]} {rate.name[1:]}, 1/time" for rate in rates}


def ladder_generator(up: Sequence[sp.Expr], down: Sequence[sp.Expr], against: sp.Expr = against) -> sp.ImmutableMatrix:
    """Generator of a ladder of ``len(up)`` levels; column convention, W[i, j] is the rate j -> i."""
    n = len(up)
    w = sp.zeros(2 * n)
    for m in range(n):
        w[m, n + m], w[n + m, m] = up[m], down[m]
    for m in range(n - 1):
        w[m, m + 1] = w[n + m + 1, n + m] = 1
        w[m + 1, m] = w[n + m, n + m + 1] = against
    for j in range(2 * n):
        w[j, j] = -sum(w[i, j] for i in range(2 * n) if i != j)
    return w.as_immutable()


def boltzmann(up: Sequence[sp.Expr], down: Sequence[sp.Expr], against: sp.Expr = against) -> list[sp.Expr]:
    """Weights of the states by detailed balance along the bottom rail and each rung."""
    bottom = [against**-m for m in range(len(up))]
    return [b * u / d for b, u, d in zip(bottom, up, down, strict=True)] + bottom


def tree_weights(generator: sp.MatrixBase) -> list[sp.Determinant]:
    """Weights of the steady state by the matrix-tree theorem: minors of -W, not evaluated."""
    minus = (-generator).as_mutable()
    return [sp.Determinant(minus.minor_submatrix(i, i).as_immutable()) for i in range(minus.rows)]


def evaluate_determinants(expression: sp.Expr) -> sp.Expr:
    """Work out determinants as polynomials: no division, unlike sympy's elimination."""

    def value(determinant: sp.Determinant) -> sp.Expr:
        matrix = DomainMatrix.from_Matrix(determinant.arg)
        return (-1) ** matrix.shape[0] * matrix.domain.to_sympy(matrix.charpoly()[-1])

    return expression.replace(lambda e: isinstance(e, sp.Determinant), value)


def eliminated_weights(up: Sequence[sp.Expr], down: Sequence[sp.Expr], against: sp.Expr = against) -> list[sp.Expr]:
    """Weights of the steady state by eliminating levels from both ends: sums of products of rates, left nested.

    Behind an end, effective rates up, down and out are polynomials a, b, q: the next level sees a / q and b / q.
    """

    def eliminate(rates_up: Sequence[sp.Expr], rates_down: Sequence[sp.Expr]) -> list[tuple[sp.Expr, ...]]:
        seen = [(sp.S.Zero, sp.S.Zero, sp.S.One)]
        for u, d in zip(rates_up, rates_down, strict=True):
            a, b, q = seen[-1]
            a, b = a + u * q, b + d * q
            seen.append((against**2 * a, b, against * (q + a) + b))
        return seen[:-1]

    left = eliminate(up, down)
    right = [(a, b, q) for b, a, q in eliminate(down[::-1], up[::-1])][::-1]  # the rails change roles
    ends = list(zip(left, right, up, down, strict=True))
    top = [a * v + u * q * v + c * q for (a, _, q), (c, _, v), u, _ in ends]
    return top + [b * v + d * q * v + c * q for (_, b, q), (_, c, v), _, d in ends]


def flux(m: sp.Expr, top: sp.Expr = p_top, bottom: sp.Expr = p_bottom, against: sp.Expr = against) -> sp.Expr:
    """Net flux from level m to m + 1 on both rails together."""
    return against * top(m) - top(m + 1) + bottom(m) - against * bottom(m + 1)


# -------------------------------------------------------------- sums over levels


def split_sums(expression: sp.Expr) -> sp.Expr:
    """Sums of several terms, term by term, constants taken out."""

    def split(total: sp.Sum) -> sp.Expr:
        index = total.limits[0][0]
        parts = []
        for term in sp.Add.make_args(sp.expand(total.function)):
            constant, rest = term.as_independent(index, as_Add=False)
            parts.append(constant * sp.Sum(rest, *total.limits))
        return sp.Add(*parts)

    return sp.expand(_over_sums(expression, split))


def _shift(total: sp.Sum, by: sp.Expr) -> sp.Sum:
    """The same sum over the index plus ``by``."""
    index, first, last = total.limits[0]
    return sp.Sum(total.function.subs(index, index - by), (index, first + by, last + by))


def _over_sums(expression: sp.Expr, change: Callable[[sp.Sum], sp.Expr]) -> sp.Expr:
    return expression.replace(lambda e: isinstance(e, sp.Sum), change)


def sums_from_zero(expression: sp.Expr) -> sp.Expr:
    """Every sum over an index that begins at zero."""
    return _over_sums(expression, lambda total: _shift(total, -total.limits[0][1]))


def merge_sums(expression: sp.Expr) -> sp.Expr:
    """Sums over the same range as one sum."""
    merged: dict[sp.Tuple, sp.Expr] = defaultdict(lambda: sp.S.Zero)
    rest = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(expression)):
        constant, total = term.as_independent(sp.Sum, as_Add=False)
        if isinstance(total, sp.Sum):
            merged[total.limits[0]] += constant * total.function
        else:
            rest += term
    return rest + sp.Add(*(sp.Sum(sp.expand(function), limits) for limits, function in merged.items()))


def _over_levels(total: sp.Sum, n: sp.Expr) -> sp.Expr:
    """A sum of f(m + k) as one of f(m) over all n levels, less the terms it had not, plus those beyond."""
    index = total.limits[0][0]
    moved = _shift(total, next(iter(total.function.atoms(AppliedUndef))).args[0] - index)
    term, (_, begin, end) = moved.function, moved.limits[0]
    missing = [*range(int(begin)), *(n - 1 - k for k in range(int(n - 1 - end)))]
    beyond = [n + k for k in range(int(end - n + 1))]
    ends = sp.Add(*(term.subs(index, k) for k in beyond)) - sp.Add(*(term.subs(index, k) for k in missing))
    return sp.Sum(term, (index, 0, n - 1)) + ends


def on_rails(expression: sp.Expr, rails: Mapping[sp.Expr, sp.Expr], n: sp.Expr = n_levels) -> sp.Expr:
    """Sums of f(m + k) over levels in terms of the sum ``rails[f]`` over all levels and of values at the ends."""
    whole = sp.expand(_over_sums(split_sums(expression), lambda total: _over_levels(total, n)))
    return sp.expand(whole.subs({sp.Sum(f(level), (level, 0, n - 1)): value for f, value in rails.items()}))
