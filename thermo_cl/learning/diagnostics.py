"""How far an estimate of a gradient is from the gradient."""

from __future__ import annotations

import math

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import Parameters

__all__ = ["angles"]


def angles(estimate: Parameters, reference: Parameters) -> dict[str, float]:
    """Angle between an estimate and a reference gradient, for each parameter and for all together.

    Parameters
    ----------
    estimate, reference : mapping of str to ndarray
        Of the same names and shapes.

    Returns
    -------
    dict of str to float
        In degrees, 0 ... 180, under each name and under ``"all"``; nan where one of the two vanishes or is not finite.

    Raises
    ------
    InvalidParameterError
        If names or shapes differ, or there are none.
    """
    shapes = {name: np.shape(array) for name, array in reference.items()}
    given = {name: np.shape(array) for name, array in estimate.items()}
    if given != shapes or not shapes:
        raise InvalidParameterError("estimate", given, f"of the names and shapes of the reference, {shapes}")
    pairs = {n: (np.ravel(estimate[n]).astype(float), np.ravel(reference[n]).astype(float)) for n in reference}
    pairs["all"] = (np.concatenate([a for a, _ in pairs.values()]), np.concatenate([b for _, b in pairs.values()]))
    return {name: _angle(a, b) for name, (a, b) in pairs.items()}


def _angle(a: FloatArray, b: FloatArray) -> float:
    largest_a, largest_b = (float(np.abs(v).max(initial=0.0)) for v in (a, b))
    if not (0 < largest_a < math.inf and 0 < largest_b < math.inf):  # nan is not between either
        return math.nan
    a, b = a / largest_a, b / largest_b  # squares of the rest stay in range
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    # by chord and sum, which keeps the digits of small angles
    return math.degrees(2.0 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))))
