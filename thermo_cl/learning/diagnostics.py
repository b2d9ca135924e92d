"""How far an estimate of a gradient is from the gradient."""

from __future__ import annotations

import math

import numpy as np

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
        In degrees, 0 ... 180, under each name and under ``"all"``; nan where one of the two vanishes.

    Raises
    ------
    InvalidParameterError
        If names or shapes differ.
    """
    if {n: a.shape for n, a in estimate.items()} != {n: a.shape for n, a in reference.items()}:
        raise InvalidParameterError("estimate", sorted(estimate), "of the names and shapes of the reference")
    pairs = {n: (np.ravel(estimate[n]).astype(float), np.ravel(reference[n]).astype(float)) for n in reference}
    pairs["all"] = (np.concatenate([a for a, _ in pairs.values()]), np.concatenate([b for _, b in pairs.values()]))
    return {name: _angle(a, b) for name, (a, b) in pairs.items()}


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    size_a, size_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if size_a == 0 or size_b == 0:
        return math.nan
    a, b = a / size_a, b / size_b  # by chord and sum, which keeps the digits of small angles
    return math.degrees(2.0 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))))
