"""Random numbers of one copy: a counter-seeded xoshiro256++ stream, and exponential variates by ziggurat.

The stream of copy i follows from the key and from i alone, so that no result depends on threads or chunks.
Generator: Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021). Ziggurat: Marsaglia and Tsang,
J. Stat. Softw. 5(8) (2000), here with the layer and a 52-bit abscissa from separate bits of one 64-bit number.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_LAYERS = 256
_U = np.uint64
_GOLDEN, _MIX1, _MIX2 = _U(0x9E3779B97F4A7C15), _U(0xBF58476D1CE4E5B9), _U(0x94D049BB133111EB)
_CELL = 2.0**-52  # an abscissa or a uniform is the middle of one of 2**52 equal cells: never 0, never 1


def _layers(right: float) -> list[float]:
    """Right ends of layers of equal area under exp(-x), from the base upwards; a negative last one overshoots."""
    area = (right + 1.0) * math.exp(-right)
    ends = [right + 1.0, right]  # the base, tail included, is as large as a rectangle of that width
    for _ in range(_LAYERS - 1):
        top = math.exp(-ends[-1]) + area / ends[-1]
        ends.append(-math.log(top))
        if ends[-1] < 0.0:
            break
    return ends


def _tables():
    """Layers that close at the peak of the density, by bisection of where the tail begins."""
    low, high = 1.0, 20.0
    while low < (middle := 0.5 * (low + high)) < high:
        low, high = (middle, high) if _layers(middle)[-1] < 0.0 else (low, middle)
    ends = np.array([*_layers(high)[:_LAYERS], 0.0])
    return float(ends[1]), ends[:-1] * _CELL, ends[1:].copy(), np.exp(-ends)


_TAIL, _WIDTH, _INNER, _DENSITY = _tables()


@njit(cache=True, inline="always")
def following(a, b, c, d):
    """A 64-bit number and the next state of the stream (xoshiro256++)."""
    total = a + d
    number = ((total << _U(23)) | (total >> _U(41))) + a
    shifted = b << _U(17)
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << _U(45)) | (d >> _U(19))
    return number, a, b, c, d


@njit(cache=True)
def _mixed(z):
    z = (z ^ (z >> _U(30))) * _MIX1
    z = (z ^ (z >> _U(27))) * _MIX2
    return z ^ (z >> _U(31))


@njit(cache=True)
def stream(key0, key1, copy):
    """State of the stream of one copy: two outputs of splitmix64 from each half of the key."""
    first = _U(2) * _U(copy) + _U(1)
    second = first + _U(1)
    return (
        _mixed(key0 + first * _GOLDEN),
        _mixed(key0 + second * _GOLDEN),
        _mixed(key1 + first * _GOLDEN),
        _mixed(key1 + second * _GOLDEN),
    )


@njit(cache=True, inline="always")
def unit(number):
    """Uniform variate in (0, 1) from the upper 52 bits."""
    return (np.float64(np.int64(number >> _U(12))) + 0.5) * _CELL


@njit(cache=True, error_model="numpy")
def _outside(layer, x, a, b, c, d):
    """Rest of an exponential variate whose first trial fell outside the inner rectangle of its layer."""
    behind = 0.0
    while True:
        if layer == 0:
            behind += _TAIL  # the tail of an exponential is an exponential again
        else:
            number, a, b, c, d = following(a, b, c, d)
            low, high = _DENSITY[layer], _DENSITY[layer + _U(1)]
            if low + unit(number) * (high - low) < math.exp(-x):
                break
        number, a, b, c, d = following(a, b, c, d)
        layer = number & _U(_LAYERS - 1)
        x = (np.float64(np.int64(number >> _U(12))) + 0.5) * _WIDTH[layer]
        if x < _INNER[layer]:
            break
    return behind + x, a, b, c, d


@njit(cache=True, inline="always", error_model="numpy")
def exponential(a, b, c, d):
    """Exponential variate of mean 1 and the next state of the stream; 98.9 % of them cost one number."""
    number, a, b, c, d = following(a, b, c, d)
    layer = number & _U(_LAYERS - 1)
    x = (np.float64(np.int64(number >> _U(12))) + 0.5) * _WIDTH[layer]
    if x >= _INNER[layer]:
        x, a, b, c, d = _outside(layer, x, a, b, c, d)
    return x, a, b, c, d


@njit(cache=True, nogil=True)
def fill_numbers(key0, key1, copy, out):
    """The first numbers of a copy's stream."""
    a, b, c, d = stream(key0, key1, copy)
    for i in range(out.size):
        out[i], a, b, c, d = following(a, b, c, d)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_exponentials(key0, key1, copy, out):
    """The first exponential variates of a copy's stream."""
    a, b, c, d = stream(key0, key1, copy)
    for i in range(out.size):
        out[i], a, b, c, d = exponential(a, b, c, d)
