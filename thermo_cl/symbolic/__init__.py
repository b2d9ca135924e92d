"""Derivations that run: every formula of the library derived by sympy, proved step by step, checked by numbers."""

from thermo_cl._show import public
from thermo_cl.symbolic.documents.html import html_document
from thermo_cl.symbolic.documents.tex import latex_document
from thermo_cl.symbolic.documents.text import text_derivation
from thermo_cl.symbolic.equation import Check, Equation, Proof, Step
from thermo_cl.symbolic.families.family import KernelFamily
from thermo_cl.symbolic.registry import equation, names

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

__dir__ = public(__all__)
