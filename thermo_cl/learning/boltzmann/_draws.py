"""Random bits with given log odds, from a counter: the same for any number of threads and any order of computation.

The number of unit i of chain r at one step is a hash of i under a 64-bit key that follows from the step's seed and
from r: three rounds of multiply and shift on 32 bits, the second half of the key entering after the first. All of it,
the exponential included, is plain arithmetic in 32 bits, which compiles to vector instructions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_U, _W, _I, _F = np.uint64, np.uint32, np.int32, np.float32
GOLDEN = _U(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = _U(0xBF58476D1CE4E5B9), _U(0x94D049BB133111EB)
_A, _B, _C = _W(0x21F0AAAD), _W(0xD35A2D97), _W(0x2C1B3C6D)
_LOW = _U(0xFFFFFFFF)
_LOG2E, _LARGEST = _F(1.4426950408889634), _F(87.0)
_LN2, _LN2_REST = _F(0.693359375), _F(-2.12194440e-4)  # the first of few bits, so that its multiples are exact
_CELL = _F(2.0**-31)
# exp(x) = 1 + x + x^2 q(x), q of least largest relative error on |x| <= log(2) / 2: 0.05 roundings of float32
_Q0, _Q1, _Q2 = _F(0.49999993432066653), _F(0.1666652039816775), _F(0.04166839079298407)
_Q3, _Q4 = _F(0.008368745212764784), _F(0.0013814540077842416)


@njit(cache=True, inline="always")
def keys(seed, chain):
    """Two 32-bit keys of a chain at a step (one output of splitmix64)."""
    z = seed + (_U(2) * _U(chain) + _U(1)) * _MIX2
    z = (z ^ (z >> _U(30))) * _MIX1
    z = (z ^ (z >> _U(27))) * _MIX2
    z ^= z >> _U(31)
    return _W(z & _LOW), _W(z >> _U(32))


@njit(cache=True, inline="always")
def step_seed_of(seed, step):
    """Seed of one step of a run, as ``phases.step_seed``."""
    return _U(seed) + _U(step) * GOLDEN


@njit(cache=True, inline="always")
def uniform(counter, key0, key1):
    """Uniform variate k / 2**31, rounded to float32."""
    x = _W(counter + key0)
    x = _W(x ^ (x >> _W(16)))
    x = _W(x * _A)
    x = _W(x ^ (x >> _W(15)))
    x = _W(x + key1)
    x = _W(x * _B)
    x = _W(x ^ (x >> _W(15)))
    x = _W(x * _C)
    x = _W(x ^ (x >> _W(16)))
    return _F(_I(x >> _W(1))) * _CELL


@njit(cache=True, inline="always")
def odds_against(activation):
    """The exponential of minus a float32 number, to about one rounding within +- 87, constant beyond."""
    y = min(max(-_F(activation), -_LARGEST), _LARGEST)
    n = _I(y * _LOG2E + _F(126.5)) - _I(126)
    x = (y - _F(n) * _LN2) - _F(n) * _LN2_REST
    q = _Q2 + x * (_Q3 + x * _Q4)
    q = _Q0 + x * (_Q1 + x * q)
    return (_F(1.0) + x + x * x * q) * _I((n + _I(127)) << _I(23)).view(_F)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def draw_row(activations, first, key0, key1, out):
    """Fill ``out`` with 1 where a uniform variate is below the sigmoid of the activation, else 0.

    ``first`` is the number of the row's first unit among all units of the chain.
    """
    one, zero, start = out.dtype.type(1), out.dtype.type(0), _W(first)
    for i in range(activations.shape[0]):
        u = uniform(_W(_W(i) + start), key0, key1)
        out[i] = one if u * (_F(1.0) + odds_against(activations[i])) < _F(1.0) else zero


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def sigmoid_row(activations, out):
    """Fill ``out`` with the probabilities that ``draw_row`` draws with."""
    for i in range(activations.shape[0]):
        out[i] = _F(1.0) / (_F(1.0) + odds_against(activations[i]))


@njit(cache=True, nogil=True, error_model="numpy")
def draw_rows(activations, biases, start, stop, chain, first, seed, out):
    """Draw the rows from start to stop, whose chains are numbered from ``chain``, adding biases to activations.

    Activations may have more columns than there are units.
    """
    for r in range(start, stop):
        row = activations[r][: biases.shape[0]]
        for i in range(row.shape[0]):
            row[i] += biases[i]
        key0, key1 = keys(seed, chain + r)
        draw_row(row, first, key0, key1, out[r])
