"""One phase after another: what every schedule does to a model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import Parameters
from thermo_cl.learning.optimizers import Moments, Optimizer
from thermo_cl.learning.phases.baseline import SecondMoments
from thermo_cl.learning.phases.interface import Phase, PhaseModel, State
from thermo_cl.learning.phases.plan import Plan, step_seed
from thermo_cl.learning.phases.schedules import BothPhases, PhaseSchedule, RandomPhase

__all__ = ["Carried", "begin", "follow"]

Model = TypeVar("Model", bound=PhaseModel)


@dataclass(frozen=True, eq=False)
class Carried:
    """What a run carries from phase to phase, besides the model.

    Attributes
    ----------
    chains : tuple of State
        The states that persist: one, or one for each ``Phase`` (negative first) if each has its own.
    moments : Moments
        The optimizer's.
    probability : float
        b of the next draw; 1/2 and without meaning with both phases.
    baseline : mapping of str to ndarray, or None
        Running mean that is subtracted.
    second_moments : tuple of float
        Of the negative and the positive statistic, NaN before the first.
    """

    chains: tuple[State, ...]
    moments: Moments
    probability: float
    baseline: Parameters | None = None
    second_moments: SecondMoments = (math.nan, math.nan)


def begin(model: PhaseModel, schedule: PhaseSchedule, plan: Plan, optimizer: Optimizer) -> Carried:
    """What a run carries before its first phase."""
    chains = tuple(model.start(plan.batch, seed=int(plan.start[n])) for n in range(schedule.chains))
    choice, parameters = schedule.choice, model.parameters
    if isinstance(choice, BothPhases):
        return Carried(chains, optimizer.start(parameters), 0.5)
    zeros = None if choice.baseline is None else {name: np.zeros_like(value) for name, value in parameters.items()}
    return Carried(chains, optimizer.start(parameters), choice.probability, zeros)


def follow(
    model: Model, schedule: PhaseSchedule, plan: Plan, data: Dataset, optimizer: Optimizer, carried: Carried
) -> tuple[Model, Carried]:
    """Run the phases of a plan one by one; ``learn`` checks its arguments and measures, this does not."""
    choice = schedule.choice
    if isinstance(choice, RandomPhase):
        for k in range(len(plan)):
            model, carried = _random_phase(model, schedule, choice, plan, k, data, optimizer, carried)
    else:
        for k in range(0, len(plan), 2):
            model, carried = _pair(model, schedule, plan, k, data, optimizer, carried)
    return model, carried


def _random_phase(
    model: Model,
    schedule: PhaseSchedule,
    choice: RandomPhase,
    plan: Plan,
    k: int,
    data: Dataset,
    optimizer: Optimizer,
    carried: Carried,
) -> tuple[Model, Carried]:
    b = carried.probability
    phase = Phase.POSITIVE if plan.uniform[k] < b else Phase.NEGATIVE
    weight = 1.0 / b if phase is Phase.POSITIVE else -1.0 / (1.0 - b)
    c = carried.baseline
    rows, seed, steps = plan.example[k], int(plan.seed[k]), int(plan.length[k])
    inputs, labels, state, moments = data.inputs[rows], data.labels[rows], carried.chains[0], carried.moments
    if schedule.updates == "end":
        state = model.run(phase, state, inputs, labels, steps=steps, seed=seed)
        mean = _measured(model, phase, state, inputs, labels)
        whole = _less(mean, c)
        moved, moments = optimizer.step(model.parameters, _times(weight, whole), moments)
        model = model.with_parameters(moved)
    else:
        tau, total = schedule.length.mean, None
        for t in range(steps):
            state = model.run(phase, state, inputs, labels, steps=1, seed=step_seed(seed, t))
            g = _measured(model, phase, state, inputs, labels)
            total = g if total is None else {name: value + g[name] for name, value in total.items()}
            moved, moments = optimizer.step(
                model.parameters, _times(weight, _less(g, c)), moments, scale=1.0 / tau
            )  # fmt: skip
            model = model.with_parameters(moved)
        mean = _times(1.0 / steps, total or {})
        whole = _times(steps / tau, _less(mean, c))
    after = replace(carried, chains=(state,), moments=moments)
    return model, _adapted(choice, after, phase, mean, whole)


def _adapted(choice: RandomPhase, carried: Carried, phase: Phase, mean: Parameters, whole: Parameters) -> Carried:
    """Baseline and probability of the next draw, after all that this one decided."""
    if choice.baseline is not None and carried.baseline is not None:
        moved = choice.baseline.moved(carried.baseline, mean, phase, carried.probability)
        carried = replace(carried, baseline=moved)
    if choice.adaptation is not None:
        square = sum(float(np.vdot(g, g)) for g in (value.astype(np.float64) for value in whole.values()))
        moments = choice.adaptation.moved(carried.second_moments, phase, square)
        b = choice.adaptation.probability(moments, carried.probability)
        carried = replace(carried, second_moments=moments, probability=b)
    return carried


def _pair(
    model: Model, schedule: PhaseSchedule, plan: Plan, k: int, data: Dataset, optimizer: Optimizer, carried: Carried
) -> tuple[Model, Carried]:
    chains, moments, found = list(carried.chains), carried.moments, []
    for phase, n in ((Phase.POSITIVE, k), (Phase.NEGATIVE, k + 1)):
        own = int(phase) if len(chains) == 2 else 0
        rows, seed, steps = plan.example[n], int(plan.seed[n]), int(plan.length[n])
        inputs, labels = data.inputs[rows], data.labels[rows]
        if schedule.updates == "end":
            chains[own] = model.run(phase, chains[own], inputs, labels, steps=steps, seed=seed)
            found.append(_measured(model, phase, chains[own], inputs, labels))
            continue
        sign = 1.0 if phase is Phase.POSITIVE else -1.0
        for t in range(steps):
            chains[own] = model.run(phase, chains[own], inputs, labels, steps=1, seed=step_seed(seed, t))
            g = _times(sign, _measured(model, phase, chains[own], inputs, labels))
            moved, moments = optimizer.step(model.parameters, g, moments, scale=1.0 / schedule.length.mean)
            model = model.with_parameters(moved)
    if found:
        moved, moments = optimizer.step(model.parameters, _less(found[0], found[1]), moments)
        model = model.with_parameters(moved)
    return model, replace(carried, chains=tuple(chains), moments=moments)


def _measured(model: PhaseModel, phase: Phase, state: State, inputs: Array, labels: IntArray) -> dict[str, Array]:
    """The statistic in the type of the parameters: a weight 1/b times whole numbers would lose its fraction."""
    found, measured = model.statistic(phase, state, inputs, labels), {}
    for name, value in model.parameters.items():
        if name not in found:
            raise InvalidParameterError("statistic", f"without {name}", "a mapping with every parameter's name")
        if np.shape(found[name]) != value.shape:
            valid = f"{value.shape}, as the parameter has it"
            raise InvalidParameterError(f"statistic.{name}.shape", np.shape(found[name]), valid)
        measured[name] = np.asarray(found[name], dtype=value.dtype)
    return measured


def _less(values: Parameters, other: Parameters | None) -> Parameters:
    return values if other is None else {name: value - other[name] for name, value in values.items()}


def _times(factor: float, values: Parameters) -> dict[str, Array]:
    return {name: value.dtype.type(factor) * value for name, value in values.items()}
