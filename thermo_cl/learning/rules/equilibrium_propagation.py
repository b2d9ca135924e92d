"""Equilibrium propagation: the contrast of two relaxed states over the nudge between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, check_batch, check_relaxation, relax
from thermo_cl.learning.rules.interface import Estimate
from thermo_cl.learning.rules.phases import energy_contrast, free_phase

__all__ = ["EquilibriumPropagation"]

_SIDES = ("one", "random", "centred")


@dataclass(frozen=True)
class EquilibriumPropagation:
    r"""Gradient estimate :math:`[\partial E(x^\beta) - \partial E(x^0)]/\beta`.

    Source: Scellier and Bengio, Front. Comput. Neurosci. 11, 24 (2017), Eq. 10. With both phases relaxed to rest
    its error against the gradient of the mean cost is of first order in :math:`\beta`. From a free state at rest,
    K clamped steps tend, as :math:`\beta` vanishes, to the gradient through K steps (see ``Backpropagation``).

    Parameters
    ----------
    nudge : float
        Clamping strength :math:`\beta` > 0. Far above rounding: the states' own rounding is divided by it.
    sides : {"one", "random", "centred"}
        Nudge with :math:`+\beta`; with a random sign for each minibatch; or contrast :math:`+\beta` with
        :math:`-\beta` (Laborieux et al., Front. Neurosci. 15, 633674 (2021)), whose error is of second order.
        The mean of ``"random"`` over its sign is ``"centred"``.
    relaxation : Relaxation

    Raises
    ------
    InvalidParameterError
        If an argument is out of range, or from ``estimate`` if a minibatch does not fit the network.
    """

    nudge: float = 0.5
    sides: Literal["one", "random", "centred"] = "random"
    relaxation: Relaxation = field(default_factory=Relaxation)

    def __post_init__(self) -> None:
        check.freeze(self, nudge=check.positive_number("nudge", self.nudge))
        if self.sides not in _SIDES:
            raise InvalidParameterError("sides", self.sides, f"one of {', '.join(_SIDES)}")
        check_relaxation(self.relaxation)

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``."""
        check_batch(network, inputs, states, targets)
        drive, free = free_phase(network, inputs, states, self.relaxation)

        def clamped(nudge: float) -> States:
            return relax(
                network, inputs, free, steps=self.relaxation.clamped_steps, step_size=self.relaxation.step_size,
                targets=targets, nudge=nudge, drive=drive,
            )  # fmt: skip

        beta = self.nudge * (float(rng.choice([-1.0, 1.0])) if self.sides == "random" else 1.0)
        below, span = (clamped(-beta), 2.0 * beta) if self.sides == "centred" else (free, beta)
        gradient = energy_contrast(network, inputs, clamped(beta), below, factor=1.0 / span)
        return Estimate(gradient, free, free[-1])
