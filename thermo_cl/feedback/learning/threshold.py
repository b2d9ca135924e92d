"""Integral over a cycle of an output past its threshold, for every edge and pattern at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._threads import over_batch
from thermo_cl._types import FloatArray
from thermo_cl.feedback.learning.cells import Cells, cells_of
from thermo_cl.feedback.learning.shape import Shape

__all__ = ["integral_over_cells", "threshold_integral"]


def threshold_integral(
    first: Shape, second: Shape, weights_first: ArrayLike, weights_second: ArrayLike, threshold: ArrayLike,
    *, bias: ArrayLike = 0.0,
) -> FloatArray:  # fmt: skip
    r"""Integral over a period of g(u), u = w1 F1 + w2 F2 + bias, where g(u) = u if \|u\| >= threshold, else 0.

    Exact to rounding: crossings are bracketed with bounds on the curvature, polished, and what lies past the threshold
    is integrated by primitives (the synapse's rule, Falk et al. 2025, Eqs. 6, 7, for signals that are not linear).

    Parameters
    ----------
    first, second : Shape
        F1 and F2, with the same segments.
    weights_first, weights_second : array_like, shapes that broadcast to (...)
        Weights w1 and w2 of one edge and pattern each.
    threshold : array_like
        Hard threshold >= 0, broadcasts as the weights do.
    bias : array_like, optional
        Constant part of the output.

    Returns
    -------
    ndarray, shape (...)
        In output times time; the same whatever the number of threads.

    Raises
    ------
    InvalidParameterError
        If a number is not finite, the threshold negative, shapes do not fit, or the segments differ.

    Examples
    --------
    >>> from thermo_cl import Sawtooth, chemotaxis_kernel
    >>> from thermo_cl.feedback.learning.driven import driven_shape
    >>> protocol, kernel = Sawtooth(fast=1.0, slow=99.0, mean=0.5), chemotaxis_kernel()
    >>> rise = [driven_shape(kernel, protocol, power) for power in (1, 2)]
    >>> threshold_integral(*rise, [3.0, 3.0], [0.0, 0.5], 0.2)  # rises of the signal by 3 and by 3.5
    array([2.98..., 3.47...])
    """
    return integral_over_cells(cells_of(first, second), weights_first, weights_second, threshold, bias=bias)


def integral_over_cells(
    cells: Cells, weights_first: ArrayLike, weights_second: ArrayLike, threshold: ArrayLike, *, bias: ArrayLike = 0.0
) -> FloatArray:
    """``threshold_integral`` of shapes that are cut into cells already; same arguments, result and errors."""
    from thermo_cl.feedback.learning._threshold import integrals  # compiled code is imported where it is used

    given = {
        "weights_first": check.finite("weights_first", weights_first),
        "weights_second": check.finite("weights_second", weights_second),
        "bias": check.finite("bias", bias),
        "threshold": check.non_negative("threshold", threshold),
    }
    shape = check.broadcast(**given)
    flat = [np.array(np.broadcast_to(array, shape), order="C").reshape(-1) for array in given.values()]
    result = np.empty(flat[0].size)
    parts = (cells.halves, cells.coefficients, cells.ends, cells.bends, cells.integrals)
    table = [np.ascontiguousarray(array) for array in parts]
    over_batch(lambda begin, end: integrals(begin, end, *table, *flat, result), result.size)
    return result.reshape(shape)[()]
