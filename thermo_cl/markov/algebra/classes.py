"""Classes of states that reach each other, from the pattern of the rates alone; and the error of lost rates."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from thermo_cl._types import Array, BoolArray, IntArray
from thermo_cl.errors import ConvergenceError

__all__ = ["closed_labels", "communicating_classes", "labels", "members_of", "out_of_range"]


def _jumps(generator: Array | scipy.sparse.sparray) -> tuple[IntArray, IntArray]:
    """Sources and targets of all possible jumps of one generator, dense or sparse."""
    if scipy.sparse.issparse(generator):
        entries: scipy.sparse.coo_array = scipy.sparse.coo_array(generator)
        target, source = (np.asarray(index) for index in entries.coords)
        off = (target != source) & (entries.data != 0)
        return source[off].astype(np.int64), target[off].astype(np.int64)
    target, source = np.nonzero(generator)
    return source[source != target], target[source != target]


def labels(generator: Array | scipy.sparse.sparray) -> tuple[int, IntArray]:
    """Number of communicating classes, and the class of every state, shape (n,), numbered by first state."""
    source, target = _jumps(generator)
    n = generator.shape[0]
    graph = scipy.sparse.csr_array((np.ones(source.size), (source, target)), shape=(n, n))
    count, found = scipy.sparse.csgraph.connected_components(graph, directed=True, connection="strong")
    first = np.full(count, n)
    np.minimum.at(first, found, np.arange(n))
    return int(count), np.argsort(np.argsort(first))[found]


def closed_labels(generator: Array | scipy.sparse.sparray, label: IntArray) -> BoolArray:
    """Whether each class, shape (count,), is never left: such a class is recurrent, the others are transient."""
    source, target = _jumps(generator)
    closed = np.ones(int(label.max()) + 1, dtype=bool)
    closed[label[source[label[source] != label[target]]]] = False
    return closed


def members_of(label: IntArray, count: int) -> list[IntArray]:
    """States of each class, in ascending order."""
    order = np.argsort(label, kind="stable")
    return np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1])


def communicating_classes(generator: Array | scipy.sparse.sparray) -> list[list[int]]:
    """Sets of states that reach each other, for one generator of shape (n, n), in order of their first state."""
    count, label = labels(generator)
    return [members.tolist() for members in members_of(label, count)]


def out_of_range(state: int) -> ConvergenceError:
    """The error of an elimination whose rates leave the range of double precision at a state."""
    return ConvergenceError(
        f"the rates span more than double precision holds: the way in or out of state {state} underflows "
        "in the elimination. Bring the rates within about 300 decades of each other"
    )
