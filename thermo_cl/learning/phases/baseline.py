r"""Two ways to quieten random phases: a baseline, and a probability that adapts; both keep the estimate unbiased.

Given what was known before the draw, b and c are constants, and the mean over the draw is
:math:`b\,(g_+ - c)/b - (1 - b)(g_- - c)/(1 - b) = g_+ - g_-`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import Parameters
from thermo_cl.learning.phases.interface import Phase

__all__ = ["AdaptiveProbability", "RunningMean", "SecondMoments"]

SecondMoments = tuple[float, float]
"""Running means of the squared norm of the negative and of the positive statistic, NaN before the first."""


@dataclass(frozen=True)
class RunningMean:
    r"""One running mean c of the statistics of both phases, one number for each parameter.

    After a phase with statistic g (the mean over its steps where updates are always on)

    .. math:: c \leftarrow c + k_\pm (g - c), \quad k_+ : k_- = (1 - b)^2 : b^2, \quad \max(k_+, k_-) = \mathrm{rate},

    so that with constant distributions its mean tends to :math:`(1 - b)\mu_+ + b\mu_-`, the constant for which
    tr Cov is least: :math:`\mathrm{tr}\,\Sigma_+/b + \mathrm{tr}\,\Sigma_-/(1 - b)`. It starts at zero and does not
    move within a phase: what is subtracted never depends on the present draw.

    Parameters
    ----------
    rate : float
        In (0, 1].

    Raises
    ------
    InvalidParameterError
        If the rate is not.
    """

    rate: float = 0.01

    def __post_init__(self) -> None:
        check.freeze(self, rate=_share("rate", self.rate))

    def moved(self, mean: Parameters, statistic: Parameters, phase: Phase, probability: float) -> Parameters:
        """The mean after a phase that was drawn with probability b of being positive."""
        share = self.step(phase, probability)
        return {name: c + c.dtype.type(share) * (statistic[name] - c) for name, c in mean.items()}

    def step(self, phase: Phase, probability: float) -> float:
        """Step k of the mean after a phase."""
        odds = (1.0 - probability) / probability if phase is Phase.POSITIVE else probability / (1.0 - probability)
        return self.rate * min(1.0, odds) ** 2


@dataclass(frozen=True)
class AdaptiveProbability:
    r"""Probability of the positive phase moved towards :math:`b^* = \sqrt{M_+}/(\sqrt{M_+} + \sqrt{M_-})`.

    :math:`M_\pm = E|g_\pm|^2` are running means, each moved after its own phases by
    :math:`M \leftarrow M + \mathrm{rate}\,(|g|^2 - M)` from the first value on; g is the phase's whole statistic, less
    the baseline if there is one. Then b and c settle together where both are best,
    :math:`b = \sqrt{\mathrm{tr}\,\Sigma_+}/(\sqrt{\mathrm{tr}\,\Sigma_+} + \sqrt{\mathrm{tr}\,\Sigma_-})`.
    The b of a draw is known before it. Until both phases were seen, and while both moments vanish or one is not finite,
    it stays.

    Parameters
    ----------
    rate : float
        In (0, 1].
    lowest, highest : float
        Bounds of b, within (0, 1).

    Raises
    ------
    InvalidParameterError
        If a number is not in its range.
    """

    rate: float = 0.01
    lowest: float = 0.05
    highest: float = 0.95

    def __post_init__(self) -> None:
        low = check.single("lowest", check.positive("lowest", self.lowest, below=1.0))
        high = check.single("highest", check.positive("highest", self.highest, below=1.0))
        if not low <= high:
            raise InvalidParameterError("highest", high, f"not below lowest = {low:g}")
        check.freeze(self, rate=_share("rate", self.rate), lowest=low, highest=high)

    def probability(self, moments: SecondMoments, otherwise: float) -> float:
        """Probability b of the next draw, ``otherwise`` if the moments do not say."""
        low, high = (math.sqrt(m) for m in moments)
        if not 0 < low + high < math.inf:  # nan before both were seen
            return otherwise
        return float(np.clip(high / (low + high), self.lowest, self.highest))

    def moved(self, moments: SecondMoments, phase: Phase, square: float) -> SecondMoments:
        """The moments after a phase whose statistic had this squared norm."""
        before = moments[phase]
        after = square if math.isnan(before) else before + self.rate * (square - before)
        return (moments[0], after) if phase is Phase.POSITIVE else (after, moments[1])


def _share(name: str, value: float) -> float:
    share = check.positive_number(name, value)
    if share > 1.0:
        raise InvalidParameterError(name, share, "greater than 0 and at most 1")
    return share
