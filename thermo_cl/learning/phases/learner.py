"""Learning by phases: any schedule, any model, any data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import Parameters
from thermo_cl.learning.optimizers import SGD, Optimizer
from thermo_cl.learning.phases.follow import Carried, begin, follow
from thermo_cl.learning.phases.interface import PhaseModel
from thermo_cl.learning.phases.plan import Plan, check_plan
from thermo_cl.learning.phases.probes import Probe, checked_points, labelled, probed
from thermo_cl.learning.phases.schedules import PhaseSchedule, RandomPhase

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Learned", "learn"]

Model = TypeVar("Model", bound=PhaseModel)
_NEEDED = ("parameters", "with_parameters", "start", "run", "statistic")


@dataclass(frozen=True, eq=False)
class Learned(Generic[Model]):
    """What a run made.

    Attributes
    ----------
    model : PhaseModel
    state : Carried
        Give it to ``learn`` to go on.
    metrics : xarray.Dataset
        Over ``phase`` (phases done): what the probe measured, and the probability of a positive phase.
    """

    model: Model
    state: Carried
    metrics: xr.Dataset


def learn(
    model: Model,
    schedule: PhaseSchedule,
    data: Dataset,
    *,
    phases: int | Plan,
    optimizer: Optimizer | None = None,
    batch: int = 1,
    rng: np.random.Generator | int | None = 0,
    probe: Probe | None = None,
    probe_at: Sequence[int] = (),
    state: Carried | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Learned[Model]:
    r"""Descend :math:`E[g_+] - E[g_-]` by the phases of a schedule.

    After a random phase :math:`\theta \leftarrow \theta - \eta\, w\, (g(z_T) - c)` with w = 1/b if it was positive
    and -1/(1 - b) if not; after both phases :math:`\theta \leftarrow \theta - \eta\,(g_+ - g_-)`. Where updates are
    always on, :math:`\theta \leftarrow \theta - (\eta/\tau)\, w\, (g(z_t) - c)` after every step t of every phase
    (w = 1 and -1 with both phases), with :math:`\tau` the mean length. Source: Williams, Bredenberg and Lajoie,
    ICML 2023.

    The same arguments give the same numbers. One phase is one run of the dynamics: an update from both counts two.

    Parameters
    ----------
    model : PhaseModel
    schedule : PhaseSchedule
    data : Dataset
        Examples are drawn from it with replacement.
    phases : int or Plan
        How many phases, >= 1 (even with both phases), or the draws themselves, which replace ``batch`` and ``rng``.
    optimizer : Optimizer, optional
        ``SGD(0.005)`` by default.
    batch : int
        Examples of a phase; statistics are their mean, and a random phase is the same for all of them.
    rng : Generator or seed
    probe : callable, optional
        Measures a model: a number, or numbers by name, the same names every time.
    probe_at : sequence of int
        Phases done at which the probe is called, increasing; 0 is before the first, ``phases`` after the last.
    state : Carried, optional
        Of an earlier run, to go on where it ended. Following a plan's parts in turn is following the plan.
    progress : callable, optional
        Told phases done and phases in all, about a hundred times.

    Returns
    -------
    Learned

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, the data do not fit the model, or a parameter of it is not finite; later if a
        statistic has not the shapes of the parameters, or the probe does not give numbers.
    DivergenceError
        If a parameter is not finite any more.
    """
    optimizer = SGD(0.005) if optimizer is None else optimizer
    _check(model, schedule, data, optimizer)
    plan = phases if isinstance(phases, Plan) else schedule.plan(phases, len(data), rng, batch=batch)
    check_plan(plan, schedule, data)
    count = len(plan)
    points = checked_points(probe, probe_at, count, paired=plan.paired)
    if progress is not None and not callable(progress):
        raise InvalidParameterError("progress", progress, "a function of phases done and phases in all")
    carried = (
        begin(model, schedule, plan, optimizer)
        if state is None
        else _continued(state, model, schedule, plan, optimizer)
    )
    rows: list[Mapping[str, float]] = []

    def measure(done: int) -> None:
        if probe is not None and done in points:
            rows.append(probed(probe, model, rows[0] if rows else None) | {"probability": carried.probability})

    measure(0)
    for first, last in _segments(count, points):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told as a DivergenceError
            model, carried = _run(model, schedule, plan.part(first, last), data, optimizer, carried)
        wrong = _not_finite(model.parameters)
        if wrong is not None:
            raise DivergenceError(
                f"{wrong} is not finite after phase {last} of {count}; start again with a lower rate or longer phases"
            )
        measure(last)
        if progress is not None:
            progress(last, count)
    return Learned(model, carried, labelled(points, rows, random=not schedule.paired))


def _run(
    model: Model, schedule: PhaseSchedule, plan: Plan, data: Dataset, optimizer: Optimizer, carried: Carried
) -> tuple[Model, Carried]:
    """The model's own way to follow a plan, where it has one."""
    own = getattr(model, "follow", None)
    result: tuple[Model, Carried] | None = None if own is None else own(schedule, plan, data, optimizer, carried)
    return follow(model, schedule, plan, data, optimizer, carried) if result is None else result


def _segments(count: int, points: Sequence[int]) -> list[tuple[int, int]]:
    """Parts of a run between probes, each about a hundredth of it at most and even."""
    stride = 2 * max(1, math.ceil(count / 200))
    ends = sorted({*range(stride, count, stride), *points, count} - {0})
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _check(model: object, schedule: object, data: object, optimizer: object) -> None:
    if isinstance(model, type) or not isinstance(model, PhaseModel):
        missing = ", ".join(name for name in _NEEDED if not hasattr(model, name))
        valid = "a PhaseModel, which has " + ", ".join(_NEEDED) + (f"; this has no {missing}" if missing else "")
        raise InvalidParameterError("model", getattr(model, "__name__", type(model).__name__), valid)
    if not isinstance(schedule, PhaseSchedule):
        raise InvalidParameterError("schedule", schedule, "a PhaseSchedule, as two_term(steps) or isd(b, steps) give")
    if not isinstance(data, Dataset):
        raise InvalidParameterError("data", type(data).__name__, "a Dataset")
    if isinstance(optimizer, type) or not isinstance(optimizer, Optimizer):
        raise InvalidParameterError("optimizer", optimizer, "SGD(rate) or Adam(rate)")
    _check_parameters(model.parameters)
    fits = getattr(model, "check_data", None)
    if fits is not None:
        fits(data)


def _continued(state: Carried, model: PhaseModel, schedule: PhaseSchedule, plan: Plan, optimizer: Optimizer) -> Carried:
    """An earlier run's state, with what this schedule starts anew or no longer has."""
    if not isinstance(state, Carried) or len(state.chains) != schedule.chains:
        raise InvalidParameterError("state", type(state).__name__, "the state of an earlier run of the same schedule")
    sizes = {len(array) for chain in state.chains for array in chain}
    if sizes - {plan.batch}:
        raise InvalidParameterError("batch", plan.batch, f"{sizes.pop()}, as in the state to go on from")
    fresh, choice = begin(model, schedule, plan, optimizer), schedule.choice
    if set(fresh.moments.first) != set(state.moments.first):
        raise InvalidParameterError("optimizer", optimizer, "of the same kind as in the state to go on from")
    kept, new = (
        [[np.shape(x) for chain in c.chains for x in chain], {n: np.shape(x) for n, x in c.moments.first.items()}]
        for c in (state, fresh)
    )
    shapes = {name: np.shape(x) for name, x in model.parameters.items()}
    if kept != new or any(shapes.get(n) != x.shape for n, x in (state.baseline or {}).items()):
        raise InvalidParameterError("state", "of arrays of other shapes", "the state of an earlier run of this model")
    if not 0.0 < state.probability < 1.0:
        raise InvalidParameterError("state.probability", state.probability, "greater than 0 and below 1")
    bounds = choice.adaptation if isinstance(choice, RandomPhase) else None
    b = fresh.probability if bounds is None else min(max(state.probability, bounds.lowest), bounds.highest)
    baseline = None if fresh.baseline is None else state.baseline or fresh.baseline
    return replace(state, probability=b, baseline=baseline)


def _check_parameters(parameters: object) -> None:
    if not isinstance(parameters, Mapping) or not parameters:
        raise InvalidParameterError("parameters", parameters, "a mapping of names to arrays, at least one")
    for name, value in parameters.items():
        if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind != "f":
            kind = getattr(value, "dtype", type(value).__name__)  # whole numbers could not move by a part of one
            raise InvalidParameterError(f"parameters[{name!r}]", f"of type {kind}", "an array of floating point")
    wrong = _not_finite(parameters)
    if wrong is not None:
        raise InvalidParameterError(wrong, "an array", "finite in every entry")


def _not_finite(parameters: Parameters) -> str | None:
    """Name of the first parameter with an entry that is not finite."""
    return next((name for name, value in parameters.items() if not np.isfinite(value).all()), None)
