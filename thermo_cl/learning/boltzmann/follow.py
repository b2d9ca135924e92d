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
from thermo_cl.learning.phases import SGD, Carried, Moments, Optimizer, PhaseSchedule, Plan, RandomPhase

__all__ = ["can_follow", "follow_replicas"]


def can_follow(schedule: PhaseSchedule, optimizer: Optimizer) -> bool:
    """Whether the compiled loop has it: plain descent, without baseline and without adaptation of b."""
    choice = schedule.choice
    plain = not isinstance(choice, RandomPhase) or (choice.baseline is None and choice.adaptation is None)
    return plain and isinstance(optimizer, SGD)


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
        If ``can_follow`` says no, or there are not as many of each.
    """
    if not can_follow(schedule, optimizer):
        raise InvalidParameterError("optimizer, schedule", (optimizer, schedule), "SGD without baseline or adaptation")
    if not len(machines) == len(plans) == len(carried):
        raise InvalidParameterError("len(plans)", len(plans), f"{len(machines)}, as many as machines and as carried")
    results: list[tuple[BoltzmannMachine, Carried]] = [(m, c) for m, c in zip(machines, carried, strict=True)]

    def part(start: int, stop: int) -> None:
        for k in range(start, stop):
            results[k] = _follow(machines[k], schedule, plans[k], data, optimizer, carried[k])

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
    chains = [tuple(array.astype(machine.dtype, order="C", copy=True) for array in state) for state in carried.chains]
    none = (np.empty((0, machine.visible), machine.dtype), np.empty((0, machine.hidden), machine.dtype))
    always = schedule.updates == "always"
    follow_plan(
        own["W"], own["b_h"], own.get("b_v", visible_biases(machine)), own.get("L", no_couplings(machine)),
        "b_v" in own, machine.averaged, data.inputs, _positive(schedule, plan), plan.length, plan.example, plan.seed,
        schedule.paired, always, _rates(machine, schedule, plan, optimizer), *chains[0],
        *(chains[1] if len(chains) == 2 else none),
    )  # fmt: skip
    updates = int(plan.length.sum()) if always else len(plan) // (2 if schedule.paired else 1)
    moments = Moments(carried.moments.count + updates)
    return machine.with_parameters(own), replace(carried, chains=tuple(chains), moments=moments)


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
