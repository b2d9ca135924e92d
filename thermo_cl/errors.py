"""Errors of the library: one base, and each message says what to change."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "InvalidParameterError",
    "IrreversibleEdgeError",
    "NormalizationError",
    "NotConnectedError",
    "OutputError",
    "ReducibleNetworkError",
    "ThermoError",
]


class ThermoError(Exception):
    """Base of every error that thermo_cl raises on purpose."""


class InvalidParameterError(ThermoError, ValueError):
    """An argument outside its domain.

    Parameters
    ----------
    name : str
        The argument, as the caller wrote it.
    value : object
        What was given; arrays are shortened to the first offending entry by the checks of this package.
    valid : str
        What would be accepted, as the end of the sentence "... must be".
    """

    def __init__(self, name: str, value: object, valid: str) -> None:
        super().__init__(f"{name} = {value!r} is not valid: it must be {valid}")
        self.name, self.value, self.valid = name, value, valid


class ReducibleNetworkError(ThermoError, ValueError):
    """A network that falls into several communicating classes where one is needed."""

    def __init__(self, classes: Sequence[Sequence[int]]) -> None:
        listed = ", ".join("{" + ", ".join(map(str, c)) + "}" for c in classes)
        super().__init__(
            f"the network is reducible: its communicating classes are {listed}. "
            "Join them by non-zero rates in both directions, or treat each class as a network of its own"
        )
        self.classes = [list(c) for c in classes]


class IrreversibleEdgeError(ThermoError, ValueError):
    """Entropy production asked for across an edge that has no reverse rate (it is infinite)."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__(
            f"the edge {source} -> {target} has no reverse rate, so its entropy production is infinite; "
            f"give {target} -> {source} a positive rate"
        )
        self.source, self.target = source, target


class NotConnectedError(ThermoError, ValueError):
    """A cycle or path that uses an edge which the network does not have."""


class NormalizationError(ThermoError, ValueError):
    """A kernel whose first moment vanishes, so that it cannot be scaled to -1."""


class OutputError(ThermoError, OSError):
    """A result that cannot be written where it was asked to go."""
