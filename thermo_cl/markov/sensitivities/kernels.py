"""Derivatives of a step kernel, which are kernels themselves: sums of exp(rate t) and t exp(rate t) terms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.markov.algebra.group_inverse import lasting
from thermo_cl.markov.dynamics import displacement
from thermo_cl.markov.ladder.kernels import generator_change
from thermo_cl.markov.ladder.ladder import Ladder
from thermo_cl.markov.ladder.levels import checked_signal
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.sensitivities.ladder import ladder_sensitivities
from thermo_cl.markov.sensitivities.rates import LadderRates

__all__ = ["KERNEL_PARAMETERS", "ladder_kernel_tangents", "normalized_tangent", "step_kernel_tangent"]

KERNEL_PARAMETERS = (
    "log_gamma", "log_rate_factor", "reference_level", "energy_step", "inactive_dissociation", "active_dissociation",
    "signal", "baseline",
)  # fmt: skip

_SAME = 1e-8  # relative distance of two rates below which they are taken as one: the slip is as small, and bounded
_DENSE_ARRAYS = 16


def step_kernel_tangent(
    before: MarkovNetwork,
    after: MarkovNetwork,
    observable: ArrayLike,
    slope_before: ArrayLike,
    slope_after: ArrayLike,
) -> Kernel:
    r"""Derivative of ``step_response_kernel`` along a direction in the rates, or several.

    With modes (rate :math:`\lambda_k`, right vector :math:`R_k`, left vector :math:`L_k`) of the generator after the
    step, first-order perturbation of the exponential (Najfeld & Havel, Adv. Appl. Math. 16, 321 (1995)) gives

    .. math:: \delta K = \frac{d}{dt} \sum_{kl} (c^T R_k)(L_k\, \delta W_1 R_l)(L_l\, p_0)
              \frac{e^{\lambda_k t} - e^{\lambda_l t}}{\lambda_k - \lambda_l} + c^T W_1 e^{W_1 t} \delta p_0,

    with :math:`t e^{\lambda_k t}` for k = l.

    Parameters
    ----------
    before, after : MarkovNetwork
        The same n states.
    observable : array_like, shape (n,)
        Value of the observable in each state.
    slope_before, slope_after : array_like, shape (..., n, n)
        Derivatives of the rates j -> i, at (i, j), with respect to a parameter; the diagonal is ignored. Leading axes
        before those of the networks are for several parameters.

    Returns
    -------
    Kernel
        Batch axes are those of the slopes, broadcast with the networks'.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit.
    ReducibleNetworkError
        If either network lacks a unique steady state.
    """
    n, c = after.n_states, check.finite("observable", observable)
    if c.shape != (n,) or before.n_states != n:
        raise InvalidParameterError("observable.shape", c.shape, f"({n},), one value per state of both networks")
    first, last = _generator_slope("slope_before", slope_before, n), _generator_slope("slope_after", slope_after, n)
    check.broadcast(
        before=np.zeros(before.batch_shape), after=np.zeros(after.batch_shape), slope_before=first[..., 0, 0],
        slope_after=last[..., 0, 0],
    )  # fmt: skip
    return _tangent(before, after, c, displacement(before, after)[0], first, last)


def _generator_slope(name: str, slope: ArrayLike, n: int) -> FloatArray:
    """Derivatives of a generator: columns sum to zero."""
    array = np.array(check.finite(name, slope))
    if array.ndim < 2 or array.shape[-2:] != (n, n):
        raise InvalidParameterError(f"{name}.shape", array.shape, f"(..., {n}, {n}), one entry per rate")
    own = np.arange(n)
    array[..., own, own] = 0.0
    array[..., own, own] = -array.sum(axis=-2)
    return array


def _tangent(
    before: MarkovNetwork,
    after: MarkovNetwork,
    observable: FloatArray,
    displaced: FloatArray,
    first: FloatArray,
    last: FloatArray,
    known: tuple[FloatArray, FloatArray] | None = None,
) -> Kernel:
    """Derivative of a step kernel for a displacement p0 - p1 and slopes of the generators."""
    directions = np.broadcast_shapes(first.shape, last.shape)
    modes = int(np.prod(directions[:-2])) * directions[-1] ** 2
    require_memory("derivatives of kernels", 64 * modes, "Take fewer networks at a time.")
    durations, right, left = after.group_inverse.modes()
    live = lasting(durations)
    rates = np.where(live, 1.0 / np.where(live, durations, -1.0), -1.0)
    seen = np.einsum("i,...ik->...k", observable, right) * live
    excited = np.einsum("...ki,...i->...k", left, displaced) * live
    steady_before, steady_after = before.steady_state(), after.steady_state()
    moved = -before.group_inverse.apply(np.einsum("...ij,...j->...i", first, steady_before))
    moved_after = -after.group_inverse.apply(np.einsum("...ij,...j->...i", last, steady_after))
    coupling = np.einsum("...ki,...ij,...jl->...kl", left, last, right, optimize=True)
    pairs = seen[..., :, None] * coupling * excited[..., None, :]
    gap = rates[..., :, None] - rates[..., None, :]
    same = np.abs(gap) <= _SAME * np.abs(rates)[..., None]
    mixed = np.where(same, 0.0, (pairs + np.swapaxes(pairs, -1, -2)) / np.where(same, 1.0, gap)).sum(axis=-1)
    together = np.where(same, pairs, 0.0).sum(axis=-1)
    # the steady part that the changed rates displace: L dW p1 = -rate L dp1
    direct = seen * np.einsum("...ki,...i->...k", left, moved - moved_after)
    plain: Array = rates * (direct + mixed) + together
    growing: Array = rates * together
    # of a conjugate pair one half is kept, doubled
    weight = np.where(rates.imag > 0, 2.0, np.where(rates.imag < 0, 0.0, 1.0)) * live
    coefficients = np.concatenate(np.broadcast_arrays(weight * plain, weight * growing), axis=-1)
    powers = np.repeat([0, 1], rates.shape[-1])
    moments = () if known is None else known
    return Kernel(coefficients, np.concatenate([rates, rates], axis=-1), powers, known_moments=moments)


def ladder_kernel_tangents(ladder: Ladder, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0) -> Kernel:
    """Derivatives of ``ladder.step_kernel(signal, baseline)`` by the ladder's parameters.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal, baseline : array_like, shape batch
        Signal after and before the step, >= 0, in micromolar.

    Returns
    -------
    Kernel
        Batch (8,) + batch: one kernel for each of ``KERNEL_PARAMETERS``, with areas and first moments from
        ``ladder_sensitivities``. At a kink of the rates, derivatives are towards larger values of the parameter.

    Raises
    ------
    InvalidParameterError, MemoryLimitError, ConvergenceError
        As ``ladder_sensitivities``.
    """
    end, start = checked_signal(ladder, "signal", signal), checked_signal(ladder, "baseline", baseline)
    found = ladder_sensitivities(ladder, end, start)
    before, after = ladder._network(start, _DENSE_ARRAYS), ladder._network(end, _DENSE_ARRAYS)
    slopes_before, slopes_after = (LadderRates(ladder, s).generator_tangents() for s in (start, end))
    batch = np.broadcast_shapes(before.batch_shape, after.batch_shape)
    first, last = np.zeros((2, len(KERNEL_PARAMETERS), *batch, after.n_states, after.n_states))
    for k, name in enumerate(KERNEL_PARAMETERS):
        if name != "signal":
            first[k] = slopes_before["signal" if name == "baseline" else name]
        if name != "baseline":
            last[k] = slopes_after[name]
    area, moment = (
        np.stack([np.broadcast_to(getattr(by, name), batch) for name in KERNEL_PARAMETERS])
        for by in (found.area_by, found.first_moment_by)
    )
    displaced = displacement(before, after, generator_change(ladder, before, start, end))[0]
    return _tangent(before, after, ladder.top_rail, displaced, first, last, (area, moment))


def normalized_tangent(kernel: Kernel, tangent: Kernel) -> Kernel:
    r"""Derivative of ``kernel.normalized()`` for a kernel K whose derivative is given.

    :math:`\delta(-K/|\mu_1|) = -\delta K/|\mu_1| + K\,\delta\mu_1/(\mu_1|\mu_1|)`.

    Parameters
    ----------
    kernel, tangent : Kernel
        Of the same window; the tangent may have leading axes of its own.

    Returns
    -------
    Kernel
        Of the tangent's batch.

    Raises
    ------
    InvalidParameterError
        If the windows differ.
    NormalizationError
        If the first moment is zero to rounding.
    """
    if (tangent.window != kernel.window).any():
        raise InvalidParameterError("tangent.window", tangent.window, f"that of the kernel, {kernel.window}")
    scale, moment = kernel.normalized(), np.asarray(kernel.first_moment)
    change = np.asarray(tangent.first_moment) / moment
    size = np.abs(moment)
    batch = np.broadcast_shapes(tangent.batch_shape, kernel.batch_shape)

    def joined(first: ComplexArray, last: ComplexArray) -> ComplexArray:
        parts = (np.broadcast_to(part, (*batch, part.shape[-1])) for part in (first, last))
        return np.concatenate(list(parts), axis=-1)

    area = -np.asarray(tangent.area) / size - np.asarray(scale.area) * change
    moments = () if np.isfinite(kernel.window).any() else (area, np.zeros(batch))
    return Kernel(
        joined(-tangent.coefficients / size[..., None], -scale.coefficients * change[..., None]),
        joined(tangent.rates, scale.rates), np.concatenate([tangent.powers, scale.powers]), window=kernel.window,
        known_moments=moments, feedthrough=-tangent.feedthrough / size - scale.feedthrough * change,
    )  # fmt: skip
