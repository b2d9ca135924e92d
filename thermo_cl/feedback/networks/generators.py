"""Networks to learn on: disordered springs, square and disordered resistors."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.networks.assembly import Assembly
from thermo_cl.feedback.networks.network import EdgeNetwork, elastic_network, resistor_network
from thermo_cl.feedback.networks.points import neighbour_edges, spread_points
from thermo_cl.feedback.networks.rigidity import floppy_modes

__all__ = ["delaunay_resistor_network", "disordered_elastic_network", "square_resistor_network"]

_LEAST_COORDINATION = 4.2  # above the isostatic 4, below which a network of springs in the plane is floppy
_MOST_ROUNDS = 100


def disordered_elastic_network(
    nodes: int = 100,
    coordination: float = 4.8,
    *,
    disorder: float = 0.0,
    rng: np.random.Generator | int | None = 0,
) -> EdgeNetwork:
    """Disordered springs in the plane, one node per unit area on average, with few more edges than rigidity needs.

    Edges of the Delaunay triangulation of evenly spread random points are removed where nodes have most, down to the
    coordination asked for; those that rigidity needs are put back. The network is rigid by itself; both degrees of
    freedom of two far nodes are imposed, which ``with_imposed`` changes.

    Parameters
    ----------
    nodes : int
        At least 12.
    coordination : float
        Mean number of edges at a node, at least 4.2 (4 is isostatic); more than the triangulation has (5.5 to 6) gives
        the whole triangulation.
    disorder : float
        Stiffnesses are exp(disorder * u), u uniform on (-1, 1), not negative.
    rng : Generator or int
        The same seed gives the same network.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range.
    """
    count = check.integer_at_least("nodes", nodes, 12)
    wanted = check.positive_number("coordination", coordination)
    if wanted < _LEAST_COORDINATION:
        raise InvalidParameterError("coordination", wanted, f"at least {_LEAST_COORDINATION}, so that it can be rigid")
    spread, generator = _disorder(disorder), check.generator(rng)
    points = spread_points(count, generator)
    edges = neighbour_edges(points)
    kept = _rigid_selection(points, edges, round(0.5 * wanted * count), generator)
    far = _two_far_nodes(points)
    held = (2 * far[:, None] + np.arange(2)).ravel()
    return elastic_network(points, edges[kept], _coefficients(len(kept), spread, generator), held)


def square_resistor_network(
    rows: int = 10, columns: int = 10, *, disorder: float = 0.5, rng: np.random.Generator | int | None = 0
) -> EdgeNetwork:
    """Square lattice of resistors, node ``row * columns + column``; two opposite corners are imposed.

    Parameters
    ----------
    rows, columns : int
        At least 2.
    disorder : float
        Conductances are exp(disorder * u), u uniform on (-1, 1).
    rng : Generator or int

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range.
    """
    height, width = check.integer_at_least("rows", rows, 2), check.integer_at_least("columns", columns, 2)
    spread, generator = _disorder(disorder), check.generator(rng)
    index = np.arange(height * width).reshape(height, width)
    across = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1)
    down = np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1)
    edges = np.concatenate([across, down])
    row, column = np.divmod(index.ravel(), width)
    places = np.stack([column, row], axis=1).astype(float)
    conductances = _coefficients(len(edges), spread, generator)
    return resistor_network(edges, conductances, [0, height * width - 1], places)


def delaunay_resistor_network(
    nodes: int = 100, *, disorder: float = 0.5, rng: np.random.Generator | int | None = 0
) -> EdgeNetwork:
    """Resistors on the Delaunay triangulation of evenly spread random points; two far nodes are imposed.

    Parameters
    ----------
    nodes : int
        At least 12.
    disorder, rng
        As for ``square_resistor_network``.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range.
    """
    count = check.integer_at_least("nodes", nodes, 12)
    spread, generator = _disorder(disorder), check.generator(rng)
    points = spread_points(count, generator)
    edges = neighbour_edges(points)
    return resistor_network(edges, _coefficients(len(edges), spread, generator), _two_far_nodes(points), points)


def _disorder(disorder: float) -> float:
    return check.single("disorder", check.non_negative("disorder", disorder))


def _coefficients(count: int, spread: float, generator: np.random.Generator) -> FloatArray:
    return np.exp(spread * generator.uniform(-1.0, 1.0, count))


def _two_far_nodes(points: FloatArray) -> IntArray:
    """Lower left and upper right corner."""
    along = points.sum(axis=1)
    return np.array([np.argmin(along), np.argmax(along)])


def _rigid_selection(points: FloatArray, edges: IntArray, count: int, generator: np.random.Generator) -> IntArray:
    """Indices of so many edges that hold the points rigidly, in order.

    Edges that a floppy mode of a trial selection strains are kept in the next one, until none is left.
    """
    removal = _removal_order(edges, len(points), generator)
    if count >= len(edges):
        return np.arange(len(edges))
    full = elastic_network(points, edges, 1.0, np.arange(2 * len(points) - 1))
    low, high = _two_far_nodes(points)
    pins = np.array([2 * low, 2 * low + 1, 2 * high])  # just the motions of a rigid body
    order = removal[::-1]
    for _ in range(_MOST_ROUNDS):
        kept = np.sort(order[:count])
        assembly = Assembly(full.compatibility[kept], pins)
        modes, mode = floppy_modes(assembly)
        if not modes:
            return kept
        motion = np.zeros(2 * len(points))
        motion[assembly.free] = mode
        needed = _most_strained(np.abs(full.compatibility @ motion), edges, order[count:], modes)
        order = np.concatenate([needed, order[~np.isin(order, needed)]])
    raise ConvergenceError(
        f"no rigid network of {count} edges was found in {_MOST_ROUNDS} rounds. Raise the coordination"
    )  # fmt: skip


def _removal_order(edges: IntArray, nodes: int, generator: np.random.Generator) -> IntArray:
    """All edges, those first whose two nodes have most edges left, at random among equals."""
    degree = np.bincount(edges.ravel(), minlength=nodes).tolist()
    waiting = generator.permutation(len(edges)).tolist()
    ends = edges.tolist()
    order: list[int] = []
    for least in range(max(degree), -1, -1):
        left = []
        for e in waiting:
            i, j = ends[e]
            if degree[i] > least and degree[j] > least:
                degree[i] -= 1
                degree[j] -= 1
                order.append(e)
            else:
                left.append(e)
        waiting = left
    return np.array(order, dtype=np.int64)


def _most_strained(strains: FloatArray, edges: IntArray, candidates: IntArray, most: int) -> IntArray:
    """Candidates that a motion strains most, at most so many and no two at one node."""
    chosen, taken = list[int](), set[int]()
    largest = strains[candidates].max()
    for e in candidates[np.argsort(-strains[candidates], kind="stable")]:
        i, j = edges[e].tolist()
        if len(chosen) == most or strains[e] < 1e-3 * largest:
            break
        if i not in taken and j not in taken:
            chosen.append(int(e))
            taken.update((i, j))
    return np.array(chosen, dtype=np.int64)
