"""A derivative-like kernel, what it makes of a step, and what it makes of a sawtooth (Falk et al. 2025, Fig. 2)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from thermo_cl import Sawtooth, chemotaxis_kernel, periodic_response
from thermo_cl import _validate as check
from thermo_cl.sweep import Quantity, label, provenance

DECAY_RATE = 20.0


def compute(samples: int = 601, *, rng: int = 0) -> xr.Dataset:
    """Sample the exact kernel, its step response, and its response to one sawtooth cycle.

    Parameters
    ----------
    samples : int
        Number of times on each axis.
    rng : int
        Recorded only: nothing is drawn.

    Returns
    -------
    xarray.Dataset
        Dimensions ``time`` (after a step) and ``phase`` (within a cycle of rise 1 and fall 9).
    """
    count = check.integer_at_least("samples", samples, 2)
    kernel, protocol = chemotaxis_kernel(area=0.0, decay_rate=DECAY_RATE), Sawtooth(fast=1.0, slow=9.0)
    time, phase = np.linspace(-0.1, 0.6, count), np.linspace(0.0, 10.0, count)
    cycle = protocol.unit_signal()
    return label(
        {
            "kernel": Quantity("time", kernel(time), "memory kernel K", "1 / time^2"),
            "step": Quantity("time", (time >= 0).astype(float), "step of the signal", "signal"),
            "step_response": Quantity("time", kernel.step_response(time), "response to the step", "signal / time"),
            "sawtooth": Quantity("phase", cycle(phase), "sawtooth of unit amplitude", "signal"),
            "response": Quantity("phase", periodic_response(kernel, cycle)(phase), "response u", "signal / time"),
        },
        {
            "time": Quantity("time", time, "time after the step", "time"),
            "phase": Quantity("phase", phase, "time within the cycle", "time"),
        },
        provenance("Falk et al. 2025, Fig. 2", {"decay_rate": DECAY_RATE, "fast": 1.0, "slow": 9.0}, seed=rng),
    )
