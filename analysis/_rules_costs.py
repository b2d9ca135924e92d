r"""What an update of each learning rule computes: multiply-adds, steps and memory, from the algorithms.

Multiply-adds are those of products with or into matrices of the size of the weights. What is done once for a neuron
(activations, clipping, norms) or by an optimizer is left out. Sums begin with the inputs' weights :math:`P_1 = n_0 n_1`
and the others, :math:`R = \sum_{l > 1} n_{l-1} n_l`; a relaxation step takes 2 R, as every coupling among neurons is
used both ways, and the inputs' drive :math:`P_1` once. All are formulas for dense arithmetic: compiled code that leaves
out silent synapses or dark pixels does less.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import (
    Backpropagation,
    ContrastiveHebbian,
    DualPropagation,
    EquilibriumPropagation,
    PhaseSchedule,
    RandomPhases,
    Relaxation,
    Rule,
    TemporalContrast,
)
from thermo_cl.learning.feedforward import ForwardBackpropagation

Way = Rule | PhaseSchedule
"""A rule of ``train``, or the schedule of a forward-forward network."""


class Memory(NamedTuple):
    """Numbers held by a synapse besides its weight, and by a neuron for each example, its state included."""

    synapse: float
    neuron: float


def multiply_adds(way: Way, sizes: Sequence[int], batch: int) -> float:
    """Of an update from a minibatch, mean over what is drawn.

    Parameters
    ----------
    way : Rule or PhaseSchedule
    sizes : sequence of int
        Neurons of each layer, inputs first; of a forward-forward network its inputs and hidden layers.
    batch : int
    """
    for kind, count in COUNTS.items():
        if isinstance(way, kind):
            return count(way, sizes, batch)
    raise InvalidParameterError("rule", way, "one of those whose multiply-adds are known")


def temporal_contrast(rule: TemporalContrast, sizes: Sequence[int], batch: int) -> float:
    """Relaxations to all levels of the cycle, then each synapse's currents and its memory of them."""
    if rule.current_map is None:
        raise InvalidParameterError("samples", None, "given: exact crossings take no fixed number")
    first, other = _weights(sizes)
    held = first + sum(sizes[1:])  # biases are synapses from a neuron that is always on
    rises, how = rule.cycle.levels.size - 1, rule.relaxation
    nudged = how.clamped_steps * np.count_nonzero(rule.cycle.levels)
    steady = held + other if rule.current_map.area else 0.0
    currents = batch * (rises * (held + 2 * other) + steady)
    remembered = (np.count_nonzero(rule.current_map.steps) + rule.current_map.weights.size) * (held + other)
    return float(batch * (first + 2 * other * (how.free_steps + nudged)) + currents + remembered)


def equilibrium_propagation(rule: EquilibriumPropagation, sizes: Sequence[int], batch: int) -> float:
    """Two relaxations, three if centred, and a contrast that takes two products for each coupling of neurons."""
    how, sides = rule.relaxation, 2 if rule.sides == "centred" else 1
    return _contrast(sizes, batch, how.free_steps + sides * how.clamped_steps)


def contrastive_hebbian(rule: ContrastiveHebbian, sizes: Sequence[int], batch: int) -> float:
    """As equilibrium propagation; what a clamped step does for the outputs, which are held, is computed too."""
    how = rule.relaxation
    return _contrast(sizes, batch, how.free_steps + (how.clamped_steps if len(sizes) > 2 else 0))


def random_phases(rule: RandomPhases, sizes: Sequence[int], batch: int, positive: float | None = None) -> float:
    """A relaxation that goes on in a share ``positive`` of the examples, b by default, and a product for each synapse.

    If updates are always on, there is one for each step of a positive phase.
    """
    share = rule.probability if positive is None else positive
    (first, other), length = _weights(sizes), rule.schedule.length.mean
    told = share * length + 1 - share if rule.schedule.updates == "always" else 1.0
    steps = rule.relaxation.free_steps + share * length
    return batch * (first + 2 * other * steps + (first + other) * told)


def relaxation_backpropagation(rule: Backpropagation, sizes: Sequence[int], batch: int) -> float:
    """The relaxation, the same backwards, and as many products for each coupling once more; inputs once."""
    first, other = _weights(sizes)
    return float(batch * (2 * first + 6 * other * rule.relaxation.free_steps))


def backpropagation(rule: ForwardBackpropagation, sizes: Sequence[int], batch: int) -> float:
    """Forwards, backwards but for the inputs, and the gradient."""
    del rule
    first, other = _weights(sizes)
    return float(batch * (2 * first + 3 * other))


def dual_propagation(rule: DualPropagation, sizes: Sequence[int], batch: int) -> float:
    """As backpropagation with one sweep down; further ones go up and down, from the first hidden layer."""
    if rule.carry or rule.form == "damped" or rule.tolerance is not None or rule.order != "up-down":
        raise InvalidParameterError("rule", rule, "not damped, of a fixed number of sweeps up and down from reset")
    first, other = _weights(sizes)
    again = 0 if rule.one_sweep else rule.sweeps - 1
    return float(batch * (2 * first + (3 + 2 * again) * other))


def forward_forward(schedule: PhaseSchedule, sizes: Sequence[int], batch: int) -> float:
    """A pass up and the gradient of each layer, in one phase or in both."""
    phases = 2 if schedule.paired else 1
    told = schedule.length.mean if schedule.updates == "always" else 1.0
    return batch * phases * sum(_weights(sizes)) * (schedule.length.mean + told)


COUNTS: Mapping[type, Callable[[Any, Sequence[int], int], float]] = {
    PhaseSchedule: forward_forward,
    TemporalContrast: temporal_contrast,
    EquilibriumPropagation: equilibrium_propagation,
    ContrastiveHebbian: contrastive_hebbian,
    RandomPhases: random_phases,
    Backpropagation: relaxation_backpropagation,
    DualPropagation: dual_propagation,
    ForwardBackpropagation: backpropagation,
}
"""Multiply-adds of an update, by the type of the rule."""


def steps(way: Way) -> float:
    """Relaxation steps, sweeps or passes through the network for an update, mean over what is drawn."""
    if isinstance(way, PhaseSchedule):
        return (2.0 if way.paired else 1.0) * way.length.mean
    if isinstance(way, ForwardBackpropagation):
        return 2.0
    if isinstance(way, DualPropagation):
        return 1.0 + (1 if way.one_sweep else way.sweeps)
    how: Relaxation = way.relaxation  # type: ignore[attr-defined]  # of every rule of energy networks
    if isinstance(way, Backpropagation):
        return 2.0 * how.free_steps
    if isinstance(way, RandomPhases):
        return how.free_steps + way.probability * way.schedule.length.mean
    times = np.count_nonzero(way.cycle.levels) if isinstance(way, TemporalContrast) else 1
    if isinstance(way, EquilibriumPropagation) and way.sides == "centred":
        times = 2
    return float(how.free_steps + times * how.clamped_steps)


def memory(way: Way) -> Memory:
    """What has to be kept within an update, sums over a minibatch left out.

    A synapse with a kernel keeps the changes of its current that its kernel reaches back to, here those of as many
    stages as fit into the kernel's window, or into a cycle if it has none. One that contrasts two phases keeps what it
    saw in the first. Neurons keep two compartments or a state and an error; for a gradient through a relaxation, all
    states on the way and an error.
    """
    if isinstance(way, PhaseSchedule):
        return Memory(1.0 if way.paired else 0.0, 1.0)
    if isinstance(way, TemporalContrast):
        gaps = np.diff(way.cycle.times)
        reach = np.ceil(float(way.kernel.window) / gaps.min() - 1e-9)  # a window of so many stages, but for rounding
        return Memory(float(min(gaps.size, reach)), 1.0)
    if isinstance(way, EquilibriumPropagation | ContrastiveHebbian):
        return Memory(1.0, 1.0)
    if isinstance(way, Backpropagation):
        return Memory(1.0, way.relaxation.free_steps + 2.0)
    return Memory(0.0, 1.0 if isinstance(way, RandomPhases) else 2.0)


def _weights(sizes: Sequence[int]) -> tuple[int, int]:
    """Weights of the inputs, and all others."""
    counts = [below * here for below, here in itertools.pairwise(sizes)]
    return counts[0], sum(counts[1:])


def _contrast(sizes: Sequence[int], batch: int, relaxed: int) -> float:
    first, other = _weights(sizes)
    return float(batch * (2 * first + 2 * other * (relaxed + 1)))
