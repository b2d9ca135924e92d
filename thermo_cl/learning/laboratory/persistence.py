r"""What it does to ISD that the state goes on from phase to phase: exact mean, bias and noise of the joint chain.

The state at the ends of phases is a Markov chain of kernel :math:`K = b K_+ + (1-b) K_-`, where :math:`K_\pm` takes a
state through one phase (mean over examples and lengths). Its stationary distribution r is where phases start, so that
the phases measure :math:`f_\pm^T J_\pm r`, where J is K for updates at the end, and the mean over the steps for updates
always.

If one step of the positive phase reaches its stationary state :math:`p_+`, as in a Boltzmann machine whose hidden units
are independent once the data are held, then :math:`r = b\,p_+ + (1-b)K_-r` gives

.. math:: r = b\sum_{n\ge0}(1-b)^n K_-^n\,p_+ :

a negative phase goes on from :math:`n` others since the last positive one. Persistent ISD is contrastive divergence
with a geometric number of negative phases, of mean 1/b. An eigenvalue :math:`\lambda` of :math:`K_-` leaves the share
:math:`b\lambda/(1-(1-b)\lambda)` of its deviation, against :math:`\lambda` for a chain that starts anew from the data:
less bias for every :math:`0 < \lambda < 1`, and the less the smaller b is. For geometric lengths of mean :math:`\tau`
it is contrastive divergence of mean length :math:`\tau/b`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.learning.laboratory.chain import FiniteModel, PhaseChain
from thermo_cl.learning.laboratory.lengths import Length, Updates, check_updates, phase_kernel
from thermo_cl.learning.phases import FixedLength

__all__ = ["persistent_bias", "persistent_long_run", "persistent_start"]


def persistent_start(model: FiniteModel, probability: float, length: Length) -> FloatArray:
    """Stationary distribution of the state at the ends of phases, shape (n,).

    Parameters
    ----------
    model : FiniteModel
    probability : float
        b of the positive phase, in (0, 1).
    length : FixedLength or GeometricLength

    Raises
    ------
    InvalidParameterError
        If b is out of (0, 1), or the joint chain has more than one closed class.
    """
    b = _probability(probability)
    ends = _mixed(model.positive, length), _mixed(model.negative, length)
    return np.asarray(_joint(model, b, ends).stationary[0])


def persistent_bias(model: FiniteModel, probability: ArrayLike, length: Length, updates: Updates = "end") -> FloatArray:
    """Mean of ISD whose state goes on from phase to phase, minus the gradient, at frozen parameters.

    Parameters
    ----------
    model : FiniteModel
        p parameters.
    probability : array_like, shape (...)
        b of the positive phase, in (0, 1).
    length : FixedLength or GeometricLength
    updates : {"end", "always"}

    Returns
    -------
    ndarray, shape (..., p)
        In the long run, over phases.

    Raises
    ------
    InvalidParameterError
        If b is out of (0, 1), ``updates`` is neither, or the joint chain has more than one closed class.
    """
    b = check.positive("probability", probability, below=1.0)
    check_updates(updates)
    ends = _mixed(model.positive, length), _mixed(model.negative, length)
    always = updates == "always" and isinstance(length, FixedLength)
    up, down = (_mixed(c, length, updates) for c in (model.positive, model.negative)) if always else ends
    read = up.T @ model.positive.statistic - down.T @ model.negative.statistic
    starts = np.stack([_joint(model, each, ends).stationary[0] for each in b.flat])
    return np.asarray((starts @ read - model.gradient).reshape(*b.shape, -1))


def persistent_long_run(model: FiniteModel, probability: float, length: Length) -> tuple[FloatArray, FloatArray]:
    r"""Covariance of one persistent ISD estimate, and the long-run covariance of their sum over phases.

    With m(z) the expected next estimate from state z, :math:`u(z) = E[\hat g_n 1(z_n = z)]` and D the deviation matrix
    of the joint kernel K, estimates k phases apart have :math:`E\,\hat g_n\hat g_{n+k}^T = u^T (K^T)^{k-1} m`, so that

    .. math:: \lim_{N\to\infty}\tfrac1N\mathrm{Cov}\sum_{n\le N}\hat g_n = \Gamma_0 + S + S^T, \qquad S = (D u)^T m .

    Independent phases have S = 0.

    Parameters
    ----------
    model : FiniteModel
    probability : float
        b of the positive phase, in (0, 1).
    length : FixedLength or GeometricLength
        Updates come at the end of phases.

    Returns
    -------
    one, long_run : ndarray, shape (p, p)

    Raises
    ------
    InvalidParameterError
        If b is out of (0, 1), or the joint chain has more than one closed class.
    """
    b = _probability(probability)
    positive, negative = _mixed(model.positive, length), _mixed(model.negative, length)
    joint = _joint(model, b, (positive, negative))
    start, up, down = joint.stationary[0], model.positive.statistic, model.negative.statistic
    reached, left = positive @ start, negative @ start
    now = reached[:, None] * up - left[:, None] * down
    coming = positive.T @ up - negative.T @ down
    mean = now.sum(axis=0)
    one = (up.T * reached) @ up / b + (down.T * left) @ down / (1.0 - b) - np.outer(mean, mean)
    later = (joint.deviation[0] @ now).T @ coming
    return one, one + later + later.T


def _joint(model: FiniteModel, b: float, ends: tuple[FloatArray, FloatArray]) -> PhaseChain:
    kernel = b * ends[0] + (1.0 - b) * ends[1]
    return PhaseChain(kernel / kernel.sum(axis=0), model.positive.statistic)


def _mixed(chain: PhaseChain, length: Length, updates: Updates = "end") -> FloatArray:
    """Mean over the examples of what a phase does to the state."""
    return np.asarray(np.einsum("k,kij->ij", chain.weights, phase_kernel(chain, length, updates)))


def _probability(probability: float) -> float:
    return check.single("probability", check.positive("probability", probability, below=1.0))
