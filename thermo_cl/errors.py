"""Errors of the library: one base, and each message says what to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "ConvergenceError",
    "DataError",
    "DeadLayerWarning",
    "DisconnectedNetworkError",
    "DivergenceError",
    "DivergentIntegralError",
    "InvalidParameterError",
    "IrreversibleEdgeError",
    "MemoryLimitError",
    "NormalizationError",
    "NotConnectedError",
    "OutputError",
    "RampWindowWarning",
    "ReducibleNetworkError",
    "SilentUpdatesWarning",
    "StiffnessError",
    "SweepError",
    "ThermoError",
    "UnknownEquationError",
    "WeightDegeneracyWarning",
]

_SHOWN = 20  # members and classes that a message lists at most


class ThermoError(Exception):
    """Base of every error that thermo_cl raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.args), self.__dict__  # the message is made already, its parts are gone


def _rebuilt(kind: type[ThermoError], args: tuple[Any, ...]) -> ThermoError:
    base: type = kind
    while issubclass(base, ThermoError):  # down to the built-in error whose layout it has, which need not be the first
        base = base.__base__ or object
    made: ThermoError = base.__new__(kind, *args)
    return made


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
    """A network that falls into several communicating classes where one is needed.

    Parameters
    ----------
    classes : sequence of sequence of int
        The states of each class.
    absorbing : sequence of int, optional
        States that no jump leaves.
    """

    def __init__(self, classes: Sequence[Sequence[int]], absorbing: Sequence[int] = ()) -> None:
        shown = ["{" + ", ".join(map(str, c[:_SHOWN])) + (", ..." if len(c) > _SHOWN else "") + "}" for c in classes]
        listed = ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
        stuck = ", ".join(map(str, absorbing[:_SHOWN])) + (", ..." if len(absorbing) > _SHOWN else "")
        super().__init__(
            f"the network is reducible: its communicating classes are {listed}. "
            + (f"No jump leaves state{'s' if len(absorbing) > 1 else ''} {stuck}. " if stuck else "")
            + "Join them by non-zero rates in both directions, or ask for one steady state per closed class "
            "with steady_states(network)"
        )
        self.classes, self.absorbing = [list(c) for c in classes], list(absorbing)


class DisconnectedNetworkError(ThermoError, ValueError):
    """A network of edges that leaves some of its nodes free to move without any force or current against it.

    Parameters
    ----------
    pieces : sequence of sequence of int
        The nodes of each part that nothing holds.
    """

    def __init__(self, pieces: Sequence[Sequence[int]]) -> None:
        shown = ["{" + ", ".join(map(str, p[:_SHOWN])) + (", ..." if len(p) > _SHOWN else "") + "}" for p in pieces]
        listed = ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
        super().__init__(
            f"the network is disconnected: nothing holds the nodes {listed}. "
            "Join them to the rest by edges, or impose a value in each part"
        )
        self.pieces = [list(p) for p in pieces]


class DivergentIntegralError(ThermoError, ValueError):
    """An area, moment or transform that does not converge; the message says which, and what would."""


class IrreversibleEdgeError(ThermoError, ValueError):
    """Entropy production asked for across an edge that has no reverse rate (it is infinite)."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__(
            f"the edge {source} -> {target} has no reverse rate, so its entropy production is infinite; "
            f"give {target} -> {source} a positive rate"
        )
        self.source, self.target = source, target


class ConvergenceError(ThermoError, ArithmeticError):
    """An iteration that did not reach the accuracy asked for; the message says how far it came and what to try."""


class MemoryLimitError(ThermoError, MemoryError):
    """A result that would not fit into memory, refused before anything is allocated.

    Parameters
    ----------
    what : str
        What was asked for.
    needed, available : int
        In bytes.
    instead : str
        What to do about it, as a sentence.
    """

    def __init__(self, what: str, needed: int, available: int, instead: str) -> None:
        super().__init__(
            f"{what} needs {needed / 2**30:.1f} GiB of memory, of which {available / 2**30:.1f} GiB are free. {instead}"
        )
        self.needed, self.available = needed, available


class DataError(ThermoError, ValueError):
    """A file of examples that is damaged, incomplete or not what its name says; the message names the checksum."""


class DivergenceError(ThermoError, ArithmeticError):
    """A training run whose numbers left the finite range; the message says where the last good state is kept."""


class DeadLayerWarning(UserWarning):
    """A layer none of whose units is active, so that it does not learn.

    Parameters
    ----------
    message : str
    layer : int
        Its number, from 1.
    step : int
        Of the run, at which it was found; 0 if unknown.
    """

    def __init__(self, message: str, layer: int = 1, step: int = 0) -> None:
        super().__init__(message, layer, step)
        self.layer, self.step = layer, step

    def __str__(self) -> str:
        return str(self.args[0])


class RampWindowWarning(UserWarning):
    """A ramp, threshold or amplitude outside the window in which a carrier computes a derivative; names the window."""


class SilentUpdatesWarning(UserWarning):
    """Thresholds so high that no synapse was updated."""


class WeightDegeneracyWarning(UserWarning):
    """An importance-sampling estimate that too few of its chains carry for its error bar to mean much.

    Parameters
    ----------
    message : str
    effective_chains : float
        (sum w)^2 / sum w^2 of the weights.
    chains : int
        How many there are.
    """

    def __init__(self, message: str, effective_chains: float = 1.0, chains: int = 0) -> None:
        super().__init__(message, effective_chains, chains)
        self.effective_chains, self.chains = effective_chains, chains

    def __str__(self) -> str:
        return str(self.args[0])


class NotConnectedError(ThermoError, ValueError):
    """A cycle or path that uses an edge which the network does not have."""


class NormalizationError(ThermoError, ValueError):
    """A kernel whose first moment vanishes, so that it cannot be scaled to -1."""


class OutputError(ThermoError, OSError):
    """A result that cannot be written where it was asked to go."""


class SweepError(ThermoError, RuntimeError):
    """A sweep that cannot go on: its workers died, its scheduler went, or they run other code."""


class StiffnessError(ThermoError, ArithmeticError):
    """Equations of motion that the integrator cannot follow.

    Parameters
    ----------
    message : str
    fastest, slowest : float
        Timescales of the linearised equations.
    """

    def __init__(self, message: str, fastest: float = 0.0, slowest: float = 0.0) -> None:
        super().__init__(message, fastest, slowest)
        self.fastest, self.slowest = fastest, slowest

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownEquationError(ThermoError, KeyError):
    """A name that no equation has."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        hint = f"the nearest are {', '.join(nearest)}" if nearest else "see `thermo-cl derive` for all"
        super().__init__(f"no equation is named {name!r}; {hint}")
        self.name, self.nearest = name, list(nearest)

    def __str__(self) -> str:  # a KeyError would show the message quoted
        return str(self.args[0])
