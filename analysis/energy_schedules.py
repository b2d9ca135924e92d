r"""One energy network, one data set: what a synapse pays for not being told both phases of equilibrium propagation.

A 64-100-10 network learns 8 x 8 digits with the same number of updates by temporal contrast, by equilibrium propagation
and by phases that are drawn at random, told at their end or always on. In ``train`` a free phase starts from what was
kept of each example; in ``learn`` one state persists through all phases and examples ("learner"), and there are
baselines and an adaptive b. Every way has the best of a few learning rates, chosen by the test error of other seeds.
Then, at weights that equilibrium propagation reached, each way's mean estimate and its spread.

A random phase tells :math:`\pm 2 g` with :math:`g = (1/\beta)\, \partial E/\partial\theta`, of which nearly everything
is common to both phases and cancels only in the mean over many draws. A running mean takes from g what is common to all
examples; what an example has of its own stays. A kernel synapse is always on too and is told no phase, but shows the
same example free and nudged within its memory: with an area of zero what is common never reaches its output. It has a
baseline for each example and cycle, at the cost of remembering it, and of the steps that a cycle takes.

Found: with both phases, told or remembered, errors of some 10 to 12 %, and some 23 to 52 % with random ones in as many
updates. Noise in norms of the mean is 2 to 4 against 16 to 400 in a network that has learnt. A baseline takes three
quarters of the noise and nearly half of the error, but does not close the gap; b stays near 1/2 when it adapts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._energy_noise import Probe, learner_moments, rule_moments, spread
from analysis._energy_ways import NUDGE, PHASE, STEPS, WAYS, Errors, Job, Way, late, run_all
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import EnergyNetwork, RunConfiguration, angles, load_configuration, train
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.sweep import Quantity, label, provenance

STAGES = (0, 5, 15)
TEACHER, TEACHER_RATE = "equilibrium propagation", 0.1


def compute(
    base: RunConfiguration | None = None,
    *,
    ways: Mapping[str, Way] = WAYS,
    epochs: int = 15,
    seeds: int = 5,
    tuning_seeds: int = 2,
    stages: Sequence[int] = STAGES,
    minibatches: int = 20,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Test errors over epochs, learning rates chosen, and angle and noise of the estimates, for every way to learn.

    Parameters
    ----------
    base : RunConfiguration, optional
        Data, network, relaxation and minibatches, and the rule of temporal contrast; the shipped ``digits`` by default.
    ways : mapping of str to Way
        All of one number of rates.
    epochs : int
        Of every run, >= 1; with ``learn`` as many updates, of examples drawn with replacement.
    seeds : int
        Runs of each way, >= 1, from seed ``rng`` on.
    tuning_seeds : int
        Runs of each way and rate by which the rate is chosen, >= 1, from the next seed on.
    stages : sequence of int
        Epochs of equilibrium propagation, rising, before estimates are compared.
    minibatches : int
        How many they are compared on, >= 1.
    folder : Path, optional
        Keeps every run, so that an interrupted study goes on.
    workers : int
        Processes at a time; the results do not depend on it.
    rng : int
        First seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``way``, ``seed``, ``epoch``, ``stage``, ``candidate`` and ``tuning_seed``. Takes about ten minutes
        on two cores.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    base = load_configuration("digits") if base is None else base
    counted = {"epochs": epochs, "seeds": seeds, "tuning_seeds": tuning_seeds, "minibatches": minibatches}
    for name, value in {**counted, "workers": workers}.items():
        check.integer_at_least(name, value, 1)
    first = check.integer_at_least("rng", rng, 0)
    grids = np.array([way.rates for way in ways.values()]) if len({len(w.rates) for w in ways.values()}) == 1 else None
    if grids is None:
        raise InvalidParameterError("ways", list(ways), "at least one, all of one number of rates")
    if list(stages) != sorted({check.integer_at_least("stages", n, 0) for n in stages}) or not stages:
        raise InvalidParameterError("stages", tuple(stages), "rising, at least one")
    own = list(range(first, first + seeds))
    others = list(range(own[-1] + 1, own[-1] + 1 + tuning_seeds))
    every = [(name, rate, seed) for name, way in ways.items() for rate, seed in product(way.rates, others)]
    tried = _runs(base, ways, every, epochs, folder, workers)
    tuning = np.array([float(late(tried[run].error)) for run in every]).reshape(*grids.shape, tuning_seeds)
    best = np.take_along_axis(grids, tuning.mean(axis=-1).argmin(axis=-1)[:, None], axis=1)[:, 0]
    final = [[(name, float(rate), seed) for seed in own] for name, rate in zip(ways, best, strict=True)]
    found = _runs(base, ways, [run for row in final for run in row], epochs, folder, workers)
    with one_blas_thread():
        estimates = np.array([_estimates(base, ways, stage, minibatches, first) for stage in stages])
    runs = ("way", "seed", "epoch")
    return label(
        {
            "error": Quantity(
                runs, [[found[run].error for run in row] for row in final],
                "share of the test examples misclassified after the epoch, from rest", "1",
            ),
            "probability": Quantity(
                runs, [[found[run].probability for run in row] for row in final],
                "probability that the next phase is positive", "1",
            ),
            "learning_rate": Quantity("way", best, "learning rate", "1"),
            "steps": Quantity("way", [w.steps(base) for w in ways.values()], "relaxation steps for an update", "1"),
            "candidate_rate": Quantity(("way", "candidate"), grids, "learning rate to choose from", "1"),
            "tuning_error": Quantity(
                ("way", "candidate", "tuning_seed"), tuning, "test error, mean over the last quarter of the epochs", "1"
            ),
            "angle": Quantity(
                ("stage", "way"), estimates[..., 0], "angle of the mean estimate to the gradient", "degree"
            ),
            "size": Quantity(("stage", "way"), estimates[..., 1], "norm of the mean estimate over the gradient's", "1"),
            "draw_noise": Quantity(
                ("stage", "way"), estimates[..., 2],
                "spread of the estimate over draws for the same minibatch, over the norm of its mean", "1",
            ),
            "noise": Quantity(
                ("stage", "way"), estimates[..., 3],
                "spread of the estimate over draws and minibatches, over the norm of its mean", "1",
            ),
        },
        {
            "way": Quantity("way", list(ways), "way to learn", "1"),
            "seed": Quantity("seed", own, "seed of weights and draws", "1"),
            "tuning_seed": Quantity("tuning_seed", others, "seed of weights and draws", "1"),
            "epoch": Quantity("epoch", np.arange(1, epochs + 1), "epochs done", "1"),
            "stage": Quantity("stage", list(stages), "epochs of equilibrium propagation before", "1"),
        },
        provenance(
            "temporal contrast of Falk et al. 2025 beside random phases of Williams et al. 2023",
            counted | {
                "base": base.toml(), "nudge": NUDGE, "clamped_steps": STEPS, "phase_steps": PHASE,
                "batch": base.training.batch, "updates": _updates(base),
                "ways": {n: {"rule": dict(w.rule or {}), "schedule": repr(w.schedule)} for n, w in ways.items()},
            },
            seed=first,
        ),
    )  # fmt: skip


def _updates(base: RunConfiguration) -> int:
    """In an epoch."""
    return -(-base.data.train // base.training.batch)


def _runs(
    base: RunConfiguration, ways: Mapping[str, Way], chosen: Sequence[tuple[str, float, int]], epochs: int,
    folder: Path | None, workers: int,
) -> dict[tuple[str, float, int], Errors]:  # fmt: skip
    """Of ways, rates and seeds."""
    names = {
        f"{way.replace(':', '').replace(' = ', ' ')} {rate:g} seed {seed}": (way, rate, seed)
        for way, rate, seed in chosen
    }
    jobs = {
        name: Job(ways[way].configuration(base, rate, seed, epochs).toml(), ways[way].schedule)
        for name, (way, rate, seed) in names.items()
    }
    return {names[name]: found for name, found in run_all(jobs, folder, workers=workers).items()}


def _estimates(base: RunConfiguration, ways: Mapping[str, Way], stage: int, minibatches: int, seed: int) -> FloatArray:
    """Angle in degrees, size and the two spreads of every way's estimate after some epochs, shape (way, 4)."""
    teacher = WAYS[TEACHER].configuration(base, TEACHER_RATE, seed, max(1, stage))
    training, _ = teacher.datasets()
    network = teacher.initial_network(training)
    states = network.initial_states(len(training))
    if stage:
        known = train(
            network, teacher.rule, training, epochs=stage, learning_rates=TEACHER_RATE, batch=teacher.training.batch,
            rng=seed,
        )  # fmt: skip
        if not isinstance(known.network, EnergyNetwork):
            raise TypeError(type(known.network))
        network, states = known.network, known.states
    probe = Probe.of(network, states, training, teacher.training.batch, minibatches)
    exact, rows = probe.reference, []
    for way in ways.values():
        if way.schedule is None:
            moments = rule_moments(way.configuration(base, 1.0, seed, 1).rule, probe)
        else:
            moments = learner_moments(way.schedule, NUDGE, base.relaxation.step_size, probe, seed)
        mean, drawn, whole = spread(moments)
        angle = angles({"all": mean}, {"all": exact})["all"]
        rows.append((angle, float(np.linalg.norm(mean) / np.linalg.norm(exact)), drawn, whole))
    return np.array(rows)
