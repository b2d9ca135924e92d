"""Free and nudged states of a network: what a contrastive rule compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.equilibrium import Equilibrium
from thermo_cl.feedback.networks.network import EdgeNetwork
from thermo_cl.feedback.networks.task import Task, require_fit

__all__ = ["Contrast", "contrast"]

_INDEPENDENT = 1e-12  # smallest reciprocal condition number of the outputs' compliance


@dataclass(frozen=True, eq=False)
class Contrast:
    """Strains of the free state and their change by the nudge; the state at a share a of it is ``free + a * change``.

    Attributes
    ----------
    free : ndarray, shape (patterns, edges)
        Strains (voltages) without a nudge.
    change : ndarray, shape (patterns, edges)
        By the full nudge, the amplitude included.
    amplitude : float
        Of the nudge, > 0.
    errors : ndarray, shape (patterns, outputs)
        Wanted less free outputs.
    loss : float
        Half the mean over patterns of the squared errors, of the free state.
    """

    free: FloatArray
    change: FloatArray
    amplitude: float
    errors: FloatArray
    loss: float

    def rise(self, mean: float = 0.5) -> FloatArray:
        """Rise of strain^2/2 from a share ``mean - 1/2`` of the nudge to ``mean + 1/2``, shape (patterns, edges)."""
        return self.change * (self.free + mean * self.change)


def contrast(
    network: EdgeNetwork, task: Task, amplitude: float = 1.0, nudge: Literal["load", "clamp"] = "load"
) -> Contrast:
    r"""Free state, and how the strains change when the outputs are nudged towards their targets.

    With e = y - Rx the errors, K the matrix of the free degrees of freedom and :math:`G = RK^{-1}R^T` the compliance of
    the outputs, the nudge adds the loads :math:`\eta R^T e` ("load") or :math:`\eta R^T G^{-1} e` ("clamp"), which
    moves every output by :math:`\eta e` exactly. With :math:`q_e` the strains that the loads make per amplitude, the
    two-state rule :math:`-\langle s_C - s_F\rangle/\eta` with :math:`s = \varepsilon^2/2` is
    :math:`-\langle\varepsilon_F q + \frac\eta2 q^2\rangle`. It is

    - load: minus the gradient of the loss :math:`C = \frac12\langle|e|^2\rangle`, plus the term of first order in the
      amplitude; exactly minus the gradient if the nudge goes to both sides of the free state (shares -1/2 and 1/2).
    - clamp: at amplitude 1, exactly minus the gradient of :math:`\frac12\langle e^T G^{-1} e\rangle`, which is the
      energy that clamping costs (Stern et al., Phys. Rev. X 11, 021045 (2021)). At small amplitudes, and at any if the
      nudge goes to both sides, it is minus the gradient of this cost with G held fixed; for one output that is the
      gradient of C over G, and in general of no function.

    Parameters
    ----------
    network : EdgeNetwork
    task : Task
    amplitude : float
        Nudge over error, > 0.
    nudge : {"load", "clamp"}

    Returns
    -------
    Contrast

    Raises
    ------
    InvalidParameterError
        If the task does not fit the network, an output reads only imposed values, the amplitude is not positive, or,
        for clamps, outputs depend on each other.

    Examples
    --------
    A voltage divider that should put out 0.25 V for 1 V:

    >>> from thermo_cl.feedback.networks import Task, resistor_network
    >>> divider = resistor_network([(0, 1), (1, 2)], 1.0, imposed=[0, 2])
    >>> seen = contrast(divider, Task([[1.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.25]]), amplitude=0.1, nudge="clamp")
    >>> seen.free, seen.change
    (array([[0.5, 0.5]]), array([[ 0.025, -0.025]]))
    """
    size = check.positive_number("amplitude", amplitude)
    if nudge not in ("load", "clamp"):
        raise InvalidParameterError("nudge", nudge, "'load' or 'clamp'")
    require_fit(network, task)
    equilibrium = Equilibrium(network)
    x = equilibrium.solve(task.values)
    errors = task.errors(x)
    if nudge == "load":
        moved = equilibrium.respond((task.readout.T @ errors.T).T)
    else:
        moved = _clamped(equilibrium, task, errors)
    loss = 0.5 * float(np.mean(np.sum(errors**2, axis=1)))
    return Contrast(equilibrium.strains(x), size * equilibrium.strains(moved), size, errors, loss)


def _clamped(equilibrium: Equilibrium, task: Task, errors: FloatArray) -> FloatArray:
    """Displacements (patterns, dofs) that move the outputs by their errors with the least energy."""
    give = equilibrium.respond(task.readout.toarray())
    compliance = np.asarray(task.readout @ give.T)
    scale = 1.0 / np.sqrt(np.diagonal(compliance))
    scaled = scale[:, None] * compliance * scale
    if np.linalg.cond(scaled) * _INDEPENDENT > 1.0:
        valid = "linearly independent rows on the free degrees of freedom, so that outputs can be clamped one by one"
        raise InvalidParameterError("task.readout", f"{len(scaled)} rows that depend on each other", valid)
    return np.asarray((scale * np.linalg.solve(scaled, (scale * errors).T).T) @ give)
