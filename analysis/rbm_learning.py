"""Restricted Boltzmann machines learn with phases drawn at random (Williams et al., ICML 2023): cost over phases.

Bars and stripes, 3 x 3 and 4 x 4, where the cost is exact and replicas give error bars, and binarised MNIST with its
labels, as in the paper: two terms, one random phase (ISD), and always-on learning with phases of fixed and of random
length; besides these ISD with a running-mean baseline, with b adapted online, and with both. Then the cost over the
probability b of a positive phase. A two-term update takes two phases.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._rbm_blocks import Shelf, Task, block
from analysis._rbm_learning import RANDOM, TRAINERS, Setting
from analysis._rbm_summary import changes, orderings
from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import row_entropy
from thermo_cl.learning.data import bars_and_stripes, binarised, mnist12k
from thermo_cl.sweep import Quantity, label, provenance

SMALL = Setting(hidden=8, steps=10, phases=120_000, points=24)
LARGE = Setting(hidden=16, steps=200, phases=120_000, points=24)
MNIST = Setting(hidden=16, steps=200, phases=80_000, points=10)
PROBABILITIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
MNIST_PROBABILITIES = (0.2, 0.35, 0.5, 0.65, 0.8)
TRAINED = 10_000
PART = 3  # 4 x 4 over b runs for 1/3 of the phases, where runs of 2 x 10^7 steps would take half an hour


def compute(
    *,
    small: Setting = SMALL,
    large: Setting = LARGE,
    mnist: Setting = MNIST,
    replicas: int = 256,
    sweep_replicas: int = 64,
    large_replicas: int = 16,
    mnist_seeds: int = 2,
    probabilities: Sequence[float] = PROBABILITIES,
    mnist_probabilities: Sequence[float] = MNIST_PROBABILITIES,
    folder: Path | None = None,
    rng: int = 0,
) -> xr.Dataset:
    """Exact costs over phases for all trainers, and over b for those that have a constant one.

    Parameters
    ----------
    small, large, mnist : Setting
        Of bars and stripes 3 x 3 and 4 x 4, and of binarised MNIST: 10,000 examples, measured on 2,000 others.
    replicas, large_replicas, mnist_seeds : int
        Runs of each, >= 2.
    sweep_replicas : int
        Runs of 3 x 3 for each b, at most ``replicas``.
    probabilities, mnist_probabilities : sequence of float
        Values of b, rising, in (0, 1); of bars and stripes, and of MNIST. Over b, 4 x 4 runs for a third of its phases.
    folder : Path, optional
        Keeps every block of runs, so that an interrupted study goes on.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Takes about twenty minutes on two free cores.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    seed = check.integer_at_least("rng", rng, 0)
    counts = {
        "replicas": replicas, "sweep_replicas": sweep_replicas, "large_replicas": large_replicas,
        "mnist_seeds": mnist_seeds,
    }  # fmt: skip
    many, some, few, seeds = (check.integer_at_least(name, n, 2) for name, n in counts.items())
    if some > many:
        raise InvalidParameterError("sweep_replicas", some, f"at most {many}, as many as replicas")
    rising = {"probabilities": probabilities, "mnist_probabilities": mnist_probabilities}
    b, mnist_b = (_rising(name, values) for name, values in rising.items())
    bars, more_bars = bars_and_stripes(3), bars_and_stripes(4)
    pictures = binarised(mnist12k(), labels=True)
    train, test = pictures.take(slice(TRAINED)), pictures.take(slice(TRAINED, None))
    run = partial(_blocks, Shelf.at(folder, seed))
    first, at_b, _ = run(Task("small", small, bars, bars, 3), many, b, some, small.points)
    part = large.points // PART or large.points
    second, large_at_b, at_half = run(Task("large", large, more_bars, more_bars, 4), few, b, few, part)
    third, mnist_at_b, _ = run(
        Task("mnist", mnist, train, test, 10, labelled=True), seeds, mnist_b, seeds, mnist.points
    )
    costs, large_costs, over_b = first["cost"].values, second["cost"].values, ("random_trainer", "probability")
    over_mnist = ("random_trainer", "mnist_probability", "mnist_seed")
    half = first["cost"].sel(trainer=list(RANDOM)).values[:, :some, -1]
    return label(
        {
            "small_cost": Quantity(
                ("trainer", "replica", "small_phase"), costs,
                "exact negative log-likelihood, bars and stripes 3 x 3", "nat",
            ),
            "large_cost": Quantity(
                ("trainer", "large_replica", "large_phase"), large_costs,
                "exact negative log-likelihood, bars and stripes 4 x 4", "nat",
            ),
            **orderings("small", "3 x 3", costs[..., -1]),
            **orderings("large", "4 x 4", large_costs[..., -1]),
            "small_cost_by_probability": Quantity(
                (*over_b, "sweep_replica"), at_b["cost"].values, "cost after the last phase, 3 x 3", "nat"
            ),
            **changes("small", "3 x 3", at_b["cost"].values, half),
            "large_cost_by_probability": Quantity(
                (*over_b, "large_replica"), large_at_b["cost"].values, "cost after a third of the phases, 4 x 4", "nat"
            ),
            **changes("large", "4 x 4", large_at_b["cost"].values, at_half["cost"].values),
            "small_last_probability": Quantity(
                ("trainer", "replica"), first["probability"].values, "b after the last phase, 3 x 3", "1"
            ),
            "large_last_probability": Quantity(
                ("trainer", "large_replica"), second["probability"].values, "b after the last phase, 4 x 4", "1"
            ),
            "mnist_last_probability": Quantity(
                ("trainer", "mnist_seed"), third["probability"].values, "b after the last phase, MNIST", "1"
            ),
            "mnist_cost": Quantity(
                ("trainer", "mnist_seed", "mnist_phase"), third["cost"].values,
                "exact negative log-likelihood of test rows, binarised MNIST with labels", "nat",
            ),
            "mnist_error": Quantity(
                ("trainer", "mnist_seed", "mnist_phase"), third["error"].values,
                "share of test rows whose label is not that of least free energy", "1",
            ),
            "mnist_cost_by_probability": Quantity(
                over_mnist, mnist_at_b["cost"].values, "the cost of test rows after the last phase", "nat"
            ),
            "mnist_error_by_probability": Quantity(
                over_mnist, mnist_at_b["error"].values, "the error after the last phase", "1"
            ),
            "small_bound": Quantity((), row_entropy(bars.inputs), "entropy of the rows, 3 x 3", "nat"),
            "large_bound": Quantity((), row_entropy(more_bars.inputs), "entropy of the rows, 4 x 4", "nat"),
        },
        {
            "trainer": Quantity("trainer", list(TRAINERS), "way to learn, b = 1/2 at first", "1"),
            "other_trainer": Quantity("other_trainer", list(TRAINERS), "way to learn that is compared with", "1"),
            "random_trainer": Quantity("random_trainer", list(RANDOM), "way to learn with random phases", "1"),
            "replica": Quantity("replica", np.arange(many), "number of the replica", "1"),
            "sweep_replica": Quantity("sweep_replica", np.arange(some), "number of the replica", "1"),
            "large_replica": Quantity("large_replica", np.arange(few), "number of the replica", "1"),
            "mnist_seed": Quantity("mnist_seed", np.arange(seeds), "number of the run", "1"),
            "probability": Quantity("probability", b, "probability of the positive phase, b", "1"),
            "mnist_probability": Quantity("mnist_probability", mnist_b, "probability of the positive phase, b", "1"),
            "small_phase": Quantity("small_phase", small.measured, "phases done", "1"),
            "large_phase": Quantity("large_phase", large.measured, "phases done", "1"),
            "mnist_phase": Quantity("mnist_phase", mnist.measured, "phases done", "1"),
        },
        provenance(
            "Williams et al. 2023, restricted Boltzmann machines",
            {
                "small": vars(small), "large": vars(large), "mnist": vars(mnist), "batch": 1, "trained": TRAINED,
                "large_phases_over_probability": large.measured[part],
                "schedules": {name: repr(make(0.5, large.steps)) for name, make in TRAINERS.items()},
            },
            seed=seed,
        ),
    )  # fmt: skip


def _blocks(
    shelf: Shelf, task: Task, replicas: int, probabilities: Sequence[float], fewer: int, point: int
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Curves of all trainers at b = 1/2; at one point of them over b, and at b = 1/2, where the curves have it."""
    at = task.setting.measured
    curves = {name: block(shelf, task, name, 0.5, at, replicas) for name in TRAINERS}
    half = [curves[name].isel(replica=slice(fewer), phase=point) for name in RANDOM]
    over_b = [
        [known if b == 0.5 else block(shelf, task, name, b, [at[point]], fewer).isel(phase=0) for b in probabilities]
        for name, known in zip(RANDOM, half, strict=True)
    ]
    trainers = xr.concat(list(curves.values()), xr.Variable("trainer", list(TRAINERS)), combine_attrs="drop")
    rows = [xr.concat(row, "b", combine_attrs="drop") for row in over_b]
    return trainers, xr.concat(rows, "random", combine_attrs="drop"), xr.concat(half, "random", combine_attrs="drop")


def _rising(name: str, values: Sequence[float]) -> list[float]:
    numbers = [check.single(name, check.positive(name, value, below=1.0)) for value in values]
    if not numbers or numbers != sorted(set(numbers)):
        raise InvalidParameterError(name, tuple(values), "rising, at least one")
    return numbers
