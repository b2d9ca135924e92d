"""Dynamic range of the weight update over ramp times (Falk et al. 2025, Fig. 4C).

A zero-area chemotaxis kernel (b = 20) under sawtooths of random ramp times, threshold A_max / tau_s: the optimum of
Eqs. 27-28, at which the dynamic range is bounded by tau_s / tau_f (Eq. 9).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis._ramps import ramp_dataset
from thermo_cl import Sawtooth, chemotaxis_kernel
from thermo_cl import _validate as check

AMPLITUDE_MAX, DECAY_RATE = 100.0, 20.0


def compute(protocols: int = 1000, amplitudes: int = 400, *, rng: int = 0) -> xr.Dataset:
    """Draw ramp times, evaluate every curve exactly, fit its dynamic range.

    Parameters
    ----------
    protocols : int
        Number of protocols; rise times 0.1 ... 4.9, fall times 0.2 ... 49.8.
    amplitudes : int
        Number of amplitudes on [0, 0.75 A_max).
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``protocol`` and ``amplitude``. Takes about two seconds for the paper's size.
    """
    count = check.integer_at_least("protocols", protocols, 1)
    resolution = check.integer_at_least("amplitudes", amplitudes, 6)
    generator = np.random.default_rng(rng)
    fast, slow = generator.integers(1, 50, count) / 10, generator.integers(1, 250, count) / 5
    return ramp_dataset(
        chemotaxis_kernel(area=0.0, decay_rate=DECAY_RATE),
        Sawtooth(fast, slow, mean=0.0),
        AMPLITUDE_MAX / slow,
        np.linspace(0.0, 0.75 * AMPLITUDE_MAX, resolution, endpoint=False),
        amplitude_max=AMPLITUDE_MAX,
        decay_rate=DECAY_RATE,
        source="Falk et al. 2025, Fig. 4C",
        parameters={"protocols": count, "amplitudes": resolution},
        seed=rng,
    )
