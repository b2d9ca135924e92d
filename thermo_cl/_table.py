"""Tables of a TOML file read with their paths, so that an error says which entry to change."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from thermo_cl.errors import InvalidParameterError, NormalizationError

__all__ = ["REQUIRED", "Table", "toml_text"]

REQUIRED: Any = object()
"""Default of an entry that must be given."""
T = TypeVar("T")


class Table:
    """One table of a configuration; ``close`` it when everything known has been read.

    Parameters
    ----------
    values : mapping
        As the TOML parser gave it.
    path : str
        Dotted name of the table, empty for the whole file.

    Attributes
    ----------
    used : dict
        What was read, defaults included, in the order of reading.
    """

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values, self.path, self.used = values, path, dict[str, Any]()

    def name(self, key: str) -> str:
        """Dotted name of an entry."""
        return f"{self.path}.{key}" if self.path else key

    def text(self, key: str, default: Any = REQUIRED, *, among: Collection[str] = ()) -> Any:
        """String, one of some if any are listed; or the default."""
        valid = f"one of {', '.join(among)}" if among else "a string that is not empty"
        return self._read(key, default, lambda v: isinstance(v, str) and bool(v) and (not among or v in among), valid)

    def number(self, key: str, default: Any = REQUIRED, *, positive: bool = False) -> Any:
        """Float, or the default."""
        valid = "a finite number" + (" greater than 0" if positive else "")
        value = self._read(key, default, lambda v: _is_number(v) and (v > 0 or not positive), valid)
        return self._use(key, value if value is None else float(value))

    def integer(
        self, key: str, default: Any = REQUIRED, *, least: int | None = None, words: Collection[str] = ()
    ) -> Any:
        """Whole number, or the default, or one of some words that may stand for one."""
        valid = (
            "a whole number" + ("" if least is None else f" of at least {least}") + "".join(f" or {w!r}" for w in words)
        )

        def accepted(value: Any) -> bool:
            return (_is_integer(value) and (least is None or value >= least)) or (
                isinstance(value, str) and value in words
            )

        return self._read(key, default, accepted, valid)

    def flag(self, key: str, default: Any = REQUIRED) -> Any:
        """True or false, or the default."""
        return self._read(key, default, lambda v: isinstance(v, bool), "true or false")

    def integers(self, key: str, default: Any = REQUIRED, *, least: int) -> tuple[int, ...]:
        """List of whole numbers, or the default."""

        def accepted(value: Any) -> bool:
            return isinstance(value, list) and all(_is_integer(n) and n >= least for n in value)

        return tuple(self._read(key, default, accepted, f"a list of whole numbers of at least {least}"))

    def number_or_list(self, key: str, default: Any = REQUIRED) -> Any:
        """Float or a tuple of floats from a list that is not empty, or the default."""

        def accepted(value: Any) -> bool:
            return _is_number(value) or (isinstance(value, list) and bool(value) and all(map(_is_number, value)))

        value = self._read(key, default, accepted, "a finite number or a list of such")
        return self._use(key, tuple(map(float, value)) if isinstance(value, list) else float(value))

    def numbers_by_name(self, key: str, names: Collection[str], default: Any = REQUIRED) -> Any:
        """One number, or a table with a number for each of the names, none of them negative."""
        listed = ", ".join(names)
        given = self._read(
            key, default, lambda v: isinstance(v, dict) or _is_number(v), f"a number or one for each of {listed}"
        )
        for entry, value in given.items() if isinstance(given, dict) else [(None, given)]:
            where = key if entry is None else f"{key}.{entry}"
            if entry is not None and entry not in names:
                raise InvalidParameterError(self.name(where), value, f"left out: the parameters are {listed}")
            if not _is_number(value) or value < 0:
                raise InvalidParameterError(self.name(where), value, "a finite number, not negative")
        if isinstance(given, dict) and set(given) != set(names):
            raise InvalidParameterError(self.name(key), list(given), f"a number for each of {listed}")
        plain = {n: float(given[n]) for n in names} if isinstance(given, dict) else float(given)
        return self._use(key, plain)

    def table(self, key: str, default: Any = REQUIRED) -> Table:
        """Table of that name."""
        values = self._read(key, default, lambda v: isinstance(v, dict), "a table")
        inner = Table(values, self.name(key))
        self._use(key, inner.used)
        return inner

    def tables(self, key: str, default: Any = REQUIRED) -> Any:
        """List of tables, at least one, or the default; they are named ``key[0]``, ``key[1]``, ..."""

        def accepted(value: Any) -> bool:
            return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)

        values = self._read(key, default, accepted, "a list of tables, at least one")
        if values is None:
            return None
        found = [Table(entry, f"{self.name(key)}[{n}]") for n, entry in enumerate(values)]
        self._use(key, [inner.used for inner in found])
        return found

    def close(self) -> None:
        """Refuse entries that nothing has read.

        Raises
        ------
        InvalidParameterError
            With the name of the entry and those that are known.
        """
        for key in self.values:
            if key not in self.used:
                valid = f"left out: the entries known here are {', '.join(self.used)}"
                raise InvalidParameterError(self.name(key), self.values[key], valid)

    @contextmanager
    def domain(self, **renamed: str) -> Iterator[None]:
        """Tell errors of the library in terms of this table; ``renamed`` maps its arguments to entries."""
        try:
            yield
        except InvalidParameterError as error:
            if self.path and error.name.startswith(f"{self.path}."):
                raise  # told by a table already
            stem, *rest = error.name.split(".", 1)
            entry = ".".join([renamed.get(stem, stem), *rest])
            raise InvalidParameterError(self.name(entry), error.value, error.valid) from None
        except NormalizationError as error:
            raise NormalizationError(f"{self.path}: {error}") from None

    def _read(self, key: str, default: Any, accepted: Callable[[Any], bool], valid: str) -> Any:
        if key not in self.values:
            if default is REQUIRED:
                raise InvalidParameterError(self.name(key), None, f"given: {valid}")
            return self._use(key, default)
        value = self.values[key]
        if not accepted(value):
            raise InvalidParameterError(self.name(key), value, valid)
        return self._use(key, value)

    def _use(self, key: str, value: T) -> T:
        self.used[key] = value
        return value


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # TOML's whole numbers have no end
        return False


def toml_text(values: Mapping[str, Any]) -> str:
    """TOML of nested tables of strings, numbers, booleans and lists; entries that are None are left out."""
    plain = {k: v for k, v in values.items() if not isinstance(v, Mapping)}
    sections = [_lines(plain)]
    sections += [f"[{name}]\n{_lines(v)}" for name, v in values.items() if isinstance(v, Mapping)]
    return "\n".join(sections)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {_value(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML has JSON's escapes but for pairs
    return repr(value)
