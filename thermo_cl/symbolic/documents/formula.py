"""Formulas as LaTeX in the house's style: upright names, natural logarithms as ln, long sums over several lines."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sympy as sp
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import LatexPrinter, accepted_latex_functions, translate

__all__ = ["LINE", "abbreviated", "ascii_math", "ascii_text", "latex", "visible"]

LINE = 75  # visible characters that one line of a sum holds
_UNREADABLE = 700  # visible characters from which an expression is abbreviated
_BINDING = (sp.Integral, sp.Sum, sp.Product, sp.Limit, sp.Derivative, sp.Subs, sp.Lambda)
_UNOPENED = (sp.Determinant, sp.MatrixSymbol, sp.MatAdd, sp.MatMul, sp.MatPow, sp.Transpose, sp.Inverse)
_SIGNS = {
    "ℓ": r"\ell", "∞": r"\infty", "−": "-", "·": r"\cdot", "×": r"\times", "≤": r"\le", "≥": r"\ge", "≠": r"\ne",
    "≈": r"\approx", "≃": r"\simeq", "~": r"\sim", "∼": r"\sim", "≪": r"\ll", "≫": r"\gg", "≡": r"\equiv",
    "∝": r"\propto", "±": r"\pm", "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "↦": r"\mapsto",
    "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "∈": r"\in", "∫": r"\int", "∑": r"\sum", "∏": r"\prod",
    "∂": r"\partial", "∇": r"\nabla", "√": r"\surd", "⟨": r"\langle", "⟩": r"\rangle", "∥": r"\|", "‖": r"\|",
    "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}", "¾": r"\tfrac{3}{4}", "⅓": r"\tfrac{1}{3}", "′": r"{}'",
    "∘": r"\circ", "°": r"{}^\circ", "ᵀ": r"{}^{\mathsf{T}}", "⊙": r"\odot", "∧": r"\wedge", "∨": r"\vee",
    "¬": r"\neg", "⋯": r"\cdots", "≜": r"\triangleq", "∀": r"\forall", "∃": r"\exists", "∅": r"\emptyset",
}  # fmt: skip
_MARKS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "…": r"\dots{}",
    "\u00a0": "~", "\u202f": r"\,", "\u2009": r"\,", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}",
    "ß": r"\ss{}", "•": r"\textbullet{}", "§": r"\S{}", "µ": r"$\mu$",
}  # fmt: skip
# combining character: accent in text, accent in formulas
_ACCENTS = {
    "\u0300": ("`", r"\grave"), "\u0301": ("'", r"\acute"), "\u0302": ("^", r"\hat"), "\u0303": ("~", r"\tilde"),
    "\u0304": ("=", r"\bar"), "\u0305": ("=", r"\bar"), "\u0307": (".", r"\dot"), "\u0308": ('"', r"\ddot"),
    "\u030a": ("r", r"\mathring"), "\u030c": ("v", r"\check"), "\u20d7": ("'", r"\vec"),
}  # fmt: skip
_ACCENTED = {"bar", "dot", "ddot", "hat", "tilde"}


def latex(expression: sp.Basic) -> str:
    """An expression as LaTeX of ASCII characters, without delimiters; sums that are long become ``aligned``."""
    code = _Printer({"ln_notation": True}).doprint(expression)
    return ascii_math(re.sub(r"\^\{('+)\}", r"\1", code.replace(r"\int\limits", r"\int")))


def abbreviated(expression: sp.Basic) -> tuple[sp.Basic, list[tuple[sp.Symbol, sp.Basic]]]:
    """A very long expression with names for what recurs in it, and those names with what they stand for, in order.

    Anything shorter, or with an integral or the like whose variable must not leave it, is returned as it is.
    """
    equation = isinstance(expression, sp.Eq)
    if expression.has(*_BINDING, *_UNOPENED) or not (equation or isinstance(expression, (sp.Expr, sp.MatrixBase))):
        return expression, []
    if visible(latex(expression)) < _UNREADABLE:
        return expression, []
    taken = expression.atoms(sp.Symbol)
    found, sides = sp.cse(expression.args if equation else [expression], order="none")
    names = sp.numbered_symbols("c_", start=1, exclude=taken)
    known: dict[sp.Symbol, sp.Basic] = {}
    kept = []
    for symbol, meaning in found:
        meaning = meaning.xreplace(known)
        known[symbol] = meaning if meaning.count_ops() <= 1 else next(names)  # a product of two needs no name
        if known[symbol] != meaning:
            kept.append((known[symbol], meaning))
    sides = [side.xreplace(known) for side in sides]
    return (sp.Eq(*sides, evaluate=False) if equation else sides[0]), kept


def ascii_math(code: str) -> str:
    """LaTeX of a formula with every character outside ASCII as a command."""
    return "".join(
        part if part.isascii() else _sign(part, accent=1) or rf"\text{{{_unknown(part)}}}" for part in _parts(code)
    )


def ascii_text(text: str) -> str:
    """Plain text as LaTeX of ASCII characters: specials escaped, signs of mathematics as little formulas."""
    return "".join(_text_part(part) for part in _parts(text))


class _Printer(LatexPrinter):  # type: ignore[misc]
    """sympy's printer but for names of several letters, the step function, and sums that outgrow a line."""

    def _deal_with_super_sub(self, string: str, style: str = "plain") -> str:
        if "{" in string or "\\" in string:
            return string
        name, above, below = split_super_sub(string)
        name = _name(name)
        if style == "bold":
            name = rf"\mathbf{{{name}}}"
        while below and below[-1] in _ACCENTED:  # s_bar
            name = rf"\{below.pop()}{{{name}}}"
        for mark, indices in (("^", above), ("_", below)):
            if indices:
                name += f"{mark}{{{','.join(map(_name, indices))}}}"
        return name

    def _hprint_Function(self, func: str) -> str:  # noqa: N802
        return rf"\{func}" if func in accepted_latex_functions else self._deal_with_super_sub(func)

    def _print_Heaviside(self, expr: Any, exp: Any = None) -> str:  # noqa: N802 - theta is a threshold here
        step = rf"\Theta\left({self._print(expr.args[0])}\right)"
        return rf"{step}^{{{exp}}}" if exp else step

    def _print_Add(self, expr: Any, order: Any = None) -> str:  # noqa: N802
        lines: list[str] = []
        line = ""
        for term in self._as_ordered_terms(expr, order=order):
            minus = term.could_extract_minus_sign()
            body = self._print(-term if minus else term)
            if self._needs_add_brackets(-term if minus else term):
                body = rf"\left({body}\right)"
            inside = bool(line or lines)
            sign = (" - " if inside else "- ") if minus else (" + " if inside else "")
            if line and visible(line) + visible(body) > LINE:
                lines.append(line)
                line = "{}"  # a sign at the beginning of a line is still one between terms
            line += sign + body
        if not lines:
            return line
        return r"\begin{aligned} & " + r" \\ & \quad ".join([*lines, line]) + r" \end{aligned}"


def _name(word: str) -> str:
    """A symbol's name or index: Greek and accents as sympy reads them, words upright."""
    code = translate(word)
    if code != word or not re.fullmatch(r"[A-Za-z]{2,}\d*", word):
        return str(code)
    return rf"\mathrm{{{word}}}"


def visible(code: str) -> int:
    """Visible characters of a formula, roughly: a fraction counts as the longer of its two parts."""
    depth, start, total, at = 0, 0, 0, 0
    while (at := code.find(r"\frac{", at)) >= 0:
        total += visible(code[start:at])
        parts: list[int] = []
        start = at = at + 5
        while len(parts) < 2 and at < len(code):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
            if depth == 0:
                parts.append(visible(code[start + 1 : at - 1]))
                start = at
        total += max(parts, default=0)
        start = at
    rest = re.sub(
        r"\\(begin|end)\{\w+\}|\\(left|right|mathrm|operatorname|limits|quad)|[{}^_&\s]|\\[,;: ]", "", code[start:]
    )
    return total + len(re.sub(r"\\[A-Za-z]+", "x", rest))


def _parts(text: str) -> list[str]:
    """Characters, each with the accents that stand on it."""
    return re.findall(r"[^\u0300-\u036f\u20d7][\u0300-\u036f\u20d7]*", unicodedata.normalize("NFD", text))


def _sign(part: str, accent: int) -> str:
    """Code of a sign of mathematics, with a space after a command so that letters may follow; empty if unknown."""
    base, marks = part[0], part[1:]
    code = _SIGNS.get(base) or _greek(base) or _raised(base) or (base if base.isascii() else "")
    if not code or not set(marks) <= _ACCENTS.keys():
        return ""
    for mark in marks:
        code = f"{_ACCENTS[mark][accent]}{{{code}}}"
    return f"{code} " if code[-1].isalpha() and code.startswith("\\") else code


def _text_part(part: str) -> str:
    base, marks = part[0], part[1:]
    if marks and base.isascii() and base.isalpha() and set(marks) <= _ACCENTS.keys():
        code = base
        for mark in marks:
            code = rf"\{_ACCENTS[mark][0]}{{{code}}}"
        return code
    if part in _MARKS:
        return _MARKS[part]
    if part.isascii() and part not in _SIGNS:
        return part
    code = _sign(part, accent=1).strip()
    return f"${code}$" if code else _unknown(part)


def _greek(character: str) -> str:
    """Command of a Greek letter; capitals that look Latin are Latin."""
    size, _, name = unicodedata.name(character, "").partition(" LETTER ")
    name = name.lower().replace("lamda", "lambda").replace("final sigma", "varsigma")
    if size == "GREEK SMALL":
        return "o" if name == "omicron" else rf"\{name}"
    if size == "GREEK CAPITAL":
        latin = {"alpha": "A", "beta": "B", "epsilon": "E", "zeta": "Z", "eta": "H", "iota": "I", "kappa": "K"}
        latin |= {"mu": "M", "nu": "N", "omicron": "O", "rho": "P", "tau": "T", "upsilon": "Y", "chi": "X"}
        return latin.get(name, rf"\{name.capitalize()}")
    return ""


def _raised(character: str) -> str:
    """Superscripts and subscripts, such as ² and ₊."""
    kind, _, plain = unicodedata.decomposition(character).partition(" ")
    if kind not in {"<super>", "<sub>"} or " " in plain:
        return ""
    base = chr(int(plain, 16))
    return f"{{}}{'^' if kind == '<super>' else '_'}{{{_SIGNS.get(base) or _greek(base) or base}}}"


def _unknown(part: str) -> str:
    return "".join(f"[U+{ord(c):04X}]" for c in part)
