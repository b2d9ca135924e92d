"""The state of the explorer in the query of an address, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from thermo_cl.errors import InvalidParameterError
from thermo_cl.explore.parameters import BY_NAME, Parameter
from thermo_cl.explore.settings import ExplorerSettings

__all__ = ["AUTOMATIC", "UNKNOWN", "from_query", "to_query"]

AUTOMATIC = "auto"
UNKNOWN = "address"  # what a problem is called that belongs to no parameter
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LONGEST = 40  # characters of a value that are read, and of anything foreign that is shown
_OWN_PREFIX = "bokeh-"  # the server's own arguments in an address


def to_query(settings: ExplorerSettings) -> str:
    """All values as the query of an address, to the last digit.

    Examples
    --------
    >>> to_query(ExplorerSettings(gamma=0.01))[:24]
    'gamma=0.01&rate_factor=2'
    """
    values = asdict(settings)
    return urlencode({name: AUTOMATIC if value is None else repr(value) for name, value in values.items()})


def from_query(arguments: Mapping[str, Sequence[str]]) -> tuple[ExplorerSettings, tuple[InvalidParameterError, ...]]:
    """Settings that an address asks for; what cannot be used is told and replaced by its default.

    Parameters
    ----------
    arguments : mapping of str to sequence of str
        Decoded names and values; a name that occurs twice has two values.

    Returns
    -------
    settings : ExplorerSettings
    problems : tuple of InvalidParameterError
        One for each value that was not used.
    """
    values: dict[str, Any] = {}
    problems: list[InvalidParameterError] = []
    for name, texts in arguments.items():
        if name.startswith(_OWN_PREFIX):
            continue
        try:
            values[name] = _value(_known(name), texts)
        except InvalidParameterError as problem:
            problems.append(problem)
    try:
        settings = ExplorerSettings(**values)
    except InvalidParameterError as problem:  # each number is fine by itself: they do not fit together
        problems.append(problem)
        settings = ExplorerSettings(**{name: value for name, value in values.items() if name != problem.name})
    return settings, tuple(problems)


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise InvalidParameterError(UNKNOWN, _shortened(name), f"made of the names {', '.join(BY_NAME)}")
    return name


def _value(name: str, texts: Sequence[str]) -> float | None:
    if len(texts) != 1:
        shown = ", ".join(_shortened(text) for text in texts[:3]) + (", ..." if len(texts) > 3 else "")
        raise InvalidParameterError(name, shown, "given once")
    if name == "threshold" and texts[0] == AUTOMATIC:
        return None
    try:
        return _number(BY_NAME[name], texts[0])
    except InvalidParameterError as problem:
        if name == "threshold":
            raise InvalidParameterError(name, problem.value, f"{problem.valid}, or {AUTOMATIC!r}") from None
        raise


def _number(parameter: Parameter, text: str) -> float:
    """The number that a text stands for, plain decimal digits only."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        raise InvalidParameterError(parameter.name, _shortened(text), parameter.valid)
    try:
        return parameter.checked(float(text))
    except InvalidParameterError:
        raise InvalidParameterError(parameter.name, text, parameter.valid) from None


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
