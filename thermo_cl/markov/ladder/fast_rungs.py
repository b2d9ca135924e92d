"""Ladders whose rungs are faster than all else: the limit F -> infinity in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["FastRungs", "fast_rung_limit"]


@dataclass(frozen=True, eq=False)
class FastRungs:
    """Limit of a ladder as its rate factor grows without bound.

    Attributes
    ----------
    steady_state : ndarray, shape batch + (2n,)
        Before the step.
    entropy_production_rate : ndarray, shape batch
        Before the step, in k_B per time.
    area : ndarray, shape batch
        Area of the step kernel.
    """

    steady_state: FloatArray
    entropy_production_rate: FloatArray
    area: FloatArray


def fast_rung_limit(ladder: Ladder, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0) -> FastRungs:
    r"""Steady state, entropy production and area of a ladder as F -> infinity; its own F does not enter.

    Each rung is at equilibrium, with the share :math:`t_m = 1/(1 + e^{\Delta E_m})` on the top rail and
    :math:`b_m = 1 - t_m`, and the levels form a chain without loops:

    .. math:: \frac{P_{m+1}}{P_m} = \frac{b_m + r t_m}{t_{m+1} + r b_{m+1}}, \qquad
              \sigma = 2\ln(1/\gamma) \sum_m P_{m+1} \frac{(1 - \gamma^2) e^\epsilon t_m b_{m+1}}{b_m + r t_m}.

    The ladder approaches it as 1/F.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal, baseline : array_like, shape batch
        Signal after and before the step, >= 0, in micromolar.

    Returns
    -------
    FastRungs

    Raises
    ------
    InvalidParameterError
        If a signal is negative, or the rate against the drive overflows.
    """
    r = ladder.backward_rate[..., None]
    if not np.isfinite(r).all():
        raise InvalidParameterError("gamma * exp(energy_step / 2)", r, "a finite rate")
    end, start = check.non_negative("signal", signal), check.non_negative("baseline", baseline)
    check.broadcast(ladder=np.zeros(ladder.batch_shape), signal=end, baseline=start)
    (top, bottom), (after_top, after_bottom) = (_profile(ladder, level, r) for level in (start, end))
    top, bottom, after_top, after_bottom = np.broadcast_arrays(top, bottom, after_top, after_bottom)
    energy = ladder.energy_difference(start)
    t, b = expit(-energy), expit(energy)
    level = (top + bottom)[..., 1:]
    drive = np.asarray(ladder.gamma)[..., None]
    gain = np.exp(np.asarray(ladder.energy_step)[..., None]) * t[..., :-1] * b[..., 1:]
    flow = (1.0 - drive) * (1.0 + drive) * (level * gain / (b[..., :-1] + r * t[..., :-1])).sum(axis=-1)[..., None]
    sigma = -2.0 * np.log(drive) * flow
    direct = np.array([after_top.sum(axis=-1), -top.sum(axis=-1)])
    corners = np.array(
        [
            sign * np.array([p[..., 0], -r[..., 0] * p[..., -1], r[..., 0] * q[..., 0], -q[..., -1]])
            for sign, p, q in ((1.0, after_top, after_bottom), (-1.0, top, bottom))
        ]
    ).reshape(8, *direct.shape[1:])
    against = 2.0 * (1.0 - r[..., 0])
    # the form with the smaller terms loses fewer digits; at r = 1 the corners say nothing
    usable = np.abs(corners).sum(axis=0) < np.abs(against) * np.abs(direct).sum(axis=0)
    area = np.where(usable, corners.sum(axis=0) / np.where(against == 0, 1.0, against), direct.sum(axis=0))
    return FastRungs(np.concatenate([top, bottom], axis=-1), sigma[..., 0][()], area[()])


def _profile(ladder: Ladder, signal: FloatArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Steady state of both rails, each of shape batch + (n,)."""
    energy = ladder.energy_difference(signal)
    t, b = expit(-energy), expit(energy)
    rise = np.log(b[..., :-1] + r * t[..., :-1]) - np.log(t[..., 1:] + r * b[..., 1:])
    weight = np.concatenate([np.zeros_like(rise[..., :1]), np.cumsum(rise, axis=-1)], axis=-1)
    p = np.exp(weight - weight.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return p * t, p * b
