"""Adversarial training: another rule, at inputs that an attack has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import States
from thermo_cl.learning.feedforward import FeedForwardNetwork
from thermo_cl.learning.feedforward.gradient import check_network
from thermo_cl.learning.robustness.attacks import Attack
from thermo_cl.learning.rules.interface import Estimate, Rule

__all__ = ["AdversarialTraining"]


@dataclass(frozen=True)
class AdversarialTraining:
    r"""Gradient of the loss at the inputs that an attack finds worst for the present network.

    With backpropagation the gradient of :math:`\max_\delta \ell(x + \delta)` by the weights, where the attack reaches
    the maximum (Madry et al., ICLR 2018, Sec. 2). The outputs of an estimate are those at the inputs as they are, so
    that the running error of a training run means the same as for other rules; that costs one forward pass.

    Parameters
    ----------
    rule : Rule
        Of feed-forward networks; asked at the changed inputs.
    attack : Attack
        It draws from the same stream as the rule, before the rule does.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above; from ``estimate``, if the network is not feed-forward or a minibatch does not
        fit the network or the attack.
    """

    rule: Rule
    attack: Attack

    def __post_init__(self) -> None:
        for name, kind, valid in (
            ("rule", Rule, "a rule, as ForwardBackpropagation()"),
            ("attack", Attack, "an attack, as FGSM(0.1)"),
        ):
            value = getattr(self, name)
            if isinstance(value, type) or not isinstance(value, kind):
                raise InvalidParameterError(name, value, valid)

    def estimate(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; states are those of the inner rule."""
        changed = self.attack.perturb(network, inputs, targets, rng)
        found = self.rule.estimate(network, changed, targets, states, rng)
        return found if self.attack.size == 0 else replace(found, outputs=network.outputs(inputs))

    def diagnosis(self, network: FeedForwardNetwork, inputs: Array) -> str:
        """What the inner rule says of an estimate that is not finite; empty if it has nothing to say."""
        own = getattr(self.rule, "diagnosis", None)
        return "" if own is None else str(own(network, inputs))

    def initial_states(self, network: FeedForwardNetwork, examples: int) -> States:
        """What the inner rule carries over for each example; nothing if it does not say."""
        check_network(network)
        own = getattr(self.rule, "initial_states", None)
        kept: States = () if own is None else own(network, examples)
        return kept
