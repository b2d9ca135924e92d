"""Occupancies and currents of one driven ladder, and its kernel (Falk et al. 2025, Fig. 6A)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from thermo_cl import Ladder, probability_currents
from thermo_cl import _validate as check
from thermo_cl.sweep import Quantity, label, provenance

RAILS = ("top", "bottom")


def compute(gamma: float = 1e-3, signal: float = 200.0, samples: int = 501, *, rng: int = 0) -> xr.Dataset:
    """Steady state of the paper's five-level ladder at zero signal, and its answer to a step.

    Parameters
    ----------
    gamma : float
        Drive parameter > 0.
    signal : float
        Height of the step, >= 0, in micromolar.
    samples : int
        Number of times, 0 and a geometric series from 1e-4 to 20, at which the response is sampled.
    rng : int
        Recorded only: nothing is drawn.

    Returns
    -------
    xarray.Dataset
        Dimensions ``rail``, ``level``, ``gap`` (between levels) and ``time``. Horizontal currents count along the
        drive (top rail downwards, bottom rail upwards), vertical ones from the top rail to the bottom.
    """
    ladder = Ladder(gamma)
    n, network = ladder.n_levels, ladder.network()
    p, current = network.steady_state(), probability_currents(network)
    level, gap = np.arange(n), np.arange(n - 1)
    horizontal = np.stack([current[gap, gap + 1], current[gap + n + 1, gap + n]])
    kernel = ladder.step_kernel(signal)
    count = check.integer_at_least("samples", samples, 3)
    time = np.concatenate([[0.0], np.geomspace(1e-4, 20.0, count - 1)])  # the fast rise and the slow return
    return label(
        {
            "occupancy": Quantity(("rail", "level"), p.reshape(2, n), "steady probability", "1"),
            "horizontal_current": Quantity(("rail", "gap"), horizontal, "current along the drive", "1 / ladder time"),
            "vertical_current": Quantity(
                "level", current[level + n, level], "current, top to bottom", "1 / ladder time"
            ),
            "plaquette_current": Quantity("gap", ladder.plaquette_currents(), "plaquette current", "1 / ladder time"),
            "kernel": Quantity("time", kernel(time), "kernel of the step", "1 / ladder time"),
            "step_response": Quantity("time", kernel.step_response(time), "change of top-rail occupancy", "1"),
            "entropy_production_rate": Quantity(
                (), ladder.entropy_production_rate(), "entropy production rate", "k_B per ladder time"
            ),
        },
        {
            "rail": Quantity("rail", np.array(RAILS), "rail", "1"),
            "level": Quantity("level", level, "level", "1"),
            "gap": Quantity("gap", gap, "lower level of the gap", "1"),
            "time": Quantity("time", time, "time after the step", "ladder time"),
        },
        provenance("Falk et al. 2025, Fig. 6A", {"gamma": gamma, "signal": signal}, seed=rng),
    )
