"""What every written form of the derivations says: outcomes, sources, symbols, chapters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import sympy as sp

from thermo_cl.symbolic.equation import Check, Equation, Proof

__all__ = ["Outcome", "assumptions", "chapters", "explained", "origin", "outcomes_of", "source", "verify"]

INTRODUCTION = (
    "Each derivation is a chain. A step marked = equals the step before it by algebra: sympy rewrites their "
    "difference to zero. A step marked → is what the operation named in its reason (a limit, an integral, a solution) "
    "makes of the step before it; sympy carries the operation out and compares. An equation ends at its right side, "
    "an inequality at a difference, or an equivalence at a ratio, whose sign follows from the assumptions on the "
    "symbols. No number is substituted in a proof. The check is apart from the proof: it draws random admissible "
    "numbers and compares with the numerical library."
)
TITLE = "Derivations of thermo_cl"
_OWN, _OWN_TITLE = "thermo_cl", "Results of thermo_cl"
_KINDS = ("integer", "rational", "real", "imaginary")
_SIGNS = ("zero", "positive", "negative", "nonnegative", "nonpositive", "nonzero")


@dataclass(frozen=True)
class Outcome:
    """Proof and check of one equation."""

    proof: Proof
    check: Check

    @property
    def holds(self) -> bool:
        """Whether the equation is proved and agrees with the library."""
        return self.proof.proved and self.check.agrees

    @property
    def proof_in_words(self) -> str:
        """``proved``, or which link fails."""
        return "proved" if self.proof.proved else f"NOT PROVED: {self.proof.failed}"

    @property
    def check_in_words(self) -> str:
        """``agrees`` or ``DISAGREES``, with the deviation."""
        found = self.check.deviation
        size = "no number" if math.isnan(found) else f"largest relative deviation {found:.1e}"
        return f"{'agrees' if self.check.agrees else 'DISAGREES'}, {size} (tolerance {self.check.tolerance:.0e})"


def verify(equation: Equation, rng: int = 0) -> Outcome:
    """Prove an equation and check it with numbers from a seed of its own, whatever else is checked."""
    return Outcome(equation.prove(), equation.check(rng))


def outcomes_of(equations: Iterable[Equation], known: Mapping[str, Outcome] | None) -> dict[str, Outcome]:
    """Outcomes by name: those known already, the others found now."""
    known = known or {}
    return {e.name: known[e.name] if e.name in known else verify(e) for e in equations}


def chapters(equations: Iterable[Equation]) -> dict[str, list[Equation]]:
    """Equations by paper, in the order in which the papers come first; our own results are the last chapter."""
    found: dict[str, list[Equation]] = {}
    for equation in sorted(equations, key=lambda e: e.paper == _OWN):
        found.setdefault(_OWN_TITLE if equation.paper == _OWN else equation.paper, []).append(equation)
    return found


def source(equation: Equation) -> str:
    """Paper and number."""
    paper = "own result" if equation.paper == _OWN else equation.paper
    return f"{paper}, Eq. {equation.number}" if equation.number else paper


def origin() -> str:
    """Programs that wrote a document."""
    return f"thermo-cl {version('thermo-cl')}, sympy {sp.__version__}"


def explained(equation: Equation) -> list[tuple[Sequence[sp.Basic], str, str]]:
    """Symbols that occur, with meaning and assumptions; those that share both stand together."""
    shown = (equation.statement, *(step.expression for step in equation.derivation))
    used = set().union(*(expression.atoms(sp.Symbol) for expression in shown))
    groups: dict[tuple[str, str], list[sp.Basic]] = {}
    for symbol, meaning in equation.symbols.items():
        if symbol in used or not isinstance(symbol, sp.Symbol):
            groups.setdefault((meaning, assumptions(symbol)), []).append(symbol)
    return [(symbols, meaning, assumed) for (meaning, assumed), symbols in groups.items()]


def assumptions(symbol: sp.Basic) -> str:
    """The strongest assumptions on a symbol, in words; empty if there are none."""
    known = getattr(symbol, "assumptions0", {})
    kind = next((k for k in _KINDS if known.get(k)), "")
    sign = next((s for s in _SIGNS if known.get(s)), "")
    return f"{sign} {kind if kind != 'real' or not sign else ''}".strip()
