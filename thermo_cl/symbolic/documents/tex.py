r"""Derivations as a LaTeX document that stands alone; only ASCII, and only packages that every TeX has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from thermo_cl.symbolic.documents.formula import LINE, abbreviated, ascii_text, latex, visible
from thermo_cl.symbolic.documents.outcomes import INTRODUCTION, TITLE, Outcome, chapters, explained, origin, outcomes_of
from thermo_cl.symbolic.documents.prose import tex_prose
from thermo_cl.symbolic.equation import Equation, Step

__all__ = ["latex_document"]

_PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{amsmath,amssymb,array,graphicx,longtable}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\setlength{\LTpre}{2pt}
\setlength{\LTpost}{2pt}
\raggedbottom
\makeatletter  % no page ends between a list and what stands before or after it
\@beginparpenalty=10000 \@endparpenalty=10000
\makeatother
\allowdisplaybreaks
\newsavebox{\formulabox}
% a formula on a line of its own, shrunk if it is wider or taller than the page
\newcommand{\formula}[1]{\sbox{\formulabox}{\renewcommand{\arraystretch}{1.35}$\displaystyle #1$}%
  \ifdim\wd\formulabox>\linewidth\sbox{\formulabox}{\resizebox{\linewidth}{!}{\usebox{\formulabox}}}\fi
  \ifdim\dimexpr\ht\formulabox+\dp\formulabox\relax>.8\textheight
    \sbox{\formulabox}{\resizebox*{!}{.8\textheight}{\usebox{\formulabox}}}\fi
  \[\usebox{\formulabox}\]}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
"""


def latex_document(equations: Iterable[Equation], outcomes: Mapping[str, Outcome] | None = None) -> str:
    """Derivations as a complete LaTeX document.

    Parameters
    ----------
    equations : iterable of Equation
    outcomes : mapping of name to Outcome, optional
        Of proofs and checks made already; the others are made now.

    Returns
    -------
    str
        From ``documentclass`` to the end of the document.
    """
    equations = list(equations)
    found = outcomes_of(equations, outcomes)
    parts = [
        _PREAMBLE,
        rf"\title{{{ascii_text(TITLE)}}}",
        rf"\author{{{ascii_text(origin())}}}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
        ascii_text(INTRODUCTION),
        r"\section*{Contents}",
    ]
    papers = chapters(equations)
    for paper, members in papers.items():
        parts.append(_contents(paper, members, found))
    for paper, members in papers.items():
        parts += [r"\clearpage", rf"\section*{{{ascii_text(paper)}}}"]
        parts += [_entry(equation, found[equation.name]) for equation in members]
    return "\n".join([*parts, r"\end{document}", ""])


def _contents(paper: str, members: list[Equation], found: Mapping[str, Outcome]) -> str:
    rows = (
        rf"{{\small\texttt{{{ascii_text(e.name)}}}}} & \hyperref[{e.name}]{{{tex_prose(e.title)}}} & "
        rf"{_mark(found[e.name])} & \pageref{{{e.name}}} \\"
        for e in members
    )
    columns = r"\begin{longtable}{@{}L{0.28\linewidth}L{0.5\linewidth}L{0.09\linewidth}r@{}}"
    return "\n".join([rf"\subsection*{{{ascii_text(paper)}}}", columns, *rows, r"\end{longtable}"])


def _mark(outcome: Outcome) -> str:
    return "holds" if outcome.holds else r"\textbf{FAILS}"


def _entry(equation: Equation, outcome: Outcome) -> str:
    number = f"Eq. {equation.number}: " if equation.number else ""
    return "\n".join(
        [
            rf"\subsection*{{{tex_prose(number + equation.title)}}}",
            rf"\phantomsection\label{{{equation.name}}}",
            rf"\texttt{{{ascii_text(equation.name)}}}",
            _formula(equation.statement),
            _symbols(equation),
            r"\textbf{Derivation}",
            r"\begin{enumerate}",
            *(_step(step, first=i == 0) for i, step in enumerate(equation.derivation)),
            r"\end{enumerate}",
            rf"\textbf{{Proof}}\quad {ascii_text(outcome.proof_in_words)}\\",
            rf"\textbf{{Check}}\quad {ascii_text(outcome.check_in_words)}",
        ]
    )


def _symbols(equation: Equation) -> str:
    rows = [
        rf"{', '.join(f'${latex(s)}$' for s in symbols)} & {tex_prose(meaning)} & {ascii_text(assumed)} \\"
        for symbols, meaning, assumed in explained(equation)
    ]
    if not rows:
        return ""
    columns = r"\begin{longtable}{@{}L{0.16\linewidth}L{0.56\linewidth}L{0.20\linewidth}@{}}"
    return "\n".join([columns, *rows, r"\end{longtable}"])


def _step(step: Step, *, first: bool) -> str:
    sign = "" if first else r"\to{} " if step.operation else "={} "
    return rf"\item {tex_prose(step.reason)}{_formula(step.expression, sign)}"


def _formula(expression: sp.Basic, sign: str = "") -> str:
    """On a line of its own, followed by its abbreviations if it needs any."""
    short, names = abbreviated(expression)
    parts = [rf"\formula{{{sign}{latex(short)}}}", *(["where"] if names else [])]
    for name, meaning in names:
        code = f"{latex(name)} = {latex(meaning)}"
        parts.append(f"${code}$," if visible(code) <= LINE else rf"\formula{{{code},}}")
    return "\n".join([*parts, r"\par"] if names else parts)
