"""What is set in the explorer: one ladder, the sawtooth that it sees, and its threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from thermo_cl.errors import InvalidParameterError
from thermo_cl.explore.parameters import BY_NAME, PARAMETERS

__all__ = ["LADDER_UNITS", "PRESETS", "ExplorerSettings"]

LADDER_UNITS = 5.0  # ladder time per unit of protocol time, as in the paper


@dataclass(frozen=True)
class ExplorerSettings:
    """Everything that a view depends on; ``PARAMETERS`` has meanings, units and ranges.

    Parameters
    ----------
    gamma, rate_factor : float
        Drive of the ladder, and its vertical rates over horizontal ones F.
    levels : int
        Number of levels n.
    reference_level : float
        Level m0 of equal energy, 0 to n - 1.
    signal : float
        Signal after the step from 0, micromolar.
    fast, slow : float
        Ramp times in protocol time, five ladder units each.
    mean : float
        Mean of the sawtooth.
    threshold : float or None
        Hard threshold in signal / protocol time; None stands for Eq. 45 of Falk et al. (2025).
    amplitude, amplitude_max : float
        Amplitude of the cycle that is drawn, and the largest that the synapse is meant for.

    Raises
    ------
    InvalidParameterError
        If a value is out of its range.

    Examples
    --------
    >>> ExplorerSettings(levels=12, reference_level=8.0).replaced(levels=6).reference_level
    5.0
    """

    gamma: float = 1e-3
    rate_factor: float = 25.0
    levels: int = 5
    reference_level: float = 1.0
    signal: float = 200.0
    fast: float = 3.0
    slow: float = 15.0
    mean: float = 10.0
    threshold: float | None = None
    amplitude: float = 30.0
    amplitude_max: float = 50.0

    def __post_init__(self) -> None:
        for parameter in PARAMETERS:
            value = getattr(self, parameter.name)
            if value is not None or parameter.name != "threshold":
                object.__setattr__(self, parameter.name, parameter.checked(value))
        if self.reference_level > self.levels - 1:
            valid = f"a number from 0 to {self.levels - 1}, the top one of {self.levels} levels"
            raise InvalidParameterError("reference_level", self.reference_level, valid)

    def replaced(self, **changes: Any) -> ExplorerSettings:
        """Settings with some values changed; a reference level above the top one is lowered with the levels.

        Raises
        ------
        InvalidParameterError
            If a value is out of its range.
        """
        levels = BY_NAME["levels"].checked(changes.get("levels", self.levels))
        if "reference_level" not in changes and self.reference_level > levels - 1:
            changes["reference_level"] = levels - 1.0
        return replace(self, **changes)


PRESETS: dict[str, ExplorerSettings] = {
    "The paper's ladder": ExplorerSettings(),
    "Nine times cheaper": ExplorerSettings(gamma=0.2, levels=16, reference_level=6.0),
    "Accurate": ExplorerSettings(gamma=1e-2, levels=12, reference_level=4.0),
    "Long fall": ExplorerSettings(gamma=1e-2, levels=12, reference_level=4.0, fast=0.5, slow=50.0, amplitude=5.0),
    "Hardly driven": ExplorerSettings(gamma=0.3, levels=12, reference_level=4.0),
    "Equilibrium": ExplorerSettings(gamma=1.0),
}
