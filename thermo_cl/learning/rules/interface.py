"""What every learning rule is: a function from a minibatch to an estimate of the gradient of its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.energy import Parameters, States

__all__ = ["Estimate", "Rule"]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a rule makes of one minibatch.

    Attributes
    ----------
    gradient : mapping of str to ndarray
        Estimate of the derivative of the mean cost by each parameter, ``W1, b1, ...``; learning descends it.
    states : tuple of ndarray
        Free states, kept for the next time that the same examples come; feed-forward rules may have none.
    outputs : ndarray, shape (batch, n_L)
        Output states of the free phase; their largest entry is the prediction.
    """

    gradient: Parameters
    states: States
    outputs: Array


@runtime_checkable
class Rule(Protocol):
    """A learning rule of one kind of network.

    A rule that carries something over from one epoch to the next also has ``initial_states(network, examples)``; one
    that can say why its estimate is not finite has ``diagnosis(network, inputs)``, a string that may be empty.
    """

    def estimate(
        self, network: Any, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """Estimate the gradient of the mean cost of a minibatch.

        Parameters
        ----------
        network : EnergyNetwork or FeedForwardNetwork
            Whichever the rule is for.
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
