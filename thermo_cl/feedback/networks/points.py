"""Points spread evenly at random, and the edges between neighbours."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import FloatArray, IntArray

__all__ = ["neighbour_edges", "spread_points"]

_ROUNDS = 15  # of relaxation; more bring the points closer to a crystal
_MARGIN = 0.2  # from the walls, where points would meet their images
_LONGEST = 1.6  # edge, in spacings; longer ones are slivers along the boundary
_FEWEST = 3  # edges that a node is left


def spread_points(count: int, rng: np.random.Generator) -> FloatArray:
    """Points in a square of side sqrt(count), one per unit area, shape (count, 2).

    Random points are moved a few times to the centre of mass of the Delaunay triangles around them, with the walls as
    mirrors, which fills gaps: neighbours end at similar distances, in no regular order.
    """
    side = float(np.sqrt(count))
    points = rng.uniform(_MARGIN, side - _MARGIN, (count, 2))
    for _ in range(_ROUNDS):
        every = _mirrored(points, side)
        corners = _triangles(every)
        a, b, c = (every[corners[:, k]] for k in range(3))
        area = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
        centre = (a + b + c) / 3.0
        owner, weight = corners.ravel(), np.repeat(area, 3)
        total = np.bincount(owner, weight)[:count]
        moved = [np.bincount(owner, weight * np.repeat(centre[:, axis], 3))[:count] / total for axis in (0, 1)]
        points = np.clip(np.stack(moved, axis=1), _MARGIN, side - _MARGIN)
    return points


def neighbour_edges(points: FloatArray) -> IntArray:
    """Edges of the Delaunay triangulation but long ones that nodes can spare, shape (edges, 2), sorted."""
    corners = _triangles(points)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    spacing = np.sqrt(np.prod(np.ptp(points, axis=0)) / len(points))
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    degree = np.bincount(edges.ravel(), minlength=len(points))
    kept = np.ones(len(edges), dtype=bool)
    for e in np.argsort(-lengths)[: np.sum(lengths > _LONGEST * spacing)]:
        if degree[edges[e]].min() > _FEWEST:
            degree[edges[e]] -= 1
            kept[e] = False
    return edges[kept]


def _triangles(points: FloatArray) -> IntArray:
    from scipy.spatial import Delaunay

    return np.asarray(Delaunay(points).simplices, dtype=np.int64)


def _mirrored(points: FloatArray, side: float) -> FloatArray:
    """The points, then the images of those near each wall and corner, which come after them."""
    reach, images = min(4.0, side), points
    for axis in (0, 1):
        added = [images]
        for wall in (0.0, side):
            near = images[np.abs(images[:, axis] - wall) < reach].copy()
            near[:, axis] = 2.0 * wall - near[:, axis]
            added.append(near)
        images = np.concatenate(added)
    return images
