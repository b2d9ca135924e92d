"""Molecular carrier: dimers that regulate themselves down, and the linkers that they make."""

from thermo_cl._show import public
from thermo_cl.feedback.molecular.copies import dimer_copies
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.feedback.molecular.driven import DimerResponse, dimer_response, follow_monomers
from thermo_cl.feedback.molecular.pairs import linker_updates
from thermo_cl.feedback.molecular.report import dimer_report
from thermo_cl.feedback.molecular.reversible import ReversibleDimer, UpdateCost

__all__ = [
    "DimerResponse",
    "DimerSynapse",
    "ReversibleDimer",
    "UpdateCost",
    "dimer_copies",
    "dimer_report",
    "dimer_response",
    "follow_monomers",
    "linker_updates",
]

__dir__ = public(__all__)
