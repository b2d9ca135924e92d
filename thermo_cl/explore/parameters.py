"""The numbers that the explorer's sliders move: names, units, ranges."""

from __future__ import annotations

from dataclasses import dataclass

from thermo_cl.errors import InvalidParameterError

__all__ = ["BY_NAME", "PARAMETERS", "Parameter"]


@dataclass(frozen=True)
class Parameter:
    """One adjustable number and the range in which the page is exact and quick.

    Attributes
    ----------
    name : str
        Field of ``ExplorerSettings`` and name in an address; the same as the option of the command line.
    symbol, title, unit, about : str
        How the page calls it; the unit is "" for a pure number.
    low, high : float
        Ends of the range, both allowed.
    step : float
        Of the slider: an increment of the number, or of its decimal logarithm.
    logarithmic, whole : bool
        Whether the slider moves in the logarithm, and whether only whole numbers are meant.
    """

    name: str
    symbol: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    about: str
    logarithmic: bool = False
    whole: bool = False

    @property
    def valid(self) -> str:
        """What is accepted, as the end of the sentence "... must be"."""
        unit = f" {self.unit}" if self.unit else ""
        return f"a {'whole number' if self.whole else 'number'} from {self.low:g} to {self.high:g}{unit}"

    def checked(self, value: object) -> float:
        """The number, if it lies in the range.

        Raises
        ------
        InvalidParameterError
            If it is not a finite number of the range, or not a whole one where that is meant.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise InvalidParameterError(self.name, value, self.valid)
        if self.whole and value != int(value):
            raise InvalidParameterError(self.name, value, self.valid)
        return int(value) if self.whole else float(value)


PARAMETERS = (
    Parameter("gamma", "γ", "Drive", "", 1e-10, 1.0, 0.05,
              "1 is detailed balance; smaller is driven harder; below e⁻¹ the ladder adapts", logarithmic=True),
    Parameter("rate_factor", "F", "Rung rates over rail rates", "", 0.01, 1000.0, 0.05,
              "how fast the molecule switches rails, in units of its steps along them", logarithmic=True),
    Parameter("levels", "n", "Levels", "", 2, 24, 1, "rungs of the ladder", whole=True),
    Parameter("reference_level", "m₀", "Reference level", "", 0.0, 23.0, 0.25,
              "where both rails have equal energy without signal; at most the top level n − 1"),
    Parameter("signal", "s", "Signal step, 0 to", "µM", 5.0, 250.0, 1.0, "the step from which the kernel is read"),
    Parameter("fast", "τ_f", "Fast rise", "time units", 0.05, 20.0, 0.02, "free to clamped", logarithmic=True),
    Parameter("slow", "τ_s", "Slow fall", "time units", 0.1, 200.0, 0.02, "clamped back to free", logarithmic=True),
    Parameter("mean", "s̄", "Mean", "signal", -50.0, 50.0, 0.5, "average of free and clamped"),
    Parameter("threshold", "θ", "Threshold", "signal / time", 0.0, 40.0, 0.02,
              "weaker output does not count; automatic: just above the slow ramp's output at A_max (Eq. 45)"),
    Parameter("amplitude", "A", "Amplitude shown", "signal", 0.0, 100.0, 0.5, "clamped minus free, of the drawn cycle"),
    Parameter("amplitude_max", "A_max", "Largest amplitude", "signal", 1.0, 100.0, 0.5,
              "sets the automatic threshold and the curve's range"),
)  # fmt: skip
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
