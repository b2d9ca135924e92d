"""Sentences about formulas: reasons and titles are written in ASCII, and shown with the signs they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import sympy as sp
from sympy.printing.pretty.pretty_symbology import greek_unicode, pretty_symbol

from thermo_cl.symbolic.documents.formula import ascii_text, latex
from thermo_cl.symbolic.documents.mathml import mathml

__all__ = ["html_prose", "plain_prose", "tex_prose"]

_GREEK = "|".join(sorted(greek_unicode, key=len, reverse=True))
# tau_f, A_max, mu_1, mu1, gamma, r_+; not weight_update
_SYMBOL = re.compile(
    rf"(?<![\w.-])((?:[A-Za-z]|{_GREEK})_(?:[A-Za-z]+\d*|\d+|[+-](?=[^\w+-]|$))|(?:{_GREEK})\d*)(?![\w(]|-[a-z])"
)
_SIGNS = {"<->": "↔", "<=>": "⇔", "->": "→", ">=": "≥", "<=": "≤", "!=": "≠", "<<": "≪", ">>": "≫", "oo": "∞"}
_SIGN = re.compile(r"\boo\b|" + "|".join(re.escape(sign) for sign in _SIGNS if sign != "oo"))
_POWER = re.compile(r"(?<=[\w)\]|])\^(-?\d+|T)(?!\w)")
_RAISED = str.maketrans("0123456789-T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ")


def tex_prose(text: str) -> str:
    """A sentence as LaTeX of ASCII characters."""
    return _shown(text, ascii_text, lambda name: f"${latex(sp.Symbol(name))}$")


def html_prose(text: str) -> str:
    """A sentence as HTML."""
    return _shown(text, escape, lambda name: mathml(latex(sp.Symbol(name)), block=False))


def plain_prose(text: str) -> str:
    """A sentence for a terminal."""
    return _shown(text, str, pretty_symbol)


def _shown(text: str, words: Callable[[str], str], symbol: Callable[[str], str]) -> str:
    text = _SIGN.sub(lambda found: _SIGNS[found[0]], text)
    text = _POWER.sub(lambda found: found[1].translate(_RAISED), text)
    parts = _SYMBOL.split(text)  # words and symbols alternate
    return "".join(symbol(part) if i % 2 else words(part) for i, part in enumerate(parts))
