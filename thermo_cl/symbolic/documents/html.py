"""Derivations as one web page that needs nothing else: MathML for the formulas, a few lines of style, no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import sympy as sp

from thermo_cl.symbolic.documents.formula import LINE, abbreviated, latex, visible
from thermo_cl.symbolic.documents.mathml import mathml
from thermo_cl.symbolic.documents.outcomes import (
    INTRODUCTION,
    TITLE,
    Outcome,
    chapters,
    explained,
    origin,
    outcomes_of,
    source,
)
from thermo_cl.symbolic.documents.prose import html_prose
from thermo_cl.symbolic.equation import Equation, Step

__all__ = ["article", "html_document"]

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1.5rem 6rem; background: #fdfdfb; color: #1d1f22;
  font: 1.02rem/1.55 Charter, "Bitstream Charter", "Source Serif 4", Georgia, serif; }
h1 { font-size: 1.9rem; margin: 0 0 .2rem; } h2 { font-size: 1.35rem; margin: 3.2rem 0 .6rem; }
h3 { font-size: 1.1rem; margin: 0 0 .1rem; } h4 { font-size: .95rem; margin: 1.1rem 0 .3rem; color: #555; }
a { color: #1f5c99; text-decoration: none; } a:hover { text-decoration: underline; }
code { font: .85em ui-monospace, Menlo, Consolas, monospace; color: #555; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
td { padding: .18rem .9rem .18rem 0; vertical-align: top; border-bottom: 1px solid #ecece6; }
td:last-child { padding-right: 0; }
nav td:nth-child(1) { width: 14rem; } nav td:nth-child(2) { width: 6rem; white-space: nowrap; }
nav td:nth-child(4) { width: 3rem; }
article { margin: 0 0 2.2rem; padding: 1.1rem 1.4rem 1rem; background: #fff;
  border: 1px solid #e4e4de; border-radius: 6px; }
.small { color: #666; font-size: .9rem; }
.formula { overflow-x: auto; overflow-y: hidden; padding: .35rem 0; }
mtable.matrix mtd { padding-top: .25em; padding-bottom: .25em; }
.statement { margin: .8rem 0; padding: .7rem 1rem; background: #f4f6f8; border-radius: 4px; font-size: 1.08rem; }
ol { padding-left: 1.5rem; margin: .2rem 0; } li { margin: .35rem 0; }
math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", math; }
math[display=block] { margin: 0; text-align: left; width: max-content; }
mtable.aligned mtd { text-align: left; padding-left: 0; padding-right: 0; }
mtable.cases mtd { text-align: left; }
.good { color: #1c7430; } .bad { color: #b3261e; font-weight: bold; }
"""


def html_document(equations: Iterable[Equation], outcomes: Mapping[str, Outcome] | None = None) -> str:
    """Derivations as one self-contained web page.

    Parameters
    ----------
    equations : iterable of Equation
    outcomes : mapping of name to Outcome, optional
        Of proofs and checks made already; the others are made now.

    Returns
    -------
    str
        HTML with MathML; it needs no other file.
    """
    equations = list(equations)
    found = outcomes_of(equations, outcomes)
    papers = chapters(equations)
    good = sum(outcome.holds for outcome in found.values())
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(TITLE)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f'<h1>{escape(TITLE)}</h1>\n<p class="small">{escape(origin())}. {good} of {len(found)} equations hold.</p>',
        f"<p>{escape(INTRODUCTION)}</p>\n<nav>",
    ]
    for paper, members in papers.items():
        parts.append(f"<h2>{escape(paper)}</h2>\n<table>")
        parts += [_line(e, found[e.name]) for e in members]
        parts.append("</table>")
    parts.append("</nav>")
    for paper, members in papers.items():
        parts.append(f"<section>\n<h2>{escape(paper)}</h2>")
        parts += [article(e, found[e.name]) for e in members]
        parts.append("</section>")
    return "\n".join([*parts, "</body>\n</html>\n"])


def _line(equation: Equation, outcome: Outcome) -> str:
    """A row of the contents."""
    link = f'<a href="#{escape(equation.name)}">{html_prose(equation.title)}</a>'
    number = f"Eq. {escape(equation.number)}" if equation.number else ""
    mark = _coloured("holds" if outcome.holds else "FAILS", good=outcome.holds)
    return f"<tr><td><code>{escape(equation.name)}</code></td><td>{number}</td><td>{link}</td><td>{mark}</td></tr>"


def _coloured(text: str, *, good: bool) -> str:
    return f'<span class="{"good" if good else "bad"}">{escape(text)}</span>'


def article(equation: Equation, outcome: Outcome) -> str:
    """An equation with its symbols, derivation, proof and check, as one HTML article."""
    steps = "\n".join(_step(step, first=i == 0) for i, step in enumerate(equation.derivation))
    return f"""<article id="{escape(equation.name)}">
<h3>{html_prose(equation.title)}</h3>
<div class="small">{escape(source(equation))} · <code>{escape(equation.name)}</code></div>
<div class="statement">{_formula(equation.statement)}</div>
<table>
{_symbols(equation)}
</table>
<h4>Derivation</h4>
<ol>
{steps}
</ol>
<div class="small">Proof: {_coloured(outcome.proof_in_words, good=outcome.proof.proved)}.
Check: {_coloured(outcome.check_in_words, good=outcome.check.agrees)}.</div>
</article>"""


def _symbols(equation: Equation) -> str:
    return "\n".join(
        f"<tr><td>{', '.join(mathml(latex(s), block=False) for s in symbols)}</td>"
        f'<td>{html_prose(meaning)}</td><td class="small">{escape(assumed)}</td></tr>'
        for symbols, meaning, assumed in explained(equation)
    )


def _step(step: Step, *, first: bool) -> str:
    sign = "" if first else r"\to " if step.operation else "= "
    return f"<li>{html_prose(step.reason)}{_formula(step.expression, sign)}</li>"


def _formula(expression: sp.Basic, sign: str = "") -> str:
    """On a line of its own, followed by its abbreviations if it needs any."""
    short, names = abbreviated(expression)
    parts = [f'<div class="formula">{mathml(sign + latex(short))}</div>', *(["where"] if names else [])]
    for name, meaning in names:
        code = f"{latex(name)} = {latex(meaning)},"
        short_enough = visible(code) <= LINE
        drawn = mathml(code, block=not short_enough)
        parts.append(drawn if short_enough else f'<div class="formula">{drawn}</div>')
    return "\n".join(parts)
