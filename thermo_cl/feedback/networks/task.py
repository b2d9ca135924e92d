"""What a network is asked to do: outputs wanted for imposed inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.network import EdgeNetwork

__all__ = ["Task", "require_fit"]


@dataclass(frozen=True, eq=False, init=False)
class Task:
    r"""Patterns of imposed values and the outputs wanted for each; the loss is :math:`\frac12\langle|Rx-y|^2\rangle`.

    Parameters
    ----------
    values : array_like, shape (patterns, m)
        Of the imposed degrees of freedom, in the network's order.
    readout : sparse or array_like, shape (outputs, dofs)
        R. A row may be a difference, such as the strain of a pair of nodes.
    targets : array_like, shape (patterns, outputs)
        y.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit another, a number is not finite, or a row of the readout is empty.
    """

    values: FloatArray
    readout: Any
    targets: FloatArray

    def __init__(self, values: ArrayLike, readout: Any, targets: ArrayLike) -> None:
        from scipy import sparse

        given, wanted = check.finite("values", values), check.finite("targets", targets)
        if not sparse.issparse(readout):
            readout = np.atleast_2d(check.finite("readout", readout))
        rows = sparse.csr_array(readout, dtype=float, copy=True)
        rows.eliminate_zeros()
        check.finite("readout", rows.data)
        if given.ndim != 2 or not len(given):
            raise InvalidParameterError("values.shape", given.shape, "(patterns, m), at least one pattern")
        if wanted.shape != (len(given), rows.shape[0]):
            valid = f"({len(given)}, {rows.shape[0]}), one target for each pattern and output"
            raise InvalidParameterError("targets.shape", wanted.shape, valid)
        empty = np.diff(rows.indptr) == 0
        if empty.any():
            raise InvalidParameterError("readout", f"row {int(np.argmax(empty))} without entries", "an output a row")
        check.freeze(self, values=given, readout=rows, targets=wanted)

    def errors(self, x: FloatArray) -> FloatArray:
        """Wanted less given outputs, y - R x, shape (patterns, outputs)."""
        return np.asarray(self.targets - (self.readout @ x.T).T)


def require_fit(network: EdgeNetwork, task: Task) -> None:
    """Refuse a task whose shapes are not the network's, or whose outputs are inputs.

    Raises
    ------
    InvalidParameterError
    """
    m = len(network.imposed)
    if task.values.shape[1] != m:
        raise InvalidParameterError("task.values.shape", task.values.shape, f"(patterns, {m}) for this network")
    if task.readout.shape[1] != network.n_dofs:
        valid = f"(outputs, {network.n_dofs}) for this network"
        raise InvalidParameterError("task.readout.shape", task.readout.shape, valid)
    touched = np.diff(task.readout[:, network.assembly.free].indptr)
    if (touched == 0).any():
        row = f"row {int(np.argmin(touched))}, which reads imposed values only"
        raise InvalidParameterError("task.readout", row, "rows with a free degree of freedom, which learning can move")
