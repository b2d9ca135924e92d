"""What every learning rule is: a function from a minibatch to an estimate of the gradient of its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, Parameters, States

__all__ = ["Estimate", "Rule"]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a rule makes of one minibatch.

    Attributes
    ----------
    gradient : mapping of str to ndarray
        Estimate of the derivative of the mean cost by each parameter, ``W1, b1, ...``; learning descends it.
    states : tuple of ndarray
        Free states, kept for the next time that the same examples come.
    outputs : ndarray, shape (batch, n_L)
        Output states of the free phase; their largest entry is the prediction.
    """

    gradient: Parameters
    states: States
    outputs: Array


@runtime_checkable
class Rule(Protocol):
    """A learning rule."""

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """Estimate the gradient of the mean cost of a minibatch.

        Parameters
        ----------
        network : EnergyNetwork
        inputs : ndarray, shape (batch, n_0)
        targets : ndarray, shape (batch, n_L)
        states : tuple of ndarray, shapes (batch, n_l)
            Free states kept from before, where the free phase starts.
        rng : numpy.random.Generator
            For the rules that draw something.

        Raises
        ------
        InvalidParameterError
            If a shape, or a type other than the network's, does not fit; see ``check_batch``.
        """
        ...
