"""Gibbs sampling of many chains at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine, check_machine
from thermo_cl.learning.phases.interface import State
from thermo_cl.learning.phases.plan import step_seed

__all__ = ["held", "no_couplings", "sample"]

_ROWS = 64  # chains of one matrix product; their number must not follow the number of threads, or rounding would
_WORTH = 1 << 24  # work above which threads are started: chains x weights x steps
_SMALLEST = 64  # units of both layers from which tables of partial sums are faster than sums over units that are on
_LARGEST = 1 << 28  # bytes of both tables up to which they are
_FEW = 64  # chains x steps from which tables are worth building
_PRODUCT = 8  # chains from which a matrix product is, where tables are too large
_Loop = Callable[[BoltzmannMachine, Array, Array, int, int], None]


def sample(machine: BoltzmannMachine, state: State, *, steps: int, seed: int) -> State:
    """Let the chains (v, h) run freely for so many steps: v given h, then h given v.

    Chain r's draws follow from the seed, the step and r alone, so that results do not depend on threads, and the
    first chains not on how many there are; nor on whether steps are done at once or one by one, each with its seed.
    This is to the bit, but for machines of more than 32 MiB of weights, whose products round as BLAS chooses.
    A unit is on with its probability to within 1.2e-7, whatever the machine's type: draws are of single precision.

    Parameters
    ----------
    machine : BoltzmannMachine
    state : (v, h), shapes (chains, visible) and (chains, hidden)
        Zeros and ones. Without couplings nothing depends on v.
    steps : int
        >= 1.
    seed : int
        0 ... 2**64 - 1.

    Returns
    -------
    v, h : ndarray
        New arrays of the machine's type.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, or the machine is not finite.
    """
    check_machine(machine)
    return run_free(machine, state, steps, seed)


def held(machine: BoltzmannMachine, v: ArrayLike, *, steps: int = 1, seed: int) -> Array:
    """Hidden states of the last of so many steps with the visible units held at ``v``, shape (chains, hidden).

    Raises
    ------
    InvalidParameterError
        If ``v`` is not zeros and ones, a number is out of range, or the machine is not finite.
    """
    check_machine(machine)
    return run_held(machine, v, steps, seed)


def run_free(machine: BoltzmannMachine, state: State, steps: int, seed: int) -> State:
    """As ``sample``, of a machine that may have left the finite range while it learns."""
    count, key = check.integer_at_least("steps", steps, 1), _seed(seed)
    v, h = _states(machine, state)
    _loop(machine, len(v), count)(machine, v, h, count, key)
    return v, h


def run_held(machine: BoltzmannMachine, v: ArrayLike, steps: int, seed: int) -> Array:
    """As ``held``, likewise."""
    from thermo_cl.learning.boltzmann import _gibbs

    count, key = check.integer_at_least("steps", steps, 1), np.uint64(_seed(seed))
    x = bits("v", v, machine.visible, machine.dtype)
    h = np.empty((len(x), machine.hidden), machine.dtype)
    arrays = _read_only(machine.weights, machine.hidden_biases, x)

    def part(start: int, stop: int) -> None:
        _gibbs.run_positive(*arrays, h, start, stop, 0, key, count)

    if len(x) * machine.weights.size < _WORTH:
        part(0, len(x))
    else:
        over_batch(part, len(x))
    return h


def no_couplings(machine: BoltzmannMachine) -> Array:
    """The couplings, or an empty array for none, as compiled loops take them."""
    return np.empty((0, 0), machine.dtype) if machine.couplings is None else machine.couplings


def visible_biases(machine: BoltzmannMachine) -> Array:
    """The visible biases, or zeros for none."""
    return np.zeros(machine.visible, machine.dtype) if machine.visible_biases is None else machine.visible_biases


def _loop(machine: BoltzmannMachine, chains: int, steps: int) -> _Loop:
    """The fastest way; only the largest machines' sums are rounded in an order that depends on the chains."""
    if machine.couplings is not None or min(machine.visible, machine.hidden) < _SMALLEST:
        return _one_by_one
    if 8 * machine.weights.nbytes <= _LARGEST:  # for four units 16 sums, in both directions
        return _by_tables if chains * steps >= _FEW else _by_rows
    return _by_products if chains >= _PRODUCT else _one_by_one


def _one_by_one(machine: BoltzmannMachine, v: Array, h: Array, steps: int, seed: int) -> None:
    from thermo_cl.learning.boltzmann import _gibbs

    arrays = _read_only(machine.weights, machine.hidden_biases, visible_biases(machine), no_couplings(machine))
    key = np.uint64(seed)

    def part(start: int, stop: int) -> None:
        _gibbs.run_negative(*arrays, v, h, start, stop, 0, key, steps)

    if len(v) == 1 or len(v) * machine.weights.size * steps < _WORTH:
        part(0, len(v))
    else:
        over_batch(part, len(v))


def _by_tables(machine: BoltzmannMachine, v: Array, h: Array, steps: int, seed: int) -> None:
    from thermo_cl.learning.boltzmann import _tables

    weights, b_v, b_h = _read_only(machine.weights, visible_biases(machine), machine.hidden_biases)
    transposed = np.ascontiguousarray(weights.T)
    transposed.setflags(write=False)
    line = _tables.LINE // machine.dtype.itemsize

    def table(units: int, outputs: int) -> Array:
        row = -(-outputs // (_tables.LINES * line)) * _tables.LINES * line + line
        shape = (_tables.LANES, -(-units // _tables.BLOCK), _tables.CODES, row)
        return _aligned(shape, machine.dtype, _tables.LINE)

    tables = (table(machine.hidden, machine.visible), table(machine.visible, machine.hidden))

    def fill(start: int, stop: int) -> None:
        _tables.build(weights, start, stop, tables[0])
        _tables.build(transposed, start, stop, tables[1])

    def part(start: int, stop: int) -> None:
        room = min(stop - start, _tables.CHAINS)
        codes = [np.empty((_tables.LANES, room, t.shape[1]), np.uint8) for t in tables]
        sums = [_aligned((room, t.shape[3]), machine.dtype, _tables.LINE) for t in tables]
        _tables.run_tables(*tables, b_v, b_h, v, h, *codes, *sums, 0, start, stop, np.uint64(seed), steps)

    if machine.weights.size < _WORTH:
        fill(0, _tables.LANES)
    else:
        over_batch(fill, _tables.LANES)
    if len(v) == 1:
        part(0, 1)
    else:
        over_batch(part, len(v), chunks=1)


def _by_rows(machine: BoltzmannMachine, v: Array, h: Array, steps: int, seed: int) -> None:
    """As ``_by_tables`` to the bit."""
    from thermo_cl.learning.boltzmann import _tables

    arrays = _read_only(machine.weights, visible_biases(machine), machine.hidden_biases)
    key = np.uint64(seed)

    def part(start: int, stop: int) -> None:
        _tables.run_rows(*arrays, v, h, 0, start, stop, key, steps)

    if len(v) == 1:
        part(0, 1)
    else:
        over_batch(part, len(v))


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> Array:
    """Uninitialised array that begins at a multiple of so many bytes."""
    count = math.prod(shape) * dtype.itemsize
    raw = np.empty(count + size, np.uint8)
    start = -raw.ctypes.data % size
    return raw[start : start + count].view(dtype).reshape(shape)


def _by_products(machine: BoltzmannMachine, v: Array, h: Array, steps: int, seed: int) -> None:
    from thermo_cl.learning.boltzmann import _draws
    from thermo_cl.learning.training.blas import one_blas_thread

    parts = -(-len(v) // _ROWS)
    edges = np.linspace(0, len(v), parts + 1).astype(int)
    weights, transposed = machine.weights, np.ascontiguousarray(machine.weights.T)
    b_h, b_v = _read_only(machine.hidden_biases, visible_biases(machine))

    def block(first: int, last: int) -> None:
        for k in range(first, last):
            start, stop = int(edges[k]), int(edges[k + 1])
            x, y = v[start:stop], h[start:stop]
            into_v, into_h = np.empty_like(x), np.empty_like(y)
            for t in range(steps):
                key = np.uint64(step_seed(seed, t))
                np.matmul(y, weights, out=into_v)
                _draws.draw_rows(into_v, b_v, 0, stop - start, start, 0, key, x)
                np.matmul(x, transposed, out=into_h)
                _draws.draw_rows(into_h, b_h, 0, stop - start, start, machine.visible, key, y)

    with one_blas_thread():
        over_batch(block, parts, chunks=1)


def _read_only(*arrays: Array) -> tuple[Array, ...]:
    """Views of one kind, for which loops are compiled once."""
    views = tuple(array.view() for array in arrays)
    for view in views:
        view.setflags(write=False)
    return views


def _seed(seed: Any) -> int:
    if not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**64:  # as a float it would lose digits
        raise InvalidParameterError("seed", seed, "a whole number in 0 ... 2**64 - 1")
    return int(seed)


def _states(machine: BoltzmannMachine, state: State) -> State:
    """Copies that may be overwritten."""
    if not isinstance(state, Sequence) or len(state) != 2:
        seen = f"{len(state)} arrays" if isinstance(state, Sequence) else type(state).__name__
        raise InvalidParameterError("state", seen, "two arrays: v and h")
    v, h = bits("v", state[0], machine.visible, machine.dtype), bits("h", state[1], machine.hidden, machine.dtype)
    if len(v) != len(h):
        raise InvalidParameterError("len(h)", len(h), f"{len(v)}, as many as v")
    return v.copy(), h.copy()
