"""Derivatives of a step response's area and first moment by every rate before and after the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.dynamics import displacement
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.sensitivities.adjoint import OrderedElimination, by_log_rates, ordered_elimination

__all__ = ["StepSensitivities", "first_moment_parts", "step_sensitivities"]


@dataclass(frozen=True, eq=False)
class StepSensitivities:
    """Area and first moment of a step response, and their derivatives by all rates.

    Attributes
    ----------
    area, first_moment : ndarray, shape batch
        Integrals of K(t), in the observable's unit, and of t K(t), times time.
    area_by_before, area_by_after : ndarray, shape batch + (n, n)
        Derivatives by the rates j -> i, at (i, j), of the network before and after the step. The diagonal is zero.
    first_moment_by_before, first_moment_by_after : ndarray, shape batch + (n, n)
        The same for the first moment.
    """

    area: FloatArray
    first_moment: FloatArray
    area_by_before: FloatArray
    area_by_after: FloatArray
    first_moment_by_before: FloatArray
    first_moment_by_after: FloatArray


def step_sensitivities(
    before: MarkovNetwork,
    after: MarkovNetwork,
    observable: ArrayLike,
    *,
    change: FloatArray | None = None,
    log_rates: bool = False,
) -> StepSensitivities:
    r"""Area and first moment of ``step_response_kernel``, with their derivatives by every rate.

    For the kernel :math:`K(t) = c^T W_1 e^{W_1 t} p_0` of a step from :math:`W_0` to :math:`W_1`, with steady states
    :math:`p_0, p_1`, the area is :math:`c^T(p_1 - p_0)` and the first moment :math:`\mu_1 = c^T x` with
    :math:`W_1 x = p_0 - p_1` and x of zero sum. The adjoint :math:`v^T = c^T W_1^\#` gives

    .. math:: d\mu_1 = v^T dp_0 - v^T dp_1 - v^T dW_1\, x,

    so that one solve with the generator and one with its transpose serve for all rates; derivatives of the steady
    states are those of ``steady_state_sensitivities``.

    Parameters
    ----------
    before, after : MarkovNetwork
        The same n states; batch axes broadcast.
    observable : array_like, shape (n,)
        Value c of the observable in each state.
    change : ndarray, shape (..., n, n), optional
        Generator after minus before, where it is known to more digits than the difference has.
    log_rates : bool
        Derivatives by the logarithms of the rates.

    Returns
    -------
    StepSensitivities
        Derivatives are accurate beside the sizes of what they are sums of, for the area the observable's own. A
        rate that is the same before and after has the sum of both.

    Raises
    ------
    ReducibleNetworkError
        If either network lacks a unique steady state.
    InvalidParameterError
        If shapes do not fit.
    """
    check.broadcast(before=np.zeros(before.batch_shape), after=np.zeros(after.batch_shape))
    if before.n_states != after.n_states:
        raise InvalidParameterError("before", before, f"a network of {after.n_states} states")
    c = check.finite("observable", observable)
    if c.shape != (after.n_states,):
        raise InvalidParameterError("observable.shape", c.shape, f"({after.n_states},), one value per state")
    displaced = displacement(before, after, change)[0]
    elimination = ordered_elimination(after)
    moment, adjoint, explicit = first_moment_parts(after, elimination, c, displaced)
    weights = np.broadcast_arrays(c, adjoint)
    by_before = -ordered_elimination(before).weighted(np.stack([weights[0], -weights[1]]))
    by_after = elimination.weighted(np.stack([weights[0], -weights[1]]))
    found = [by_before[0], by_after[0], by_before[1], by_after[1] + explicit]
    if log_rates:
        generators = before.dense_generator(), after.dense_generator()
        found = [by_log_rates(generators[k % 2], values) for k, values in enumerate(found)]
    area = -np.einsum("i,...i->...", c, displaced)
    return StepSensitivities(area[()], moment[()], *found)


def first_moment_parts(
    after: MarkovNetwork, elimination: OrderedElimination, observable: FloatArray, displaced: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """First moment for a displacement p0 - p1, shape (..., n), and what it depends on.

    The second is its derivative by the steady state before, shape (..., n), which is minus that by the one after; the
    third the direct one by the rates after, shape (..., n, n).
    """
    x, differences = after.group_inverse.apply(displaced), elimination.differences(observable)
    adjoint = np.einsum("...kl,...l->...k", differences, after.steady_state())
    explicit = -differences * x[..., None, :]
    return np.einsum("i,...i->...", observable, x), np.broadcast_to(adjoint, x.shape), explicit
