"""Derivations that run: every formula of the library derived by sympy, proved step by step, checked by numbers."""

from thermo_cl.symbolic.equation import Check, Equation, Proof, Step
from thermo_cl.symbolic.family import KernelFamily
from thermo_cl.symbolic.html import html_document
from thermo_cl.symbolic.registry import equation, names
from thermo_cl.symbolic.tex import latex_document
from thermo_cl.symbolic.text import text_derivation

__all__ = [
    "Check",
    "Equation",
    "KernelFamily",
    "Proof",
    "Step",
    "equation",
    "html_document",
    "latex_document",
    "names",
    "text_derivation",
]
