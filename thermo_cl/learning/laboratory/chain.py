"""Phases of a finite model: everything that its estimators can do follows from a kernel and a table of statistics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import MarkovNetwork

__all__ = ["FiniteModel", "PhaseChain"]


@dataclass(frozen=True, eq=False, init=False)
class PhaseChain:
    r"""Dynamics of one phase on n states, for each of the examples that may be held during it.

    Parameters
    ----------
    kernels : array_like, shape (k, n, n) or (n, n)
        Entry (i, j) is the probability of a step j -> i; columns sum to 1. One kernel for each of k examples. States
        may be transient, as those are that differ from a held example.
    statistic : array_like, shape (n, p)
        What the phase adds to the estimate of the gradient of p parameters, in every state.
    weights : array_like, shape (k,), optional
        Probability of each example, equal by default. The example is drawn once a phase.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit, a column is no distribution, or a kernel has more than one closed class of states.
    """

    kernels: FloatArray
    statistic: FloatArray
    weights: FloatArray

    def __init__(self, kernels: ArrayLike, statistic: ArrayLike, weights: ArrayLike | None = None) -> None:
        given = np.asarray(kernels)
        steps = given[None] if given.ndim == 2 else given
        if steps.ndim != 3 or steps.shape[-1] != steps.shape[-2] or 0 in steps.shape:
            raise InvalidParameterError("kernels.shape", given.shape, "(examples, n, n) or (n, n)")
        n = steps.shape[-1]
        columns = check.distributions("kernels", np.swapaxes(steps, -1, -2), n)
        values = check.finite("statistic", statistic)
        if values.ndim != 2 or len(values) != n or not values.shape[1]:
            raise InvalidParameterError("statistic.shape", values.shape, f"({n}, parameters), a row for each state")
        share = np.full(len(steps), 1.0 / len(steps)) if weights is None else weights
        parts = check.distribution("weights", share, len(steps))
        for number, kernel in enumerate(columns):
            if (closed := len(_closed_classes(kernel.T))) > 1:
                raise InvalidParameterError(
                    f"kernels[{number}]", f"of {closed} closed classes", "with one closed class"
                )
        check.freeze(self, kernels=np.swapaxes(columns, -1, -2), statistic=values, weights=parts)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.statistic)

    @cached_property
    def stationary(self) -> FloatArray:
        """Stationary distribution of each kernel, shape (k, n)."""
        found = np.zeros(self.kernels.shape[:-1])
        for law, kernel in zip(found, self.kernels, strict=True):
            closed = _closed_classes(kernel)[0]
            # by elimination without subtractions, so that no probability is below zero
            law[closed] = (
                MarkovNetwork(_jumps(kernel[np.ix_(closed, closed)])).steady_state() if len(closed) > 1 else 1.0
            )
        return found

    @cached_property
    def law(self) -> FloatArray:
        """Stationary distribution of the phase, the mean over the examples, shape (n,)."""
        return self.weights @ self.stationary

    @cached_property
    def mean(self) -> FloatArray:
        """Stationary mean of the statistic, shape (p,)."""
        return self.law @ self.statistic

    @cached_property
    def second_moment(self) -> FloatArray:
        """Stationary mean of the statistic's products in pairs, shape (p, p)."""
        return (self.statistic.T * self.law) @ self.statistic

    @cached_property
    def deviation(self) -> FloatArray:
        r"""Deviation matrix of each kernel, shape (k, n, n).

        :math:`D = \sum_{t\ge0}(P^t - p\,1^T) = (1 - P + p\,1^T)^{-1} - p\,1^T` (Kemeny and Snell, Finite Markov Chains,
        1960, ch. 4; for kernels of period > 1 the sum of Cesaro means): :math:`(1-P)D = 1 - p\,1^T`, columns sum to
        zero and :math:`Dp = 0`. It loses as many digits as the relaxation time has.
        """
        kept = self.stationary[..., :, None] * np.ones(self.n_states)
        return np.asarray(np.linalg.inv(np.eye(self.n_states) - self.kernels + kept) - kept)

    def starts(self, start: ArrayLike) -> FloatArray:
        """Start distributions of every example, shape (k, n), from one for all, shape (n,), or from one for each."""
        given = check.distributions("start", start, self.n_states)
        if given.ndim > 2 or (given.ndim == 2 and len(given) != len(self.weights)):
            valid = f"({self.n_states},), or a row for each of {len(self.weights)} examples"
            raise InvalidParameterError("start.shape", given.shape, valid)
        return np.broadcast_to(given, (len(self.weights), self.n_states))


@dataclass(frozen=True, eq=False)
class FiniteModel:
    r"""A model whose cost has the gradient :math:`\mu_+ - \mu_-` (Williams et al., ICML 2023, Eq. 2).

    Parameters
    ----------
    positive, negative : PhaseChain
        On the same states and parameters.

    Raises
    ------
    InvalidParameterError
        If the two do not fit together.
    """

    positive: PhaseChain
    negative: PhaseChain

    def __post_init__(self) -> None:
        if self.positive.statistic.shape != self.negative.statistic.shape:
            shape = self.positive.statistic.shape
            raise InvalidParameterError(
                "negative.statistic.shape", self.negative.statistic.shape, f"{shape}, as positive"
            )

    @property
    def gradient(self) -> FloatArray:
        """Exact gradient of the cost, shape (p,)."""
        return self.positive.mean - self.negative.mean


def _closed_classes(kernel: FloatArray) -> list[IntArray]:
    """States of each communicating class that no step leaves."""
    count, member = connected_components(kernel.T > 0, connection="strong")
    target, source = np.nonzero(kernel)
    leaving = set(member[source[member[source] != member[target]]].tolist())
    return [np.flatnonzero(member == c) for c in range(count) if c not in leaving]


def _jumps(kernel: FloatArray) -> FloatArray:
    """Rates of leaving each state, as a step's probabilities of doing so."""
    rates = kernel.copy()
    np.fill_diagonal(rates, 0.0)
    return rates
