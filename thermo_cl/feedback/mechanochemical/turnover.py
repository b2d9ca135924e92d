"""Free energy that a driven chemical loop turns over in a training cycle."""

from __future__ import annotations

from dataclasses import dataclass

from thermo_cl import _validate as check
from thermo_cl.feedback.reactions import MOLECULES_PER_UM_FL

__all__ = ["Turnover", "turnover_cost"]


@dataclass(frozen=True)
class Turnover:
    """What a loop of chemical and enzyme costs over one training cycle.

    Attributes
    ----------
    chemical, enzyme : float
        Molecules released and removed, and molecules made and removed, in the cycle.
    free_energy : float
        Dissipated in the cycle, in k_B T.
    """

    chemical: float
    enzyme: float
    free_energy: float


def turnover_cost(release: float, production: float, period: float, *, volume: float, drive: float) -> Turnover:
    r"""Free energy of a cycle from the mean net fluxes around the two loops.

    A molecule of the chemical is released from a store and brought back; a molecule of the enzyme is made active and
    inactive again. Both are loops of reversible reactions, each turn driven by the same free energy
    :math:`\Delta\mu`. A loop whose forward and backward fluxes are :math:`J_\pm`, with
    :math:`J_+/J_- = e^{\Delta\mu}`, produces the entropy :math:`(J_+ - J_-)\ln(J_+/J_-)`: the net flux times the drive.
    In the periodic state of any protocol as much is removed as is released, so that the mean fluxes suffice.

    Counted are these two loops. Not counted are the work of the nudge, what holds the gates of the store, and the cost
    of whatever else the chemical sets off.

    Parameters
    ----------
    release, production : float
        Mean net fluxes of chemical released and of enzyme made, in uM/s, >= 0.
    period : float
        Of the training cycle, in s, > 0.
    volume : float
        In fL, > 0.
    drive : float
        Free energy of a turn in k_B T, > 0; about 20 for the hydrolysis of an ATP.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.

    Examples
    --------
    >>> round(turnover_cost(1.0, 0.0, 1.0, volume=1.0, drive=20.0).free_energy, 5)
    12044.28152
    """
    molecules = MOLECULES_PER_UM_FL * check.positive_number("volume", volume) * check.positive_number("period", period)
    chemical = molecules * check.single("release", check.non_negative("release", release))
    enzyme = molecules * check.single("production", check.non_negative("production", production))
    return Turnover(chemical, enzyme, check.positive_number("drive", drive) * (chemical + enzyme))
