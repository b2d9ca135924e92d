"""Ways to learn of ``energy_schedules``: what each is told, its rates, and one run of it."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.learning import (
    SGD,
    EnergyPhases,
    PhaseSchedule,
    RunConfiguration,
    TemporalContrast,
    evaluate,
    learn,
    run,
)
from thermo_cl.learning.phases import (
    AdaptiveProbability,
    FixedLength,
    RandomPhase,
    RandomPhases,
    RunningMean,
    isd,
    two_term,
)
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.sweep import atomic_output
from thermo_cl.sweep.identity import code_digest

NUDGE = 1.0  # noise falls as 1 / nudge; at a step size of 1/2 a nudge of 3/2 oscillates
STEPS = 4  # clamped steps after a free phase, as in the paper
PHASE = 24  # steps of a phase that starts from another example's state: as many as a free and a clamped phase have
TOLD, DRAWN = (0.1, 0.2, 0.4, 0.8), (0.004, 0.008, 0.016, 0.032)
LONG, LONG_DRAWN, LONG_BASELINE = (0.2, 0.4, 0.8, 1.6), (0.0005, 0.001, 0.002, 0.004), (0.001, 0.002, 0.004, 0.008)


@dataclass(frozen=True)
class Way:
    """A rule for ``train``, of which ``rule`` is the table; or a schedule for ``learn``, where one state persists.

    Attributes
    ----------
    rates : tuple of float
        Of which the best is taken.
    rule : mapping, optional
        Entries of a configuration's rule; a mapping without a name changes the entries that there are.
    schedule : PhaseSchedule, optional
    """

    rates: tuple[float, ...]
    rule: Mapping[str, Any] | None = None
    schedule: PhaseSchedule | None = None

    def configuration(self, base: RunConfiguration, rate: float, seed: int, epochs: int) -> RunConfiguration:
        """The base with this rule, rate, seed and length; of a schedule, its data, network and minibatches only."""
        values = {name: dict(v) if isinstance(v, Mapping) else v for name, v in base.replaced().values.items()}
        if self.rule is not None:
            values["rule"] = dict(self.rule) if "name" in self.rule else values["rule"] | dict(self.rule)
        values["training"] |= {"learning_rates": rate, "seed": seed, "epochs": epochs, "reference": False}
        return RunConfiguration.from_values(_plain(values))

    def steps(self, base: RunConfiguration) -> float:
        """Mean number of relaxation steps of an example for an update."""
        if self.schedule is not None:
            return (2.0 if self.schedule.paired else 1.0) * self.schedule.length.mean
        rule, how = self.configuration(base, 1.0, 0, 1).rule, base.relaxation
        return how.free_steps + _clamped_steps(rule, how.clamped_steps)


def _clamped_steps(rule: Rule, each: int) -> float:
    if isinstance(rule, RandomPhases):
        return rule.probability * rule.schedule.length.mean
    return float(each * (np.count_nonzero(rule.cycle.levels) if isinstance(rule, TemporalContrast) else 1))


def _random(probability: float = 0.5, draws: str = "example", updates: str = "end", length: str = "fixed") -> Way:
    table = {
        "name": "random-phases", "probability": probability, "steps": STEPS, "length": length, "updates": updates,
        "nudge": NUDGE, "draws": draws,
    }  # fmt: skip
    return Way(DRAWN, MappingProxyType(table))


_C, _B = RunningMean(0.01), AdaptiveProbability(0.01)
WAYS: Mapping[str, Way] = {
    "temporal contrast": Way(TOLD, {"nudge": NUDGE}),
    "equilibrium propagation": Way(TOLD, {"name": "equilibrium-propagation", "nudge": NUDGE}),
    "random, b = 0.3": _random(0.3),
    "random, b = 0.5": _random(),
    "random, b = 0.7": _random(0.7),
    "random, whole minibatch": _random(draws="minibatch"),
    "always on, fixed": _random(updates="always"),
    "always on, geometric": _random(updates="always", length="geometric"),
    "always on, fixed, whole minibatch": _random(draws="minibatch", updates="always"),
    "learner: both phases": Way(LONG, schedule=two_term(PHASE)),
    "learner: random": Way(LONG_DRAWN, schedule=isd(0.5, PHASE)),
    "learner: random, adaptive b": Way(
        LONG_DRAWN, schedule=PhaseSchedule(RandomPhase(0.5, None, _B), FixedLength(PHASE))
    ),
    "learner: random, baseline": Way(LONG_BASELINE, schedule=PhaseSchedule(RandomPhase(0.5, _C), FixedLength(PHASE))),
    "learner: random, baseline, adaptive b": Way(
        LONG_BASELINE, schedule=PhaseSchedule(RandomPhase(0.5, _C, _B), FixedLength(PHASE))
    ),
    "learner: always on, fixed, baseline": Way(
        LONG_BASELINE, schedule=PhaseSchedule(RandomPhase(0.5, _C), FixedLength(PHASE), "always")
    ),
}
"""By name; those of ``learn`` begin with "learner"."""


class Errors(NamedTuple):
    """Over epochs, of one run: the test error from rest and the probability of a positive phase."""

    error: FloatArray
    probability: FloatArray


@dataclass(frozen=True)
class Job:
    """A run: the text of its configuration, of which ``learn`` has its own rule, the schedule."""

    text: str
    schedule: PhaseSchedule | None

    def settings(self) -> str:
        """All that decides its numbers."""
        return f"{self.text}\n# {self.schedule!r}\n# {code_digest()}\n"

    def done(self) -> Errors:
        """Do the run."""
        choice = RunConfiguration.from_values(tomllib.loads(self.text))
        with one_blas_thread():
            return _trained(choice) if self.schedule is None else _learned(choice, self.schedule)


def _trained(choice: RunConfiguration) -> Errors:
    errors = run(choice).metrics["holdout_error_from_rest"].values
    b = choice.rule.probability if isinstance(choice.rule, RandomPhases) else np.nan
    return Errors(errors, np.full(errors.shape, b))


def _learned(choice: RunConfiguration, schedule: PhaseSchedule) -> Errors:
    """As many updates in an epoch as ``train`` has."""
    how, (training, holdout) = choice.training, choice.datasets()
    if not isinstance(how.learning_rates, float):
        raise TypeError(how.learning_rates)
    each = math.ceil(len(training) / how.batch) * (2 if schedule.paired else 1)

    def error(model: EnergyPhases) -> float:
        return evaluate(model.network, holdout, choice.relaxation).error

    metrics = learn(
        EnergyPhases(choice.initial_network(training), NUDGE, choice.relaxation.step_size), schedule, training,
        phases=each * how.epochs, optimizer=SGD(how.learning_rates), batch=how.batch,
        rng=np.random.default_rng([how.seed, 1]), probe=error,
        probe_at=[each * n for n in range(1, how.epochs + 1)],
    ).metrics  # fmt: skip
    errors = metrics["value"].values
    b = metrics["probability"].values if "probability" in metrics else np.full(errors.shape, np.nan)
    return Errors(errors, b)


def run_all(jobs: Mapping[str, Job], folder: Path | None, *, workers: int) -> dict[str, Errors]:
    """What every run gives by name; finished ones are kept in files of that name and not done again.

    Not ``_training.run_all``: with so small a network, metrics kept after every epoch cost more than the epoch.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    files = {name: None if folder is None else folder / f"{name}.json" for name in jobs}
    if workers == 1 or len(jobs) <= 1:
        return {name: _kept(job, files[name]) for name, job in jobs.items()}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(jobs, pool.map(_kept, jobs.values(), files.values()), strict=True))


def _kept(job: Job, file: Path | None) -> Errors:
    if file is not None and file.exists():
        values = json.loads(file.read_text("utf-8"))
        if values["settings"] == job.settings():
            return Errors(*(np.array(values[name], float) for name in Errors._fields))
    found = job.done()
    if file is not None:
        values = {"settings": job.settings()} | {n: v.tolist() for n, v in found._asdict().items()}
        with atomic_output(file, force=True) as draft:
            draft.write_text(json.dumps(values), "utf-8")
    return found


def late(errors: FloatArray) -> FloatArray:
    """Mean over the last quarter of the epochs, at least one, which are the last axis."""
    return np.asarray(errors[..., -max(1, errors.shape[-1] // 4) :].mean(axis=-1))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables as a file would hold them, without None."""
    return {
        k: _plain(v) if isinstance(v, Mapping) else list(v) if isinstance(v, Sequence) and not isinstance(v, str) else v
        for k, v in values.items()
        if v is not None
    }
