"""Restricted Boltzmann machines learn with phases drawn at random (Williams et al., ICML 2023): cost over phases.

Bars and stripes, 3 x 3 and 4 x 4, where the cost is exact and replicas give error bars, and binarised MNIST with its
labels, as in the paper: two terms, one random phase (ISD), and always-on learning with phases of fixed and of random
length; then the cost after the last phase over the probability b of a positive phase. A two-term update takes two
phases. Baselines and adapted b are not here: no compiled loop has them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from analysis._rbm_learning import RANDOM, TRAINERS, Setting, cost_of, curves, label_error
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import BoltzmannMachine, negative_log_likelihood, row_entropy
from thermo_cl.learning.data import Dataset, bars_and_stripes, binarised, mnist12k
from thermo_cl.sweep import Quantity, label, provenance

SMALL = Setting(hidden=8, steps=10, phases=120_000, points=24)
LARGE = Setting(hidden=16, steps=200, phases=120_000, points=24)
MNIST = Setting(hidden=16, steps=200, phases=80_000, points=10)
PROBABILITIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
MNIST_PROBABILITIES = (0.2, 0.35, 0.5, 0.65, 0.8)
TRAINED = 10_000


def compute(
    *,
    small: Setting = SMALL,
    large: Setting = LARGE,
    mnist: Setting = MNIST,
    replicas: int = 64,
    large_replicas: int = 16,
    mnist_seeds: int = 2,
    probabilities: Sequence[float] = PROBABILITIES,
    mnist_probabilities: Sequence[float] = MNIST_PROBABILITIES,
    rng: int = 0,
) -> xr.Dataset:
    """Exact costs over phases for the four trainers, and after the last one over b.

    Parameters
    ----------
    small, large, mnist : Setting
        Of bars and stripes 3 x 3 and 4 x 4, and of binarised MNIST: 10,000 examples, measured on 2,000 others.
    replicas, large_replicas, mnist_seeds : int
        Runs of each, >= 1.
    probabilities, mnist_probabilities : sequence of float
        Values of b, rising, in (0, 1); of bars and stripes 3 x 3, and of MNIST.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Takes about twelve minutes on two cores.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    seed = check.integer_at_least("rng", rng, 0)
    counts = {"replicas": replicas, "large_replicas": large_replicas, "mnist_seeds": mnist_seeds}
    few, fewer, seeds = (check.integer_at_least(name, n, 1) for name, n in counts.items())
    rising = {"probabilities": probabilities, "mnist_probabilities": mnist_probabilities}
    b, mnist_b = (_rising(name, values) for name, values in rising.items())
    bars, more_bars = bars_and_stripes(3), bars_and_stripes(4)
    pictures = binarised(mnist12k(), labels=True)
    train, test = pictures.take(slice(TRAINED)), pictures.take(slice(TRAINED, None))
    measured = [_measured(mnist, name, 0.5, train, test, seeds, seed) for name in TRAINERS]
    over_b = [[_measured(mnist, name, p, train, test, seeds, seed, last=True) for p in mnist_b] for name in RANDOM]
    return label(
        {
            "small_cost": Quantity(
                ("trainer", "replica", "small_phase"),
                [curves(small, name, 0.5, bars, cost_of(bars), replicas=few, rng=(seed, 3)) for name in TRAINERS],
                "exact negative log-likelihood, bars and stripes 3 x 3", "nat",
            ),
            "large_cost": Quantity(
                ("trainer", "large_replica", "large_phase"),
                [
                    curves(large, name, 0.5, more_bars, cost_of(more_bars), replicas=fewer, rng=(seed, 4))
                    for name in TRAINERS
                ],
                "exact negative log-likelihood, bars and stripes 4 x 4", "nat",
            ),
            "small_cost_by_probability": Quantity(
                ("random_trainer", "probability", "replica"),
                [
                    [curves(small, name, p, bars, cost_of(bars), replicas=few, rng=(seed, 3), last=True) for p in b]
                    for name in RANDOM
                ],
                "the same after the last phase, bars and stripes 3 x 3", "nat",
            ),
            "mnist_cost": Quantity(
                ("trainer", "mnist_seed", "mnist_phase"), [cost for cost, _ in measured],
                "exact negative log-likelihood of test rows, binarised MNIST with labels", "nat",
            ),
            "mnist_error": Quantity(
                ("trainer", "mnist_seed", "mnist_phase"), [error for _, error in measured],
                "share of test rows whose label is not that of least free energy", "1",
            ),
            "mnist_cost_by_probability": Quantity(
                ("random_trainer", "mnist_probability", "mnist_seed"), [[c for c, _ in row] for row in over_b],
                "the cost of test rows after the last phase", "nat",
            ),
            "mnist_error_by_probability": Quantity(
                ("random_trainer", "mnist_probability", "mnist_seed"), [[e for _, e in row] for row in over_b],
                "the error after the last phase", "1",
            ),
            "small_bound": Quantity((), row_entropy(bars.inputs), "entropy of the rows, 3 x 3", "nat"),
            "large_bound": Quantity((), row_entropy(more_bars.inputs), "entropy of the rows, 4 x 4", "nat"),
        },
        {
            "trainer": Quantity("trainer", list(TRAINERS), "way to learn, b = 1/2", "1"),
            "random_trainer": Quantity("random_trainer", list(RANDOM), "way to learn with random phases", "1"),
            "replica": Quantity("replica", np.arange(few), "number of the replica", "1"),
            "large_replica": Quantity("large_replica", np.arange(fewer), "number of the replica", "1"),
            "mnist_seed": Quantity("mnist_seed", np.arange(seeds), "number of the run", "1"),
            "probability": Quantity("probability", b, "probability of the positive phase, b", "1"),
            "mnist_probability": Quantity("mnist_probability", mnist_b, "probability of the positive phase, b", "1"),
            "small_phase": Quantity("small_phase", small.measured, "phases done", "1"),
            "large_phase": Quantity("large_phase", large.measured, "phases done", "1"),
            "mnist_phase": Quantity("mnist_phase", mnist.measured, "phases done", "1"),
        },
        provenance(
            "Williams et al. 2023, restricted Boltzmann machines",
            {"small": vars(small), "large": vars(large), "mnist": vars(mnist), "batch": 1, "trained": TRAINED},
            seed=seed,
        ),
    )  # fmt: skip


def _measured(
    setting: Setting, name: str, b: float, train: Dataset, test: Dataset, seeds: int, rng: int, *, last: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Costs and errors on the test rows, each of shape (seeds, points) or (seeds,)."""
    errors: list[list[float]] = []

    def probe(machines: Sequence[BoltzmannMachine]) -> FloatArray:
        errors.append([label_error(machine, test) for machine in machines])
        return negative_log_likelihood(machines, test.inputs)

    costs = curves(setting, name, b, train, probe, replicas=seeds, rng=(rng, 10), last=last)
    found = np.array(errors).T
    return costs, found[:, 0] if last else found


def _rising(name: str, values: Sequence[float]) -> list[float]:
    numbers = [check.single(name, check.positive(name, value, below=1.0)) for value in values]
    if not numbers or numbers != sorted(set(numbers)):
        raise InvalidParameterError(name, tuple(values), "rising, at least one")
    return numbers
