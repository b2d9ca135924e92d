"""Contrastive Hebbian learning: the contrast of a state with outputs held at the targets and the free state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, check_batch, check_relaxation, relax
from thermo_cl.learning.rules.interface import Estimate
from thermo_cl.learning.rules.phases import energy_contrast, free_phase

__all__ = ["ContrastiveHebbian"]


@dataclass(frozen=True)
class ContrastiveHebbian:
    r"""Gradient estimate :math:`g\,[\partial E(\hat x) - \partial E(x^0)]`, outputs of :math:`\hat x` at the targets.

    Sources: Movellan, Proc. 1990 Connectionist Models Summer School, 10 (1991); Xie and Seung, Neural Comput. 15,
    441 (2003). The clamped phase starts at the free state, holds :math:`\hat x_L = y` and relaxes the hidden layers:
    equilibrium propagation of infinite nudge, whose estimate times :math:`\beta` tends to this one with g = 1.
    At rest both descend differences of minima: g = 1 is the exact gradient of
    :math:`J = \min_{x_L = y} E - \min E`, averaged over the minibatch, and not of the cost C. With ``Clip``, and while
    the bounds that are active stay the same, :math:`J = \tfrac12 (x^0_L - y)^T S\, (x^0_L - y)` with
    :math:`S = 1 - W_L^T (1 - M)^{-1} W_L`, M the couplings among hidden neurons. So :math:`2J \to C` where
    feedback to the outputs is weak: hence g = 2 by default, of the gradient of C in size.

    Parameters
    ----------
    relaxation : Relaxation
    gain : float
        Factor g > 0.

    Raises
    ------
    InvalidParameterError
        If an argument is out of range, or from ``estimate`` if a minibatch does not fit the network.
    """

    relaxation: Relaxation = field(default_factory=Relaxation)
    gain: float = 2.0

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        check.freeze(self, gain=check.positive_number("gain", self.gain))

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; nothing is drawn."""
        del rng
        check_batch(network, inputs, states, targets)
        drive, free = free_phase(network, inputs, states, self.relaxation)
        clamped = (*free[:-1], targets)
        for _ in range(self.relaxation.clamped_steps if len(free) > 1 else 0):
            moved = relax(network, inputs, clamped, steps=1, step_size=self.relaxation.step_size, drive=drive)
            clamped = (*moved[:-1], targets)
        return Estimate(energy_contrast(network, inputs, clamped, free, factor=self.gain), free, free[-1])
