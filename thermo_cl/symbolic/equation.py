"""An equation with its derivation: proved step by step, checked against the numerical library.

A proof is a chain of expressions, each equal to the one before it, or to what a named operation (a limit, an integral,
a solution) makes of it. Where the chain begins and ends depends on the statement:

- ``lhs = rhs``: from the definition of the left side to the right side;
- ``a > b`` and the like: from a - b to an expression whose sign follows from the assumptions on its symbols;
- ``Equivalent(a > b, c > d)``: from the ratio (a - b)/(c - d) to an expression that is positive.

Nothing is asserted: a link that does not simplify to zero fails the proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike
from sympy.core.relational import Relational

from thermo_cl.errors import InvalidParameterError
from thermo_cl.symbolic.zero import is_zero

__all__ = ["Check", "Equation", "Proof", "Step"]

_GREATER, _LESS = (sp.StrictGreaterThan, sp.GreaterThan), (sp.StrictLessThan, sp.LessThan)


@dataclass(frozen=True, eq=False)
class Step:
    """One link of a derivation.

    Attributes
    ----------
    expression : sympy expression or matrix
        What holds now.
    reason : str
        Why, in words.
    operation : callable, optional
        What was done to the expression before; without it, the two are equal by algebra.
    """

    expression: sp.Basic
    reason: str
    operation: Callable[[sp.Basic], sp.Basic] | None = None


@dataclass(frozen=True)
class Proof:
    """Outcome of a proof; ``failed`` says which link does not hold, and is empty if all do.

    Attributes
    ----------
    proved : bool
    failed : str
        The link that does not hold, in words.
    """

    proved: bool
    failed: str = ""


@dataclass(frozen=True)
class Check:
    """Comparison with the numerical library; ``deviation`` is the largest relative one.

    Attributes
    ----------
    agrees : bool
    deviation : float
        Largest relative deviation.
    tolerance : float
        Largest deviation that counts as agreement.
    """

    agrees: bool
    deviation: float
    tolerance: float


@dataclass(frozen=True, eq=False)
class Equation:
    """A statement of one of the papers, or of ours, with the reasons for it.

    Attributes
    ----------
    name : str
        Key in the registry, such as ``tcl-33``.
    paper, number, title : str
        Where it stands and what it says; ``number`` is empty for results of our own.
    statement : sympy relation or Equivalent
    symbols : mapping of Symbol to str
        Meaning and unit of every free symbol; assumptions are those of the symbols themselves.
    derivation : tuple of Step
    compare : callable
        Takes a numpy Generator, draws admissible numbers, returns two arrays: this statement's and the library's.
    tolerance : float
        Largest relative deviation that counts as agreement.
    """

    name: str
    paper: str
    number: str
    title: str
    statement: sp.Basic
    symbols: Mapping[sp.Symbol, str]
    derivation: tuple[Step, ...]
    compare: Callable[[np.random.Generator], tuple[ArrayLike, ArrayLike]]
    tolerance: float = 1e-9

    def __post_init__(self) -> None:
        unknown = sorted(str(s) for s in self.statement.free_symbols - set(self.symbols))
        if unknown:
            raise InvalidParameterError(
                "symbols", unknown, f"explained, every one that {self.name} states something on"
            )
        if not self.derivation:
            raise InvalidParameterError("derivation", (), f"at least one step: {self.name} is proved, not asserted")

    def prove(self) -> Proof:
        """Verify every link of the derivation, its beginning and its end."""
        steps = self.derivation
        if any(e.has(sp.Float) for e in (self.statement, *(step.expression for step in steps))):
            return Proof(False, "a rounded number proves nothing: write it as a Rational")
        if failure := self._beginning(steps[0].expression):
            return Proof(False, failure)
        for number, (before, after) in enumerate(itertools.pairwise(steps), start=2):
            expected = after.operation(before.expression) if after.operation else before.expression
            if expected.has(sp.Float) or not _same(expected, after.expression):
                return Proof(False, f"step {number} ({after.reason}) does not follow from the one before it")
        failure = self._end(steps[-1].expression)
        return Proof(not failure, failure)

    def check(self, rng: np.random.Generator | int | None = None) -> Check:
        """Substitute random admissible numbers and compare with the numerical library."""
        ours, library = (np.asarray(x, dtype=complex) for x in self.compare(np.random.default_rng(rng)))
        ours, library = np.broadcast_arrays(ours, library)
        scale = np.maximum(np.maximum(np.abs(ours), np.abs(library)), np.finfo(float).tiny)
        with np.errstate(invalid="ignore"):  # what is not a number agrees with nothing
            deviation = float(np.max(np.abs(ours - library) / scale)) if ours.size else np.inf
        return Check(bool(deviation <= self.tolerance), deviation, self.tolerance)

    def latex(self) -> str:
        """The statement as LaTeX."""
        return str(sp.latex(self.statement))

    def _beginning(self, first: sp.Basic) -> str:
        """Why the first step is not where the statement starts; empty if it is."""
        if isinstance(self.statement, sp.Eq):
            left = self.statement.lhs
            if not isinstance(left, (sp.Symbol, sp.core.function.AppliedUndef)):
                return "" if _same(left, first) else "the first step is not the left side"
            if self.statement.rhs.has(left) or first == self.statement.rhs:
                return "the first step defines nothing: it is the claim itself, or the claim is circular"
            return ""
        target = _target(self.statement)
        turned = isinstance(self.statement, sp.Equivalent) and is_zero(1 / target - first)  # its sides have no order
        return "" if turned or is_zero(target - first) else "the first step is not the difference or ratio claimed"

    def _end(self, last: sp.Basic) -> str:
        """Why the last step does not finish the proof; empty if it does."""
        if isinstance(self.statement, sp.Eq):
            return "" if _same(last, self.statement.rhs) else "the last step is not the right side"
        strict = isinstance(self.statement, (sp.StrictGreaterThan, sp.StrictLessThan, sp.Equivalent))
        known = last.is_positive if strict else last.is_nonnegative
        return "" if known else "the sign of the last step does not follow from the assumptions"


def _same(one: sp.Basic, other: sp.Basic) -> bool:
    """Whether two expressions or matrices of one shape are equal."""
    return getattr(one, "shape", ()) == getattr(other, "shape", ()) and is_zero(one - other)


def _gap(relation: Relational) -> sp.Expr:
    """Greater side minus smaller side."""
    if isinstance(relation, _GREATER):
        return relation.lhs - relation.rhs
    if isinstance(relation, _LESS):
        return relation.rhs - relation.lhs
    raise InvalidParameterError("statement", relation, "an equation, an inequality, or Equivalent of two inequalities")


def _target(statement: sp.Basic) -> sp.Expr:
    """What the chain of an inequality or an equivalence begins with."""
    if isinstance(statement, sp.Equivalent):
        first, second = sorted(statement.args, key=str)
        strict = (sp.StrictGreaterThan, sp.StrictLessThan)
        if isinstance(first, strict) != isinstance(second, strict):
            raise InvalidParameterError("statement", statement, "an equivalence of inequalities of the same strictness")
        return _gap(first) / _gap(second)
    return _gap(statement)
