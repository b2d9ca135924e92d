"""Classical Runge-Kutta steps of the storing elements, with coefficients that may change on the way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import DivergenceError, StiffnessError
from thermo_cl.feedback.series.balance import Balance, imbalance
from thermo_cl.feedback.series.network import SeriesNetwork
from thermo_cl.feedback.series.plasticity import Plasticity, passed_over_step
from thermo_cl.feedback.series.schedule import Schedule
from thermo_cl.feedback.series.trajectory import Trajectory

__all__ = ["Law", "runge_kutta"]

_PASSES = 2  # predictor and corrector of the coefficients


class Law(NamedTuple):
    """What holds as coefficients change: whether b goes with c, and whether b d stays (d if not)."""

    matched: bool
    charge: bool


class _Drive(NamedTuple):
    """Imposed values, loads and outputs at one time, one row each."""

    values: FloatArray
    loads: FloatArray | None
    outputs: FloatArray | None


class _Moment(NamedTuple):
    """Balanced state at one time: positions, strains, what elements feel, rate of the state, power into heat."""

    positions: FloatArray
    strains: FloatArray
    felt: FloatArray
    rate: FloatArray
    power: FloatArray


class _Edges(NamedTuple):
    """Coefficients, storage and factorised equilibrium at one time."""

    balance: Balance
    storage: FloatArray

    @property
    def coefficients(self) -> FloatArray:
        return self.balance.coefficients


class _Step(NamedTuple):
    """The state at the end of a step, balanced there and in the middle, and the heat on the way."""

    state: FloatArray
    end: _Moment
    middle: _Moment
    heat: FloatArray


def runge_kutta(
    series: SeriesNetwork, balance: Balance, schedule: Schedule, grid: FloatArray, initial: FloatArray,
    plasticity: Plasticity | None, law: Law,
) -> Trajectory:  # fmt: skip
    """Step from time to time of the grid, from initial elongations (edges,); see ``simulate``.

    The state is b d or d, as the law says; the output past the threshold is integrated over each step along a parabola.

    Raises
    ------
    StiffnessError
        If a step is longer than the fastest relaxation time, at the start or as coefficients change.
    DivergenceError
        If a coefficient falls to 0.
    """
    time = series.times
    edges = _Edges(balance, series.storage)
    state = edges.storage * initial if law.charge else initial
    drives = _drives(schedule, grid)
    middles = _drives(schedule, 0.5 * (grid[1:] + grid[:-1]))
    now = _moment(series, edges, drives[0], state, law)
    heat = np.zeros(initial.size)
    rows = [(now, edges, heat)]
    change, longest = np.zeros(initial.size), float(np.diff(grid).max())
    refuse_coarse(longest, time)

    def with_coefficients(c: FloatArray, when: float) -> _Edges:
        if np.array_equal(c, edges.coefficients):
            return edges
        if not (c > 0.0).all():
            raise DivergenceError(
                f"the coefficient of edge {int(np.argmin(c))} fell to 0 at time {when:.4g}; "
                "take a smaller gain, a smaller nudge or a higher threshold"
            )
        storage = time * c if law.matched else series.storage
        refuse_coarse(longest, storage / c)
        return _Edges(balance.at(c), storage)

    for n, length in enumerate(np.diff(grid)):
        drive = (drives[n], middles[n], drives[n + 1])
        if plasticity is None:
            step = _step(series, (edges, edges, edges), drive, state, now, float(length), law)
        else:
            begin = edges
            for _ in range(_PASSES):
                half = with_coefficients(begin.coefficients + 0.5 * change, float(grid[n]))
                edges = with_coefficients(begin.coefficients + change, float(grid[n + 1]))
                step = _step(series, (begin, half, edges), drive, state, now, float(length), law)
                start, middle, end = (
                    plasticity.output(at.coefficients, moment.strains, moment.felt)
                    for at, moment in ((begin, now), (half, step.middle), (edges, step.end))
                )
                passed = passed_over_step(start, middle, end, float(length), plasticity.threshold)
                change = plasticity.gain * passed
            edges = with_coefficients(begin.coefficients + change, float(grid[n + 1]))
        state, now, heat = step.state, step.end, heat + step.heat
        if plasticity is not None:
            now = _moment(series, edges, drives[n + 1], state, law)
        rows.append((now, edges, heat))
    moments, at, heats = zip(*rows, strict=True)
    coefficients = np.stack([item.coefficients for item in at])
    felt = np.stack([moment.felt for moment in moments])
    return Trajectory(
        grid, np.stack([moment.positions for moment in moments]), np.stack([moment.strains for moment in moments]),
        felt, coefficients, np.stack([item.storage for item in at]), np.stack(heats),
        imbalance(series, coefficients * felt, schedule.at(grid)[1]),
    )  # fmt: skip


def refuse_coarse(step: float, times: FloatArray) -> None:
    """Raise if a step is longer than the relaxation time of some edge, and name that edge."""
    fastest, slowest = float(times.min()), float(times.max())
    if step > fastest:
        raise StiffnessError(
            f"a time step of {step:.3g} cannot follow edge {int(times.argmin())}, whose relaxation time is "
            f"{fastest:.3g} (the slowest edge's: {slowest:.3g}); take a step below {fastest:.3g}, or edges of one "
            "relaxation time without loads, for which method='exact' takes steps of any length",
            fastest, slowest,
        )  # fmt: skip


def _drives(schedule: Schedule, times: FloatArray) -> list[_Drive]:
    """What is done at each time."""
    values, loads, outputs = schedule.at(times)

    def row(array: FloatArray | None, n: int) -> FloatArray | None:
        return None if array is None else array[n : n + 1]

    return [_Drive(values[n : n + 1], row(loads, n), row(outputs, n)) for n in range(times.size)]


def _moment(series: SeriesNetwork, edges: _Edges, drive: _Drive, state: FloatArray, law: Law) -> _Moment:
    """Balance the network at a state, and say how the state changes."""
    elongation = state / edges.storage if law.charge else state
    balanced = edges.balance(*drive, elongation[None])
    felt = balanced.strains[0] - elongation
    tension = edges.coefficients * felt
    rate = tension if law.charge else tension / edges.storage
    power = tension**2 / edges.storage if series.network.kind == "elastic" else tension * felt
    return _Moment(balanced.positions[0], balanced.strains[0], felt, rate, power)


def _step(
    series: SeriesNetwork, edges: tuple[_Edges, _Edges, _Edges], drive: tuple[_Drive, _Drive, _Drive],
    state: FloatArray, now: _Moment, length: float, law: Law,
) -> _Step:  # fmt: skip
    """One classical step; every stage is in balance. The middle is that of the cubic through both ends."""
    second = _moment(series, edges[1], drive[1], state + 0.5 * length * now.rate, law)
    third = _moment(series, edges[1], drive[1], state + 0.5 * length * second.rate, law)
    fourth = _moment(series, edges[2], drive[2], state + length * third.rate, law)

    def sum_of(first: FloatArray, *others: FloatArray) -> FloatArray:
        return np.asarray(length / 6.0 * (first + 2.0 * others[0] + 2.0 * others[1] + others[2]))

    new = state + sum_of(now.rate, second.rate, third.rate, fourth.rate)
    heat = sum_of(now.power, second.power, third.power, fourth.power)
    end = _moment(series, edges[2], drive[2], new, law)
    centre = 0.5 * (state + new) + 0.125 * length * (now.rate - end.rate)
    return _Step(new, end, _moment(series, edges[1], drive[1], centre, law), heat)
