"""Operations on integrals that derivations share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

__all__ = ["evaluated", "linear", "merged", "solved"]


def linear(expression: sp.Expr) -> sp.Expr:
    """Integrals of sums as sums of integrals, with what does not depend on the variable in front."""

    def split(integral: sp.Integral) -> sp.Expr:
        variable = integral.limits[0][0]
        # a constant denominator must not be multiplied out with the exponentials
        front, inner = integral.function.as_independent(variable, as_Add=False)
        parts = (part.as_independent(variable, as_Add=False) for part in sp.Add.make_args(sp.expand(inner)))
        return front * sum(constant * sp.Integral(rest, *integral.limits) for constant, rest in parts)

    return expression.replace(lambda e: isinstance(e, sp.Integral), split)


def merged(expression: sp.Expr) -> sp.Expr:
    """A sum of integrals over one range as the integral of one sum; other addends stay."""
    ranges: dict[tuple[sp.Tuple, ...], sp.Expr] = {}
    rest = sp.S.Zero
    for addend in sp.Add.make_args(sp.expand(expression)):
        found = [f for f in sp.Mul.make_args(addend) if isinstance(f, sp.Integral)]
        if len(found) != 1:
            rest += addend
            continue
        (one,) = found
        ranges[one.limits] = ranges.get(one.limits, sp.S.Zero) + addend / one * one.function
    return rest + sum(sp.Integral(sp.simplify(total), *limits) for limits, total in ranges.items())


def evaluated(expression: sp.Basic) -> sp.Basic:
    """Integrals and limits carried out."""
    return expression.doit()


def solved(unknown: sp.Symbol, unknowns: Sequence[sp.Symbol]) -> Callable[[sp.Basic], sp.Expr]:
    """Operation: a column of expressions, all zero, solved for unknowns; the value of one of them."""

    def operation(conditions: sp.Basic) -> sp.Expr:
        (solution,) = sp.solve(list(conditions), list(unknowns), dict=True)
        return solution[unknown]

    return operation
