"""Coefficients of a kernel family that conditions on its moments determine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp

from thermo_cl.errors import InvalidParameterError
from thermo_cl.symbolic.families.terms import tidy

__all__ = ["listed", "solve_coefficients"]


def listed(symbols: Iterable[sp.Symbol]) -> str:
    """Names, separated by commas."""
    return ", ".join(str(s) for s in symbols)


def solve_coefficients(conditions: Sequence[sp.Expr], unknowns: tuple[sp.Symbol, ...]) -> dict[sp.Symbol, sp.Expr]:
    """The one solution of the conditions that the unknowns' assumptions admit."""
    plain = {u: sp.Dummy(str(u)) for u in unknowns}  # without assumptions, to tell no solution from a forbidden one
    found = sp.solve([c.subs(plain) for c in conditions], list(plain.values()), dict=True)
    complete = [{u: tidy(s[plain[u]]) for u in unknowns} for s in found if set(s) == set(plain.values())]
    if not complete:
        raise InvalidParameterError(
            "unknowns", unknowns, "parameters that area and first moment determine; "
            f"no values of them make all of {listed(conditions)} zero",
        )  # fmt: skip
    admitted = [s for s in complete if not any(_contradiction(u, value) for u, value in s.items())]
    if not admitted:
        u, value = next((u, v) for u, v in complete[0].items() if _contradiction(u, v))
        raise InvalidParameterError(
            "unknowns", unknowns, f"free of assumptions that contradict the solution: {u} is declared "
            f"{_contradiction(u, value)}, but the conditions make it {value}",
        )  # fmt: skip
    if len(admitted) > 1:
        raise InvalidParameterError(
            "unknowns", unknowns, f"such that one solution is left, not {admitted}; restrict them by assumptions"
        )
    return admitted[0]


def _contradiction(symbol: sp.Symbol, value: sp.Expr) -> str:
    """The declared property of a symbol that its value is known not to have."""
    declared = symbol.assumptions0
    names = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "real", "integer")
    return next((n for n in names if declared.get(n) and getattr(value, f"is_{n}") is False), "")
