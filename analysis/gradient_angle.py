"""Angle between the temporal-contrast update and the true gradient, over kernel area, threshold and ramp times.

A 784-500-10 network, briefly trained by equilibrium propagation, is asked for the update of some minibatches. The
gradient is backpropagation's through a long relaxation. Kernels are chemotaxis kernels of first moment -1, so that
thresholds are rates of change of a current; they are those of the paper's run, as contrasts over the fast ramp, times
a factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from thermo_cl import Kernel, Sawtooth, chemotaxis_kernel
from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import (
    Backpropagation,
    EnergyNetwork,
    EquilibriumPropagation,
    Relaxation,
    Rule,
    RunConfiguration,
    TemporalContrast,
    angles,
    load_configuration,
    split,
    train,
)
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.sweep import Quantity, label, provenance

LEARNING_RATES = {"W1": 0.1, "b1": 0.1, "W2": 0.05, "b2": 0.05}
PARAMETERS = ("W1", "b1", "W2", "b2", "all")
AREAS = tuple(float(a) for a in np.logspace(-6, 0, 13))
FACTORS = tuple(float(f) for f in np.logspace(-2, 2, 17))
RAMPS = tuple(float(r) for r in np.logspace(0, 2.5, 11))
RATIOS = (3.0, 9.0, 27.0, 81.0)
FAST, RATE, RATIO = 1.0, 50.0, 9.0


def compute(
    areas: Sequence[float] = AREAS,
    factors: Sequence[float] = FACTORS,
    ramps: Sequence[float] = RAMPS,
    ratios: Sequence[float] = RATIOS,
    *,
    examples: int = 2000,
    minibatches: int = 8,
    rng: int = 0,
) -> xr.Dataset:
    """Angles of the summed updates of some minibatches, for each of three sweeps and for equilibrium propagation.

    Parameters
    ----------
    areas : sequence of float
        Kernel areas I > 0, in 1/fast ramp, with thresholds as they are and raised by the largest steady output I.
    factors : sequence of float
        Factors > 0 on the paper's thresholds.
    ramps : sequence of float
        Fast ramps over the kernel's timescale, > 0.
    ratios : sequence of float
        Slow over fast ramps, > 1; the factors and the ramps are swept at each.
    examples : int
        Training examples of the one epoch before, of 20 in a minibatch.
    minibatches : int
        Minibatches summed over, of 20 examples each.
    rng : int
        Seed of the initial weights.

    Returns
    -------
    xarray.Dataset
        Takes about 15 s for the default size.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain, or there are fewer examples than the minibatches hold.
    """
    count = check.integer_at_least("minibatches", minibatches, 1)
    sweeps = {"areas": areas, "factors": factors, "ramps": ramps, "ratios": ratios}
    for name, values in sweeps.items():
        if check.positive(name, np.atleast_1d(values)).size == 0:
            raise InvalidParameterError(name, values, "at least one number")
    check.integer_at_least("examples", examples, 20 * count)
    with one_blas_thread():
        return _angles(tuple(areas), tuple(factors), tuple(ramps), tuple(ratios), examples, count, rng)


def _angles(
    areas: tuple[float, ...], factors: tuple[float, ...], ramps: tuple[float, ...], ratios: tuple[float, ...],
    examples: int, count: int, rng: int,
) -> xr.Dataset:  # fmt: skip
    training, _ = split("mnist12k", examples, 1)
    start = EnergyNetwork.glorot([784, 500, 10], rng=rng)
    known = train(start, EquilibriumPropagation(), training, epochs=1, learning_rates=LEARNING_RATES, rng=rng)
    chosen = [slice(n, n + 20) for n in range(0, 20 * count, 20)]
    probes = [
        (training.inputs[k], training.targets()[k], tuple(x[k] for x in known.states)) for k in chosen
    ]  # fmt: skip

    def summed(rule: Rule) -> dict[str, Array]:
        rounds = [rule.estimate(known.network, *probe, np.random.default_rng(rng)) for probe in probes]
        return {name: np.sum([e.gradient[name] for e in rounds], axis=0) for name in PARAMETERS[:-1]}

    exact = summed(Backpropagation(Relaxation(free_steps=100)))

    def angle(rule: Rule) -> list[float]:
        found = angles(summed(rule), exact)
        return [found[name] for name in PARAMETERS]

    def contrast(kernel: Kernel, *, ratio: float = RATIO, factor: float = 1.0, lift: float = 0.0) -> list[float]:
        levels = {name: factor * size / FAST + lift for name, size in sizes.items()}
        return angle(TemporalContrast(kernel, Sawtooth(FAST, ratio * FAST), levels, sides="one", samples="gauss"))

    sizes = threshold_contrasts(load_configuration("falk2025-mnist"))
    fast_kernel = chemotaxis_kernel(0.0, RATE)
    kernels = [chemotaxis_kernel(area, RATE) for area in areas]
    ramp_kernels = [chemotaxis_kernel(0.0, ramp / FAST) for ramp in ramps]
    unit = "degree"
    return label(
        {
            "area_angle": Quantity(
                ("thresholds", "area", "parameter"),
                [[contrast(k, lift=up * float(k.area)) for k in kernels] for up in (0.0, 1.0)],
                "angle to the gradient", unit,
            ),
            "threshold_angle": Quantity(
                ("ratio", "factor", "parameter"),
                [[contrast(fast_kernel, ratio=r, factor=f) for f in factors] for r in ratios],
                "angle to the gradient", unit,
            ),
            "ramp_angle": Quantity(
                ("ratio", "ramp", "parameter"),
                [[contrast(k, ratio=r) for k in ramp_kernels] for r in ratios],
                "angle to the gradient", unit,
            ),
            "equilibrium_angle": Quantity(
                "parameter", angle(EquilibriumPropagation(sides="one")), "angle of equilibrium propagation", unit
            ),
        },
        {
            "parameter": Quantity("parameter", list(PARAMETERS), "weights W and biases b of a layer", "1"),
            "thresholds": Quantity("thresholds", ["as they are", "raised by I"], "thresholds", "1"),
            "area": Quantity("area", list(areas), "area of the kernel, I", "1 / fast ramp"),
            "factor": Quantity("factor", list(factors), "thresholds over the paper's", "1"),
            "ramp": Quantity("ramp", list(ramps), "fast ramp over the kernel's timescale", "1"),
            "ratio": Quantity("ratio", list(ratios), "slow ramp over fast ramp", "1"),
        },
        provenance(
            "gradient diagnostics of temporal contrast, network of Falk et al. 2025, Fig. 3",
            {"examples": examples, "minibatches": count, "decay_rate": RATE, "ratio": RATIO}, seed=rng,
        ),
    )  # fmt: skip


def threshold_contrasts(configuration: RunConfiguration) -> dict[str, float]:
    """Contrasts that reach the thresholds on a straight fast ramp: threshold times ramp over absolute first moment."""
    rule = configuration.rule
    if not isinstance(rule, TemporalContrast) or not isinstance(rule.protocol, Sawtooth):
        raise InvalidParameterError("configuration", configuration.name, "a run by temporal contrast under a sawtooth")
    if not isinstance(rule.thresholds, Mapping):
        raise InvalidParameterError("thresholds", rule.thresholds, "given for each parameter")
    per_threshold = float(rule.protocol.fast) / abs(float(rule.kernel.first_moment))
    return {name: per_threshold * level for name, level in rule.thresholds.items()}
