"""How to cite the software and the papers whose results it computes."""

from __future__ import annotations

__all__ = ["citation"]

_TEXT = """\
If you use thermo_cl, please cite the software and the papers whose results you used.

Software
  The thermo_cl developers. thermo_cl: exact stochastic thermodynamics of learning synapses.
  Version {version}.

Memory kernels, ladders, weight updates, dissipation
  M. J. Falk, A. T. Strupp, B. Scellier, A. Murugan. Temporal Contrastive Learning through
  implicit non-equilibrium memory. Nature Communications (2025).
  doi:10.1038/s41467-025-57043-x, arXiv:2312.17723

Flexible phases
  E. Williams, C. Bredenberg, G. Lajoie. Flexible Phase Dynamics for Bio-Plausible Contrastive
  Learning. Proceedings of the 40th International Conference on Machine Learning (2023).
  arXiv:2302.12431

Single-phase learning, dual propagation
  R. Høier, C. Zach. Two Tales of Single-Phase Contrastive Hebbian Learning. Proceedings of the
  41st International Conference on Machine Learning, PMLR 235:18470-18488 (2024).
  arXiv:2402.08573
"""


def citation(version: str) -> str:
    """Text citations of the software, in the given version, and of the three papers, ending in a newline."""
    return _TEXT.format(version=version)
