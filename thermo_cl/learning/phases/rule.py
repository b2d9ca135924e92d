"""Equilibrium propagation that sees one phase at a time, as a rule for ``train``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, check_batch, check_relaxation, relax
from thermo_cl.learning.phases.schedules import PhaseSchedule, RandomPhase, isd
from thermo_cl.learning.rules.interface import Estimate
from thermo_cl.learning.rules.phases import free_phase

__all__ = ["RandomPhases"]

_SIDES = ("one", "random")
_DRAWS = ("minibatch", "example")


@dataclass(frozen=True)
class RandomPhases:
    r"""Gradient estimate from one random phase, :math:`w\,(1/\beta)\,\partial E/\partial\theta` at its end.

    Each minibatch relaxes freely from its kept states; this is the negative phase. With probability b the phase is
    positive instead: from the free state it goes on for T steps with a nudge. The weight w is 1/b in a positive phase,
    -1/(1 - b) in a negative one, so that the mean over the draw is the estimate of ``EquilibriumPropagation`` with
    T clamped steps. With updates "always" the estimate is :math:`(w/\tau) \sum_{t=1}^T` of what the states after each
    step give (in a negative phase T times that of the free state, which is held), as of a synapse that is never told
    when a phase ends; its mean is the mean of that estimate along the clamped path. Parameters are frozen
    within a minibatch: ``learn`` with ``EnergyPhases`` moves them within a phase.

    One phase's statistic is larger than the contrast of two by some :math:`1/\beta`, and all of that is noise: rates
    have to be much lower than for ``EquilibriumPropagation``.

    Parameters
    ----------
    schedule : PhaseSchedule
        Of a ``RandomPhase`` without baseline and adaptation, which a rule could not remember.
    nudge : float
        :math:`\beta` > 0.
    sides : {"one", "random"}
        Nudge always positive, or of a sign drawn for each minibatch, which turns both phases' statistics round.
    draws : {"minibatch", "example"}
        One phase for a whole minibatch, or one for each of its examples.
    relaxation : Relaxation
        Free steps and step size; clamped steps are the schedule's.

    Attributes
    ----------
    probability : float
        b of the schedule.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, or from ``estimate`` if a minibatch does not fit the network.
    """

    schedule: PhaseSchedule = field(default_factory=lambda: isd(0.5, 4))
    nudge: float = 0.5
    sides: Literal["one", "random"] = "random"
    draws: Literal["minibatch", "example"] = "minibatch"
    relaxation: Relaxation = field(default_factory=Relaxation)
    probability: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.schedule, PhaseSchedule) or not isinstance(self.schedule.choice, RandomPhase):
            valid = "a PhaseSchedule of a RandomPhase; both phases at once are EquilibriumPropagation"
            raise InvalidParameterError("schedule", self.schedule, valid)
        for name in ("baseline", "adaptation"):
            value = getattr(self.schedule.choice, name)
            if value is not None:
                raise InvalidParameterError(name, value, "None in a rule; `learn` with EnergyPhases remembers it")
        for name, accepted in (("sides", _SIDES), ("draws", _DRAWS)):
            if getattr(self, name) not in accepted:
                raise InvalidParameterError(name, getattr(self, name), f"one of {', '.join(accepted)}")
        nudge = check.positive_number("nudge", self.nudge)
        check.freeze(self, nudge=nudge, probability=self.schedule.choice.probability)
        check_relaxation(self.relaxation)

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; draws the side, the phases, then their lengths."""
        check_batch(network, inputs, states, targets)
        beta = self.nudge * (float(rng.choice([-1.0, 1.0])) if self.sides == "random" else 1.0)
        count, batch = (len(inputs) if self.draws == "example" else 1), len(inputs)
        positive = np.broadcast_to(rng.random(count) < self.probability, batch)
        steps = np.broadcast_to(self.schedule.length.draw(count, rng), batch)
        drive, free = free_phase(network, inputs, states, self.relaxation)
        gradient = {name: np.zeros_like(value) for name, value in network.parameters.items()}
        for here, rows, weights in self._moments(network, inputs, targets, drive, free, positive, steps, beta):
            _add(network, gradient, inputs[rows], here, (weights / (beta * batch)).astype(network.dtype))
        return Estimate(gradient, free, free[-1])

    def _moments(
        self, network: EnergyNetwork, inputs: Array, targets: Array, drive: Array, free: States, positive: Array,
        steps: Array, beta: float,
    ) -> list[tuple[States, Array, Array]]:  # fmt: skip
        """States that synapses learn from, of which examples, and with which weights."""
        b, always, tau = self.probability, self.schedule.updates == "always", self.schedule.length.mean
        (up,), (down,) = np.nonzero(positive), np.nonzero(~positive)
        found: list[tuple[States, Array, Array]] = []
        if down.size:
            times = steps[down] / tau if always else np.ones(down.size)
            found.append((tuple(x[down] for x in free), down, -times / (1.0 - b)))
        here, last = tuple(x[up] for x in free), steps[up]
        for t in range(1, int(last.max(initial=0)) + 1):
            here = relax(
                network, inputs[up], here, steps=1, step_size=self.relaxation.step_size, targets=targets[up],
                nudge=beta, drive=drive[up],
            )  # fmt: skip
            told = last >= t if always else last == t
            if told.any():
                weights = np.full(int(told.sum()), 1.0 / (b * tau) if always else 1.0 / b)
                found.append((tuple(x[told] for x in here), up[told], weights))
        return found


def _add(network: EnergyNetwork, gradient: dict[str, Array], inputs: Array, states: States, weights: Array) -> None:
    """Add the weighted sum over examples of dE/dW and dE/db."""
    below = inputs
    for n, x in enumerate(states, start=1):
        out = network.activation.value(x)
        weighted = out * weights[:, None]
        gradient[f"W{n}"] -= below.T @ weighted
        gradient[f"b{n}"] -= weighted.sum(axis=0)
        below = out
