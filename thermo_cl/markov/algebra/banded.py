"""Steady states of networks whose states can be ordered so that only near ones are joined: chains, rings, strips.

Elimination inside a band of half width b costs n b^2 operations and n (2 b + 1) numbers, so that it is linear in
the number of states. Like the dense elimination it never subtracts, and every probability keeps its digits; the
weights carry binary exponents of their own, so that a chain may span any number of decades.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.markov.algebra.classes import out_of_range

__all__ = ["band_order", "steady_state_banded"]


def band_order(generator: scipy.sparse.csc_array) -> tuple[IntArray, int]:
    """Order of the states with a small bandwidth, shape (n,), and that bandwidth.

    The order given is kept if reverse Cuthill-McKee finds none better.
    """
    own = np.arange(generator.shape[0])
    width = _bandwidth(generator, own)
    if width <= 1:
        return own, width
    order = scipy.sparse.csgraph.reverse_cuthill_mckee((generator + generator.T).tocsr(), symmetric_mode=True)
    place = np.empty(own.size, dtype=np.int64)
    place[order] = own
    found = _bandwidth(generator, place)
    return (order.astype(np.int64), found) if found < width else (own, width)


def _bandwidth(generator: scipy.sparse.csc_array, place: IntArray) -> int:
    source = np.repeat(np.arange(generator.shape[1]), np.diff(generator.indptr))
    return int(np.abs(place[generator.indices] - place[source]).max(initial=0))


def steady_state_banded(generator: scipy.sparse.csc_array, order: IntArray, bandwidth: int) -> FloatArray:
    """Steady probabilities of an irreducible network, shape (n,), entrywise accurate.

    Parameters
    ----------
    generator : csc_array, shape (n, n)
        Column convention.
    order : ndarray of int, shape (n,)
        States in the order of the band.
    bandwidth : int
        Largest distance of joined states in that order.

    Raises
    ------
    MemoryLimitError
        If the band would not fit.
    ConvergenceError
        If a rate of the censored networks underflows.
    """
    n = order.size
    require_memory(
        f"the band of {n} states with bandwidth {bandwidth}",
        8 * n * (2 * bandwidth + 5),
        "Use method='iterative', which stores the rates only",
    )
    from thermo_cl.markov.algebra._banded import eliminate_band, fill_band, substitute_band, to_probabilities

    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    down, up, outflow = np.zeros((n, bandwidth)), np.zeros((n, bandwidth)), np.ones(n)
    indptr, indices = generator.indptr.astype(np.int64), generator.indices.astype(np.int64)
    fill_band(indptr, indices, np.array(generator.data, dtype=float), place, down, up)
    stuck = eliminate_band(down, up, outflow)
    if stuck >= 0:
        raise out_of_range(int(order[stuck]))
    mantissa, exponent, p = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n)
    never = substitute_band(up, outflow, mantissa, exponent)
    if never >= 0:
        raise out_of_range(int(order[never]))
    to_probabilities(mantissa, exponent, p)
    return np.asarray((p / p.sum())[place])
