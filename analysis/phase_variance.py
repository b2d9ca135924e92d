"""Variance of the one-phase estimator over the probability of its positive phase (Williams et al., ICML 2023).

Restricted Boltzmann machines on bars and stripes, at several times of their learning, which is descent of the exact
gradient from small random weights. Nothing is sampled: moments of both phases are sums over all states. Traces are per
update; at the same number of phases the two-term estimator, which needs two for an update, has twice its trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.enumeration import exact_gradient, negative_log_likelihood
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.data import bars_and_stripes
from thermo_cl.learning.laboratory import (
    PhaseMoments,
    best_probability,
    boltzmann_moments,
    isd_trace,
    least_trace,
    two_term_covariance,
)
from thermo_cl.learning.laboratory.variance import Baseline
from thermo_cl.sweep import Quantity, label, provenance

MACHINES = {"2 x 2": (2, 4), "3 x 3": (3, 6)}  # side of the pictures, hidden units
STAGES = (0, 100, 500, 3000)
BASELINES: tuple[Baseline, ...] = ("none", "best")
RATE, SCALE = 0.5, 0.1


def compute(stages: Sequence[int] = STAGES, *, probabilities: int = 49, rng: int = 0) -> xr.Dataset:
    """Traces of covariance of every machine and stage, over b, without and with the best baseline.

    Parameters
    ----------
    stages : sequence of int
        Steps of gradient descent, rising, >= 0.
    probabilities : int
        How many values of b, evenly in (0, 1), >= 3.
    rng : int
        Seed of the initial weights.

    Returns
    -------
    xarray.Dataset
        Takes about 5 s for the default size.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    check.integer_at_least("rng", rng, 0)
    count = check.integer_at_least("probabilities", probabilities, 3)
    steps = [check.integer_at_least("stages", n, 0) for n in stages]
    if not steps or steps != sorted(set(steps)):
        raise InvalidParameterError("stages", tuple(stages), "rising, at least one")
    b = np.arange(1, count + 1) / (count + 1)
    found = [[(phases, nll) for phases, nll in _learning(*size, steps, rng)] for size in MACHINES.values()]

    def table(value: Callable[[PhaseMoments, PhaseMoments], ArrayLike]) -> FloatArray:
        return np.array([[value(*phases) for phases, _ in row] for row in found])

    def by_baseline(function: Callable[[PhaseMoments, PhaseMoments, Baseline], float]) -> FloatArray:
        return table(lambda p, n: [function(p, n, kind) for kind in BASELINES])

    every = ("machine", "stage", "baseline")
    return label(
        {
            "trace": Quantity(
                (*every, "probability"),
                table(lambda p, n: [isd_trace(p, n, b, kind) for kind in BASELINES]),
                "trace of the one-phase estimator's covariance", "1",
            ),
            "two_term_trace": Quantity(
                every[:2], table(lambda p, n: np.trace(two_term_covariance(p, n))),
                "trace of the two-term estimator's covariance", "1",
            ),
            "best_probability": Quantity(every, by_baseline(best_probability), "probability of least trace", "1"),
            "least_trace": Quantity(every, by_baseline(least_trace), "least trace", "1"),
            "positive_size": Quantity(every[:2], table(lambda p, _: p.size), "mean square of the positive phase", "1"),
            "negative_size": Quantity(every[:2], table(lambda _, n: n.size), "mean square of the negative phase", "1"),
            "gradient_size": Quantity(
                every[:2], table(lambda p, n: np.linalg.norm(p.mean - n.mean)), "norm of the gradient", "1"
            ),
            "negative_log_likelihood": Quantity(
                every[:2], [[nll for _, nll in row] for row in found], "exact negative log-likelihood", "nat"
            ),
        },
        {
            "machine": Quantity("machine", list(MACHINES), "pictures of bars and stripes", "1"),
            "stage": Quantity("stage", steps, "steps of gradient descent done", "1"),
            "baseline": Quantity("baseline", list(BASELINES), "baseline taken off both phases", "1"),
            "probability": Quantity("probability", b, "probability of the positive phase, b", "1"),
        },
        provenance(
            "variance of random phases, after Williams et al. 2023, Theorems 3.2-3.4",
            {"hidden": [h for _, h in MACHINES.values()], "rate": RATE, "scale": SCALE}, seed=rng,
        ),
    )  # fmt: skip


def _learning(
    side: int, hidden: int, stages: list[int], rng: int
) -> list[tuple[tuple[PhaseMoments, PhaseMoments], float]]:
    """Moments of the phases and the cost at each stage."""
    examples = bars_and_stripes(side).inputs
    return [
        (boltzmann_moments(machine, examples), float(negative_log_likelihood(machine, examples)))
        for machine in trained(side, hidden, stages, rng)
    ]


def trained(side: int, hidden: int, stages: Sequence[int], rng: int) -> list[BoltzmannMachine]:
    """Machines on bars and stripes after so many steps of descent of the exact gradient.

    Parameters
    ----------
    side, hidden : int
    stages : sequence of int
        Rising.
    rng : int
        Seed of the initial weights, normal of standard deviation 0.1.
    """
    examples = bars_and_stripes(side).inputs
    machine = BoltzmannMachine.random(side * side, hidden, scale=SCALE, dtype=np.float64, rng=rng)
    kept = []
    for step in range(stages[-1] + 1):
        if step in stages:
            kept.append(machine)
        slope = exact_gradient(machine, examples)
        machine = machine.with_parameters({k: a - RATE * slope[k] for k, a in machine.parameters.items()})
    return kept
