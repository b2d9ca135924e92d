"""What is measured during a run: at given phases, by a function of the model."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Probe", "checked_points", "labelled", "probed"]

_TAKEN = ("phase", "probability")  # of the data set itself
Probe = Callable[[Any], float | Mapping[str, float]]
"""Measures a model: one number, called ``value``, or numbers by name."""


def checked_points(probe: Probe | None, points: Sequence[int], phases: int, *, paired: bool) -> tuple[int, ...]:
    """Phases done at which to measure: the end of the run unless others are given."""
    if not isinstance(points, Iterable) or not isinstance(points, Sized):
        raise InvalidParameterError("probe_at", points, "a sequence of phases done")
    if probe is not None and not callable(probe):
        raise InvalidParameterError("probe", probe, "a function of a model")
    if probe is None:
        if len(points):
            raise InvalidParameterError("probe", None, "given with probe_at")
        return ()
    if not len(points):
        return (phases,)
    found = tuple(check.integer_at_least("probe_at", point, 0) for point in points)
    if any(b <= a for a, b in itertools.pairwise(found)) or found[-1] > phases:
        raise InvalidParameterError("probe_at", found, f"increasing and at most {phases}")
    if paired and any(point % 2 for point in found):
        raise InvalidParameterError("probe_at", found, "even: a pair of phases is one update")
    return found


def probed(probe: Probe, model: object, first: Mapping[str, float] | None = None) -> dict[str, float]:
    """Numbers by name that a probe measures, of the same names as what it measured first."""
    result = probe(model)
    found: dict[str, float] = {}
    for name, value in (result if isinstance(result, Mapping) else {"value": result}).items():
        if not isinstance(name, str) or name in _TAKEN:
            raise InvalidParameterError(
                "probe", f"with a result called {name!r}", f"a text, other than {', '.join(_TAKEN)}"
            )
        number = np.asarray(value)
        if number.ndim or number.dtype.kind not in "iufb":
            raise InvalidParameterError("probe", f"with {name} = {value!r}", "a number, or numbers by name")
        found[name] = float(number)
    if first is not None and set(found) != set(first) - set(_TAKEN):
        raise InvalidParameterError("probe", f"with results {', '.join(found)}", "of the same names every time")
    return found


def labelled(points: Sequence[int], rows: Sequence[Mapping[str, float]], *, random: bool) -> xr.Dataset:
    """What was measured, over ``phase``; an empty set if nothing was."""
    import xarray as xr

    from thermo_cl.sweep import Quantity, label

    if not len(points):
        return xr.Dataset()
    meaning = {"probability": "probability that the next phase is positive"}
    names = [name for name in (rows[0] if rows else ()) if random or name != "probability"]
    variables = {
        name: Quantity(
            "phase", np.array([row[name] for row in rows]), meaning.get(name, "what the probe measured"), "1"
        )
        for name in names
    }
    done = np.array(points, dtype=np.int64)
    return label(variables, {"phase": Quantity("phase", done, "phases done", "1")}, {})
