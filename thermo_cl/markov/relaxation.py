"""Relaxation times and the deviation matrix: how long a network remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from thermo_cl._types import Array, ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["RelaxationTimes", "deviation_matrix", "relaxation_times"]

DeviationMethod = Literal["gth", "solve", "eigen"]


@dataclass(frozen=True, eq=False)
class RelaxationTimes:
    """All relaxation modes of a network but the steady one, slowest first.

    Attributes
    ----------
    times : ndarray, shape (..., n - 1)
        Decay times, -1/Re(rate), in time.
    rates : ndarray, shape (..., n - 1)
        Eigenvalues of the generator, in 1/time: real and negative with detailed balance; complex pairs belong to
        modes that oscillate as they decay.
    """

    times: FloatArray
    rates: FloatArray | ComplexArray


def relaxation_times(network: MarkovNetwork) -> RelaxationTimes:
    """Relaxation times of a network, batched, each with the digits that its scale allows.

    The slower half (by order of magnitude) comes from the group inverse, whose largest eigenvalues they are, the faster
    half from the generator; of times that span 16 decades those in the middle keep half their digits, those at both
    ends all.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    """
    inverse = network.group_inverse
    durations: Array = inverse.modes()[0]
    root = inverse.root
    scaled = network.dense_generator(arrays=6) * (root[..., None, :] / root[..., :, None])
    fast: Array = np.linalg.eigvals(scaled)
    fast = np.take_along_axis(fast, np.argsort(np.abs(fast), axis=-1, kind="stable"), axis=-1)[..., 1:]
    durations = np.take_along_axis(durations, np.argsort(-np.abs(durations), axis=-1, kind="stable"), axis=-1)
    length = np.abs(durations)
    slow_enough = (length / length[..., :1]) * (length * np.abs(fast[..., -1:])) > 1.0  # a square could overflow
    rates = np.where(slow_enough, 1.0 / np.where(slow_enough, durations, 1.0), fast)
    order = np.argsort(-rates.real, axis=-1, kind="stable")
    rates = np.take_along_axis(rates, order, axis=-1)
    return RelaxationTimes(-1.0 / rates.real, rates)


def deviation_matrix(network: MarkovNetwork, method: DeviationMethod = "gth") -> FloatArray:
    r"""Deviation matrix :math:`D = \int_0^\infty (e^{Wt} - p\,1^T)\,dt`, in time.

    Parameters
    ----------
    network : MarkovNetwork
        Generator W with n states and steady state p; batch axes allowed.
    method : {"gth", "solve", "eigen"}
        "gth", the default, builds on residence times found without subtraction, for rates of any spread. "solve" is one
        linear solve, :math:`(c\,p\,1^T - W)^{-1} - p\,1^T/c`, "eigen" a sum over modes: both lose digits with the
        spread of the time scales.

    Returns
    -------
    ndarray, shape (..., n, n)
        Minus the group (Drazin) inverse of W. Entry (i, j) is the time spent in i after a start in j, beyond the steady
        share: :math:`WD = DW = p\,1^T - 1`, columns sum to zero and :math:`Dp = 0`.

    Raises
    ------
    InvalidParameterError
        If the method is unknown.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    """
    if method not in get_args(DeviationMethod):
        raise InvalidParameterError("method", method, f"one of {', '.join(get_args(DeviationMethod))}")
    steady = network.steady_state()
    if method == "solve":
        own = np.arange(network.n_states)
        generator = network.dense_generator(arrays=6)
        scale = -generator[..., own, own].mean(axis=-1)[..., None, None]
        kept = np.broadcast_to(steady[..., :, None], generator.shape)
        return np.asarray(np.linalg.inv(scale * kept - generator) - kept / scale)
    inverse = network.group_inverse
    if method == "eigen":
        durations, right, left = inverse.modes()
        return np.asarray(-np.real(np.einsum("...ik,...k,...kj->...ij", right, durations, left)))
    return np.asarray(-inverse.scaled * (inverse.root[..., :, None] / inverse.root[..., None, :]))
