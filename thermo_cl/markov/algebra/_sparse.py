"""Compiled parts of sparse elimination: nested dissection, fill, subtraction-free factors, back substitution.

Graphs are symmetric patterns in compressed rows without a diagonal. A structure (pointer, index) lists, for every
state in elimination order, the later states it is joined to when its turn comes.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.markov.algebra._banded import FADED, NEVER

_LEAF = 6  # states of a part that is small enough to be eliminated in any order
_ROUNDS = 8  # walks over all states, over log n; graphs without balanced separators end here in any order


@njit(cache=True, nogil=True, error_model="numpy")
def _levels(indptr, indices, part, own, root, queue, begin, level):
    """Breadth-first levels of the part that holds ``root``, in ``queue`` from ``begin``; returns where they end."""
    queue[begin], level[root] = root, 0
    end, at = begin + 1, begin
    while at < end:
        state = queue[at]
        at += 1
        for t in range(indptr[state], indptr[state + 1]):
            near = indices[t]
            if part[near] == own and level[near] < 0:
                level[near] = level[state] + 1
                queue[end] = near
                end += 1
    return end


@njit(cache=True, nogil=True, error_model="numpy")
def _clear(level, queue, begin, end):
    for t in range(begin, end):
        level[queue[t]] = -1


@njit(cache=True, nogil=True, error_model="numpy")
def dissect(indptr, indices):
    """Elimination order: trees from their leaves, then by nested dissection halves before what separates them."""
    n = indptr.size - 1
    order, part, level = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, -1)
    queue = np.empty(n, dtype=np.int64)
    stripped = _strip_leaves(indptr, indices, order, part, queue)
    begins, ends = np.empty(n + 1, dtype=np.int64), np.empty(n + 1, dtype=np.int64)
    begins[0], ends[0], waiting, named = stripped, n, 1, 1
    walked, most = 0.0, _ROUNDS * n * math.log(n + 1.0)
    while waiting > 0 and walked < most:
        waiting -= 1
        begin, end = begins[waiting], ends[waiting]
        walked += end - begin
        own, root = part[order[begin]], order[begin]
        reached = _levels(indptr, indices, part, own, root, queue, begin, level)
        if reached < end:  # not connected: every piece becomes a part
            first, at, stop = begin, begin, reached
            while True:
                for t in range(at, stop):
                    part[queue[t]] = named
                if stop - at > _LEAF:
                    begins[waiting], ends[waiting] = at, stop
                    waiting += 1
                named += 1
                if stop == end:
                    break
                at = stop
                while level[root] >= 0:  # the states of this part are walked through once
                    first += 1
                    root = order[first]
                stop = _levels(indptr, indices, part, own, root, queue, at, level)
            _clear(level, queue, begin, end)
            order[begin:end] = queue[begin:end]
            continue
        for _ in range(2):  # the last state reached is far from the first: long and thin levels
            root = queue[end - 1]
            _clear(level, queue, begin, end)
            _levels(indptr, indices, part, own, root, queue, begin, level)
        depth = level[queue[end - 1]]
        if depth < 2:
            _clear(level, queue, begin, end)
            continue
        cut = _thinnest(queue, level, begin, end, depth)
        low, high = begin, end
        for t in range(begin, end):  # the queue is sorted by level, so the first half only moves down
            state = queue[t]
            if level[state] > cut:
                break
            separates = False
            if level[state] == cut:
                for s in range(indptr[state], indptr[state + 1]):
                    near = indices[s]
                    if part[near] == own and level[near] == cut + 1:
                        separates = True
                        break
            if separates:
                high -= 1
                order[high] = state
            else:
                order[low] = state
                low += 1
        middle = low
        for t in range(begin, end):
            if level[queue[t]] > cut:
                order[low] = queue[t]
                low += 1
        for t in range(begin, middle):
            part[order[t]] = named
        for t in range(middle, high):
            part[order[t]] = named + 1
        for t in range(high, end):
            part[order[t]] = -1
        named += 2
        _clear(level, queue, begin, end)
        if middle - begin > _LEAF:
            begins[waiting], ends[waiting] = begin, middle
            waiting += 1
        if high - middle > _LEAF:
            begins[waiting], ends[waiting] = middle, high
            waiting += 1
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def _strip_leaves(indptr, indices, order, part, queue):
    """Put states of one neighbour first, as long as there are any: they leave no fill. Returns their number."""
    n = order.size
    degree = indptr[1:] - indptr[:-1]
    found, at, stripped = 0, 0, 0
    for i in range(n):
        if degree[i] == 1:
            queue[found] = i
            found += 1
    while at < found:
        state = queue[at]
        at += 1
        if degree[state] == 0:  # the last of a tree
            continue
        order[stripped] = state
        stripped += 1
        part[state] = -1
        for t in range(indptr[state], indptr[state + 1]):
            near = indices[t]
            if part[near] == 0:
                degree[near] -= 1
                if degree[near] == 1:
                    queue[found] = near
                    found += 1
    place = stripped
    for i in range(n):
        if part[i] == 0:
            order[place] = i
            place += 1
    return stripped


@njit(cache=True, error_model="numpy")
def _thinnest(queue, level, begin, end, depth):
    """Level between the first and the last with the least states for the smaller part that it cuts off.

    Levels that cut off less than a tenth are half as welcome: the walk over all states is repeated for few.
    """
    count = np.zeros(depth + 1, dtype=np.int64)
    for t in range(begin, end):
        count[level[queue[t]]] += 1
    best, least, before = 1, np.inf, count[0]
    for cut in range(1, depth):
        smaller = min(before, end - begin - before - count[cut])
        cost = count[cut] / smaller
        if 10 * smaller < end - begin:
            cost *= 2.0
        if cost < least:
            best, least = cut, cost
        before += count[cut]
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def fill_counts(indptr, indices, order, place, limit):
    """Elimination tree and later neighbours per state; stops counting past ``limit`` and returns the total so far."""
    n = order.size
    parent, counts, mark = np.full(n, -1), np.zeros(n, dtype=np.int64), np.full(n, -1)
    total = 0
    for k in range(n):
        mark[k] = k
        for t in range(indptr[order[k]], indptr[order[k] + 1]):
            j = place[indices[t]]
            while j < k and mark[j] != k:
                if parent[j] == -1:
                    parent[j] = k
                mark[j] = k
                counts[j] += 1
                total += 1
                j = parent[j]
        if total > limit:
            break
    return parent, counts, total


@njit(cache=True, nogil=True, error_model="numpy")
def fill_structure(indptr, indices, order, place, parent, pointer, index):
    """Later neighbours of every state in ascending order, written to ``index``."""
    n = order.size
    mark, filled = np.full(n, -1), pointer[:-1].copy()
    for k in range(n):
        mark[k] = k
        for t in range(indptr[order[k]], indptr[order[k] + 1]):
            j = place[indices[t]]
            while j < k and mark[j] != k:
                mark[j] = k
                index[filled[j]] = k
                filled[j] += 1
                j = parent[j]


@njit(cache=True, nogil=True, error_model="numpy")
def eliminate_sparse(indptr, indices, outwards, inwards, order, place, pointer, index, factors, outflow):
    """Eliminate states in order, looking back at those that reach each one; only adds, multiplies and divides.

    ``outwards[t]`` is the rate from the row's state to ``indices[t]`` and ``inwards[t]`` the rate back. On return
    ``factors[t]`` holds the probability of the jump to ``index[t]`` and the rate back from it, and ``outflow`` the
    total rate to later states. Returns the state that cannot be left, or -1.
    """
    n = order.size
    work = np.zeros((n, 2))
    head, following, at = np.full(n, -1), np.full(n, -1), np.zeros(n, dtype=np.int64)
    for k in range(n - 1):
        begin, end = pointer[k], pointer[k + 1]
        for t in range(begin, end):
            work[index[t], 0] = 0.0
            work[index[t], 1] = 0.0
        for t in range(indptr[order[k]], indptr[order[k] + 1]):
            i = place[indices[t]]
            if i > k:
                work[i, 0] = outwards[t]
                work[i, 1] = inwards[t]
        j = head[k]
        while j != -1:
            after, here, stop = following[j], at[j], pointer[j + 1]
            reach, back = factors[here, 0], factors[here, 1]
            for t in range(here + 1, stop):
                i = index[t]
                work[i, 0] += back * factors[t, 0]
                work[i, 1] += factors[t, 1] * reach
            if here + 1 < stop:
                at[j] = here + 1
                into = index[here + 1]
                following[j] = head[into]
                head[into] = j
            j = after
        total = 0.0
        for t in range(begin, end):
            total += work[index[t], 0]
        outflow[k] = total
        if not total > 0.0:
            return k
        for t in range(begin, end):
            factors[t, 0] = work[index[t], 0] / total
            factors[t, 1] = work[index[t], 1]
        if begin < end:
            at[k] = begin
            following[k] = head[index[begin]]
            head[index[begin]] = k
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def substitute_sparse(pointer, index, factors, outflow, mantissa, exponent):
    """Steady weights mantissa * 2**exponent, from the last state back. Returns a state that is never entered, or -1."""
    n = outflow.size
    mantissa[n - 1], exponent[n - 1] = 0.5, 0
    for k in range(n - 2, -1, -1):
        largest = NEVER
        for t in range(pointer[k], pointer[k + 1]):
            if factors[t, 1] != 0.0:
                largest = max(largest, exponent[index[t]] + math.frexp(factors[t, 1])[1])
        if largest == NEVER:
            return k
        total = 0.0
        for t in range(pointer[k], pointer[k + 1]):
            part, power = math.frexp(factors[t, 1])
            shift = exponent[index[t]] + power - largest
            if part != 0.0 and shift > FADED:
                total += math.ldexp(part * mantissa[index[t]], shift)
        over, under = math.frexp(outflow[k])
        part, shift = math.frexp(total / over)
        mantissa[k], exponent[k] = part, largest - under + shift
    return -1
