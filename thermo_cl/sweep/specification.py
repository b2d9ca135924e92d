"""Sweeps from TOML files: which function, which design."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._table import Table
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep.design import Design
from thermo_cl.sweep.distributions import Distribution, integers, log_uniform, uniform
from thermo_cl.sweep.functions import SweepFunction, named_function, require_parameters, unknown

__all__ = ["SAMPLERS", "SweepSpecification", "load_specification"]

SAMPLERS = ("random", "latin-hypercube", "sobol", "grid")
_SCALES = ("linear", "log", "integer")
_KEYS = ("function", "sampler", "points", "seed", "parameters", "options")
_RANGE_KEYS = ("low", "high", "scale", "count")


@dataclass(frozen=True, eq=False)
class SweepSpecification:
    """Function and design of a sweep."""

    function: SweepFunction
    design: Design


def load_specification(path: str | Path) -> SweepSpecification:
    """Read a sweep from a TOML file.

    ``function`` is one of ``FUNCTIONS``; ``sampler`` one of ``SAMPLERS``; ``points`` and ``seed`` (0 by default) belong
    to all samplers but the grid. The table ``parameters`` has a number (a constant), a list (one of these; on a grid
    each of these) or a range ``{low, high, scale}`` for each parameter, with a scale of linear, log or integer;
    integers stay below ``high``; a range on a grid has a ``count``. The table ``options`` holds options of the
    function.

    Raises
    ------
    InvalidParameterError
        If the file is missing or not TOML, or an entry is unknown or not valid; the message names the entry and, for
        names, the nearest that are known.
    """
    try:
        values = tomllib.loads(Path(path).expanduser().read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidParameterError("specification", str(path), f"a TOML file ({reason})") from None
    _known(values, _KEYS)
    table = Table(values)
    function = named_function(table.text("function"))
    sampler = table.text("sampler")
    if sampler not in SAMPLERS:
        raise InvalidParameterError("sampler", sampler, unknown(sampler, SAMPLERS))
    given = table.table("parameters").values
    options = table.table("options", {}).values
    require_parameters(function, list(given))
    if sampler == "grid":
        for key in ("points", "seed"):
            if key in values:
                raise InvalidParameterError(key, values[key], "left out: a grid has as many points as combinations")
        design = Design.grid(**{name: _axis(f"parameters.{name}", value) for name, value in given.items()})
    else:
        make = {"random": Design.random, "latin-hypercube": Design.latin_hypercube, "sobol": Design.sobol}[sampler]
        points, seed = table.integer("points", least=1), table.integer("seed", 0, least=0)
        drawn = {name: _distribution(f"parameters.{name}", value) for name, value in given.items()}
        design = make(points, rng=seed, **drawn)
    return SweepSpecification(function.with_options(**options), design)


def _known(values: Mapping[str, Any], keys: tuple[str, ...], path: str = "") -> None:
    for key, value in values.items():
        if key not in keys:
            raise InvalidParameterError(f"{path}{key}", value, f"left out or {unknown(key, keys)}")


def _distribution(path: str, value: Any) -> Distribution | ArrayLike:
    if not isinstance(value, dict):
        return _numbers(path, value)
    low, high, scale = _range(path, value)
    if "count" in value:
        raise InvalidParameterError(f"{path}.count", value["count"], "left out: only a grid counts values")
    with Table(value, path).domain():
        if scale == "integer":
            return integers(low, high)
        return log_uniform(low, high) if scale == "log" else uniform(low, high)


def _axis(path: str, value: Any) -> ArrayLike:
    if not isinstance(value, dict):
        return _numbers(path, value)
    low, high, scale = _range(path, value)
    with Table(value, path).domain():
        if scale == "integer":
            if "count" in value:
                raise InvalidParameterError("count", value["count"], "left out: a grid has every integer of a range")
            ends = integers(low, high).arguments
            return np.arange(*map(int, ends))
        count = Table(value, path).integer("count", least=2)
        log_uniform(low, high) if scale == "log" else uniform(low, high)
        return np.geomspace(low, high, count) if scale == "log" else np.linspace(low, high, count)


def _range(path: str, value: Mapping[str, Any]) -> tuple[Any, Any, str]:
    _known(value, _RANGE_KEYS, f"{path}.")
    table = Table(value, path)
    scale = table.text("scale", "linear")
    if scale not in _SCALES:
        raise InvalidParameterError(f"{path}.scale", scale, unknown(scale, _SCALES))
    return table.number("low"), table.number("high"), scale


def _numbers(path: str, value: Any) -> ArrayLike:
    members = value if isinstance(value, list) else [value]
    if not members or any(isinstance(v, bool) or not isinstance(v, int | float) for v in members):
        raise InvalidParameterError(path, value, "a number, a list of numbers or a table with low, high and scale")
    return np.asarray(members)
