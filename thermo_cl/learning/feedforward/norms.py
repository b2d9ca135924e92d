"""Spectral norms of connections and of chains of them: exact when small, else by a Krylov iteration."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.linalg

from thermo_cl._types import Array
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.feedforward.connections import Connection, Dense
from thermo_cl.learning.feedforward.pooling import MaxPooling, MeanPooling

__all__ = ["chain_norm", "largest_singular_value", "spectral_norm"]

_EXPLICIT = 64  # rows up to which a matrix is decomposed as a whole; above, the iteration is faster
_STEPS = 1000  # of the iteration, at most; some 40 are needed for a random matrix of 512 rows
_FINEST = 1e-14  # tolerance
_CHECKED = 4  # steps from one look at the accuracy to the next


def spectral_norm(
    connection: Connection, weights: Array, input_shape: tuple[int, ...], *, tolerance: float = 1e-8
) -> float:
    r"""Largest factor by which a connection, without its biases, lengthens a vector.

    Pooling is part of the connection: the mean of squares that do not overlap divides the norm by the side of a
    square. Their maximum does not change it, whichever pixels are the largest.

    Parameters
    ----------
    connection : Connection
    weights : ndarray
        Of the shape that the connection says.
    input_shape : tuple of int
        Of the layer below, without the batch.
    tolerance : float
        Relative accuracy, from 1e-14 to 1; see ``largest_singular_value``. All numbers are float64 on the way.

    Returns
    -------
    float

    Raises
    ------
    InvalidParameterError
        If the weights do not fit or are not finite, or the tolerance is out of range.
    ConvergenceError
        If the accuracy is not reached.
    """
    (values,) = _checked([connection], [weights], input_shape)
    _check_tolerance(tolerance)
    pooling = getattr(connection, "pooling", None)
    factor, shape, bare = 1.0, input_shape, connection
    if isinstance(pooling, (MeanPooling, MaxPooling)):
        factor = 1 / pooling.size if isinstance(pooling, MeanPooling) else 1.0
        shape, bare = pooling.shape(input_shape), dataclasses.replace(connection, pooling=None)  # type: ignore[type-var]
    if isinstance(bare, Dense) and min(values.shape) <= _EXPLICIT:
        return factor * float(np.linalg.norm(values, 2))
    return factor * chain_norm([bare], [values], shape, tolerance=tolerance)


def chain_norm(
    connections: Sequence[Connection],
    weights: Sequence[Array],
    input_shape: tuple[int, ...],
    *,
    tolerance: float = 1e-8,
) -> float:
    r"""Spectral norm :math:`\|W_L \cdots W_1\|_2` of connections one after another, without biases and activation.

    Up to 64 outputs the matrix itself is made, by pulling back the unit vectors of the outputs, and decomposed.

    Parameters
    ----------
    connections : sequence of Connection
        Without maximum pooling, which is no linear map.
    weights : sequence of ndarray
        Of the shapes that the connections say.
    input_shape : tuple of int
        Of the first layer, without the batch.
    tolerance : float
        Relative accuracy, from 1e-14 to 1; see ``largest_singular_value``. All numbers are float64 on the way.

    Raises
    ------
    InvalidParameterError
        If a connection pools by maxima, weights do not fit or are not finite, or the tolerance is out of range.
    ConvergenceError
        If the accuracy is not reached.
    """
    for connection in connections:
        if isinstance(getattr(connection, "pooling", None), MaxPooling):
            valid = "without MaxPooling, which is not linear: take MeanPooling, or the norms of the single connections"
            raise InvalidParameterError("connections", connection, valid)
    values = _checked(connections, weights, input_shape)
    _check_tolerance(tolerance)
    shapes, links = [input_shape], []
    for connection in connections:
        links.append(connection.link(np.zeros((1, *shapes[-1]))))
        shapes.append(connection.shapes(shapes[-1])[-1])

    def forward(x: Array) -> Array:
        here = x.reshape(1, *input_shape)
        for connection, w in zip(connections, values, strict=True):
            here = connection.link(here).forward(w, np.zeros(w.shape[-1]))
        return here.ravel()

    def backward(y: Array) -> Array:
        here = y.reshape(1, *shapes[-1])
        for link, w in zip(reversed(links), reversed(values), strict=True):
            here = link.backward(here, w)
        return here.ravel()

    below, above = math.prod(input_shape), math.prod(shapes[-1])
    if above <= _EXPLICIT:
        return float(np.linalg.norm([backward(unit) for unit in np.eye(above)], 2))
    if above <= below:  # the iteration stays on the smaller side
        return largest_singular_value(backward, forward, above, tolerance)
    return largest_singular_value(forward, backward, below, tolerance)


def largest_singular_value(
    forward: Callable[[Array], Array], backward: Callable[[Array], Array], size: int, tolerance: float = 1e-8
) -> float:
    r"""Largest singular value of a linear map A by power iteration that keeps its iterates (Lanczos 1950).

    The start v is always the same draw of a normal distribution. The largest Ritz value :math:`\theta` of
    :math:`A^T A` in the span of :math:`v, A^T A v, (A^T A)^2 v, \ldots` grows towards the square of the result. A
    residual :math:`\rho` puts an eigenvalue within :math:`\rho` of it; the iteration ends at
    :math:`\rho \le 2\theta\,\mathrm{tolerance}`. The error then is of the order of the tolerance's square over the
    relative gap to the next singular value, and never more than the tolerance: unless the start had no part, to
    rounding, along the largest singular vector.

    Parameters
    ----------
    forward, backward : callable
        A and its transpose, of vectors in float64.
    size : int
        Length of the vectors that A takes.
    tolerance : float
        Relative accuracy, from 1e-14 to 1.

    Raises
    ------
    InvalidParameterError
        If the tolerance is out of range.
    ConvergenceError
        If the accuracy is not reached in 1000 steps.
    """
    _check_tolerance(tolerance)
    v = np.random.default_rng(0).standard_normal(size)
    first = forward(v / np.linalg.norm(v))
    scale = float(np.abs(first).max())
    if scale == 0:
        return 0.0
    room = min(size, _STEPS)
    basis, diagonal, beside = np.empty((room, size)), np.empty(room), np.empty(room)
    basis[0] = v / np.linalg.norm(v)
    error = math.inf
    for n in range(room):
        image = forward(basis[n]) / scale
        rest: Any = backward(image) / scale
        diagonal[n] = image @ image
        for _ in range(2):  # twice is enough to be orthogonal to rounding
            rest -= basis[: n + 1].T @ (basis[: n + 1] @ rest)
        beside[n] = np.linalg.norm(rest)
        last = n + 1 == room or beside[n] <= np.finfo(float).eps * diagonal[: n + 1].max()
        if last or n % _CHECKED == 0:
            theta, vector = scipy.linalg.eigh_tridiagonal(
                diagonal[: n + 1], beside[:n], select="i", select_range=(n, n)
            )
            error = float(beside[n] * abs(vector[-1, 0]) / (2 * theta[0]))
            if error <= tolerance or n + 1 == size:  # the whole space leaves nothing out
                return scale * math.sqrt(float(theta[0]))
        if not last:
            basis[n + 1] = rest / beside[n]
    raise ConvergenceError(
        f"a spectral norm is known to {error:.1e} of its size after {room} steps, not to {tolerance:.1e}: "
        f"ask for a tolerance of {2 * error:.0e} or more"
    )


def _checked(connections: Sequence[Connection], weights: Sequence[Array], input_shape: tuple[int, ...]) -> list[Array]:
    """Weights in float64, refused if they do not fit."""
    if not connections:
        raise InvalidParameterError("connections", connections, "at least one")
    if len(connections) != len(weights):
        raise InvalidParameterError("weights", f"{len(weights)} arrays", f"{len(connections)}, one for each connection")
    values, here = [], input_shape
    for connection, w in zip(connections, weights, strict=True):
        wanted, _, here = connection.shapes(here)
        array = np.asarray(w)
        if array.shape != wanted or array.dtype.kind not in "iuf":
            raise InvalidParameterError("weights", f"{array.dtype} {array.shape}", f"real, of shape {wanted}")
        if not np.isfinite(array).all():
            raise InvalidParameterError("weights", "an array", "finite in every entry")
        values.append(array.astype(np.float64, copy=False))
    return values


def _check_tolerance(tolerance: float) -> None:
    if not isinstance(tolerance, (int, float, np.floating)) or not _FINEST <= tolerance < 1:
        raise InvalidParameterError("tolerance", tolerance, f"a number from {_FINEST:g} to 1")
