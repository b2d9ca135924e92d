"""Whether an expression is zero, decided by rewriting alone: no number is ever substituted."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

__all__ = ["is_zero"]

_WAYS: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda e: sp.expand(sp.numer(sp.together(e))),
    lambda e: sp.expand(sp.powsimp(sp.expand(sp.numer(sp.together(sp.expand(e.rewrite(sp.exp))))))),
    lambda e: sp.expand(sp.expand_log(sp.expand(e), force=False)),
    sp.simplify,
    lambda e: sp.simplify(sp.expand(e.doit(), func=True)),
)


def is_zero(expression: sp.Basic) -> bool:
    """True if one of a few rewritings turns an expression, or every entry of a matrix, into the number zero."""
    if isinstance(expression, sp.MatrixBase):
        return all(is_zero(entry) for entry in expression)
    expression = sp.sympify(expression)
    if expression == 0 or sp.expand(expression) == 0:
        return True
    if expression.is_rational_function() and not expression.has(sp.nan, sp.zoo, sp.oo):
        return bool(sp.expand(sp.numer(sp.together(expression))) == 0)  # decides; other rewritings could run for hours
    return any(way(expression) == 0 for way in _WAYS)
