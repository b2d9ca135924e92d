"""Where the points of a design come from: each source gives any range of rows without the rows before it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.sweep.distributions import Distribution

__all__ = ["Cube", "Grid", "Source", "Table", "as_bytes"]

_BLOCK = 2**16  # rows that are drawn together: part of the definition of a random design, never to be changed
_SOBOL_BLOCK = 2**18  # rows between two jumps of the sequence; the numbers do not depend on it
SOBOL_BITS = 32  # the most with which scipy can jump


class Source(Protocol):
    """Rows of parameters by number."""

    @property
    def size(self) -> int:
        """Number of rows."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters."""
        ...

    def points(self, start: int, stop: int) -> dict[str, Array]:
        """Parameters of the rows ``start`` to ``stop - 1``, each of shape (stop - start,)."""
        ...

    def description(self) -> dict[str, Any]:
        """All that the numbers follow from, as JSON can hold it."""
        ...


@dataclass(frozen=True, eq=False)
class Grid:
    """Every combination of some values; the last parameter varies fastest."""

    axes: Mapping[str, Array]

    @property
    def size(self) -> int:
        return math.prod(axis.size for axis in self.axes.values())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.axes)

    def points(self, start: int, stop: int) -> dict[str, Array]:
        rest, found = np.arange(start, stop), dict[str, Array]()
        for name in reversed(self.names):
            rest, index = np.divmod(rest, self.axes[name].size)
            found[name] = self.axes[name][index]
        return {name: found[name] for name in self.names}

    def description(self) -> dict[str, Any]:
        return {"sampler": "grid", "parameters": {name: axis.tolist() for name, axis in self.axes.items()}}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows that are given one by one."""

    columns: Mapping[str, Array]

    @property
    def size(self) -> int:
        return next(iter(self.columns.values())).size

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def points(self, start: int, stop: int) -> dict[str, Array]:
        return {name: values[start:stop] for name, values in self.columns.items()}

    def description(self) -> dict[str, Any]:
        digests = {name: hashlib.sha256(as_bytes(values)).hexdigest() for name, values in self.columns.items()}
        return {"sampler": "table", "points": self.size, "parameters": digests}


@dataclass(frozen=True, eq=False)
class Cube:
    """Points of the unit cube, random or spread out, mapped to each parameter's distribution.

    Random points and Latin hypercubes come in blocks of 65536 rows, each with a stream of its own, so that any range
    of rows costs the memory of a block. A Latin hypercube of more rows than that is several, one after the other.
    """

    sampler: str
    size: int
    seed: int
    distributions: Mapping[str, Distribution]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.distributions)

    def points(self, start: int, stop: int) -> dict[str, Array]:
        rows = self._cube(start, stop)
        return {name: d.values(rows[:, i]) for i, (name, d) in enumerate(self.distributions.items())}

    def description(self) -> dict[str, Any]:
        parameters = {name: d.description() for name, d in self.distributions.items()}
        return {"sampler": self.sampler, "points": self.size, "seed": str(self.seed), "parameters": parameters}

    def _cube(self, start: int, stop: int) -> FloatArray:
        length, parts = _SOBOL_BLOCK if self.sampler == "sobol" else _BLOCK, []
        for block in range(start // length, -(-stop // length)):
            first = block * length
            rows = min(length, self.size - first) if self.sampler == "latin-hypercube" else length
            drawn = _block(self.sampler, self.seed, block, rows, len(self.distributions))
            parts.append(drawn[max(start - first, 0) : stop - first])
        return np.concatenate(parts) if parts else np.empty((0, len(self.distributions)))


@lru_cache(maxsize=2)  # neighbouring chunks share a block
def _block(sampler: str, seed: int, block: int, rows: int, dimensions: int) -> FloatArray:
    from scipy.stats import qmc

    if sampler == "sobol":
        sequence = qmc.Sobol(dimensions, scramble=True, bits=SOBOL_BITS, rng=np.random.default_rng(seed))
        if block:
            sequence.fast_forward(block * rows)
        drawn = sequence.random(rows)
    else:
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
        if sampler == "random":
            drawn = stream.random((rows, dimensions))
        else:
            drawn = qmc.LatinHypercube(dimensions, rng=stream).random(rows)
    drawn.setflags(write=False)
    return np.asarray(drawn)


def as_bytes(values: Array) -> bytes:
    """Values in an order of bytes that no machine decides."""
    return values.dtype.str.encode() + np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
