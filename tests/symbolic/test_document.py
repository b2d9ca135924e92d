"""Written derivations are well formed, complete, escaped, and tell the outcome."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from html.entities import html5
from html.parser import HTMLParser

import numpy as np
import pytest
import sympy as sp

from thermo_cl.symbolic import Equation, Step, equation, html_document, latex_document, names, text_derivation
from thermo_cl.symbolic.documents.formula import ascii_math, ascii_text, latex
from thermo_cl.symbolic.documents.mathml import mathml
from thermo_cl.symbolic.documents.outcomes import Outcome, assumptions, chapters, explained, verify
from thermo_cl.symbolic.documents.prose import html_prose, plain_prose, tex_prose
from thermo_cl.symbolic.equation import Check, Proof

a, b, t = sp.symbols("a b t", positive=True)
n = sp.Symbol("n", integer=True, nonnegative=True)
u = sp.Symbol("u", real=True)
AREA = Equation(
    "area-of-decay",
    "Falk et al. 2025",
    "7",
    "Area of a decaying exponential, for a < oo & b > 0",
    sp.Eq(sp.Symbol("I"), a / b, evaluate=False),
    {a: "amplitude <of> the kernel, 100%", b: "decay rate_x", sp.Symbol("I"): "area, Δw", u: "not used", t: "time"},
    (
        Step(sp.Integral(a * sp.exp(-b * t), (t, 0, sp.oo)), "definition: {area} & #1"),
        Step(a / b, "tau_s -> oo, b^2 $x$ \\relax", lambda e: e.doit()),
    ),
    lambda rng: (1.0, 1.0),
)
OWN = dataclasses.replace(AREA, name="own-area", paper="thermo_cl", number="")
GOOD = Outcome(Proof(True), Check(True, 1e-16, 1e-9))
BAD = Outcome(Proof(False, "step 2 (a < b) does not follow from the one before it"), Check(False, np.nan, 1e-9))


class Page(HTMLParser):
    """Elements of a page, checked to be nested and closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)
        self.ids += [value for key, value in attributes if key == "id"]
        self.links += [value for key, value in attributes if key in {"href", "src"}]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


# ------------------------------------------------------------------- the page


def test_page_is_well_formed_and_needs_nothing_else():
    text = html_document([AREA, OWN], {AREA.name: GOOD, OWN.name: BAD})
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert page.ids == [AREA.name, OWN.name]
    assert page.links == [f"#{AREA.name}", f"#{OWN.name}"]
    assert not re.search(r"https?:|@import|url\(|<script", text)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    ET.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", text))


def test_page_says_everything():
    page = Page(html_document([AREA], {AREA.name: BAD}))
    words = " ".join("".join(page.words).split())
    for part in (
        "Eq. 7",
        "for a < ∞ & b > 0",
        "amplitude <of> the kernel, 100%",
        "positive",
        "definition: {area} & #1",
        "b² $x$ \\relax",
        "NOT PROVED: step 2 (a < b) does not follow",
        "DISAGREES, no number (tolerance 1e-09)",
        "0 of 1 equations hold",
    ):
        assert part in words
    assert "not used" not in words


def test_outcomes_are_found_if_they_are_not_given():
    assert "1 of 1 equations hold" in html_document([AREA])
    assert r"\textbf{Proof}\quad proved" in latex_document([AREA])
    assert "Proof: proved" in text_derivation(AREA)


def test_what_fails_is_marked_everywhere():
    outcomes = {AREA.name: BAD}
    assert '<span class="bad">FAILS</span>' in html_document([AREA], outcomes)
    assert r"\textbf{FAILS}" in latex_document([AREA], outcomes)
    assert "NOT PROVED: step 2" in text_derivation(AREA, BAD)


# ---------------------------------------------------------------------- LaTeX


def balanced(text) -> bool:
    plain = re.sub(r"\\\\|\\[{}]", "", text)
    depth = 0
    for character in plain:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    environments = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z]+\*?)\}", text):
        if kind == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    return depth == 0 and not environments


def test_latex_is_whole_and_ascii():
    text = latex_document([AREA, OWN], {AREA.name: GOOD, OWN.name: BAD})
    assert text.isascii()
    assert text.startswith(r"\documentclass")
    assert text.endswith("\\end{document}\n")
    assert balanced(text)
    assert text.count(r"\label{") == text.count(r"\pageref{") == 2
    for part in (
        r"$\Delta$w",
        r"amplitude \textless{}of\textgreater{} the kernel, 100\%",
        r"rate\_x",
        r"\{area\} \& \#1",
        r"b${}^{2}$ \$x\$ \textbackslash{}relax",
        r"\int_{0}^{\infty} a e^{- b t}\, dt",
    ):
        assert part in text
    assert "not used" not in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Høier", r"H\o{}ier"),
        ("é ü", "\\'{e} \\\"{u}"),
        ("Δw = τ²", r"$\Delta$w = $\tau$${}^{2}$"),
        ("ṡ → ∞", r"\.{s} $\to$ $\infty$"),
        ("50 % of $_^&#{}\\~", r"50 \% of \$\_\textasciicircum{}\&\#\{\}\textbackslash{}$\sim$"),
        ("½ – x₊", r"$\tfrac{1}{2}$ -- x${}_{+}$"),
        ("漢", "[U+6F22]"),
    ],
)
def test_text_becomes_ascii(text, code):
    assert ascii_text(text) == code


def test_signs_in_formulas_become_commands():
    assert ascii_math("Δℓ + x") == r"\Delta \ell  + x"
    assert latex(sp.Symbol("Δℓ") * a) == r"\Delta \ell  a" or latex(sp.Symbol("Δℓ")).strip() == r"\Delta \ell"
    assert ascii_math("漢") == r"\text{[U+6F22]}"


# ------------------------------------------------------------------- formulas

f = sp.Function("f")
FORMULAS = [
    (sp.log(a), r"\ln{\left(a \right)}"),
    (sp.Symbol("A_max"), r"A_{\mathrm{max}}"),
    (sp.Symbol("s_bar"), r"\bar{s}"),
    (sp.Symbol("tau_f"), r"\tau_{f}"),
    (sp.Symbol("mu^+_1"), r"\mu^{+}_{1}"),
    (sp.Symbol(r"\hat{w}"), r"\hat{w}"),
    (sp.Function("P_top")(t), r"P_{\mathrm{top}}{\left(t \right)}"),
    (sp.cosh(t) ** 2, r"\cosh^{2}{\left(t \right)}"),
    (sp.Heaviside(t - 1), r"\Theta\left(t - 1\right)"),
    (sp.Add(a, sp.Mul(-1, b + t, evaluate=False), evaluate=False), r"a - \left(b + t\right)"),
    (-a + b, "- a + b"),
]


@pytest.mark.parametrize(("expression", "code"), FORMULAS, ids=[code for _, code in FORMULAS])
def test_style_of_formulas(expression, code):
    assert latex(expression) == code


def test_a_long_sum_is_broken_into_lines():
    long = sum(sp.Symbol(f"x_{i}") ** i / (1 + sp.Symbol("y") ** i) for i in range(1, 40))
    code = latex(sp.Eq(u, sp.sqrt(long) / (1 + long), evaluate=False))
    assert code.count(r"\begin{aligned}") == 2
    assert balanced(code)
    assert all(len(re.findall("x_", line)) < 25 for line in code.split(r"\\"))
    ET.fromstring(mathml(code))
    assert latex(a + b) == "a + b"


SHAPES = [
    sp.Integral(f(t) * sp.exp(-t / a), (t, 0, sp.oo)),
    sp.Equivalent(t > a, u < 1),
    sp.Limit(sp.sin(t) / t, t, 0),
    sp.Matrix([[1, t], [a, -2]]),
    sp.Piecewise((t, t > 1), (0, True)),
    sp.Derivative(f(t), (t, 2)),
    sp.Derivative(sp.Function("g")(a, t), a),
    sp.Sum(t**n, (n, 0, sp.oo)),
    sp.Product(t + n, (n, 1, 4)),
    sp.Max(t, a),
    sp.Abs(u),
    sp.root(a + 1, 3),
    sp.Subs(sp.Derivative(f(u), u), u, 0),
    sp.O(t**2),
    sp.binomial(n, 2),
    sp.factorial(n),
    sp.Determinant(sp.Matrix([[a, b], [t, u]])),
    sp.MatrixSymbol("W", 2, 2).T * sp.MatrixSymbol("W", 2, 2),
    sp.Symbol("p'"),
    sp.ceiling(u) + sp.floor(u),
    sp.conjugate(sp.Symbol("z")),
    sp.oo * u,
    sp.I * u + sp.pi + sp.E,
    sp.Implies(t > a, u < 1),
    sp.Rational(-3, 7) * a ** sp.Rational(2, 3),
    sp.Float("1.5e-30"),
    sp.And(a > b, b > t),
    sp.true,
]


@pytest.mark.parametrize("expression", SHAPES, ids=range(len(SHAPES)))
def test_every_shape_becomes_mathml(expression):
    root = ET.fromstring(mathml(latex(expression)))
    assert root.tag == "math"
    arity = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3, "mroot": 2}
    for element in root.iter():
        if element.tag in arity:
            assert len(element) == arity[element.tag], ET.tostring(element)


def test_mathml_of_an_integral():
    assert mathml(r"\int_{0}^{\infty} \frac{a}{2}\, dt", block=False) == (
        '<math display="inline"><mrow>'
        '<msubsup><mo largeop="true">∫</mo><mrow><mn>0</mn></mrow><mrow><mi>∞</mi></mrow></msubsup>'
        "<mfrac><mi>a</mi><mn>2</mn></mfrac>"
        '<mspace width="0.17em"></mspace><mi>d</mi><mi>t</mi></mrow></math>'
    )


@pytest.mark.parametrize("code", [r"\unheard{a}", r"\frac{a", r"a}", r"\left( a", r"\begin{matrix} a"])
def test_latex_that_is_not_understood_is_refused(code):
    with pytest.raises(ValueError, match=r"unheard|missing|closes nothing"):
        mathml(code)


# -------------------------------------------------------------------- symbols


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        (a, "positive"),
        (u, "real"),
        (n, "nonnegative integer"),
        (sp.Symbol("z"), ""),
        (sp.Symbol("k", negative=True, integer=True), "negative integer"),
        (sp.Symbol("x", real=True, nonzero=True), "nonzero"),
    ],
)
def test_assumptions_in_words(symbol, words):
    assert assumptions(symbol) == words


def test_symbols_of_one_meaning_stand_together():
    x = sp.symbols("x_1:4", real=True)
    entry = Equation(
        "sum", "thermo_cl", "", "Sum", sp.Eq(sum(x), sum(x), evaluate=False), {**dict.fromkeys(x, "part"), a: "unused"},
        (Step(sum(x), "sum"),), lambda rng: (1.0, 1.0),
    )  # fmt: skip
    assert explained(entry) == [(list(x), "part", "real")]


def test_our_own_results_are_the_last_chapter():
    found = chapters([OWN, AREA])
    assert list(found) == ["Falk et al. 2025", "Results of thermo_cl"]


# ----------------------------------------------------------------------- text


def test_text_is_complete_and_narrow():
    text = text_derivation(AREA, GOOD, width=72)
    assert all(len(line) <= 72 and line == line.rstrip() for line in text.splitlines())
    for part in (
        "area-of-decay  (Falk et al. 2025, Eq. 7)",
        "a: amplitude <of>",
        "positive",
        "1. definition",
        "→ ─",
        "⌠",
    ):
        assert part in text
    assert "not used" not in text


def test_text_of_a_long_step_is_wrapped():
    long = sum(sp.Symbol(f"x_{i}") ** i for i in range(1, 60))
    broad = sp.Integral(sp.prod(sp.Symbol(f"y_{i}") + t for i in range(40)), (t, 0, 1))
    steps = (Step(long, "a long sum"), Step(broad, "a long product"))
    text = text_derivation(dataclasses.replace(AREA, derivation=steps), GOOD, width=80)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "y_39" in text
    assert "x₅₉" in text


PROSE = [
    ("theta lies above A/tau_s", "θ lies above A/τₛ", r"$\theta$ lies above A/$\tau_{s}$"),
    ("weight_update(x) -> oo", "weight_update(x) → ∞", r"weight\_update(x) $\to$ $\infty$"),
    ("r_+ and mu1 > 0", "r₊ and μ₁ > 0", r"$r_{+}$ and $\mu_{1}$ \textgreater{} 0"),
    ("P_top >= 1/2 and |g|^2 <= x^-1", "Pₜₒₚ ≥ 1/2 and |g|² ≤ x⁻¹", None),
    ("beta-binomial, gamma(x), alphabet", "beta-binomial, gamma(x), alphabet", "beta-binomial, gamma(x), alphabet"),
]


@pytest.mark.parametrize(("text", "plain", "tex"), PROSE)
def test_signs_in_sentences(text, plain, tex):
    assert plain_prose(text) == plain
    assert tex is None or tex_prose(text) == tex
    ET.fromstring(f"<p>{html_prose(text)}</p>")


# --------------------------------------------------------------- the registry


@pytest.fixture(scope="module")
def everything():
    """All equations with an outcome that is not theirs: proofs are tested elsewhere."""
    return [equation(name) for name in names()], dict.fromkeys(names(), GOOD)


def test_page_of_everything(everything):
    page = Page(html_document(*everything))
    assert sorted(page.ids) == sorted(names())
    assert sorted(page.links) == sorted(f"#{name}" for name in names())
    assert not {entity for word in page.words for entity in re.findall(r"&(\w+;)", word)} & html5.keys()


def test_latex_of_everything(everything):
    text = latex_document(*everything)
    assert text.isascii()
    assert balanced(text)
    assert "[U+" not in text
    for name in names():
        assert rf"\label{{{name}}}" in text


@pytest.mark.parametrize("name", names())
def test_text_of_each(name):
    text = text_derivation(equation(name), GOOD)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert f"  {len(equation(name).derivation)}. " in text


def test_verify_is_the_proof_and_a_seeded_check():
    seen = []
    entry = dataclasses.replace(AREA, compare=lambda rng: seen.append(rng.random()) or (1.0, 1.0))
    outcome = verify(entry, 5)
    assert outcome.holds
    assert seen == [np.random.default_rng(5).random()]
