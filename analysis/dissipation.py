"""Offset and dynamic range of driven ladders against their dissipation (Falk et al. 2025, Figs. 6B and 9B).

Each ladder's kernel is normalised and put under one protocol (rise 3, fall 15, mean 10, threshold by Eq. 45 with the
kernel's own area). Five units of ladder time are one unit of protocol time, as in the paper.

The published program differs from the equations in four ways, each an option: it cuts the kernel after 5 ladder
units (``window``), takes every dissipation at F = 25 (``dissipation_rate_factor``), reads the smallest amplitude at
1.25 times its index (``index_factor``), and plots ln|offset| in mixed units (here the offset is signed, in units of
the update). ``PAPER`` holds its choices.

The recipe's line runs to A_max, past the amplitude at which the slow ramp breaks through Eq. 45's threshold, and so
mixes two regimes; ``exact_offset`` is the tangent's intercept inside the threshold window, which Eq. 36 is about.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import FUNCTIONS, Design, SweepProgress, provenance, sweep

LADDER_UNITS = 5.0  # ladder time units that make one protocol time unit
PROTOCOL = {"fast": 3.0, "slow": 15.0, "mean": 10.0, "amplitude_max": 50.0}
ONE = "ladder"
BATCH, NEAR = 50, 10  # ladders that share a signal and a rate factor; those of them with gamma of order one
_DRAWN_BYTES = 64  # of each ladder's parameters and of what they are drawn from
PAPER: dict[str, Any] = {"window": 5.0, "dissipation_rate_factor": 25.0, "index_factor": 1.25}


def compute(
    ladders: int = 5000,
    amplitudes: int = 500,
    *,
    window: float = np.inf,
    dissipation_rate_factor: float | None = None,
    index_factor: float = 1.0,
    rng: int = 0,
    store: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[SweepProgress], None] | None = None,
) -> xr.Dataset:
    """Draw ladders, evaluate every weight-update curve exactly, read its metrics.

    Parameters
    ----------
    ladders : int
        Number of ladders, drawn as in App. G.3 in batches of 50 that share signal and rate factor.
    amplitudes : int
        Number of amplitudes on [0, 1.25 A_max).
    window : float
        Ladder time after which kernels are cut; infinite is exact, 5 is the paper's.
    dissipation_rate_factor : float, optional
        Rate factor at which dissipation is evaluated; each ladder's own by default, 25 in the paper's program.
    index_factor : float
        See ``crossing_metrics``; 1.25 in the paper's program.
    rng : int
        Seed.
    store : path-like, optional
        Store of ``thermo_cl.sweep.sweep`` for the metrics of ladders too many for their curves to be kept.
    workers, scheduler, resume, force, progress
        As for ``thermo_cl.sweep.sweep``.

    Returns
    -------
    xarray.Dataset
        Dimensions ``ladder`` and ``amplitude``; with a store, the sweep's own data set over ``point``.
        Takes about 1.5 s for the paper's size once warm.
    """
    count = check.integer_at_least("ladders", ladders, 1)
    resolution = check.integer_at_least("amplitudes", amplitudes, 6)
    check.positive_or_infinite("window", window)
    if dissipation_rate_factor is not None:
        check.positive("dissipation_rate_factor", dissipation_rate_factor)
    if check.finite("index_factor", index_factor) < 1:
        raise InvalidParameterError("index_factor", index_factor, "at least 1")
    gamma, signal, rate_factor = draw(count, rng)
    drawn = xr.Dataset({"gamma": (ONE, gamma), "signal": (ONE, signal), "rate_factor": (ONE, rate_factor)})
    function = FUNCTIONS["ladder-curves"].with_options(
        amplitudes=resolution, window=float(window), dissipation_rate_factor=dissipation_rate_factor,
        index_factor=float(index_factor), ladder_units=LADDER_UNITS, curves=store is None, **PROTOCOL,
    )  # fmt: skip
    swept = sweep(
        Design.from_dataset(drawn), function, store=store, workers=workers, scheduler=scheduler, resume=resume,
        force=force, progress=progress,
    )  # fmt: skip
    if store is not None:
        return swept
    parameters = {
        "ladders": count, "amplitudes": resolution, "window": window, "index_factor": index_factor,
        "dissipation_rate_factor": dissipation_rate_factor, **PROTOCOL, "ladder_units": LADDER_UNITS,
    }  # fmt: skip
    named = swept.drop_vars("valid").reset_coords(["gamma", "signal", "rate_factor"]).rename(point=ONE)
    named.attrs = provenance("Falk et al. 2025, Figs. 6B and 9B", parameters, seed=rng)
    return named


def draw(ladders: int, rng: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The paper's random ladders: gamma, step height and rate factor, each of shape (ladders,)."""
    require_memory(f"the parameters of {ladders} ladders", _DRAWN_BYTES * ladders, "Draw fewer, or sweep a design.")
    generator = np.random.default_rng(rng)
    batches = -(-ladders // BATCH)
    uniform = 1.0 - generator.random((batches, BATCH))  # (0, 1]: gamma must not be zero
    decades = np.where(np.arange(BATCH) < NEAR, 0, generator.integers(0, 25, (batches, BATCH)))
    gamma = (uniform * 10.0**-decades).reshape(-1)
    signal = np.repeat(generator.integers(5, 250, batches), BATCH).astype(float)
    rate_factor = np.repeat(generator.integers(1, 100, batches), BATCH).astype(float)
    return gamma[:ladders], signal[:ladders], rate_factor[:ladders]
