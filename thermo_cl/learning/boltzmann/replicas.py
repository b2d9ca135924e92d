"""The same learning many times over, with other draws, for means with error bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.boltzmann.follow import follow_replicas
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine, check_machine
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.optimizers import SGD
from thermo_cl.learning.phases import Carried, PhaseSchedule, begin

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LearnedReplicas", "learn_replicas"]

Probe = Callable[[Any], Any]
"""Measures a list of machines at once: one number for each."""


@dataclass(frozen=True, eq=False)
class LearnedReplicas:
    """What many runs made.

    Attributes
    ----------
    machines : tuple of BoltzmannMachine
    states : tuple of Carried
    metrics : xarray.Dataset
        ``value`` over ``replica`` and ``phase`` (phases done): what the probe measured; empty without one.
    """

    machines: tuple[BoltzmannMachine, ...]
    states: tuple[Carried, ...]
    metrics: xr.Dataset


def learn_replicas(
    machines: Sequence[BoltzmannMachine],
    schedule: PhaseSchedule,
    data: Dataset,
    *,
    phases: int,
    rate: float = 0.005,
    batch: int = 1,
    rng: np.random.Generator | int | None = 0,
    probe: Probe | None = None,
    probe_at: Sequence[int] = (),
) -> LearnedReplicas:
    """Train every machine as ``phases.learn`` does, each with draws of its own, compiled and on threads.

    Replica k's draws follow from ``rng`` and k alone. A plan takes 24 + 8 batch bytes a phase and replica.

    Parameters
    ----------
    machines : sequence of BoltzmannMachine
        At least one; they start where they are.
    schedule : PhaseSchedule
        Each replica has a baseline and a probability of its own, if these move.
    data : Dataset
        Zeros and ones.
    phases : int
        >= 1, even with both phases.
    rate : float
        Of plain descent, > 0.
    batch : int
    rng : Generator or seed
    probe : callable, optional
        Measures all machines at once, as ``negative_log_likelihood`` does: one number for each.
    probe_at : sequence of int
        Phases done at which to measure, increasing; only at the end by default.

    Returns
    -------
    LearnedReplicas

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    DivergenceError
        If a parameter is not finite any more.
    """
    from thermo_cl.learning.phases.probes import checked_points
    from thermo_cl.sweep import Quantity, label

    if not len(machines):
        raise InvalidParameterError("machines", machines, "a sequence of at least one BoltzmannMachine")
    for machine in machines:
        check_machine(machine)
        machine.check_data(data)
    optimizer = SGD(rate)
    streams = check.generator(rng).spawn(len(machines))
    plans = [schedule.plan(phases, len(data), stream, batch=batch) for stream in streams]
    points = checked_points(probe, probe_at, phases, paired=schedule.paired)
    states = [begin(m, schedule, p, optimizer) for m, p in zip(machines, plans, strict=True)]
    pairs, rows, done = list(zip(machines, states, strict=True)), [], 0
    for point in sorted({0, *points, phases}):
        if point > done:
            parts = [plan.part(done, point) for plan in plans]
            now, held = zip(*pairs, strict=True)
            with np.errstate(over="ignore", invalid="ignore"):  # told as a DivergenceError
                pairs = follow_replicas(now, schedule, parts, data, optimizer, held)
            done = point
            if not all(np.isfinite(a).all() for m, _ in pairs for a in m.parameters.values()):
                raise DivergenceError(f"a parameter is not finite after phase {done}; start again with a lower rate")
        if probe is not None and point in points:
            rows.append(_measured(probe, [m for m, _ in pairs]))
    values, places = {}, {"replica": Quantity("replica", np.arange(len(machines)), "number of the replica", "1")}
    if rows:
        values["value"] = Quantity(("replica", "phase"), np.stack(rows, axis=1), "what the probe measured", "1")
        places["phase"] = Quantity("phase", np.array(points, dtype=np.int64), "phases done", "1")
    metrics = label(values, places, {})
    return LearnedReplicas(tuple(m for m, _ in pairs), tuple(c for _, c in pairs), metrics)


def _measured(probe: Probe, machines: Sequence[BoltzmannMachine]) -> FloatArray:
    values = np.asarray(probe(machines), dtype=float)
    if values.shape != (len(machines),):
        seen = f"a function with a result of shape {values.shape}"
        raise InvalidParameterError("probe", seen, f"one that gives {len(machines)} numbers, one for each machine")
    return values
