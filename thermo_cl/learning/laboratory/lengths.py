r"""Moments of what one phase measures, for fixed and geometric lengths, at its end or in all of its steps.

Column convention: a distribution is a column, and a step is :math:`\mu \to P\mu`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.laboratory.chain import PhaseChain
from thermo_cl.learning.phases import FixedLength, GeometricLength

__all__ = ["PhaseMoments", "bias_constant", "phase_bias", "phase_kernel", "phase_moments", "stationary_moments"]

Length = FixedLength | GeometricLength
Updates = Literal["end", "always"]


@dataclass(frozen=True, eq=False, init=False)
class PhaseMoments:
    r"""Mean and second moment of what a phase measures, p numbers.

    Parameters
    ----------
    mean : array_like, shape (p,)
        :math:`\mu = E\,Y`.
    second : array_like, shape (p, p)
        :math:`E\,Y Y^T`; its trace is M of Williams et al. 2023, Theorem 3.2.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit, or a number is not finite.
    """

    mean: FloatArray
    second: FloatArray

    def __init__(self, mean: ArrayLike, second: ArrayLike) -> None:
        first, pairs = check.finite("mean", mean), check.finite("second", second)
        if first.ndim != 1 or pairs.shape != (first.size, first.size):
            raise InvalidParameterError(
                "second.shape", pairs.shape, f"({first.size}, {first.size}), as the mean has it"
            )
        check.freeze(self, mean=first, second=pairs)

    @property
    def size(self) -> float:
        r"""Mean square norm :math:`M = E|Y|^2`."""
        return float(np.trace(self.second))

    @property
    def covariance(self) -> FloatArray:
        """Covariance of Y, shape (p, p)."""
        return self.second - np.outer(self.mean, self.mean)


def stationary_moments(chain: PhaseChain) -> PhaseMoments:
    """Moments of the statistic in the stationary state of a phase, as of a phase without end."""
    return PhaseMoments(chain.mean, chain.second_moment)


def phase_kernel(chain: PhaseChain, length: Length, updates: Updates = "end") -> FloatArray:
    r"""Where a phase measures, as kernels from its start: the law of its last state, or of a state among all its steps.

    At the end of T steps, :math:`P^T`; over all of them, :math:`\frac1T\sum_{t=1}^T P^t`. If the phase ends with
    probability :math:`1/\tau` after each step, :math:`P(T=t) = q^{t-1}/\tau` with :math:`q = 1 - 1/\tau`, both are

    .. math:: \tfrac1\tau \sum_{t\ge1} q^{t-1}P^t = \tfrac1\tau P\,(1 - qP)^{-1},

    the end because T = t has that probability, the sum over steps over :math:`\tau` because :math:`T \ge t` has
    :math:`q^{t-1}`: learning always and learning at the end have the same mean for geometric lengths.

    Parameters
    ----------
    chain : PhaseChain
    length : FixedLength or GeometricLength
    updates : {"end", "always"}

    Returns
    -------
    ndarray, shape (k, n, n)
        Columns sum to 1.

    Raises
    ------
    InvalidParameterError
        If ``updates`` is neither.
    """
    check_updates(updates)
    step = chain.kernels
    if isinstance(length, GeometricLength):
        return _geometric(step, length.mean)
    if updates == "end":
        return np.asarray(np.linalg.matrix_power(step, length.steps))
    total, power = step.copy(), step
    for _ in range(length.steps - 1):
        power = step @ power
        total += power
    return total / length.steps


def phase_bias(chain: PhaseChain, length: Length, start: ArrayLike, updates: Updates = "end") -> FloatArray:
    """Mean of what a phase measures, minus the stationary mean, at frozen parameters.

    Parameters
    ----------
    chain : PhaseChain
    length : FixedLength or GeometricLength
    start : array_like, shape (n,) or (k, n)
        Distribution of the state before the first step, for all examples or for each.
    updates : {"end", "always"}
        Whether the phase measures its last state, or all its steps, as the sum over them divided by the mean length.

    Returns
    -------
    ndarray, shape (p,)

    Raises
    ------
    InvalidParameterError
        If the start is no distribution over the chain's states, or ``updates`` is neither.
    """
    away = chain.starts(start) - chain.stationary  # the stationary state stays, so that only the rest is rounded
    if isinstance(length, GeometricLength):
        left = (phase_kernel(chain, length, updates) @ away[..., None])[..., 0]
        return np.asarray((chain.weights @ left) @ chain.statistic)
    check_updates(updates)
    now, total = away[..., None], np.zeros((*away.shape, 1))
    for _ in range(length.steps):
        now = chain.kernels @ now
        total += now
    left = now if updates == "end" else total / length.steps
    return np.asarray((chain.weights @ left[..., 0]) @ chain.statistic)


def bias_constant(chain: PhaseChain, start: ArrayLike) -> FloatArray:
    r"""What the bias of always-on learning, times the mean length, tends to: :math:`f^T D P \mu`.

    With D the deviation matrix of P and f the statistic, fixed and geometric lengths have exactly the biases

    .. math:: \tfrac1T f^T D P\,(1 - P^T)\,\mu, \qquad \tfrac1\tau f^T D P\,(1 + DP/\tau)^{-1}\mu

    of the same constant. Fixed lengths reach it exponentially fast, geometric ones as :math:`1/\tau` (Williams et al.
    2023, Theorem 3.5, has the order).

    Parameters
    ----------
    chain : PhaseChain
    start : array_like, shape (n,) or (k, n)

    Returns
    -------
    ndarray, shape (p,)
    """
    reached = chain.deviation @ (chain.kernels @ chain.starts(start)[..., None])
    return np.asarray((chain.weights @ reached[..., 0]) @ chain.statistic)


def phase_moments(chain: PhaseChain, length: Length, start: ArrayLike, updates: Updates = "end") -> PhaseMoments:
    r"""Mean and second moment of what a phase measures, at frozen parameters.

    For updates at the end, those of the last state's statistic. For updates always, with :math:`p_t = P^t\mu`,
    :math:`C_t = \sum_{s\le t} f(z_s)` and :math:`A_t = E[1(z_t)\,C_t^T]`, of shape (n, p), the recursions

    .. math:: A_t = P A_{t-1} + \mathrm{diag}(p_t) f, \qquad
       E\,C_tC_t^T - E\,C_{t-1}C_{t-1}^T = f^T P A_{t-1} + (P A_{t-1})^T f + f^T\mathrm{diag}(p_t) f,

    for T fixed. For geometric lengths step t is reached with probability :math:`q^{t-1}`, so that the increments are
    summed with these weights, in closed form: :math:`R = \sum q^{t-1}p_t = (1-qP)^{-1}P\mu` and
    :math:`\sum q^{t-1} P A_{t-1} = qP\,(1-qP)^{-1}\mathrm{diag}(R) f`.

    Parameters
    ----------
    chain : PhaseChain
    length : FixedLength or GeometricLength
    start : array_like, shape (n,) or (k, n)
    updates : {"end", "always"}

    Returns
    -------
    PhaseMoments
        Of the last state's statistic, or of the sum over steps divided by the mean length.

    Raises
    ------
    InvalidParameterError
        If the start is no distribution over the chain's states, or ``updates`` is neither.
    """
    check_updates(updates)
    f, first = chain.statistic, chain.starts(start)
    if updates == "end":
        ends = chain.weights @ (phase_kernel(chain, length) @ first[..., None])[..., 0]
        return PhaseMoments(ends @ f, (f.T * ends) @ f)
    pairs = [_summed(kernel, f, law, length) for kernel, law in zip(chain.kernels, first, strict=True)]
    mean = sum(w * a for w, (a, _) in zip(chain.weights, pairs, strict=True))
    second = sum(w * b for w, (_, b) in zip(chain.weights, pairs, strict=True))
    return PhaseMoments(mean, second)


def _geometric(step: FloatArray, mean: float) -> FloatArray:
    """The resolvent's series, doubled until its rest is below rounding; no probability falls below zero."""
    total, power, rest = step / mean, (1.0 - 1.0 / mean) * step, 1.0 - 1.0 / mean
    while rest > 1e-18:
        total, power, rest = total + power @ total, power @ power, rest * rest
    return np.asarray(total)


def _summed(kernel: FloatArray, f: FloatArray, start: FloatArray, length: Length) -> tuple[FloatArray, FloatArray]:
    """Mean and second moment of the sum over a phase's steps over the mean length, for one example."""
    if isinstance(length, GeometricLength):
        stay = 1.0 - 1.0 / length.mean
        resolvent = np.linalg.inv(np.eye(len(f)) - stay * kernel)
        visits = resolvent @ (kernel @ start)
        before = stay * kernel @ (resolvent @ (visits[:, None] * f))
        return visits @ f / length.mean, _pairs(f, before, visits) / length.mean**2
    law, before = kernel @ start, np.zeros_like(f)
    total, second = np.zeros(f.shape[1]), np.zeros((f.shape[1], f.shape[1]))
    for _ in range(length.steps):
        total += law @ f
        second += _pairs(f, before, law)
        before, law = kernel @ (before + law[:, None] * f), kernel @ law
    return total / length.steps, second / length.steps**2


def _pairs(f: FloatArray, before: FloatArray, law: FloatArray) -> FloatArray:
    crossed = f.T @ before
    return crossed + crossed.T + (f.T * law) @ f


def check_updates(updates: str) -> None:
    """Refuse what is neither of the two."""
    if updates not in get_args(Updates):
        raise InvalidParameterError("updates", updates, f"one of {', '.join(get_args(Updates))}")
