"""Bias of always-on learning, of contrastive divergence and of a persistent state (Williams et al., ICML 2023).

Restricted Boltzmann machines on bars and stripes after some learning: the negative phase starts from the data, where
the positive one ends. Nothing is sampled: powers, resolvents and deviation matrices of the phases' kernels. Parameters
that move during a phase are followed through all trajectories of the smallest machine, of one unit in each layer and
one weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from analysis.phase_variance import MACHINES, trained
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.data import bars_and_stripes
from thermo_cl.learning.laboratory import (
    ChainFamily,
    FiniteModel,
    bias_constant,
    boltzmann_family,
    boltzmann_model,
    gradient_flow,
    moving_bias_constant,
    moving_mean,
    persistent_bias,
    persistent_long_run,
    phase_bias,
)
from thermo_cl.learning.laboratory.lengths import Updates
from thermo_cl.learning.phases import FixedLength, GeometricLength
from thermo_cl.sweep import Quantity, label, provenance

TAUS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
STEPS = (1, 3, 10)
PROBABILITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
RATES = (0.025, 0.05, 0.1, 0.2)
LENGTHS = (2, 4, 8, 16, 32)
KINDS = ("fixed", "geometric")
Measured = Callable[[FiniteModel, FixedLength | GeometricLength], FloatArray]
WEIGHT = 2.0  # of the machine whose weight moves


def compute(stage: int = 1000, *, longest: int = 1000, rng: int = 0) -> xr.Dataset:
    """Norms of the biases of the gradient over phase lengths, over b, and over the rate of moving parameters.

    Parameters
    ----------
    stage : int
        Steps of exact gradient descent before, >= 0.
    longest : int
        Longest always-on phase, >= 10.
    rng : int
        Seed of the initial weights.

    Returns
    -------
    xarray.Dataset
        Takes about 10 s for the default size.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    check.integer_at_least("rng", rng, 0)
    step = check.integer_at_least("stage", stage, 0)
    taus = [t for t in TAUS if t <= check.integer_at_least("longest", longest, 10)]
    machines = [trained(side, hidden, [step], rng)[0] for side, hidden in MACHINES.values()]
    pictures = [bars_and_stripes(side).inputs for side, _ in MACHINES.values()]
    models = [boltzmann_model(_averaged(m), x) for m, x in zip(machines, pictures, strict=True)]
    family = boltzmann_family(1, 1, trained=[0])
    moving = _moving(family)
    single = boltzmann_model(machines[0], pictures[0])
    runs = [[persistent_long_run(single, b, FixedLength(t)) for b in PROBABILITIES] for t in STEPS]
    norm = np.linalg.norm
    lengths = (FixedLength, GeometricLength)

    def over(function: Measured, values: Sequence[int]) -> list[list[list[float]]]:
        """Norms by machine, kind of length and value."""
        return [[[float(norm(function(m, kind(t)))) for t in values] for kind in lengths] for m in models]

    def away(model: FiniteModel, length: FixedLength | GeometricLength, updates: Updates) -> FloatArray:
        return phase_bias(model.negative, length, model.positive.law, updates)

    constants = [norm(bias_constant(m.negative, m.positive.law)) for m in models]
    return label(
        {
            "always_on_bias": Quantity(
                ("machine", "length", "tau"), over(lambda m, t: away(m, t, "always"), taus),
                "norm of the bias of always-on learning", "1",
            ),
            "end_bias": Quantity(
                ("machine", "length", "tau"), over(lambda m, t: away(m, t, "end"), taus),
                "norm of the bias of an update at the end", "1",
            ),
            "bias_constant": Quantity("machine", constants, "norm of the deviation-matrix constant", "1"),
            "gradient_size": Quantity("machine", [norm(m.gradient) for m in models], "norm of the gradient", "1"),
            "persistent_bias": Quantity(
                ("length", "step", "probability"),
                [
                    [norm(persistent_bias(models[0], PROBABILITIES, kind(t)), axis=-1) for t in STEPS]
                    for kind in lengths
                ],
                "norm of the bias with a persistent state, 2 x 2", "1",
            ),
            "restarted_bias": Quantity(
                ("machine", "length", "step"), over(lambda m, t: away(m, t, "end"), STEPS),
                "norm of the bias from the data in every phase", "1",
            ),
            "single_trace": Quantity(
                ("step", "probability"), [[np.trace(one) for one, _ in row] for row in runs],
                "trace of one persistent estimate's covariance, 2 x 2", "1",
            ),
            "long_run_trace": Quantity(
                ("step", "probability"), [[np.trace(long) for _, long in row] for row in runs],
                "trace of their long-run covariance, 2 x 2", "1",
            ),
            "moving_bias": Quantity(
                ("length", "rate", "moving_length"), moving, "bias of a weight that moves during the phase", "1"
            ),
            "moving_constant": Quantity(
                (), moving_bias_constant(family, [WEIGHT])[0], "constant of its second order, fixed length", "1"
            ),
        },
        {
            "machine": Quantity("machine", list(MACHINES), "pictures of bars and stripes", "1"),
            "length": Quantity("length", list(KINDS), "phase length", "1"),
            "tau": Quantity("tau", taus, "mean phase length", "step"),
            "step": Quantity("step", list(STEPS), "mean phase length", "step"),
            "probability": Quantity("probability", list(PROBABILITIES), "probability of the positive phase, b", "1"),
            "rate": Quantity("rate", list(RATES), "learning rate of a phase", "1"),
            "moving_length": Quantity("moving_length", list(LENGTHS), "mean phase length", "step"),
        },
        provenance(
            "bias of phases of finite length, after Williams et al. 2023, Theorem 3.5",
            {"stage": step, "longest": longest, "weight": WEIGHT}, seed=rng,
        ),
    )  # fmt: skip


def _averaged(machine: BoltzmannMachine) -> BoltzmannMachine:
    """The same with hidden units summed out: the same means on fewer states."""
    return BoltzmannMachine(machine.weights, machine.hidden_biases, averaged=True)


def _moving(family: ChainFamily) -> list[list[list[float]]]:
    """Bias of the moving weight against the flow for the phase's mean time, by kind, rate and length."""
    fixed, geometric = [], []
    for rate in RATES:
        target = gradient_flow(family, [WEIGHT], rate)[0]
        paths = {t: moving_mean(family, [WEIGHT], rate / t, 8 * t)[:, 0] for t in LENGTHS}
        fixed.append([path[t] - target for t, path in paths.items()])
        geometric.append([_stopped(path, t) - target for t, path in paths.items()])
    return [fixed, geometric]


def _stopped(path: FloatArray, tau: int) -> float:
    """Mean at a geometric time; the rest beyond the path goes on in a straight line."""
    t = np.arange(1, len(path))
    share = (1.0 / tau) * (1.0 - 1.0 / tau) ** (t - 1.0)
    beyond = 1.0 - share.sum()
    return float(share @ path[1:] + beyond * (path[-1] + tau * (path[-1] - path[-2])))
