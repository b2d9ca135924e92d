"""Runs of ``physical_learning``: trainings of one network by one rule at several settings, kept as one small file."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis._jobs import keep, one_thread, side_by_side
from analysis._physical_rules import ToldRamp, leaky
from thermo_cl._types import FloatArray
from thermo_cl.errors import DivergenceError, RampWindowWarning, SilentUpdatesWarning
from thermo_cl.feedback import ExactGradient, PhysicalRule, PhysicalRun, Scenario, shipped
from thermo_cl.feedback.learning.rules import Rule
from thermo_cl.sweep.identity import code_digest
from thermo_cl.synapse import Sawtooth

RULES = ("physical", "physical, told the ramp", "two-state", "exact gradient")
VARIED = ("fast", "ratio", "threshold", "leak")
Values = dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Job:
    """Trainings of one network.

    Attributes
    ----------
    network : str
        Of ``SHIPPED``.
    seed : int
    rule : str
        Of ``RULES``.
    what : str
        "rate", or of ``VARIED``: what is changed.
    values : tuple of float
        To what; see ``setting``.
    cycles : int
        0 for those of the scenario.
    """

    network: str
    seed: int
    rule: str
    what: str
    values: tuple[float, ...]
    cycles: int

    @property
    def name(self) -> str:
        """How its file begins."""
        return f"{self.network} {self.what} {self.rule.replace(',', '')} seed {self.seed}"

    @property
    def length(self) -> float:
        """Physical rules take longest."""
        return len(self.values) * (4.0 if self.rule == "physical" else 1.0)

    def settings(self) -> str:
        """All that decides its numbers, as JSON."""
        values = {name: getattr(self, name) for name in ("network", "seed", "rule", "what", "values", "cycles")}
        return json.dumps(values | {"code": code_digest()}, sort_keys=True)


class Setting(NamedTuple):
    """A scenario and the rule it is trained by."""

    scenario: Scenario
    rule: Rule


def run_all(
    blocks: Mapping[str, Sequence[Sequence[Job]]], folder: Path | None = None, *, workers: int = 2
) -> dict[str, list[list[Values]]]:
    """What ``trained`` finds, as the jobs are arranged."""
    return side_by_side(blocks, _kept, _read, folder, workers=workers)


def trained(job: Job) -> Values:
    """Of every setting: losses, angles, share of edges updated, and seconds; None where a training diverged.

    Of the first setting also the coefficients afterwards. Angles are told of all settings but rates other than 1.
    """
    found: Values = {name: [] for name in ("losses", "angles", "updated", "seconds", "after")}
    timed = job.what == "rate"
    for value in job.values:
        scenario, rule = setting(job, value)
        if timed and isinstance(rule, PhysicalRule):
            replace(scenario, cycles=1).run(rule)  # compiles
        begin = time.perf_counter()
        run = _run(scenario, rule, angles=not timed)
        found["seconds"].append(time.perf_counter() - begin)
        # angles take one more factorisation a cycle, which is no part of learning
        turned = _run(scenario, rule, angles=True) if timed and value == 1.0 and job.rule != "exact gradient" else run
        found["losses"].append(None if run is None else _numbers(run.losses))
        found["updated"].append(None if run is None else _numbers(run.updated))
        found["angles"].append(None if turned is None else _numbers(turned.angles))
        if not found["after"] and run is not None:
            found["after"].append(_numbers(run.network.coefficients))
    return found


def setting(job: Job, value: float) -> Setting:
    """The shipped scenario with one thing changed.

    - rate: times the value.
    - fast: the fast ramp lasts as many memory times; the slow one is as much longer as in the shipped protocol, and the
      threshold lies where it lay above the output of the slow ramp.
    - ratio: slow ramp over fast ramp, with the threshold where it lay above the output of the slow ramp.
    - threshold: times the value.
    - leak: area over first moment of the kernel, in size, times the slow ramp.
    """
    scenario = shipped(job.network, job.seed)  # type: ignore[arg-type]
    if job.cycles:
        scenario = replace(scenario, cycles=job.cycles)
    carrier, protocol = scenario.carrier, scenario.protocol
    fast, slow = float(protocol.fast), float(protocol.slow)
    if job.what == "rate":
        scenario = replace(scenario, rate=scenario.rate * value)
    elif job.what in ("fast", "ratio"):
        ramp = value * float(getattr(carrier, "timescale")) if job.what == "fast" else fast  # noqa: B009
        other = ramp * (slow / fast if job.what == "fast" else value)
        scenario = replace(
            scenario, protocol=Sawtooth(ramp, other, protocol.mean), carrier=_with_threshold(carrier, slow / other)
        )
    elif job.what == "threshold":
        scenario = replace(scenario, carrier=_with_threshold(carrier, value))
    elif job.what == "leak":
        scenario = replace(scenario, carrier=leaky(carrier, value / slow))
    return Setting(scenario, _rule(scenario, job.rule))


def _rule(scenario: Scenario, name: str) -> Rule:
    if name == "two-state":
        return scenario.two_state()
    if name == "exact gradient":
        return ExactGradient(scenario.network, scenario.task)
    physical = scenario.physical()
    return physical if name == "physical" else ToldRamp(physical)


def _with_threshold(carrier: Any, factor: float) -> Any:
    return replace(carrier, threshold=carrier.threshold * factor)


def _run(scenario: Scenario, rule: Rule, *, angles: bool) -> PhysicalRun | None:
    try:
        return scenario.run(rule, angles=angles)
    except DivergenceError:
        return None


def _numbers(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(x) else x for x in values.tolist()]


def _kept(job: Job, file: Path | None) -> Values:
    with one_thread(), warnings.catch_warnings():
        for kind in (RampWindowWarning, SilentUpdatesWarning):  # in a study what leaves the window is a result
            warnings.simplefilter("ignore", kind)
        found = trained(job)
    keep(file, job, found)
    return found


def _read(file: Path) -> Values:
    kept: Values = json.loads(file.read_text("utf-8"))
    kept.pop("settings")
    return kept
