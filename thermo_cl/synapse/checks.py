"""Checks shared by the synapses that are made of driven ladders."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.ladder import Ladder
from thermo_cl.synapse.sawtooth import Sawtooth

__all__ = ["checked_amplitudes", "reference_occupancy", "require_single"]


def require_single(ladder: Ladder, protocol: Sawtooth) -> None:
    """Refuse batches of ladders or protocols."""
    for name, shape in (("ladder", ladder.batch_shape), ("protocol", protocol.batch_shape)):
        if shape:
            raise InvalidParameterError(name, f"a batch of shape {shape}", f"a single {name}")


def checked_amplitudes(name: str, amplitudes: ArrayLike, protocol: Sawtooth) -> FloatArray:
    """Amplitudes >= 0 that leave the signal of a single protocol non-negative."""
    heights, most = check.non_negative(name, amplitudes), 2.0 * float(protocol.mean)
    above = np.asarray(heights > most)
    if above.any():
        raise InvalidParameterError(
            name, float(heights[above].flat[0]),
            f"at most {most:g}, twice the protocol's mean, so that the signal is not negative",
        )  # fmt: skip
    return heights


def reference_occupancy(ladder: Ladder, protocol: Sawtooth, reference: float | None) -> float:
    """Top-rail occupancy of zero output: the one given, else the steady one at the protocol's mean."""
    if reference is None:
        return float(ladder.top_rail @ ladder.steady_state(protocol.mean))
    return check.single("reference", check.finite("reference", reference))
