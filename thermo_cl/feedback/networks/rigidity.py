"""Whether a network is held: pieces that nothing holds, and floppy modes that cost no energy."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import DisconnectedNetworkError, InvalidParameterError
from thermo_cl.feedback.networks.assembly import Assembly

__all__ = ["floppy_modes", "require_held"]

_ZERO = 1e-12  # of the largest eigenvalue of B^T B; rounding leaves 1e-15


def require_held(assembly: Assembly, edges: IntArray, imposed: IntArray, nodes: int, per_node: int) -> None:
    """Refuse a network some of whose nodes can move without strain; coefficients play no part.

    Raises
    ------
    DisconnectedNetworkError
        If a connected part has no imposed degree of freedom.
    InvalidParameterError
        If edges and imposed values leave floppy modes.
    """
    _require_pieces_held(edges, imposed, nodes, per_node)
    if per_node == 1:
        return  # a connected network of resistors with one imposed voltage has no floppy mode
    count, mode = floppy_modes(assembly)
    if count:
        loose = int(assembly.free[np.argmax(np.abs(mode))]) // per_node
        ways = "one floppy mode" if count == 1 else f"{count} floppy modes"
        valid = f"enough to hold every node; for instance node {loose} can move. Add edges or imposed values there"
        raise InvalidParameterError("edges and imposed", f"a network with {ways}", valid)


def _require_pieces_held(edges: IntArray, imposed: IntArray, nodes: int, per_node: int) -> None:
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    graph = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(nodes, nodes))
    pieces, label = connected_components(graph, directed=False)
    loose = np.setdiff1d(np.arange(pieces), label[imposed // per_node])
    if len(loose):
        raise DisconnectedNetworkError([np.flatnonzero(label == piece).tolist() for piece in loose])


def floppy_modes(assembly: Assembly) -> tuple[int, FloatArray]:
    """Number of motions of the free degrees of freedom without strain, and one of them (free,) or zeros.

    They are the eigenvectors of B^T B of eigenvalue 0, to 1e-12 of the largest. A large matrix is not diagonalised: the
    number of eigenvalues below a shift is that of negative pivots of the shifted matrix (Sylvester's law of inertia).
    """
    matrix = assembly.matrix(np.ones(assembly.of_free.shape[0]))
    if assembly.dense:
        values, vectors = np.linalg.eigh(matrix)
        zero = values <= _ZERO * values[-1]
        return int(zero.sum()), vectors[:, 0] if zero[0] else np.zeros(assembly.size)
    return _by_inertia(matrix)


def _by_inertia(matrix: Any) -> tuple[int, FloatArray]:
    from scipy import sparse
    from scipy.sparse.linalg import splu

    size = matrix.shape[0]
    shift = _ZERO * float(abs(matrix).sum(axis=0).max())
    options = {"SymmetricMode": True}
    shifted = sparse.csc_array(matrix - shift * sparse.eye_array(size, format="csc"))
    factors = splu(shifted, permc_spec="NATURAL", diag_pivot_thresh=0.0, options=options)
    count = int(np.sum(factors.U.diagonal() < 0.0))
    mode = np.zeros(size)
    if count:
        mode = np.random.default_rng(0).standard_normal(size)
        for _ in range(3):  # inverse iteration: the nearest eigenvalue to the shift is 0
            mode = factors.solve(mode)
            mode /= np.linalg.norm(mode)
    return count, mode
