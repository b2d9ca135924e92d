"""Everything that the explorer shows of one synapse, computed at once from its settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import ThermoError
from thermo_cl.explore.frontier import least_rate
from thermo_cl.explore.lobes import Lobes, lobes
from thermo_cl.explore.settings import LADDER_UNITS, ExplorerSettings
from thermo_cl.kernels import Kernel, periodic_response
from thermo_cl.markov import Ladder, steady_currents
from thermo_cl.markov.ladder import LadderEdges
from thermo_cl.synapse import (
    CurveMetrics,
    Sawtooth,
    adaptive_threshold,
    amplitude_window,
    exact_window_metrics,
    weight_update,
)

__all__ = ["KernelView", "LadderView", "SynapseView", "View", "compute"]

TIMES, PHASES, AMPLITUDES = 193, 72, 161  # samples of the kernel, of a ramp, of a curve
BEYOND = 1.25  # of A_max, to which a curve is drawn
_LEAST_SHARE = 1e-5  # of the kernel's area, at which a mode still counts for the range of times
_EARLIEST, _DECAYS = 0.02, 8.0  # first time in decay times of the fastest such mode, last in those of the slowest


@dataclass(frozen=True, eq=False)
class LadderView:
    """The ladder itself.

    Attributes
    ----------
    before, after : ndarray, shape (2n,)
        Steady occupancies at zero signal and at the step's; top rail by level, then bottom rail.
    currents : LadderEdges
        Steady net currents after the step, 1 / ladder time: rungs upwards, rails towards higher levels.
    dissipation, dissipation_after : float
        Steady entropy production rate at zero signal and after the step, k_B / ladder time.
    """

    before: FloatArray
    after: FloatArray
    currents: LadderEdges
    dissipation: float
    dissipation_after: float


@dataclass(frozen=True, eq=False)
class CycleView:
    """What it sees: two cycles of the sawtooth at the chosen amplitude.

    Attributes
    ----------
    time, signal : ndarray, shape (p,)
        Protocol time with the corners among it, and the signal.
    """

    time: FloatArray
    signal: FloatArray


@dataclass(frozen=True, eq=False)
class KernelView:
    """Its memory.

    Attributes
    ----------
    time : ndarray, shape (t,)
        After the step, ladder time, even in the logarithm.
    occupancy : ndarray, shape (t,)
        Of the top rail.
    start, end : float
        The same before and long after the step.
    weighted : ndarray, shape (t,)
        Un-normalised kernel times time: the area that each e-fold of time adds.
    area, first_moment : float
        Of the un-normalised kernel: a number, and ladder time.
    accuracy : float
        L' = ln(mu1 / |area|), ln of ladder time; NaN unless mu1 > 0.
    least_dissipation : float
        Of any ladder with as many levels at that accuracy, k_B / ladder time; NaN where the table has none.
    lobes : Lobes
        Of the un-normalised kernel.
    """

    time: FloatArray
    occupancy: FloatArray
    start: float
    end: float
    weighted: FloatArray
    area: float
    first_moment: float
    accuracy: float
    least_dissipation: float
    lobes: Lobes


@dataclass(frozen=True, eq=False)
class SynapseView:
    """What it learns; the kernel is normalised and five ladder units are one of protocol time.

    Attributes
    ----------
    area : float
        I of the normalised kernel, 1 / protocol time.
    threshold : float
        In use, signal / protocol time.
    output : ndarray, shape (p,)
        u over the times of ``CycleView``, signal / protocol time.
    amplitude, update : ndarray, shape (a,)
        The weight-update curve, both in units of the signal.
    update_here : float
        The update at the chosen amplitude.
    opening, breakthrough : float
        Amplitudes at which updates begin, and at which the slow ramp is no longer silent.
    metrics : CurveMetrics
        Of the line through the middle of that window, exact.
    cost_per_cycle : float
        Dissipation over one cycle, k_B.
    """

    area: float
    threshold: float
    output: FloatArray
    amplitude: FloatArray
    update: FloatArray
    update_here: float
    opening: float
    breakthrough: float
    metrics: CurveMetrics
    cost_per_cycle: float


@dataclass(frozen=True, eq=False)
class View:
    """A ladder, its memory, and what a synapse learns with it; a part that does not exist is told by ``problem``.

    Attributes
    ----------
    settings : ExplorerSettings
    ladder : LadderView
    cycle : CycleView
    kernel : KernelView or None
    synapse : SynapseView or None
    problem : str
        Why there is no kernel or no synapse; empty if there are both.
    """

    settings: ExplorerSettings
    ladder: LadderView
    cycle: CycleView
    kernel: KernelView | None
    synapse: SynapseView | None
    problem: str


def compute(settings: ExplorerSettings) -> View:
    """Everything at once, exact; some ten milliseconds.

    A kernel so slow that its response to the sawtooth would lose its digits has no synapse, and says so.

    Examples
    --------
    >>> view = compute(ExplorerSettings())
    >>> view.ladder.dissipation, view.kernel.area
    (6.673504749, -0.017006539)
    """
    ladder = Ladder(
        settings.gamma, settings.rate_factor, n_levels=settings.levels, reference_level=settings.reference_level
    )
    protocol = Sawtooth(fast=settings.fast, slow=settings.slow, mean=settings.mean)
    time = two_cycles(settings.fast, settings.slow)
    cycle = CycleView(time, protocol.signal(settings.amplitude)(time))
    own = LadderView(
        ladder.steady_state(0.0),
        ladder.steady_state(settings.signal),
        steady_currents(ladder, settings.signal),
        float(ladder.entropy_production_rate(0.0)),
        float(ladder.entropy_production_rate(settings.signal)),
    )
    memory, synapse, problem = None, None, ""
    try:
        raw = ladder.step_kernel(settings.signal)
        memory = _memory(settings, raw, float(ladder.top_rail @ own.before))
        synapse = _synapse(settings, raw.rescaled(LADDER_UNITS).normalized(), protocol, cycle.time, own.dissipation)
    except ThermoError as error:
        problem = str(error)
    return View(settings, own, cycle, memory, synapse, problem)


def _memory(settings: ExplorerSettings, raw: Kernel, start: float) -> KernelView:
    time = _times(raw)
    value, area, moment = raw(time), float(raw.area), float(raw.first_moment)
    accuracy = float(np.log(moment / abs(area))) if moment > 0.0 and area != 0.0 else float("nan")
    return KernelView(
        time, start + raw.step_response(time), start, start + area, time * value, area, moment, accuracy,
        least_rate(settings.levels, accuracy), lobes(raw, time),
    )  # fmt: skip


def _times(kernel: Kernel) -> FloatArray:
    """From well below the fastest mode that carries some of the area to well past the slowest."""
    share = np.abs(kernel.coefficients) / np.abs(kernel.rates)
    speed = np.abs(kernel.rates.real)[share > _LEAST_SHARE * share.max()]
    return np.geomspace(_EARLIEST / speed.max(), _DECAYS / speed.min(), TIMES)


def two_cycles(fast: float, slow: float) -> FloatArray:
    """Times of two cycles, dense behind every corner, where the output turns."""
    dense = np.linspace(0.0, 1.0, PHASES, endpoint=False) ** 1.5
    cycle = np.concatenate([fast * dense, fast + slow * dense])
    return np.concatenate([cycle, cycle + (fast + slow), [2.0 * (fast + slow)]])


def _synapse(
    settings: ExplorerSettings, kernel: Kernel, protocol: Sawtooth, time: FloatArray, dissipation: float
) -> SynapseView:
    largest = settings.amplitude_max
    threshold = settings.threshold
    if threshold is None:
        threshold = float(adaptive_threshold(kernel, protocol, largest))
    amplitude = np.linspace(0.0, BEYOND * largest, AMPLITUDES)
    update = weight_update(kernel, protocol, np.append(amplitude, settings.amplitude), threshold=threshold)
    opening, breakthrough = amplitude_window(kernel, protocol, threshold=threshold)
    return SynapseView(
        float(kernel.area), threshold, periodic_response(kernel, protocol.signal(settings.amplitude))(time), amplitude,
        update[:-1], float(update[-1]), float(opening), float(breakthrough),
        exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest),
        dissipation * LADDER_UNITS * float(protocol.period),
    )  # fmt: skip
