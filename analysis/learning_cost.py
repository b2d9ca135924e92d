"""Entropy produced per learning cycle against the accuracy reached, for kernels and for the driven ladder itself.

Three synapses are put under the same sawtooth: one with the step kernel (signal 0 to the mean, as in Falk et al. 2025),
one with the small-signal kernel about the mean, and the ladder driven by the signal without any linearisation. The
threshold lies half-way between the outputs A / tau_f and A / tau_s of an ideal synapse, and the error is that of
the update against the amplitude, which counts as log2(1 / error) bits. The step kernel answers to the signal from zero,
so that its area times the mean is an offset (Eq. 36), and costs the steady dissipation at signal zero, as in Fig. 6B;
the small-signal kernel answers to, and costs the steady dissipation at, the mean. The driven ladder costs what its
master equation produces, of which the part beyond housekeeping is stored separately. All times are in ladder units;
the slow ramp takes five times the fast one, as in Fig. 6B.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from thermo_cl import Ladder, Sawtooth, driven_update, units, weight_update
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import Quantity, label, provenance

MODELS = ("step kernel", "small-signal kernel", "driven")
DESIGNS = ((5, 1), (12, 4))  # levels and reference level: the paper's, and one whose ends are further away
GAMMA = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8)
FAST = (7.5, 15.0, 30.0, 60.0, 120.0)
SHARES = (0.1, 0.5, 1.0)  # amplitudes over the mean
RATIO = 5.0


def compute(
    gamma: Sequence[float] = GAMMA,
    fast: Sequence[float] = FAST,
    shares: Sequence[float] = SHARES,
    *,
    mean: float = 100.0,
    rng: int = 0,
) -> xr.Dataset:
    """Updates, errors and costs of every ladder, ramp time and amplitude for the three models.

    Parameters
    ----------
    gamma : sequence of float
        Drive parameters, > 0.
    fast : sequence of float
        Rise times of the sawtooth, > 0, in ladder units.
    shares : sequence of float
        Amplitudes over the mean, in (0, 2], so that the signal is never negative.
    mean : float
        Mean of the signal, > 0, in micromolar.
    rng : int
        Not used, nothing is drawn; recorded like every seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``model``, ``design``, ``gamma``, ``fast`` and ``amplitude``. Takes about 20 s for the default size.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    check.integer_at_least("rng", rng, 0)
    drives, rises, parts = _row("gamma", gamma), _row("fast", fast), _row("shares", shares)
    if (parts > 2).any():
        raise InvalidParameterError("shares", shares, "at most 2, so that the signal is not negative")
    amplitude = check.positive_number("mean", mean) * parts
    shape = (len(MODELS), len(DESIGNS), drives.size, rises.size, amplitude.size)
    update, entropy, excess = np.empty(shape), np.empty(shape), np.zeros(shape)
    for d, (levels, reference) in enumerate(DESIGNS):
        for g, drive in enumerate(drives):
            ladder = Ladder(drive, n_levels=levels, reference_level=reference)
            for f, rise in enumerate(rises):
                index = (slice(None), d, g, f)
                protocol = Sawtooth(rise, RATIO * rise, mean=mean)
                update[index], entropy[index], excess[index] = _costs(ladder, protocol, amplitude)
    error = np.abs(update / amplitude - 1.0)
    bits = units.comparison_bits(1.0, error)
    every = ("model", "design", "gamma", "fast", "amplitude")
    return label(
        {
            "weight_update": Quantity(every, update, "weight update over one cycle", "micromolar"),
            "relative_error": Quantity(every, error, "error of the update over the amplitude", "1"),
            "entropy_production": Quantity(every, entropy, "entropy produced per cycle", "k_B"),
            "entropy_production_bits": Quantity(
                every, units.convert(entropy, "k_B", "bit"), "entropy produced per cycle in units of ln 2", "bit"
            ),
            "excess_entropy_production": Quantity(every, excess, "excess part of it, from lagging behind", "k_B"),
            "bits": Quantity(
                every, bits, "information in the comparison, log2(1 / error), none above an error of 1", "bit"
            ),
            "cost_per_bit": Quantity(
                every, units.cost_per_bit(entropy, bits), "entropy produced per bit of the comparison", "ln 2 k_B"
            ),
            "levels": Quantity("design", [n for n, _ in DESIGNS], "number of levels", "1"),
            "reference_level": Quantity("design", [m for _, m in DESIGNS], "level of equal energies", "1"),
            "excess_share": Quantity(
                every[1:], excess[2] / entropy[2], "share of the driven ladder's entropy that is excess", "1"
            ),
        },
        {
            "model": Quantity("model", list(MODELS), "model of the synapse", "1"),
            "gamma": Quantity("gamma", drives, "drive parameter gamma", "1"),
            "fast": Quantity("fast", rises, "rise time of the sawtooth", "ladder time unit"),
            "amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "micromolar"),
        },
        provenance(
            "cost of a learning cycle, ladder of Falk et al. 2025",
            {"mean": mean, "ratio": RATIO, "rate_factor": 25.0},
            seed=rng,
        ),
    )


def _row(name: str, values: Sequence[float]) -> FloatArray:
    row = check.positive(name, np.atleast_1d(values))
    if row.ndim > 1 or row.size == 0:
        raise InvalidParameterError(f"{name}.shape", row.shape, "(k,), at least one number")
    return row


def _costs(ladder: Ladder, protocol: Sawtooth, amplitude: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Updates, entropies and excess entropies per cycle, each of shape (model, amplitude)."""
    mean = float(protocol.mean)
    about = Sawtooth(protocol.fast, protocol.slow)
    threshold = 0.5 * amplitude * (1.0 / protocol.fast + 1.0 / protocol.slow)
    step = ladder.step_kernel(mean).normalized()
    small = ladder.small_signal_kernel(mean).normalized()
    update = np.empty((len(MODELS), amplitude.size))
    entropy, excess = np.empty(update.shape), np.zeros(update.shape)
    entropy[0] = ladder.entropy_production_rate(0.0) * protocol.period
    entropy[1] = ladder.entropy_production_rate(mean) * protocol.period
    for k, (height, theta) in enumerate(zip(amplitude, threshold, strict=True)):
        driven = driven_update(ladder, protocol, float(height), threshold=float(theta))
        update[:, k] = (
            weight_update(step, protocol, height, threshold=theta),
            weight_update(small, about, height, threshold=theta),
            driven.update,
        )
        entropy[2, k], excess[2, k] = driven.entropy_production, driven.excess
    return update, entropy, excess
