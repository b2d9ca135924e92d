"""Compiled Gibbs sampling by tables of partial sums over four units at a time, for which zeros and ones allow.

Sums over units have one order, whatever makes them, so that ways differ in time and not in a bit: units are taken in
blocks of 64, unit ``64 a + 16 k + l`` being bit k of the code of block a and lane l. A code stands for the sum
``(x_0 + x_1) + (x_2 + x_3)`` of its units' weights; codes of a lane are added up over the blocks, lanes after that.

Tables hold the sums that each code stands for: (lanes, blocks, 16, outputs). Their rows, and those of sums, are filled
up to whole multiples of ``LINES`` cache lines and one more, so that they do not fall on each other in the cache.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from thermo_cl.learning.boltzmann._draws import draw_rows, step_seed_of

LANES, BITS, CODES, BLOCK = 16, 4, 16, 64
LINE, LINES = 64, 4  # bytes of a cache line; lines of outputs whose sums stay in registers together
CHAINS = 64  # whose sums stay in the cache


@intrinsic
def _add_rows(typing, table, first, stride, codes, start, count, out, to):
    """Add ``LINES`` lines of the table's rows of so many codes to ``out``, from ``to`` on; all arrays are flat.

    ``first`` is where the first block's rows begin, ``stride`` the length of a row.

    In vector instructions by hand, since a compiler that must reckon with overlapping arrays makes none that pay.
    """
    del typing, first, stride, start, count, to

    def generate(context, builder, signature, arguments):
        places = [context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 3, 6)]
        rows, code, target = places
        first, stride, start, count, to = (arguments[k] for k in (1, 2, 4, 5, 7))
        size = table.dtype.bitwidth // 8
        per, intp = LINE // size, first.type
        vector = ir.VectorType(context.get_value_type(table.dtype), per)
        sums = [cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for _ in range(LINES)]

        def line(base, k):
            return builder.bitcast(builder.gep(base, [ir.Constant(intp, k * per)]), vector.as_pointer())

        with cgutils.for_range(builder, count, intp=intp) as loop:
            value = builder.zext(builder.load(builder.gep(code, [builder.add(start, loop.index)])), intp)
            row = builder.add(builder.mul(loop.index, ir.Constant(intp, CODES)), value)
            begin = builder.gep(rows, [builder.add(first, builder.mul(row, stride))])
            for k, total in enumerate(sums):
                builder.store(builder.fadd(builder.load(total), builder.load(line(begin, k), align=size)), total)
        begin = builder.gep(target, [to])
        for k, total in enumerate(sums):
            at = line(begin, k)
            builder.store(builder.fadd(builder.load(at, align=size), builder.load(total)), at, align=size)
        return context.get_dummy_value()

    whole = types.intp
    return types.void(table, whole, whole, codes, whole, whole, out, whole), generate


@njit(cache=True, nogil=True, error_model="numpy")
def build(weights, start, stop, table):
    """Fill the lanes from start to stop of a table, shape (lanes, blocks, 16, outputs and more).

    ``weights`` (units, outputs) are taken as zero beyond their end.
    """
    units, outputs = weights.shape
    none = weights.dtype.type(0)
    x = np.zeros((BITS, outputs), weights.dtype)
    for lane in range(start, stop):
        for a in range(table.shape[1]):
            for k in range(BITS):
                i = a * BLOCK + k * LANES + lane
                if i < units:
                    x[k] = weights[i]
                else:
                    x[k] = 0
            for code in range(CODES):
                row = table[lane, a, code]
                c0, c1, c2, c3 = code & 1, code >> 1 & 1, code >> 2 & 1, code >> 3
                for j in range(outputs):
                    row[j] = ((x[0, j] if c0 else none) + (x[1, j] if c1 else none)) + (
                        (x[2, j] if c2 else none) + (x[3, j] if c3 else none)
                    )
                row[outputs:] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def encode(x, codes):
    """Codes of states (chains, units) that are zeros and ones: (lanes, chains, blocks) of uint8."""
    chains, units = x.shape
    for r in range(chains):
        for a in range(codes.shape[2]):
            for lane in range(LANES):
                code = 0
                for k in range(BITS):
                    i = a * BLOCK + k * LANES + lane
                    if i < units and x[r, i] != 0:
                        code |= 1 << k
                codes[lane, r, a] = code


@njit(cache=True, nogil=True, error_model="numpy")
def inputs_by_table(table, codes, chains, width, out):
    """Fill rows of ``out`` with the sums that the first chains' codes stand for; ``width`` is what ``LINES`` hold."""
    blocks, stride = table.shape[1], table.shape[3]
    rows, values, sums = table.reshape(-1), codes.reshape(-1), out.reshape(-1)
    out[:chains] = 0
    whole = stride // width * width
    if chains == 1:  # whole rows one after the other
        for lane in range(LANES):
            for j in range(0, whole, width):
                _add_rows(
                    rows,
                    lane * blocks * CODES * stride + j,
                    stride,
                    values,
                    lane * codes.shape[1] * blocks,
                    blocks,
                    sums,
                    j,
                )
        return
    for j in range(0, whole, width):  # a part of the table that stays in the cache
        for lane in range(LANES):
            first = lane * blocks * CODES * stride + j
            for r in range(chains):
                at = (lane * codes.shape[1] + r) * blocks
                _add_rows(rows, first, stride, values, at, blocks, sums, r * stride + j)


@njit(cache=True, nogil=True, error_model="numpy")
def run_tables(
    to_visible, to_hidden, b_v, b_h, v, h, codes_h, codes_v, into_v, into_h, first, start, stop, seed, steps
):
    """Run the chains from start to stop, numbered from ``first``, in place, some at a time.

    The other arrays are room for ``CHAINS`` of them.
    """
    visible, begin, width = v.shape[1], start, LINES * LINE // v.itemsize
    while begin < stop:
        end = min(begin + CHAINS, stop)
        x, y, chains = v[begin:end], h[begin:end], end - begin
        for t in range(steps):
            at = step_seed_of(seed, t)
            encode(y, codes_h)
            inputs_by_table(to_visible, codes_h, chains, width, into_v)
            draw_rows(into_v, b_v, 0, chains, first + begin, 0, at, x)
            encode(x, codes_v)
            inputs_by_table(to_hidden, codes_v, chains, width, into_h)
            draw_rows(into_h, b_h, 0, chains, first + begin, visible, at, y)
        begin = end


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def inputs_from_rows(weights, x, part, out):
    """Fill ``out`` with x @ weights in the tables' order, from the rows of the units that are on; ``part`` is room."""
    units, outputs = weights.shape
    nothing = np.zeros(outputs, weights.dtype)
    out[:] = 0
    for lane in range(LANES):
        part[:] = 0
        for first in range(lane, units, BLOCK):
            w0, w1, w2, w3, on = nothing, nothing, nothing, nothing, False
            if x[first] != 0:
                w0, on = weights[first], True
            if first + LANES < units and x[first + LANES] != 0:
                w1, on = weights[first + LANES], True
            if first + 2 * LANES < units and x[first + 2 * LANES] != 0:
                w2, on = weights[first + 2 * LANES], True
            if first + 3 * LANES < units and x[first + 3 * LANES] != 0:
                w3, on = weights[first + 3 * LANES], True
            if on:
                for j in range(outputs):
                    part[j] += (w0[j] + w1[j]) + (w2[j] + w3[j])
        for j in range(outputs):
            out[j] += part[j]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def inputs_from_columns(weights, x, room, out):
    """Fill ``out`` with weights @ x in the same order; ``x`` and ``room`` are zeros up to a whole number of blocks."""
    outputs, units = weights.shape
    lanes = np.empty(LANES, weights.dtype)
    whole = units // BLOCK * BLOCK
    for j in range(outputs):
        row = weights[j]
        lanes[:] = 0
        for a in range(0, whole, BLOCK):
            for k in range(LANES):
                i = a + k
                lanes[k] += (row[i] * x[i] + row[i + 16] * x[i + 16]) + (
                    row[i + 32] * x[i + 32] + row[i + 48] * x[i + 48]
                )
        if whole < units:
            for i in range(whole, units):
                room[i - whole] = row[i]
            for k in range(LANES):
                i = whole + k
                lanes[k] += (room[k] * x[i] + room[k + 16] * x[i + 16]) + (
                    room[k + 32] * x[i + 32] + room[k + 48] * x[i + 48]
                )
        total = lanes[0]
        for k in range(1, LANES):
            total += lanes[k]
        out[j] = total


@njit(cache=True, nogil=True, error_model="numpy")
def run_rows(weights, b_v, b_h, v, h, first, start, stop, seed, steps):
    """Run the chains from start to stop without tables, to the same bits."""
    visible, hidden = v.shape[1], h.shape[1]
    into_v, into_h = np.empty((1, visible), weights.dtype), np.empty((1, hidden), weights.dtype)
    part, room = np.empty(visible, weights.dtype), np.zeros(BLOCK, weights.dtype)
    x = np.zeros(-(-visible // BLOCK) * BLOCK, weights.dtype)
    for r in range(start, stop):
        for t in range(steps):
            at = step_seed_of(seed, t)
            inputs_from_rows(weights, h[r], part, into_v[0])
            draw_rows(into_v, b_v, 0, 1, first + r, 0, at, v[r : r + 1])
            x[:visible] = v[r]
            inputs_from_columns(weights, x, room, into_h[0])
            draw_rows(into_h, b_h, 0, 1, first + r, visible, at, h[r : r + 1])
