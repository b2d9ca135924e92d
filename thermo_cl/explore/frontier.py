"""The least dissipation of ladders at a given accuracy, as a small table that is shipped with the package.

``python -m thermo_cl.explore.data analysis/stored/frontier.nc`` writes it from the data set of ``python -m analysis
frontier``. It holds the optimal ladders themselves: each line's accuracy and dissipation can be computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from thermo_cl._types import FloatArray, IntArray

__all__ = ["COLUMNS", "Frontier", "frontier", "least_rate"]

COLUMNS = (
    "levels", "accuracy", "rate", "gamma", "rate_factor", "energy_step", "reference_level", "signal",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frontier:
    """Optimal ladders by number of levels and accuracy.

    Attributes
    ----------
    levels : ndarray of int, shape (n,)
        Numbers of levels.
    accuracy : ndarray, shape (k,)
        L' = ln(mu1 / |area|) asked for, the ladder's own time as the unit.
    rate : ndarray, shape (n, k)
        Least entropy production rate at zero signal, k_B per ladder time.
    parameters : ndarray, shape (n, k, 5)
        gamma, rate factor, energy step (k_B T), reference level, signal after the step (micromolar).
    """

    levels: IntArray
    accuracy: FloatArray
    rate: FloatArray
    parameters: FloatArray


@cache  # a constant, the same for every session
def frontier() -> Frontier:
    """Read the shipped table."""
    text = files("thermo_cl.explore").joinpath("data/frontier.csv").read_text(encoding="utf-8")
    rows = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    levels = np.unique(rows[:, 0]).astype(np.int64)
    table = rows.reshape(levels.size, -1, len(COLUMNS))
    return Frontier(levels, table[0, :, 1], table[..., 2], table[..., 3:])


def least_rate(levels: int, accuracy: float) -> float:
    """Least dissipation of so many levels at an accuracy, k_B per ladder time; NaN outside the table.

    Between two accuracies of the table its logarithm is interpolated, which is good to one per cent.
    """
    known = frontier()
    row = np.flatnonzero(known.levels == levels)
    if not row.size:
        return float("nan")
    return float(np.exp(np.interp(accuracy, known.accuracy, np.log(known.rate[row[0]]), left=np.nan, right=np.nan)))
