"""Rates of networks from edge lists, graphs and energies, each checked and named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["both_ways", "rates_of_edges", "rates_of_energies", "rates_of_graph"]

_SYMMETRY_TOLERANCE = 1e-12
_DENSE_UP_TO = 500  # states of an edge list that are stored densely by default
_LARGEST_EXPONENT = 700.0  # exp of it, and of its negative, are normal numbers


def rates_of_edges(
    edges: Iterable[Any] | ArrayLike, n_states: int | None = None, *, sparse: bool | None = None
) -> FloatArray | scipy.sparse.csc_array:
    """Rates of a list of jumps.

    Parameters
    ----------
    edges : iterable of (source, target, rate), or array_like, shape (m, 3)
        Jumps with their rates >= 0, in 1/time. Jumps given twice add up.
    n_states : int, optional
        Number of states; one more than the largest index by default. States without jumps are allowed here, and
        are classes of their own.
    sparse : bool, optional
        Whether to store them sparsely: by default, above 500 states.

    Returns
    -------
    ndarray or scipy.sparse.csc_array, shape (n, n)

    Raises
    ------
    InvalidParameterError
        If there are no edges, an index is not a state, an edge joins a state to itself, or a rate is negative or
        not finite; the edge is named.
    MemoryLimitError
        If a dense array is asked for that would not fit.
    """
    table = _edge_table(edges)
    ends, rate = table[:, :2], table[:, 2]
    _refuse_edge(table, (ends != np.floor(ends)).any(axis=1) | (ends < 0).any(axis=1), "two whole numbers from 0 on")
    n = int(ends.max()) + 1 if n_states is None else check.integer_at_least("n_states", n_states, 2)
    if n < 2 and not (ends[:, 0] == ends[:, 1]).any():
        raise InvalidParameterError("n_states", n, "a whole number of at least 2")
    _refuse_edge(table, (ends >= n).any(axis=1), f"between states from 0 to n_states - 1 = {n - 1}")
    _refuse_edge(table, ends[:, 0] == ends[:, 1], "between two different states")
    _refuse_edge(table, ~(np.isfinite(rate) & (rate >= 0)), "of finite rate, not negative")
    source, target = ends.T.astype(np.int64)
    if n > _DENSE_UP_TO if sparse is None else sparse:
        return scipy.sparse.coo_array((rate, (target, source)), shape=(n, n)).tocsc()
    require_memory(f"a dense array of the rates of {n} states", 16 * n * n, "Use sparse=True.")
    rates = np.zeros((n, n))
    np.add.at(rates, (target, source), rate)
    return rates


def both_ways(source: IntArray, target: IntArray, forward: FloatArray, backward: FloatArray) -> FloatArray:
    """Edge list, shape (2m, 3), of m pairs with a jump in each direction."""
    onward, back = np.column_stack([source, target, forward]), np.column_stack([target, source, backward])
    return np.concatenate([onward, back])


def _edge_table(edges: Iterable[Any] | ArrayLike) -> FloatArray:
    """Edges as a float array of shape (m, 3)."""
    valid = "(source, target, rate) triples of numbers"
    try:
        listed = edges if isinstance(edges, np.ndarray) else list(edges)  # type: ignore[arg-type]
        table = np.asarray(listed)
        if table.size and table.dtype.kind not in "iufb":
            raise TypeError
    except (TypeError, ValueError):
        raise InvalidParameterError("edges", type(edges).__name__, valid) from None
    if table.size == 0:
        raise InvalidParameterError("edges", "empty", f"at least one of {valid}")
    if table.ndim != 2 or table.shape[1] != 3:
        raise InvalidParameterError("edges", f"an array of shape {table.shape}", valid)
    return table.astype(float)


def _refuse_edge(table: FloatArray, wrong: Any, valid: str) -> None:
    if np.any(wrong):
        at = int(np.flatnonzero(wrong)[0])
        raise InvalidParameterError(f"edges[{at}]", tuple(table[at].tolist()), valid)


def rates_of_graph(
    graph: Any, rate: str = "rate", *, sparse: bool | None = None
) -> FloatArray | scipy.sparse.csc_array:
    """Rates of a networkx graph.

    Parameters
    ----------
    graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        An edge u -> v is a jump from u to v; an undirected edge goes both ways; parallel edges add up. States are
        numbered in the order of ``graph.nodes``.
    rate : str
        Edge attribute that holds the rate, in 1/time.
    sparse : bool, optional
        As in ``rates_of_edges``.

    Returns
    -------
    ndarray or scipy.sparse.csc_array, shape (n, n)

    Raises
    ------
    InvalidParameterError
        If an edge lacks the attribute, or its rate is negative or not finite; the edge is named.
    """
    number = {node: k for k, node in enumerate(graph.nodes)}
    table = []
    for u, v, attributes in graph.edges(data=True):
        if rate not in attributes:
            raise InvalidParameterError("graph", f"edge ({u!r}, {v!r}) without {rate!r}", "given a rate on every edge")
        try:
            value = float(attributes[rate])
        except (TypeError, ValueError):
            value = np.nan
        if not (np.isfinite(value) and value >= 0):
            name = f"graph edge ({u!r}, {v!r})[{rate!r}]"
            raise InvalidParameterError(name, attributes[rate], "a finite rate, not negative")
        if u == v:
            raise InvalidParameterError("graph", f"edge ({u!r}, {v!r})", "without edges from a state to itself")
        table.append((number[u], number[v], value))
        if not graph.is_directed():
            table.append((number[v], number[u], value))
    if not table:
        raise InvalidParameterError("graph", "no edges", "a graph with at least one edge")
    return rates_of_edges(table, len(number), sparse=sparse)


def rates_of_energies(
    energies: ArrayLike, barriers: ArrayLike, drive: ArrayLike | None = None, prefactor: ArrayLike = 1.0
) -> FloatArray:
    r"""Rates with local detailed balance, :math:`k\,e^{-(B_{ij} - E_j) + d_{ij}/2}` for the jump j -> i.

    Parameters
    ----------
    energies : array_like, shape (..., n)
        Energies E of the states, in k_B T.
    barriers : array_like, shape (..., n, n)
        Energies B of the transition states, in k_B T, symmetric; infinite where two states are not joined. The
        diagonal is not read.
    drive : array_like, shape (..., n, n), optional
        Work d done on the system in the jump j -> i, at entry (i, j), in k_B T; antisymmetric.
    prefactor : array_like, shape batch
        Rate k > 0 over a barrier of zero height, in 1/time.

    Returns
    -------
    ndarray, shape (..., n, n)
        The logarithm of forward over backward rate is :math:`E_j - E_i + d_{ij}`; without drive, detailed balance
        (Seifert, Rep. Prog. Phys. 75, 126001 (2012)).

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a pair breaks the symmetry of barriers or drive (it is named), a barrier is NaN or
        minus infinity, or a rate would leave the range of double precision.
    """
    energy, height = check.finite("energies", energies), _barriers(barriers)
    work = np.zeros(height.shape[-2:]) if drive is None else check.finite("drive", drive)
    speed = check.positive("prefactor", prefactor)
    n = energy.shape[-1] if energy.ndim else 0
    for name, array in (("barriers", height), ("drive", work)):
        if array.shape[-2:] != (n, n):
            raise InvalidParameterError(f"{name}.shape", array.shape, f"(..., {n}, {n}), as energies are (..., {n})")
    check.broadcast(energies=energy[..., 0], barriers=height[..., 0, 0], drive=work[..., 0, 0], prefactor=speed)
    own = np.arange(n)
    height, work = height.copy(), work.copy()
    height[..., own, own] = np.inf
    _require_symmetry("barriers", height, 1.0)
    _require_symmetry("drive", work, -1.0)
    # halves of both directions: exact detailed balance even if the input is symmetric to rounding only
    height, work = 0.5 * height + 0.5 * np.swapaxes(height, -1, -2), 0.5 * work - 0.5 * np.swapaxes(work, -1, -2)
    exponent = energy[..., None, :] - height + 0.5 * work + np.log(speed)[..., None, None]
    joined = np.isfinite(exponent)
    outside = joined & (np.abs(np.where(joined, exponent, 0.0)) > _LARGEST_EXPONENT)
    if outside.any():
        at = tuple(np.argwhere(outside)[0])
        raise InvalidParameterError(
            f"exponent of the rate {at[-1]} -> {at[-2]}", float(exponent[at]),
            f"between -{_LARGEST_EXPONENT:g} and {_LARGEST_EXPONENT:g} k_B T, so that the rate is a normal number "
            "(use an infinite barrier for no edge)",
        )  # fmt: skip
    return np.asarray(np.where(joined, np.exp(np.where(joined, exponent, 0.0)), 0.0))


def _barriers(barriers: ArrayLike) -> FloatArray:
    """Float array of barriers, infinite ones allowed."""
    array = np.asarray(barriers)
    if array.dtype.kind not in "iufb" or array.ndim < 2:
        raise InvalidParameterError("barriers", barriers, "a real array of shape (..., n, n)")
    array = array.astype(float)
    n = min(array.shape[-2:])
    array[..., np.arange(n), np.arange(n)] = np.inf
    if not (array > -np.inf).all():
        raise InvalidParameterError("barriers", float(array[~(array > -np.inf)][0]), "finite, or inf for no edge")
    return array


def _require_symmetry(name: str, array: FloatArray, sign: float) -> None:
    """Refuse an array that is not symmetric (sign 1) or antisymmetric (sign -1), naming the first pair."""
    other = sign * np.swapaxes(array, -1, -2)
    with np.errstate(invalid="ignore"):
        allowed = _SYMMETRY_TOLERANCE * np.maximum(1.0, np.where(np.isfinite(array), np.abs(array), 1.0))
        same = (array == other) | (np.abs(array - other) <= allowed)
    if not same.all():
        at = tuple(np.argwhere(~same)[0])
        i, j = at[-2], at[-1]
        word = "symmetric" if sign > 0 else "antisymmetric"
        raise InvalidParameterError(
            f"{name}[{i}, {j}]",
            float(array[at]),
            f"{word}: {name}[{j}, {i}] is {float(np.swapaxes(array, -1, -2)[at])}",
        )
