"""What a cycle of nudging costs: heat of dashpots or memristors, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series.high_pass import cycle_square
from thermo_cl.feedback.series.network import SeriesNetwork
from thermo_cl.synapse import Sawtooth

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast

__all__ = ["cycle_heat", "network_cycle_heat"]


def cycle_heat(series: SeriesNetwork, changes: FloatArray, protocol: Sawtooth) -> FloatArray:
    r"""Heat of each edge over one cycle of the sawtooth in its periodic state, for matched edges.

    An edge whose strain is moved by ``change`` and back feels z = change * A(t), with A the high-passed sawtooth. A
    dashpot turns t**2/b into heat and a memristor t**2/c, so that a cycle costs :math:`c\,\delta^2 \int A^2 dt/\tau`
    and :math:`c\,\delta^2 \int A^2 dt`. For ramps much longer than tau the integral is tau**2 (1/fast + 1/slow).

    Parameters
    ----------
    series : SeriesNetwork
        Of one relaxation time.
    changes : ndarray, shape (..., edges)
        Change delta of every strain (m) or voltage (V) over the nudge.
    protocol : Sawtooth
        Single.

    Returns
    -------
    ndarray, shape (..., edges)
        In J, if strains and coefficients are in SI units.

    Raises
    ------
    InvalidParameterError
        If the relaxation times differ: then simulate.
    """
    if not series.matched:
        times = (float(series.times.min()), float(series.times.max()))
        raise InvalidParameterError("series.times", times, "equal; for unlike edges see simulate(...).dissipated")
    move, time = check.finite("changes", changes), float(series.times.mean())
    per_time = time if series.network.kind == "elastic" else 1.0
    square = cycle_square(protocol.unit_signal(), time) / per_time
    return np.asarray(series.network.coefficients * move**2 * square)


def network_cycle_heat(series: SeriesNetwork, contrast: Contrast, protocol: Sawtooth) -> FloatArray:
    """Heat of a whole network over one cycle, shape (patterns,), in J; arguments and errors as for ``cycle_heat``."""
    return np.asarray(cycle_heat(series, contrast.change, protocol).sum(axis=-1))
