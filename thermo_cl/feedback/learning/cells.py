"""Two shapes as local polynomials on cells so narrow that the polynomials are exact to rounding.

Every edge's output is a combination of the same two functions, so what does not depend on the edge is worked out once.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.shape import Shape, same_segments

__all__ = ["Cells", "cells_of"]

_DEGREE = 19  # of the local polynomials
_REACH = 0.75  # |rate| times half the width of a cell: _REACH**18/18! is below rounding
_FADED = 1e-18  # size, over that of the segment, at which an exponential is left out
_MOST_CELLS = 100_000


@dataclass(frozen=True, eq=False)
class Cells:
    """Local polynomials of two functions over one period, in y from -1 to 1 on every cell.

    Attributes
    ----------
    middles, halves : ndarray, shape (cells,)
        Centre and half-width of every cell, in time.
    coefficients : ndarray, shape (cells, 2, degree + 1)
        Of the powers of y.
    ends : ndarray, shape (cells, 2, 2)
        Values of the two functions at y = -1 and at y = 1.
    bends : ndarray, shape (cells, 2)
        By how much a function leaves the chord between its ends at most.
    integrals : ndarray, shape (cells, 2)
        Over time.
    """

    middles: FloatArray
    halves: FloatArray
    coefficients: FloatArray
    ends: FloatArray
    bends: FloatArray
    integrals: FloatArray


def cells_of(first: Shape, second: Shape) -> Cells:
    """Cut two shapes of the same segments into cells.

    Raises
    ------
    InvalidParameterError
        If the shapes have other segments, or oscillate so fast that 10^5 cells would not do.
    """
    if not same_segments(first, second):
        raise InvalidParameterError("second.starts", second.starts.tolist(), f"{first.starts.tolist()}, as the first's")
    middles, halves, rows = [], [], []
    for segment, (start, length) in enumerate(zip(first.starts, first.lengths, strict=True)):
        pairs = [(shape.rates, shape.coefficients[segment]) for shape in (first, second)]
        fades = [_fading_times(rates, poly, float(length)) for rates, poly in pairs]
        edges = _cuts(float(length), [rates for rates, _ in pairs], fades)
        middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
        local = [_expansion(rates, poly, fade, middle, half) for (rates, poly), fade in zip(pairs, fades, strict=True)]
        middles.append(start + middle)
        halves.append(half)
        rows.append(np.stack(local, axis=1))
    coefficients, half = np.concatenate(rows), np.concatenate(halves)
    powers = np.arange(_DEGREE + 1)
    ends = np.stack([coefficients @ (-1.0) ** powers, coefficients.sum(axis=-1)], axis=-1)
    bends = np.abs(coefficients) @ (0.5 * powers * (powers - 1))
    even = np.where(powers % 2 == 0, 2.0 / (powers + 1), 0.0)
    return Cells(np.concatenate(middles), half, coefficients, ends, bends, half[:, None] * (coefficients @ even))


def _fading_times(rates: ComplexArray, poly: ComplexArray, length: float) -> FloatArray:
    """Local time after which each term stays below rounding; the whole length for what does not decay."""
    powers = length ** np.arange(poly.shape[-1])
    polynomial = rates == 0
    size = np.abs(poly) @ np.maximum(powers, 1.0)
    scale = (np.abs(poly[polynomial]) @ powers).sum() + np.abs(poly[~polynomial, 0]).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        fade = np.log(size / (_FADED * scale)) / -rates.real
    fade = np.where(rates.real < 0.0, np.clip(fade, 0.0, length), length)
    return np.asarray(np.where(size == 0.0, 0.0, fade), dtype=float)


def _cuts(length: float, rates: list[ComplexArray], fades: list[FloatArray]) -> FloatArray:
    """Ends of the cells of one segment: narrow while fast terms live, wide afterwards."""
    speed, until = np.abs(np.concatenate(rates)), np.concatenate(fades)
    stops = np.unique(np.concatenate([[0.0, length], until]))
    edges = [np.zeros(1)]
    count = 0
    for begin, end in itertools.pairwise(stops):
        fastest = float(speed[until > begin].max(initial=0.0))
        number = max(1, math.ceil((end - begin) * fastest / (2.0 * _REACH)))
        count += number
        if count > _MOST_CELLS:
            turns = f"a term of rate {fastest:.3g} that lives for {end - begin:.3g}"
            raise InvalidParameterError("shape", turns, f"slower: it would take more than {_MOST_CELLS} cells")
        edges.append(begin + (end - begin) * np.arange(1, number + 1) / number)
    edges[-1][-1] = length
    return np.concatenate(edges)


def _expansion(
    rates: ComplexArray, poly: ComplexArray, fade: FloatArray, middle: FloatArray, half: FloatArray
) -> FloatArray:
    """Coefficients of y**n on every cell, shape (cells, degree + 1)."""
    total = np.zeros((middle.size, _DEGREE + 1))
    top = poly.shape[-1] - 1
    for rate, row, last in zip(rates, poly, fade, strict=True):
        live = middle < last
        if not live.any():
            continue
        x, h = middle[live], half[live]
        about = np.stack(  # the polynomial about the centre, in powers of y
            [
                h**i * sum(math.comb(q, i) * row[q] * x ** (q - i) for q in range(i, top + 1))
                for i in range(min(top, _DEGREE) + 1)
            ],
            axis=-1,
        )
        growth = np.ones((x.size, _DEGREE + 1), dtype=complex)
        for n in range(1, _DEGREE + 1):
            growth[:, n] = growth[:, n - 1] * rate * h / n
        growth *= np.exp(rate * x)[:, None]
        for i in range(about.shape[-1]):
            total[live, i:] += (about[:, i : i + 1] * growth[:, : _DEGREE + 1 - i]).real
    return total
