r"""Formulas for web pages: presentation MathML from the LaTeX that sympy prints.

sympy has a MathML printer of its own, but it drops brackets (a - (b + c) unevaluated reads a - b + c) and spells cases,
substitutions and orders as words; its LaTeX printer is right about all of them. Only the LaTeX it emits is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from sympy.printing.latex import accepted_latex_functions
from sympy.printing.pretty.pretty_symbology import greek_unicode

__all__ = ["mathml"]

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_LETTERS = {
    **greek_unicode, "varepsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "ell": "ℓ", "infty": "∞", "partial": "∂",
    "hbar": "ħ", "nabla": "∇", "emptyset": "∅", "prime": "′",
}  # fmt: skip
_OPERATORS = {
    "cdot": "⋅", "times": "×", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "simeq": "≃", "sim": "∼", "ll": "≪", "gg": "≫", "equiv": "≡", "propto": "∝", "to": "→",
    "rightarrow": "→", "Rightarrow": "⇒", "Leftrightarrow": "⇔", "mapsto": "↦", "in": "∈", "wedge": "∧", "vee": "∨",
    "neg": "¬", "circ": "∘", "odot": "⊙", "dots": "…", "ldots": "…", "cdots": "⋯", "mid": "|", "surd": "√", "|": "‖",
    "{": "{", "}": "}", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
    "forall": "∀", "exists": "∃", "leftrightarrow": "↔", "leftarrow": "←", "triangleq": "≜", "cup": "∪", "cap": "∩",
    "setminus": "∖", "dagger": "†", "colon": ":",
}  # fmt: skip
_BIG = {"int": "∫", "iint": "∬", "oint": "∮", "sum": "∑", "prod": "∏"}
_FUNCTIONS = {*accepted_latex_functions, "lim", "max", "min", "sup", "inf", "det", "arg", "gcd"}
_ACCENTS = {"dot": "˙", "ddot": "¨", "bar": "¯", "overline": "¯", "hat": "^", "tilde": "~", "vec": "→", "check": "ˇ",
            "acute": "´", "grave": "`", "mathring": "˚"}  # fmt: skip
_SPACES = {",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.25em", "quad": "1em", "qquad": "2em", "!": "0"}
_FONTS = {"mathrm", "operatorname", "text", "textrm", "mathsf", "mathbf", "mathit", "mathcal", "mathbb", "mbox"}
_SILENT = {r"\limits", r"\nolimits", r"\displaystyle", r"\textstyle", r"\big", r"\Big"}
_TALL = re.compile("<(mfrac|mtable|msup|msubsup|munder|munderover|msqrt|mroot)[ >]|largeop")
_LIMITS_BELOW = {"∑", "∏", "lim", "max", "min", "sup", "inf"}


def mathml(latex: str, *, block: bool = True) -> str:
    """The ``math`` element that shows a formula; ``block`` puts it on a line of its own.

    Raises
    ------
    ValueError
        If the LaTeX has a command or a nesting that sympy does not print.
    """
    reader = _Reader(latex)
    body = reader.row()
    if reader.next is not None:
        raise ValueError(f"{reader.next} closes nothing in {latex}")
    return f'<math display="{"block" if block else "inline"}">{body}</math>'


class _Reader:
    """Recursive descent through the tokens of one formula."""

    def __init__(self, latex: str) -> None:
        self._tokens: Iterator[str] = iter([t for t in _TOKEN.findall(latex) if not t.isspace()])
        self._latex = latex
        self.next: str | None = next(self._tokens, None)

    def take(self, expected: str | None = None) -> str:
        token = self.next
        if token is None or (expected is not None and token != expected):
            raise ValueError(f"{expected or 'more'} is missing in {self._latex}")
        self.next = next(self._tokens, None)
        return token

    def row(self, *stops: str) -> str:
        """Everything up to one of the stops, with its superscripts and subscripts."""
        parts: list[str] = []
        while self.next is not None and self.next not in {"}", r"\right", r"\end", *stops}:
            if self.next in _SILENT:
                self.take()
            elif self.next in {"^", "_", "'"}:
                parts.append(self._scripted(parts.pop() if parts else "<mrow></mrow>"))
            else:
                parts.append(self._atom())
        return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"

    def _scripted(self, base: str) -> str:
        scripts = {"^": "", "_": ""}
        while self.next in {"^", "_", "'"}:
            mark = self.take()
            if mark == "'":
                scripts["^"] += "<mo>′</mo>"
            else:
                scripts[mark] += self._argument()
        below, above = (f"<mrow>{s}</mrow>" if s else "" for s in (scripts["_"], scripts["^"]))
        stacked = re.sub("<[^>]*>", "", base) in _LIMITS_BELOW
        kind = (
            ("under" if below else "") + ("over" if above else "")
            if stacked
            else (("sub" if below else "") + ("sup" if above else ""))
        )
        return f"<m{kind}>{base}{below}{above}</m{kind}>"

    def _argument(self) -> str:
        """A group in braces or a single token."""
        if self.next != "{":
            return self._atom()
        self.take("{")
        inside = self.row()
        self.take("}")
        return inside

    def _word(self) -> str:
        """Raw text of a group in braces."""
        self.take("{")
        depth, text = 1, ""
        while depth:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            text += token if depth else ""
        return text.replace("\\", "")

    def _atom(self) -> str:
        if self.next == "{":
            return self._argument()
        token = self.take()
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        return f"<mo>{escape({'-': '−', '*': '∗', '~': ' '}.get(token, token))}</mo>"

    def _command(self, name: str) -> str:  # noqa: PLR0911 - one line a kind of command
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _OPERATORS:
            return f"<mo>{_OPERATORS[name]}</mo>"
        if name in _BIG:
            return f'<mo largeop="true">{_BIG[name]}</mo>'
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in _FONTS:
            tag = "mtext" if name in {"text", "textrm", "mbox"} else "mi"
            normal = ' mathvariant="normal"' if tag == "mi" else ""
            return f"<{tag}{normal}>{escape(self._word())}</{tag}>"
        if name in {"frac", "tfrac", "dfrac"}:
            return f"<mfrac>{self._argument()}{self._argument()}</mfrac>"
        if name == "binom":
            pair = f'<mfrac linethickness="0">{self._argument()}{self._argument()}</mfrac>'
            return f"<mrow><mo>(</mo>{pair}<mo>)</mo></mrow>"
        if name in _ACCENTS:
            return f'<mover accent="true">{self._argument()}<mo stretchy="false">{_ACCENTS[name]}</mo></mover>'
        if name == "sqrt":
            return self._root()
        if name == "substack":
            return self._argument()
        if name == "left":
            return self._fenced()
        if name == "begin":
            return self._table()
        if name in _FUNCTIONS:
            return f"<mi>{name}</mi>"
        raise ValueError(f"\\{name} is not known in {self._latex}")

    def _root(self) -> str:
        if self.next != "[":
            return f"<msqrt>{self._argument()}</msqrt>"
        self.take("[")
        index = self.row("]")
        self.take("]")
        return f"<mroot>{self._argument()}{index}</mroot>"

    def _delimiter(self) -> str:
        token = self.take()
        sign = _OPERATORS.get(token[1:], token) if token.startswith("\\") else token
        return "" if sign == "." else escape(sign)

    def _fenced(self) -> str:
        opening = self._delimiter()
        inside = self.row()
        self.take(r"\right")
        stretchy = "true" if _TALL.search(inside) else "false"  # stretched to a line's height they stand off
        left, right = (
            f'<mo form="{form}" stretchy="{stretchy}">{sign}</mo>' if sign else ""
            for form, sign in (("prefix", opening), ("postfix", self._delimiter()))
        )
        return f"<mrow>{left}{inside}{right}</mrow>"

    def _table(self) -> str:
        kind = self._word()
        if kind == "array":
            self._word()  # the columns' alignment
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.row("&", r"\\"))
            if self.next == "&":
                self.take()
            elif self.next == r"\\":
                self.take()
                rows.append([])
            else:
                break
        self.take(r"\end")
        self._word()
        cells = "".join(
            f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in row)}</mtr>" for row in rows if row != ["<mrow></mrow>"]
        )
        table = f'<mtable class="{kind}">{cells}</mtable>'
        return f'<mrow><mo stretchy="true" form="prefix">{{</mo>{table}</mrow>' if kind == "cases" else table
