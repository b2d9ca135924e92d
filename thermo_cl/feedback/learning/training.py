"""Training a physical network: cycles of nudges, each of which changes the coefficients of the edges."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import DivergenceError, InvalidParameterError, RampWindowWarning, SilentUpdatesWarning
from thermo_cl.feedback.learning.nudges import FixedSignal, amplitude_of, rescaled
from thermo_cl.feedback.learning.rules import PhysicalRule, Rule

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast, EdgeNetwork, Task

__all__ = ["PhysicalRun", "train"]

_MOST_GROWTH = 1e6  # of the loss over its first value, beyond which a run has diverged


@dataclass(frozen=True, eq=False)
class PhysicalRun:
    """What a training run did.

    Attributes
    ----------
    losses : ndarray, shape (cycles + 1,)
        Of all patterns, before each cycle and after the last.
    angles : ndarray, shape (cycles,)
        Between the change of the coefficients and steepest descent, in degrees, before bounds; not a number where
        nothing changes, and everywhere unless asked for.
    updated : ndarray, shape (cycles,)
        Share of the edges whose coefficient changes, bounds included.
    amplitudes : ndarray, shape (cycles,)
        Of the nudge.
    network : EdgeNetwork
        After the last cycle.
    """

    losses: FloatArray
    angles: FloatArray
    updated: FloatArray
    amplitudes: FloatArray
    network: EdgeNetwork


def train(
    network: EdgeNetwork, task: Task, rule: Rule, *, cycles: int, rate: float, amplitude: float | FixedSignal,
    bounds: tuple[float, float], nudge: Literal["load", "clamp"] = "load",
    order: Literal["together", "shuffled"] = "together", angles: bool = False,
    rng: np.random.Generator | int | None = 0,
) -> PhysicalRun:  # fmt: skip
    """Train a network on a task by any rule.

    One cycle shows every pattern once. Together, the patterns' changes are averaged before the coefficients move (slow
    learning); shuffled, they move after each pattern, in a new random order every cycle.

    Parameters
    ----------
    network, task : EdgeNetwork, Task
        Where to start, and what to learn.
    rule : Rule
        ``PhysicalRule``, ``TwoState`` or ``ExactGradient``.
    cycles : int
        Of training, >= 1.
    rate : float
        Learning rate > 0: coefficient per (rule's update).
    amplitude : float or FixedSignal
        Nudge over error, > 0.
    bounds : (float, float)
        Range of the coefficients, 0 < low < high: a unit cannot be removed, and has a largest size.
    nudge : {"load", "clamp"}
        Loads in proportion to the errors, or outputs moved by whatever it takes.
    order : {"together", "shuffled"}
    angles : bool
        Also compute the exact gradient before each cycle, at the price of one more factorisation.
    rng : Generator or int
        For the order of patterns.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range, or a coefficient outside the bounds at the start.
    DivergenceError
        If the loss is not finite, or a million times that of the start; the message says at which cycle.

    Warns
    -----
    SilentUpdatesWarning
        If no edge has changed in any cycle.
    RampWindowWarning
        If the slow ramp of the first cycle passes a physical rule's threshold, too.
    """
    from thermo_cl.feedback.networks import angle, gradient, loss

    count, speed = check.integer_at_least("cycles", cycles, 1), check.positive_number("rate", rate)
    low, high = _bounds(network, bounds)
    if not isinstance(amplitude, FixedSignal):
        amplitude = check.positive_number("amplitude", amplitude)
    for name, value, valid in (("nudge", nudge, ("load", "clamp")), ("order", order, ("together", "shuffled"))):
        if value not in valid:
            raise InvalidParameterError(name, value, " or ".join(map(repr, valid)))
    generator = check.generator(rng)
    losses, turned, shares, sizes = np.full(count + 1, np.nan), np.full(count, np.nan), np.zeros(count), np.zeros(count)
    for cycle in range(count):
        begin, seen = network, list[tuple[float, float, FloatArray]]()
        for part in _parts(task, order, generator):
            shown = _shown(network, part, amplitude, nudge)
            if not seen and not cycle and isinstance(rule, PhysicalRule):
                _check_slow_ramp(rule, shown, network.coefficients)
            update = rule.update(shown, network.coefficients)
            seen.append((float(shown.loss), shown.amplitude, update))
            if not np.isfinite(update).all():
                raise _diverged(cycle, np.nan, losses)
            coefficients = np.clip(network.coefficients + speed * update, low, high)
            network = network.with_coefficients(coefficients)
        losses[cycle] = seen[0][0] if order == "together" else loss(begin, task)
        _refuse_divergence(cycle, losses)
        total = np.sum([update for _, _, update in seen], axis=0)
        shares[cycle] = np.mean(network.coefficients != begin.coefficients)
        sizes[cycle] = np.mean([size for _, size, _ in seen])
        if angles and total.any():
            turned[cycle] = angle(total, -gradient(begin, task))
    losses[count] = loss(network, task)
    _refuse_divergence(count, losses)
    if not shares.any():
        warnings.warn(
            "no edge was updated in any cycle: every output stayed below the threshold. Lower the threshold, nudge "
            "further, or shorten the fast ramp",
            SilentUpdatesWarning, stacklevel=2,
        )  # fmt: skip
    return PhysicalRun(losses, turned, shares, sizes, network)


def _shown(
    network: EdgeNetwork, task: Task, amplitude: float | FixedSignal, nudge: Literal["load", "clamp"]
) -> Contrast:
    """Free and nudged state at the amplitude that the errors ask for."""
    from thermo_cl.feedback.networks import contrast

    seen = contrast(network, task, amplitude=1.0, nudge=nudge)
    return rescaled(seen, amplitude_of(amplitude, seen))


def _check_slow_ramp(rule: PhysicalRule, shown: Contrast, coefficients: FloatArray) -> None:
    """Warn if the way back from a nudge passes the threshold too, and undoes what the nudge has taught."""
    outputs = np.abs(rule.slow_outputs(shown, coefficients))
    threshold, past = rule.carrier.threshold, np.mean(outputs.max(axis=0) >= rule.carrier.threshold)
    if past:
        needed = float(rule.protocol.slow) * outputs.max() / threshold
        warnings.warn(
            f"on {past:.2g} of the edges and patterns the slow ramp passes the threshold {threshold:.3g}, by up to "
            f"{outputs.max():.3g}, and undoes what the fast one teaches. Make the slow ramp longer than {needed:.3g}, "
            "nudge less, or raise the threshold",
            RampWindowWarning, stacklevel=3,
        )  # fmt: skip


def _parts(task: Task, order: str, generator: np.random.Generator) -> Iterator[Task]:
    """All patterns at once, or one by one in random order."""
    if order == "together":
        yield task
        return
    for p in generator.permutation(task.targets.shape[0]):
        yield replace(task, values=task.values[p : p + 1], targets=task.targets[p : p + 1])


def _bounds(network: EdgeNetwork, bounds: tuple[float, float]) -> tuple[float, float]:
    """Lower and upper bound, checked against each other and the start."""
    valid = "two numbers 0 < low < high"
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise InvalidParameterError("bounds", bounds, valid) from None
    low, high = check.positive_number("bounds", low), check.positive_number("bounds", high)
    if low >= high:
        raise InvalidParameterError("bounds", bounds, valid)
    outside = (network.coefficients < low) | (network.coefficients > high)
    if outside.any():
        first = float(network.coefficients[outside][0])
        raise InvalidParameterError("network.coefficients", first, f"within the bounds {low:g} to {high:g}")
    return low, high


def _refuse_divergence(cycle: int, losses: FloatArray) -> None:
    """Raise if the loss of a cycle has left the range in which it means anything."""
    now = losses[cycle]
    if not np.isfinite(now) or now > _MOST_GROWTH * max(losses[0], np.finfo(float).tiny):
        raise _diverged(cycle, now, losses)


def _diverged(cycle: int, now: float, losses: FloatArray) -> DivergenceError:
    last = f" (it was {losses[cycle - 1]:.3g} one cycle before)" if cycle else ""
    return DivergenceError(f"training diverged in cycle {cycle}: the loss is {now:.3g}{last}. Lower the rate")
