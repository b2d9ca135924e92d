"""Offset of the weight update over ramp times for a kernel of non-zero area (Falk et al. 2025, Fig. 5C).

A chemotaxis kernel of area 0.05 at mean signal 25. The text sets the threshold by Eq. 45, with which hardly any curve
has a linear regime; the published figure was made with A_max / tau_s, the default here. ``threshold="adaptive"``
gives the text's choice, to see both.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from analysis._ramps import ramp_dataset
from thermo_cl import Sawtooth, adaptive_threshold, chemotaxis_kernel
from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError

AREA, MEAN, AMPLITUDE_MAX, DECAY_RATE = 0.05, 25.0, 100.0, 20.0


def compute(
    protocols: int = 1000,
    amplitudes: int = 400,
    *,
    threshold: Literal["slow_ramp", "adaptive"] = "slow_ramp",
    rng: int = 0,
) -> xr.Dataset:
    """Draw ramp times, evaluate every curve exactly, fit its offset.

    Parameters
    ----------
    protocols : int
        Number of protocols; rise times 0.2 ... 4.8, fall times 0.2 ... 49.8.
    amplitudes : int
        Number of amplitudes on [0, 0.75 A_max).
    threshold : {"slow_ramp", "adaptive"}
        A_max / tau_s as in the published program, or Eq. 45 as in the text.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``protocol`` and ``amplitude``; ``predicted_offset`` is I s tau_f (Eq. 36).
    """
    count = check.integer_at_least("protocols", protocols, 1)
    resolution = check.integer_at_least("amplitudes", amplitudes, 6)
    if threshold not in {"slow_ramp", "adaptive"}:
        raise InvalidParameterError("threshold", threshold, '"slow_ramp" (A_max / tau_s) or "adaptive" (Eq. 45)')
    generator = np.random.default_rng(rng)
    fast, slow = generator.integers(1, 25, count) / 5, generator.integers(1, 250, count) / 5
    kernel = chemotaxis_kernel(area=AREA, decay_rate=DECAY_RATE)
    protocol = Sawtooth(fast, slow, mean=MEAN)
    level = AMPLITUDE_MAX / slow if threshold == "slow_ramp" else adaptive_threshold(kernel, protocol, AMPLITUDE_MAX)
    dataset = ramp_dataset(
        kernel,
        protocol,
        level,
        np.linspace(0.0, 0.75 * AMPLITUDE_MAX, resolution, endpoint=False),
        amplitude_max=AMPLITUDE_MAX,
        decay_rate=DECAY_RATE,
        source="Falk et al. 2025, Fig. 5C",
        parameters={"protocols": count, "amplitudes": resolution, "threshold": threshold},
        seed=rng,
    )
    predicted = xr.Variable("protocol", AREA * MEAN * fast, {"long_name": "offset by Eq. 36", "units": "signal"})
    return dataset.assign(predicted_offset=predicted)
