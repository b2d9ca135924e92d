"""Relaxation of a network: propagation of probabilities, and responses to steps as exact kernels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.markov.algebra.group_inverse import lasting
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["propagate", "relaxation_kernel", "step_response_kernel"]

_UNBALANCED = 1e-9  # sum of a source over that of its sizes, above which it is not one of rounding
_RAREST = 1e8  # inverse root of a steady probability; its rounding is what a start from such a state would show


def propagate(network: MarkovNetwork, initial: ArrayLike, times: ArrayLike) -> FloatArray:
    """Probabilities at given times, from the relaxation modes of the network.

    The exponential of a stiff generator loses probability in its squarings; modes do not. Where two modes coincide, at
    the point where they turn into an oscillating pair, probabilities are accurate to 1e-8.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed.
    initial : array_like, shape (..., n)
        Distribution at time 0; batch axes broadcast.
    times : array_like of any shape
        Times >= 0.

    Returns
    -------
    ndarray, shape batch + times.shape + (n,)

    Raises
    ------
    InvalidParameterError
        If ``initial`` is not a distribution over n states, sits on states that are all but never visited, a time is
        negative, or shapes do not fit.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    """
    start, t = check.distributions("initial", initial, network.n_states), check.non_negative("times", times)
    check.broadcast(network=np.zeros(network.batch_shape), initial=start[..., 0])
    batch = np.broadcast_shapes(network.batch_shape, start.shape[:-1])
    require_memory(
        f"probabilities at {t.size} times",
        32 * math.prod(batch) * t.size * network.n_states,
        "Take fewer times at once.",
    )
    steady = network.steady_state()
    durations, right, left = network.group_inverse.modes()
    rarity = np.linalg.norm((start - steady) / network.group_inverse.root, axis=-1)
    if (rarity > _RAREST).any():
        state = int(np.argmax(start / network.group_inverse.root, axis=-1).flat[np.argmax(rarity)])
        raise InvalidParameterError(
            "initial", f"much probability on state {state}, which the network hardly ever visits",
            "spread over states whose steady probability is above 1e-16, or modes lose more than half the digits",
        )  # fmt: skip
    weights = np.einsum("...ki,...i->...k", left, start - steady)
    live = lasting(durations)[..., None, :]
    with np.errstate(under="ignore"):
        faded = np.where(live, np.exp(t.reshape(-1, 1) / np.where(live, durations[..., None, :], -1.0)), 0.0)
    p = steady[..., None, :] + np.real(np.einsum("...ik,...k,...tk->...ti", right, weights, faded))
    p = np.where(t.reshape(-1, 1) == 0, start[..., None, :], p)
    return np.asarray(np.broadcast_to(p, (*batch, t.size, network.n_states))).reshape(
        *batch, *t.shape, network.n_states
    )


def step_response_kernel(
    before: MarkovNetwork, after: MarkovNetwork, observable: ArrayLike, *, moments: int = 2
) -> Kernel:
    """Rate of change of an observable after the rates step from one network's to another's.

    Parameters
    ----------
    before, after : MarkovNetwork
        Same states; the first is in its steady state when the rates change at t = 0.
    observable : array_like, shape (n,)
        Value of the observable in each state.
    moments : int
        How many moments are solved for directly (they keep more digits than the sum of modes).

    Returns
    -------
    Kernel
        K(t) = d<observable>/dt (Falk et al. 2025, Eq. 58); its step response is the observable's change.

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
    return kernel_of_displacement(after, displacement(before, after)[0], observable, moments)


def displacement(
    before: MarkovNetwork, after: MarkovNetwork, change: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Steady state of one network minus that of another, shape (..., n), and the size of the terms it sums.

    Small steps are solved for from the changed rates alone, so that close steady states are not subtracted;
    ``change`` is the difference of the generators, where the caller knows it to more digits than they do.
    """
    difference = after.dense_generator(arrays=6) - before.dense_generator(arrays=6) if change is None else change
    source = np.einsum("...ij,...j->...i", difference, before.steady_state())
    terms = after.group_inverse.apply_sizes(source)
    solved = after.group_inverse.apply(source)
    displaced = np.where(terms > 2.0, before.steady_state() - after.steady_state(), solved)
    return displaced, np.minimum(terms, 2.0)[..., 0]


def relaxation_kernel(network: MarkovNetwork, source: ArrayLike, observable: ArrayLike, *, moments: int = 2) -> Kernel:
    r"""Kernel :math:`K(t) = c^T e^{Wt} x` of a probability displacement rate x and an observable c.

    Parameters
    ----------
    network : MarkovNetwork
        Generator W, shape (..., n, n).
    source : array_like, shape (..., n)
        The vector x, summing to zero, in 1/time.
    observable : array_like, shape (n,)
        The vector c.
    moments : int
        How many moments are solved for directly.

    Returns
    -------
    Kernel
        Sum of n - 1 decaying exponentials; moment m is :math:`-m! c^T (-W^\#)^{m+1} x` with the group inverse.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If shapes do not fit, or the source does not sum to zero: probability would not be conserved.
    """
    x = check.finite("source", source)
    if x.ndim == 0 or x.shape[-1] != network.n_states:
        raise InvalidParameterError("source.shape", x.shape, f"(..., {network.n_states}), one entry per state")
    check.broadcast(network=np.zeros(network.batch_shape), source=x[..., 0])
    gained, size = x.sum(axis=-1), np.abs(x).sum(axis=-1)
    if (np.abs(gained) > _UNBALANCED * size).any():
        raise InvalidParameterError("sum of source", float(np.max(np.abs(gained))), "zero, so that probability is kept")
    return kernel_of_displacement(network, network.group_inverse.apply(x), observable, moments)


def kernel_of_displacement(
    network: MarkovNetwork, displaced: FloatArray, observable: ArrayLike, moments: int
) -> Kernel:
    """Kernel c^T W exp(W t) d of a displacement d from the steady state."""
    c, count = check.finite("observable", observable), check.integer_at_least("moments", moments, 1)
    if c.shape != (network.n_states,):
        raise InvalidParameterError("observable.shape", c.shape, f"({network.n_states},), one value per state")
    durations, right, left = network.group_inverse.modes()
    amplitudes = np.einsum("i,...ik->...k", c, right) * np.einsum("...ki,...i->...k", left, displaced)
    live = lasting(durations)
    rates = np.where(live, 1.0 / np.where(live, durations, -1.0), -1.0)
    known, vector, factor = [], displaced, -1.0
    for m in range(count):
        known.append(factor * np.einsum("i,...i->...", c, vector))
        vector, factor = -network.group_inverse.apply(vector), factor * (m + 1)
    # of a conjugate pair one half is kept, doubled
    weight = np.where(rates.imag > 0, 2.0, np.where(rates.imag < 0, 0.0, 1.0)) * live
    return Kernel(weight * amplitudes * rates, rates, known_moments=tuple(known))
