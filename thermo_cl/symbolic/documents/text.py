"""Derivations as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import sympy as sp
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm

from thermo_cl.symbolic.documents.formula import abbreviated
from thermo_cl.symbolic.documents.outcomes import Outcome, explained, source, verify
from thermo_cl.symbolic.documents.prose import plain_prose
from thermo_cl.symbolic.equation import Equation, Step

__all__ = ["text_derivation"]

_SPRAWLING = 600  # characters from which a two-dimensional layout would fill the screen


def text_derivation(equation: Equation, outcome: Outcome | None = None, *, width: int = 100) -> str:
    """Statement, symbols, steps and outcome of an equation.

    Parameters
    ----------
    equation : Equation
    outcome : Outcome, optional
        Of a proof and check made already.
    width : int
        Columns that the text may take.

    Returns
    -------
    str
        Several lines.
    """
    outcome = outcome or verify(equation)
    parts = [
        f"{equation.name}  ({source(equation)})",
        _prose(plain_prose(equation.title), "", width),
        _formula(equation.statement, "    ", width),
        "Symbols",
        *(_symbol(*row, width) for row in explained(equation)),
        "Derivation",
        *(_step(number, step, width) for number, step in enumerate(equation.derivation, start=1)),
        _prose(f"Proof: {outcome.proof_in_words}", "", width),
        f"Check: {outcome.check_in_words}",
    ]
    text = "\n".join(parts)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _symbol(symbols: Sequence[sp.Basic], meaning: str, assumed: str, width: int) -> str:
    names = ", ".join(sp.pretty(s, use_unicode=True) for s in symbols)
    return _prose(f"{names}: {plain_prose(meaning)}" + (f"; {assumed}" if assumed else ""), "  ", width)


def _step(number: int, step: Step, width: int) -> str:
    sign = "" if number == 1 else "→ " if step.operation else "= "
    reason = _prose(plain_prose(step.reason), "     ", width)
    return f"  {number}. {reason.lstrip()}\n{_formula(step.expression, '      ', width, sign)}"


def _prose(text: str, indent: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent + "  ")


def _formula(expression: sp.Basic, indent: str, width: int, sign: str = "") -> str:
    """In two dimensions as far as the width allows, a term of a sum a line if need be; blank lines around."""
    expression, names = abbreviated(expression)
    terms = [(sign, expression)]
    if isinstance(expression, sp.Add) and _drawn(sign, expression, width - len(indent)) is None:
        terms = [
            (" - " if minus else " + " if i else sign, -term if minus else term)
            for i, term in enumerate(expression.as_ordered_terms())
            for minus in [term.could_extract_minus_sign() and i > 0]
        ]
    drawings = [
        textwrap.indent(drawn, indent)
        if (drawn := _drawn(mark, term, width - len(indent)))
        else textwrap.fill(f"{mark}{term}", width, initial_indent=indent, subsequent_indent=indent + "  ")
        for mark, term in terms
    ]
    for name, meaning in names:
        drawings.append(_prose(f"{name} = {meaning}", f"{indent}  ", width))
    return "\n" + "\n".join(drawings) + "\n"


def _drawn(sign: str, expression: sp.Basic, width: int) -> str | None:
    """Two-dimensional layout, or nothing if it is wider or would be taller than a screen."""
    if len(str(expression)) > _SPRAWLING:
        return None
    drawn = prettyForm(*prettyForm(sign).right(PrettyPrinter({"use_unicode": True})._print(expression)))
    return str(drawn.render(wrap_line=False)) if drawn.width() <= width else None
