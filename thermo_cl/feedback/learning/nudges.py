"""How far the outputs are nudged: a constant share of the error, or what keeps the teaching signal at one size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast

__all__ = ["FixedSignal", "amplitude_of", "rescaled"]


@dataclass(frozen=True)
class FixedSignal:
    r"""Nudging amplitude that grows as the errors fall: :math:`\eta = \min(size / rms\ error, largest)`.

    A fixed threshold is a dead zone: once the errors are small no edge's signal passes it, and the loss stays where it
    is. An amplifier between error and nudge keeps the signal up; ``largest`` is where it saturates.

    Parameters
    ----------
    size : float
        Wanted root mean square of amplitude times error, > 0, in units of the outputs.
    largest : float
        Largest amplitude, > 0.
    """

    size: float
    largest: float = 1e3

    def __post_init__(self) -> None:
        for name in ("size", "largest"):
            check.positive_number(name, getattr(self, name))


def amplitude_of(schedule: float | FixedSignal, contrast: Contrast) -> float:
    """Amplitude for the errors of a contrast."""
    if not isinstance(schedule, FixedSignal):
        return float(schedule)
    error = float(np.sqrt(np.mean(contrast.errors**2)))
    return schedule.largest if error * schedule.largest <= schedule.size else schedule.size / error


def rescaled(contrast: Contrast, amplitude: float) -> Contrast:
    """The same contrast at another amplitude: the nudged state is linear in it."""
    if amplitude <= 0.0:
        raise InvalidParameterError("amplitude", amplitude, "greater than 0")
    return replace(contrast, change=contrast.change * (amplitude / contrast.amplitude), amplitude=amplitude)
