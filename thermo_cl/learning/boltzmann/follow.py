"""Compiled learning of Boltzmann machines: the phases of a plan, for one machine or for many replicas on threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from thermo_cl._threads import over_batch
from thermo_cl._types import Array, BoolArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.gibbs import no_couplings, visible_biases
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.optimizers import SGD, Moments, Optimizer
from thermo_cl.learning.phases import Carried, PhaseSchedule, Plan, RandomPhase
from thermo_cl.learning.phases.plan import check_plan

__all__ = ["can_follow", "follow_replicas"]


def can_follow(schedule: PhaseSchedule, optimizer: Optimizer) -> bool:
    """Whether the compiled loops have it: plain descent, by any schedule."""
    del schedule
    return isinstance(optimizer, SGD)


def follow_replicas(
    machines: Sequence[BoltzmannMachine],
    schedule: PhaseSchedule,
    plans: Sequence[Plan],
    data: Dataset,
    optimizer: Optimizer,
    carried: Sequence[Carried],
) -> list[tuple[BoltzmannMachine, Carried]]:
    """Follow one plan for each machine, as ``phases.follow`` would up to rounding; replicas go on threads.

    The data are taken to be zeros and ones of the machine's width (``BoltzmannMachine.check_data``).

    Parameters
    ----------
    machines, plans, carried : sequence
        As many of each.
    schedule : PhaseSchedule
    data : Dataset
    optimizer : Optimizer

    Returns
    -------
    list of (machine, carried)

    Raises
    ------
    InvalidParameterError
        If ``can_follow`` says no, there are not as many of each, or a plan is not for this schedule and these data.
    """
    if not can_follow(schedule, optimizer):
        raise InvalidParameterError("optimizer", optimizer, "SGD(rate)")
    if not len(machines) == len(plans) == len(carried):
        raise InvalidParameterError("len(plans)", len(plans), f"{len(machines)}, as many as machines and as carried")
    for plan in plans:
        check_plan(plan, schedule, data)
    choice = schedule.choice
    moving = isinstance(choice, RandomPhase) and (choice.baseline is not None or choice.adaptation is not None)
    one = _follow_drawn if moving else _follow
    results: list[tuple[BoltzmannMachine, Carried]] = [(m, c) for m, c in zip(machines, carried, strict=True)]

    def part(start: int, stop: int) -> None:
        for k in range(start, stop):
            results[k] = one(machines[k], schedule, plans[k], data, optimizer, carried[k])

    over_batch(part, len(results), chunks=len(results))
    return results


def _follow(
    machine: BoltzmannMachine,
    schedule: PhaseSchedule,
    plan: Plan,
    data: Dataset,
    optimizer: Optimizer,
    carried: Carried,
) -> tuple[BoltzmannMachine, Carried]:
    from thermo_cl.learning.boltzmann._follow import follow_plan

    own = {name: array.copy() for name, array in machine.parameters.items()}
    chains = _chains(machine, carried)
    none = (np.empty((0, machine.visible), machine.dtype), np.empty((0, machine.hidden), machine.dtype))
    always = schedule.updates == "always"
    follow_plan(
        own["W"], own["b_h"], own.get("b_v", visible_biases(machine)), own.get("L", no_couplings(machine)),
        "b_v" in own, machine.averaged, data.inputs, _positive(schedule, plan), plan.length, plan.example, plan.seed,
        schedule.paired, always, _rates(machine, schedule, plan, optimizer), *chains[0],
        *(chains[1] if len(chains) == 2 else none),
    )  # fmt: skip
    moments = Moments(carried.moments.count + _updates(schedule, plan))
    return machine.with_parameters(own), replace(carried, chains=tuple(chains), moments=moments)


def _follow_drawn(
    machine: BoltzmannMachine,
    schedule: PhaseSchedule,
    plan: Plan,
    data: Dataset,
    optimizer: Optimizer,
    carried: Carried,
) -> tuple[BoltzmannMachine, Carried]:
    """The same with a baseline or a probability that adapts."""
    from thermo_cl.learning.boltzmann._follow import follow_drawn

    choice, kept = schedule.choice, carried.baseline
    assert isinstance(choice, RandomPhase)
    assert isinstance(optimizer, SGD)
    row = np.concatenate([array.ravel() for array in machine.parameters.values()])
    c = np.zeros_like(row) if kept is None else np.concatenate([kept[name].ravel() for name in machine.parameters])
    now, adapted = np.array([carried.probability, *carried.second_moments]), choice.adaptation
    chains = _chains(machine, carried)
    follow_drawn(
        row, c, now, machine.visible_biases is not None, machine.couplings is not None, machine.averaged, data.inputs,
        plan.uniform, plan.length, plan.example, plan.seed, schedule.updates == "always", schedule.length.mean,
        optimizer.rate, 0.0 if choice.baseline is None or kept is None else choice.baseline.rate,
        np.zeros(3) if adapted is None else np.array([adapted.rate, adapted.lowest, adapted.highest]), *chains[0],
    )  # fmt: skip
    after = replace(
        carried,
        chains=tuple(chains),
        moments=Moments(carried.moments.count + _updates(schedule, plan)),
        probability=float(now[0]),
        baseline=None if kept is None else _by_name(machine, c),
        second_moments=(float(now[1]), float(now[2])),
    )
    return machine.with_parameters(_by_name(machine, row)), after


def _by_name(machine: BoltzmannMachine, row: Array) -> dict[str, Array]:
    """Arrays of the machine's shapes, one after the other in a row."""
    shapes = {name: array.shape for name, array in machine.parameters.items()}
    parts = np.split(row, np.cumsum([array.size for array in machine.parameters.values()])[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def _chains(machine: BoltzmannMachine, carried: Carried) -> list[tuple[Array, ...]]:
    """Copies that may be overwritten."""
    return [tuple(array.astype(machine.dtype, order="C", copy=True) for array in state) for state in carried.chains]


def _updates(schedule: PhaseSchedule, plan: Plan) -> int:
    return int(plan.length.sum()) if schedule.updates == "always" else len(plan) // (2 if schedule.paired else 1)


def _positive(schedule: PhaseSchedule, plan: Plan) -> BoolArray:
    if isinstance(schedule.choice, RandomPhase):
        below: BoolArray = plan.uniform < schedule.choice.probability
        return below
    even: BoolArray = np.arange(len(plan)) % 2 == 0
    return even


def _rates(machine: BoltzmannMachine, schedule: PhaseSchedule, plan: Plan, optimizer: Optimizer) -> Array:
    """Factors on the products of units after a negative and after a positive phase."""
    assert isinstance(optimizer, SGD)
    rate = optimizer.rate / plan.batch / (schedule.length.mean if schedule.updates == "always" else 1.0)
    b = schedule.choice.probability if isinstance(schedule.choice, RandomPhase) else None
    weights = (-1.0, 1.0) if b is None else (-1.0 / (1.0 - b), 1.0 / b)
    return np.array([rate * w for w in weights], machine.dtype)
