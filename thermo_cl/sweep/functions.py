"""Functions that a sweep can be told by name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import ladders
from thermo_cl.sweep.labels import Quantity

__all__ = ["FUNCTIONS", "SweepFunction", "named_function", "require_parameters"]


@dataclass(frozen=True)
class SweepFunction:
    """A function of parameter arrays under a name.

    Attributes
    ----------
    name, summary : str
        What it is called, and what it computes in a line.
    compute : callable
        Of one array of shape (points,) for each parameter, to labelled arrays by name; its keyword-only arguments are
        options, the same for all points.
    options : tuple of (str, value)
        Options that differ from their defaults.
    """

    name: str
    summary: str
    compute: Callable[..., Mapping[str, Quantity]]
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self, **parameters: Any) -> Mapping[str, Quantity]:
        """Compute with the options."""
        return self.compute(**parameters, **dict(self.options))

    @property
    def parameters(self) -> tuple[str, ...]:
        """What a design may have."""
        return tuple(n for n, p in inspect.signature(self.compute).parameters.items() if p.kind != p.KEYWORD_ONLY)

    @property
    def option_names(self) -> tuple[str, ...]:
        """What ``with_options`` takes."""
        return tuple(n for n, p in inspect.signature(self.compute).parameters.items() if p.kind == p.KEYWORD_ONLY)

    @property
    def labels(self) -> Mapping[str, tuple[str, str]]:
        """Long names and units of the parameters."""
        return ladders.PARAMETERS

    def with_options(self, **options: Any) -> SweepFunction:
        """The same function with other options.

        Raises
        ------
        InvalidParameterError
            If there is no such option; the message names the nearest.
        """
        for name, value in options.items():
            if name not in self.option_names:
                raise InvalidParameterError(f"options.{name}", value, unknown(name, self.option_names))
        return replace(self, options=tuple(sorted((dict(self.options) | options).items())))


FUNCTIONS: Mapping[str, SweepFunction] = MappingProxyType(
    {
        f.name: f
        for f in (
            SweepFunction("ladder", "dissipation and moments of ladders", ladders.ladder),
            SweepFunction("ladder-memory", "dissipation, moments and memory time of ladders", ladders.ladder_memory),
            SweepFunction("ladder-curves", "weight-update curves of ladders, by their metrics", ladders.ladder_curves),
        )
    }
)


def named_function(name: str) -> SweepFunction:
    """Function of that name.

    Raises
    ------
    InvalidParameterError
        If there is none; the message names the nearest and all.
    """
    if name not in FUNCTIONS:
        raise InvalidParameterError("function", name, unknown(name, FUNCTIONS))
    return FUNCTIONS[name]


def require_parameters(function: Callable[..., Any], names: Collection[str]) -> None:
    """Refuse a design that a function cannot be called with.

    Raises
    ------
    InvalidParameterError
        If the function has no such parameter, or needs one that the design lacks.
    """
    if not callable(function):
        raise InvalidParameterError("function", function, "callable, or one of thermo_cl.sweep.FUNCTIONS by its name")
    try:
        known = inspect.signature(function.compute if isinstance(function, SweepFunction) else function).parameters
    except (TypeError, ValueError):  # compiled functions tell nothing
        return
    named = {n: p for n, p in known.items() if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}}
    if isinstance(function, SweepFunction):
        named = {n: named[n] for n in function.parameters}
    if not any(p.kind == p.VAR_KEYWORD for p in known.values()):
        for name in names:
            if name not in named:
                raise InvalidParameterError("parameters", name, unknown(name, named))
    missing = [n for n, p in named.items() if p.default is p.empty and n not in names]
    if missing:
        raise InvalidParameterError("parameters", list(names), f"complete: {', '.join(missing)} must be given")


def unknown(name: str, known: Collection[str]) -> str:
    """What would be valid in place of an unknown name, the nearest first."""
    if not known:
        return "left out: there are none"
    near = difflib.get_close_matches(str(name), list(known), n=3, cutoff=0.5)
    hint = f" (the nearest: {', '.join(near)})" if near else ""
    return f"one of {', '.join(known)}{hint}"
