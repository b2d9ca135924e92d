r"""Mean and spread of the estimates of ``energy_schedules`` at given weights, by summing over what a rule draws.

A side of the nudge, a phase, its length: few outcomes, so that nothing is sampled. Lengths that occur with less than
one part in 1,000 are left out, which takes a per cent or two from the spread. Only the states from which phases of a
learner start are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.learning import Backpropagation, Dataset, EnergyNetwork, EnergyPhases, PhaseSchedule, Relaxation, Rule
from thermo_cl.learning.energy import Parameters, States, relax
from thermo_cl.learning.phases import BothPhases, FixedLength, Phase, RandomPhase, RandomPhases
from thermo_cl.learning.rules.phases import energy_gradient, free_phase

TAIL = 1e-3
REFERENCE = Relaxation(free_steps=100)
Moments = tuple[FloatArray, float]
"""Mean of an estimate, all parameters in one row, and mean of its squared norm, over the draws for one minibatch."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A network and minibatches at which rules are compared.

    Attributes
    ----------
    network : EnergyNetwork
    minibatches : list of (inputs, labels, states)
        States from which free phases start.
    """

    network: EnergyNetwork
    minibatches: list[tuple[Array, Array, States]]

    @classmethod
    def of(cls, network: EnergyNetwork, states: States, data: Dataset, batch: int, count: int) -> Probe:
        """As many minibatches in file order, at most what there are."""
        most = min(count, len(data) // batch)
        rows = [slice(n * batch, (n + 1) * batch) for n in range(most)]
        return cls(network, [(data.inputs[r], data.labels[r], tuple(x[r] for x in states)) for r in rows])

    @property
    def reference(self) -> FloatArray:
        """Gradient through a long relaxation."""
        found = [m for m, _ in rule_moments(Backpropagation(REFERENCE), self)]
        return np.asarray(np.mean(found, axis=0))

    def prepared(self) -> Iterator[tuple[Array, Array, States]]:
        """Inputs and one-hot targets of the network's precision, and states."""
        one_hot = np.eye(self.network.sizes[-1], dtype=self.network.dtype)
        for inputs, labels, states in self.minibatches:
            yield inputs.astype(self.network.dtype, copy=False), one_hot[labels], states


def spread(moments: list[Moments]) -> tuple[FloatArray, float, float]:
    """Mean estimate; its spread over the draws, and over draws and minibatches, in norms of the mean."""
    means, squares = np.array([m for m, _ in moments]), np.array([q for _, q in moments])
    mean = means.mean(axis=0)
    size = float(mean @ mean)
    drawn = float(np.mean(squares - np.einsum("ki,ki->k", means, means)))
    if drawn < 1e-12 * float(squares.mean()):  # rounding
        drawn = 0.0
    return mean, float(np.sqrt(drawn / size)), float(np.sqrt((squares.mean() - size) / size))


def rule_moments(rule: Rule, probe: Probe) -> list[Moments]:
    """For each minibatch; a rule other than ``RandomPhases`` may draw the side of its nudge and nothing else."""
    found: list[Moments] = []
    for inputs, targets, states in probe.prepared():
        if isinstance(rule, RandomPhases):
            found.append(_drawn(rule, probe.network, inputs, targets, states))
            continue
        sides = [
            flat(rule.estimate(probe.network, inputs, targets, states, np.random.default_rng(seed)).gradient)
            for seed in _BOTH_SIDES
        ]
        found.append((np.mean(sides, axis=0), float(np.mean([g @ g for g in sides]))))
    return found


_BOTH_SIDES = [next(s for s in range(99) if np.random.default_rng(s).choice([-1.0, 1.0]) == side) for side in (-1, 1)]


def _drawn(rule: RandomPhases, network: EnergyNetwork, inputs: Array, targets: Array, states: States) -> Moments:
    """One phase for the whole minibatch, or one for each example, which share the side."""
    drive, free = free_phase(network, inputs, states, rule.relaxation)
    each = [slice(n, n + 1) for n in range(len(inputs))] if rule.draws == "example" else [slice(None)]
    schedule, means, squares = rule.schedule, [], []
    for beta in (rule.nudge, -rule.nudge) if rule.sides == "random" else (rule.nudge,):
        mean: FloatArray = np.zeros(sum(p.size for p in network.parameters.values()))
        variance, path = 0.0, [free]
        for _ in range(longest(schedule)):
            path.append(
                relax(
                    network, inputs, path[-1], steps=1, step_size=rule.relaxation.step_size, targets=targets,
                    nudge=beta, drive=drive,
                )
            )  # fmt: skip
        for rows in each:
            still, *moved = (
                flat(energy_gradient(network, inputs[rows], tuple(x[rows] for x in now))) / beta
                for now in (path if schedule.updates == "always" else [path[0], path[-1]])
            )
            m, q = one_phase(
                schedule, rule.probability, np.array(moved), np.broadcast_to(still, (len(moved), still.size))
            )
            mean, variance = mean + m / len(each), variance + (q - float(m @ m)) / len(each) ** 2
        means.append(mean)
        squares.append(float(mean @ mean) + variance)
    return np.mean(means, axis=0), float(np.mean(squares))


def one_phase(
    schedule: PhaseSchedule, b: float, positive: FloatArray, negative: FloatArray, baseline: FloatArray | float = 0.0
) -> Moments:
    """Moments of what a random phase tells, from the statistics after every step of both phases, or after the last."""
    plus, minus, chances = (
        *(_told(schedule, path - baseline) for path in (positive, negative)), _chances(schedule, len(positive))
    )  # fmt: skip
    square = np.einsum("ti,ti->t", plus, plus) / b + np.einsum("ti,ti->t", minus, minus) / (1.0 - b)
    return np.asarray(chances @ (plus - minus)), float(chances @ square)


def _told(schedule: PhaseSchedule, path: FloatArray) -> FloatArray:
    """By each length that a phase may have."""
    if schedule.updates == "end":
        return path[-1:]
    if isinstance(schedule.length, FixedLength):
        return np.asarray(path.sum(axis=0, keepdims=True) / schedule.length.mean)
    return np.asarray(np.cumsum(path, axis=0) / schedule.length.mean)


def _chances(schedule: PhaseSchedule, steps: int) -> FloatArray:
    if schedule.updates == "end" or isinstance(schedule.length, FixedLength):
        return np.ones(1)
    chance = (1.0 - 1.0 / schedule.length.mean) ** np.arange(steps)
    return np.asarray(chance / chance.sum())


def longest(schedule: PhaseSchedule) -> int:
    """Steps of the longest phase that is looked at."""
    mean = schedule.length.mean
    if isinstance(schedule.length, FixedLength) or mean == 1.0:
        return int(mean)
    return int(np.ceil(np.log(TAIL) / np.log1p(-1.0 / mean)))


def learner_moments(schedule: PhaseSchedule, nudge: float, step_size: float, probe: Probe, rng: int) -> list[Moments]:
    """For each minibatch, with baseline and b where they settle at these weights."""
    model, choice = EnergyPhases(probe.network, nudge, step_size), schedule.choice
    if isinstance(choice, BothPhases):
        contrasts = [p[-1] - n[-1] for p, n in _paths(model, schedule, probe, rng)]
        return [(g, float(g @ g)) for g in contrasts]
    b, c = _settled(model, schedule, choice, probe, rng)
    return [one_phase(schedule, b, p, n, c) for p, n in _paths(model, schedule, probe, rng)]


def _settled(
    model: EnergyPhases, schedule: PhaseSchedule, choice: RandomPhase, probe: Probe, rng: int
) -> tuple[float, FloatArray | float]:
    """Probability and baseline at which running means come to rest."""
    b, c = choice.probability, 0.0
    if choice.baseline is None and choice.adaptation is None:
        return b, c
    means = [tuple(_mean(schedule, path) for path in paths) for paths in _paths(model, schedule, probe, rng)]
    plus, minus = (np.array(side) for side in zip(*means, strict=True))
    for _ in range(100):
        if choice.baseline is not None:
            c = (1.0 - b) * plus.mean(axis=0) + b * minus.mean(axis=0)
        if choice.adaptation is not None:  # of updates at the end, where means are all there is
            low, high = (float(np.mean(np.sum((g - c) ** 2, axis=1))) for g in (minus, plus))
            b = choice.adaptation.probability((low, high), b)
    return b, c


def _mean(schedule: PhaseSchedule, path: FloatArray) -> FloatArray:
    """Statistic that a running mean sees: the mean over the steps of a phase."""
    steps = np.arange(1, len(path) + 1)
    if schedule.updates == "end" or isinstance(schedule.length, FixedLength):
        return np.asarray(path[-1] if schedule.updates == "end" else path.mean(axis=0))
    return np.asarray((_chances(schedule, len(path)) / steps) @ np.cumsum(path, axis=0))


def _paths(
    model: EnergyPhases, schedule: PhaseSchedule, probe: Probe, rng: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Statistics along the positive and the negative phase with each minibatch, from where a drawn phase before ended.

    Of a schedule of both phases the negative one starts from the positive one's end.
    """
    noise, choice = np.random.default_rng(rng), schedule.choice
    state = model.start(len(probe.minibatches[0][0]))
    for inputs, labels, _ in probe.minibatches:
        positive, ends = _path(model, Phase.POSITIVE, state, inputs, labels, schedule)
        both = isinstance(choice, BothPhases)
        negative, others = _path(model, Phase.NEGATIVE, ends[-1] if both else state, inputs, labels, schedule)
        drawn = ends if isinstance(choice, RandomPhase) and noise.random() < choice.probability else others
        state = drawn[min(int(schedule.length.draw(1, noise)[0]), len(drawn)) - 1]
        yield positive, negative


def _path(
    model: EnergyPhases, phase: Phase, state: States, inputs: Array, labels: Array, schedule: PhaseSchedule
) -> tuple[FloatArray, list[States]]:
    """Statistics and states after each step, or after the last one where nothing is told before."""
    count, each = longest(schedule), 1
    if schedule.updates == "end":
        count, each = 1, count
    states: list[States] = []
    for _ in range(count):
        state = model.run(phase, state, inputs, labels, steps=each)
        states.append(state)
    return np.array([flat(model.statistic(phase, x, inputs, labels)) for x in states]), states


def flat(gradient: Parameters) -> FloatArray:
    """All parameters in one row."""
    return np.concatenate([np.ravel(gradient[name]).astype(np.float64) for name in sorted(gradient)])
