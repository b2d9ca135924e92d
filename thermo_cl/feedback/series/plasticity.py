"""How the elements of a network change with what they feel: a hard threshold on stress times strain, or on voltage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["Drive", "Plasticity", "passed_over_step"]

Drive = Literal["work", "power", "voltage"]


@dataclass(frozen=True, eq=False, init=False)
class Plasticity:
    """Change of the coefficients, dc/dt = gain * g(u): g(u) = u where the size of u reaches the threshold, else 0.

    Parameters
    ----------
    drive : {"work", "power", "voltage"}
        The output u: tension times strain, c z e ("work"); element's voltage times edge voltage, z e ("power"); or
        polarity times the element's own voltage, p z ("voltage").
    gain : float
        Coefficient per output and time; negative where large outputs weaken an edge.
    threshold : float
        >= 0, in units of the output.
    polarity : array_like of +1 and -1, shape (edges,), optional
        Orientation of each element; all +1 by default. Seen by the drive "voltage" alone.

    Raises
    ------
    InvalidParameterError
        For another drive, a polarity other than +1 and -1, or a number that is not finite.
    """

    drive: Drive
    gain: float
    threshold: float
    polarity: FloatArray

    def __init__(self, drive: Drive, gain: float, threshold: float, polarity: ArrayLike = 1.0) -> None:
        if drive not in get_args(Drive):
            raise InvalidParameterError("drive", drive, " or ".join(repr(name) for name in get_args(Drive)))
        sign = check.finite("polarity", polarity)
        if (np.abs(sign) != 1.0).any():
            raise InvalidParameterError("polarity", float(sign[np.abs(sign) != 1.0].flat[0]), "+1 or -1")
        limit = check.single("threshold", check.non_negative("threshold", threshold))
        rate = check.single("gain", check.finite("gain", gain))
        check.freeze(self, drive=drive, gain=rate, threshold=limit, polarity=sign)

    def output(self, coefficients: FloatArray, strains: FloatArray, felt: FloatArray) -> FloatArray:
        """Output u of edges of strain e that feel z; shapes broadcast."""
        if self.drive == "voltage":
            return np.asarray(self.polarity * felt)
        return np.asarray(felt * strains * (coefficients if self.drive == "work" else 1.0))


def passed_over_step(
    start: FloatArray, middle: FloatArray, end: FloatArray, length: float, threshold: float
) -> FloatArray:
    """Integral of g(u) over a step, with u the parabola through its values at the start, the middle and the end.

    Crossings of the threshold are roots of the parabola, so that a hard threshold costs no order of accuracy.
    """
    slope, bend = 4.0 * middle - 3.0 * start - end, 2.0 * (start + end) - 4.0 * middle
    cuts = [np.zeros_like(start), np.ones_like(start)]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for level in (threshold, -threshold):
            root = np.sqrt(slope**2 - 4.0 * bend * (start - level))
            half = -0.5 * (slope + np.copysign(root, slope))
            cuts += [half / bend, (start - level) / half]
    points = np.sort(np.clip(np.nan_to_num(np.stack(cuts), nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0), axis=0)
    primitive = points * (start + points * (0.5 * slope + points * bend / 3.0))
    between = 0.5 * (points[1:] + points[:-1])
    seen = np.abs(start + between * (slope + between * bend)) >= threshold
    return np.asarray(length * np.sum(np.where(seen, np.diff(primitive, axis=0), 0.0), axis=0))
