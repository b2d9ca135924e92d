"""Designs of sweeps: tables of parameters that are evaluated by ranges of rows."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep.distributions import Distribution, as_distribution, column
from thermo_cl.sweep.sources import SOBOL_BITS, Cube, Grid, Source, Table

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Design"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Design:
    """Parameters of a sweep, one row for each point; rows are computed when they are asked for.

    Make it with ``grid``, ``random``, ``latin_hypercube``, ``sobol`` or ``from_dataset``. The numbers of a row depend
    on nothing but the design, and a design takes the same memory however many points it has (but a table's).

    Attributes
    ----------
    source : Source
        Where the rows come from.
    labels : mapping of str to (str, str)
        Long name and unit of the parameters for which they are known.

    Examples
    --------
    >>> design = Design.grid(gamma=[0.1, 0.01], signal=[50, 100, 200])
    >>> len(design)
    6
    >>> design.points(2, 4)
    {'gamma': array([0.1 , 0.01]), 'signal': array([200,  50])}
    """

    source: Source
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.source.size > sys.maxsize:
            raise InvalidParameterError("points", self.source.size, f"at most {sys.maxsize}")

    @classmethod
    def grid(cls, **values: ArrayLike) -> Design:
        """Every combination of the values of each parameter; the last one varies fastest.

        Raises
        ------
        InvalidParameterError
            If there is no parameter, or a value is missing or not finite.
        """
        axes = {name: column(name, np.atleast_1d(np.asarray(axis))) for name, axis in _some(values).items()}
        return cls(Grid(axes))

    @classmethod
    def random(cls, n: int, *, rng: np.random.Generator | int | None = None, **parameters: object) -> Design:
        """Independent random points.

        Parameters
        ----------
        n : int
            Number of points, >= 1.
        rng : Generator or int, optional
            A generator gives a seed of 128 bits.
        **parameters : Distribution, number or list
            A number is a constant, a list a choice among its members.

        Raises
        ------
        InvalidParameterError
            If an argument is out of its domain.
        """
        return cls._cube("random", n, rng, parameters)

    @classmethod
    def latin_hypercube(cls, n: int, *, rng: np.random.Generator | int | None = None, **parameters: object) -> Design:
        """Points of a Latin hypercube: as ``random``, but every parameter's quantiles are spread evenly.

        More than 65536 points are Latin hypercubes of that many, one after the other, so that memory stays the same.
        """
        return cls._cube("latin-hypercube", n, rng, parameters)

    @classmethod
    def sobol(cls, n: int, *, rng: np.random.Generator | int | None = None, **parameters: object) -> Design:
        """Points of a scrambled Sobol sequence, at most 2**32; arguments as for ``random``."""
        if check.integer_at_least("n", n, 1) > 2**SOBOL_BITS:
            raise InvalidParameterError("n", n, f"at most {2**SOBOL_BITS}, the length of the sequence")
        return cls._cube("sobol", n, rng, parameters)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Design:
        """Rows of a data set, whose variables are parameters over one dimension; variables without one are constants.

        Raises
        ------
        InvalidParameterError
            If the variables have other dimensions, or a value is missing or not finite (which rows).
        """
        variables = _some({str(name): v for name, v in dataset.data_vars.items()})
        dims = {v.dims for v in variables.values() if v.dims}
        if len(dims) > 1 or any(len(d) > 1 for d in dims):
            shown = {name: v.dims for name, v in variables.items()}
            raise InvalidParameterError("dataset", shown, "of variables over one dimension, the same for all")
        size = max(v.size for v in variables.values())
        columns = {name: column(name, v.values if v.dims else np.full(size, v.item())) for name, v in variables.items()}
        labelled = {n: v.attrs for n, v in variables.items() if {"long_name", "units"} <= set(v.attrs)}
        return cls(Table(columns), {n: (a["long_name"], a["units"]) for n, a in labelled.items()})

    @classmethod
    def _cube(
        cls, sampler: str, n: int, rng: np.random.Generator | int | None, parameters: dict[str, object]
    ) -> Design:
        distributions: dict[str, Distribution] = {
            name: as_distribution(name, given)  # type: ignore[arg-type]  # numpy judges what an array can be made of
            for name, given in _some(parameters).items()
        }
        return cls(Cube(sampler, check.integer_at_least("n", n, 1), _seed(rng), distributions))

    def __len__(self) -> int:
        return self.source.size

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters."""
        return self.source.names

    @property
    def seed(self) -> int | None:
        """Seed of the random draw, if there was one."""
        return self.source.seed if isinstance(self.source, Cube) else None

    @property
    def hash(self) -> str:
        """SHA-256 of the design's description, 64 hexadecimal digits; the same on every machine."""
        return hashlib.sha256(json.dumps(self.source.description(), sort_keys=True).encode()).hexdigest()

    def points(self, start: int = 0, stop: int | None = None) -> dict[str, Array]:
        """Parameters of the rows ``start`` to ``stop - 1`` (all by default), each of shape (stop - start,).

        Raises
        ------
        InvalidParameterError
            If the range is not one of rows of the design.
        """
        end = len(self) if stop is None else stop
        if not 0 <= start <= end <= len(self):
            raise InvalidParameterError("start, stop", (start, end), f"in order and from 0 to {len(self)}")
        return self.source.points(start, end)


def _some(parameters: Mapping[str, T]) -> Mapping[str, T]:
    if not parameters:
        raise InvalidParameterError("parameters", parameters, "given: a design has at least one")
    return parameters


def _seed(rng: np.random.Generator | int | None) -> int:
    if isinstance(rng, np.random.Generator):
        return int.from_bytes(rng.bytes(16), "little")
    if rng is None:
        drawn = np.random.SeedSequence().entropy
        assert isinstance(drawn, int)
        return drawn
    return check.integer_at_least("rng", rng, 0)
