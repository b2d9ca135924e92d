r"""Always-on learning with parameters that move during the phase: exact mean by enumeration of all trajectories.

A phase of T steps starts in equilibrium at :math:`\theta_0`. Step t is drawn with the kernel at :math:`\theta_{t-1}`,
then :math:`\theta_t = \theta_{t-1} - \epsilon f(z_t)`, with :math:`\epsilon = \eta/T`. The parameters depend on the
trajectory only through the sum of its statistics, so that trajectories of equal sum and equal last state are one: for
statistics of whole numbers, as those of a Boltzmann machine, their number grows as a power of T.

Second order, derived here. Write G for the stationary mean of f, p for the stationary distribution, :math:`\partial_k`
for derivatives at :math:`\theta_0`, D for the deviation matrix. To first order in :math:`\epsilon`

.. math:: E f(z_t) = G - \epsilon\sum_k\sum_{r<s\le t} f^T P^{t-s}\,\partial_kP\,P^{s-1-r}\,\mathrm{diag}(f_k)\,p .

The last factor is :math:`G_k p` plus a part that relaxes. With :math:`\sum_j P^j\partial_kP\,p = D\,\partial_kP\,p =
\partial_kp` and :math:`\sum_j jP^j\partial_kP\,p = PD\,\partial_kp`, for t beyond the relaxation time

.. math:: E f(z_t) = G - \epsilon\sum_k\Big[G_k\big((t-1)\,\partial_kG - f^TPD\,\partial_kp\big)
   + f^TD\,\partial_kP\,D\,\mathrm{diag}(f_k)\,p\Big].

Summed over t, :math:`E\theta_T = \theta_0 - \eta G + \epsilon^2\big[\tfrac{T(T-1)}2\sum_kG_k\partial_kG +
T(\ldots)\big]`, while the gradient flow :math:`d\theta/ds = -G(\theta)` gives :math:`\theta_0 - \eta G +
\tfrac{\eta^2}2\sum_kG_k\partial_kG` after time :math:`\eta`. The difference is :math:`(\eta^2/T)\,C` with

.. math:: C = \sum_k\Big[-\tfrac12G_k\,\partial_kG - G_k f^TPD\,\partial_kp
   + f^TD\,\partial_kP\,D\,\mathrm{diag}(f_k)\,p\Big],

up to :math:`O(\eta^3/T)` and :math:`O(\eta^2s^2/T^2)` for a relaxation time s. Williams et al. (ICML 2023, Theorem 3.5)
state the order.

A random length with the same mean does not share it. For geometric lengths :math:`E\,T(T-1) = 2\tau(\tau-1)`, twice as
much, so that the bias against the flow for time :math:`\eta` is :math:`\tfrac{\eta^2}2\sum_kG_k\partial_kG`, however
long the phases are; it is :math:`O(\eta^2/\tau)` only against the mean of the flow over its exponential times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.laboratory.chain import PhaseChain

__all__ = ["ChainFamily", "gradient_flow", "moving_bias_constant", "moving_mean"]

_MOST = 100_000  # trajectories kept before they are merged
_STEP = 1e-4  # of the central differences, balancing their error against rounding


@dataclass(frozen=True, eq=False)
class ChainFamily:
    """One phase with one example, as a function of its p parameters.

    Parameters
    ----------
    kernels : callable
        From parameters, shape (m, p), to column-stochastic kernels, shape (m, n, n); smooth.
    statistic : ndarray, shape (n, p)
        The same at all parameters.
    """

    kernels: Callable[[FloatArray], FloatArray]
    statistic: FloatArray

    def __post_init__(self) -> None:
        f = check.finite("statistic", self.statistic)
        if f.ndim != 2 or 0 in f.shape:
            raise InvalidParameterError("statistic.shape", f.shape, "(states, parameters)")
        check.freeze(self, statistic=f)

    def at(self, parameters: ArrayLike) -> PhaseChain:
        """The phase at parameters of shape (p,)."""
        theta = check.finite("parameters", parameters)
        if theta.shape != self.statistic.shape[1:]:
            raise InvalidParameterError(
                "parameters.shape", theta.shape, f"{self.statistic.shape[1:]}, as the statistic"
            )
        return PhaseChain(self.kernels(theta[None]), self.statistic)


def moving_mean(family: ChainFamily, parameters: ArrayLike, rate: float, steps: int) -> FloatArray:
    r"""Mean of the parameters after each number of steps, over all trajectories from equilibrium.

    Parameters
    ----------
    family : ChainFamily
    parameters : array_like, shape (p,)
        :math:`\theta_0`.
    rate : float
        Step of the parameters in every step of the chain, :math:`\epsilon = \eta/\tau > 0`.
    steps : int
        >= 1.

    Returns
    -------
    ndarray, shape (steps + 1, p)
        :math:`E\,\theta_t` for t = 0 ... steps.

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain, or the sums of the statistics are too many to keep.
    """
    chain, f = family.at(parameters), family.statistic
    theta = check.finite("parameters", parameters)
    step, count = check.positive_number("rate", rate), check.integer_at_least("steps", steps, 1)
    sums, mass = np.zeros((1, theta.size)), chain.stationary.copy()
    means = [theta]
    for t in range(count):
        if sums.shape[0] * len(f) > _MOST:
            valid = f"at most {t}: the statistics have too many sums; those of whole numbers have fewer"
            raise InvalidParameterError("steps", steps, valid)
        # mass is (sums, states); every sum has its own parameters and kernel
        moved = (family.kernels(theta - step * sums) @ mass[..., None])[..., 0]
        target = (sums[:, None, :] + f).reshape(-1, theta.size)
        sums, place = np.unique(target, axis=0, return_inverse=True)
        mass = np.zeros((len(sums), len(f)))
        np.add.at(mass, (place.ravel(), np.tile(np.arange(len(f)), len(moved))), moved.ravel())
        means.append(theta - step * (mass.sum(axis=1) @ sums))
    return np.stack(means)


def gradient_flow(family: ChainFamily, parameters: ArrayLike, time: ArrayLike) -> FloatArray:
    r"""Parameters along :math:`d\theta/ds = -G(\theta)`, G the stationary mean of the phase.

    Parameters
    ----------
    family : ChainFamily
    parameters : array_like, shape (p,)
    time : array_like, shape (...)
        Times >= 0.

    Returns
    -------
    ndarray, shape (..., p)
        By an adaptive Runge-Kutta method of order 8, to a relative 1e-13.
    """
    from scipy.integrate import solve_ivp

    theta, until = check.finite("parameters", parameters), check.non_negative("time", time)
    family.at(theta)  # checks the parameters
    times, place = np.unique(until, return_inverse=True)
    path, now, here = np.empty((len(times), theta.size)), 0.0, theta
    for k, then in enumerate(times):  # to each time on its own: interpolation would have fewer digits
        if then > now:
            solved = solve_ivp(
                lambda _, x: -family.at(x).mean, (now, then), here, method="DOP853", rtol=1e-13, atol=1e-14
            )  # fmt: skip
            now, here = float(then), solved.y[:, -1]
        path[k] = here
    return path[place.reshape(until.shape)]


def moving_bias_constant(family: ChainFamily, parameters: ArrayLike) -> FloatArray:
    r"""C of the bias :math:`(\eta^2/T)\,C` of a phase of fixed length whose parameters move, see the module's head.

    Parameters
    ----------
    family : ChainFamily
        Derivatives of its kernels are central differences.
    parameters : array_like, shape (p,)

    Returns
    -------
    ndarray, shape (p,)
    """
    chain, theta = family.at(parameters), check.finite("parameters", parameters)
    f, kernel, law, deviation, mean = chain.statistic, chain.kernels[0], chain.law, chain.deviation[0], chain.mean
    constant = np.zeros(theta.size)
    for k in range(theta.size):
        shift = _STEP * np.eye(theta.size)[k]
        more, less = family.at(theta + shift), family.at(theta - shift)
        slope = (more.kernels[0] - less.kernels[0]) / (2 * _STEP)
        law_slope = deviation @ (slope @ law)
        correlated = f.T @ (deviation @ (slope @ (deviation @ (f[:, k] * law))))
        constant += correlated - mean[k] * (f.T @ (0.5 * law_slope + kernel @ (deviation @ law_slope)))
    return constant
