"""What the bulk laws say of the frontier: two formulas with two free numbers each, minimised at given accuracy.

With a = ln(1 / r), r = gamma exp(energy_step / 2), and the ends far away, sigma = (1 - r)(a + energy_step / 2). A step
that shifts the energies by Delta moves the mean level by d = Delta / energy_step, so mu1 = d / (2 (1 - r)). The area is
what the ends are still occupied: for fast rungs and a centred ladder

    ln(1 / |area|) = n a / 2 - [pi^2 / 6 + a^2 / 2 + 2 Li2(-e^-a)] / energy_step - ln sinh(a d / 2) + a constant.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import spence

from analysis._frontier_sweep import ENERGY_STEP
from thermo_cl._types import FloatArray

DRIVE = (0.1, 40.0)  # range of a
_NEVER = 1e3


def bulk_rate(drive: float, energy_step: float) -> float:
    """Entropy production rate of an endless ladder."""
    return float(-np.expm1(-drive) * (drive + 0.5 * energy_step))


def bulk_accuracy(levels: int, drive: float, energy_step: float, shift: float) -> float:
    """ln(mu1 / |area|) of a centred ladder with fast rungs, but for the constant, which is put to zero."""
    d, r = shift / energy_step, np.exp(-drive)
    ends = (np.pi**2 / 6.0 + 0.5 * drive**2 + 2.0 * spence(1.0 + r)) / energy_step
    x = 0.5 * drive * d
    log_sinh = x + np.log(-0.5 * np.expm1(-2.0 * x))
    return float(0.5 * levels * drive - ends - log_sinh + np.log(0.5 * d) - np.log(-np.expm1(-drive)))


def bulk_frontier(levels: int, target: float, shift: float) -> float:
    """Least sigma at ln(mu1 / |area|) = target over drive and energy step; for targets that need a strong drive."""
    grid = np.geomspace(*DRIVE, 200)

    def cost(log_step: float) -> float:
        step = float(np.exp(log_step))
        values = np.array([bulk_accuracy(levels, a, step, shift) for a in grid.tolist()]) - target
        rising = np.flatnonzero((values[:-1] < 0.0) & (values[1:] >= 0.0))
        if not rising.size:
            return _NEVER  # this energy step does not get there: the profile is Gaussian, and its width has an end
        low, high = grid[rising[0] : rising[0] + 2].tolist()
        drive = brentq(lambda a: bulk_accuracy(levels, a, step, shift) - target, low, high, xtol=1e-13)
        return bulk_rate(float(drive), step)

    steps = np.linspace(np.log(ENERGY_STEP[0]), np.log(ENERGY_STEP[1]), 60)
    best = int(np.argmin([cost(s) for s in steps.tolist()]))
    around = (float(steps[max(best - 1, 0)]), float(steps[min(best + 1, steps.size - 1)]))
    return float(minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 1e-8}).fun)


def asymptotic_slope(levels: FloatArray) -> FloatArray:
    """Slope of sigma over ln(mu1 / |area|) for strong drive and small steps, 1 / u^2 with u^2 + u = n / 2.

    There sigma = a + energy_step / 2 and ln(1 / |area|) = n a / 2 - a^2 / (2 energy_step); u = a / energy_step.
    """
    u = 0.5 * (np.sqrt(1.0 + 2.0 * np.asarray(levels, float)) - 1.0)
    return np.asarray(1.0 / u**2)
