"""What training asks of the two kinds of networks: outputs, costs, and states that are kept for every example."""

from __future__ import annotations

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, output_cost, relax
from thermo_cl.learning.feedforward import FeedForwardNetwork
from thermo_cl.learning.rules import Rule

__all__ = ["Network", "check_network", "costs", "first_states", "free_states", "settles"]

Network = EnergyNetwork | FeedForwardNetwork
"""What can be trained."""


def check_network(network: object) -> None:
    """Refuse what is neither."""
    if not isinstance(network, Network):
        raise InvalidParameterError("network", network, "an EnergyNetwork or a FeedForwardNetwork")


def settles(network: Network) -> bool:
    """Whether outputs depend on where the network comes from."""
    return isinstance(network, EnergyNetwork)


def first_states(network: Network, rule: Rule, examples: int) -> States:
    """What is kept for each example before the first epoch: the network's rest, or what the rule carries over."""
    own = getattr(rule, "initial_states", None)
    if own is not None:
        kept: States = own(network, examples)
        return kept
    return network.initial_states(examples) if isinstance(network, EnergyNetwork) else ()


def free_states(network: Network, inputs: Array, states: States | None, how: Relaxation) -> States:
    """States after a free phase, of which the last are the outputs; from rest without states."""
    if isinstance(network, FeedForwardNetwork):
        return (network.outputs(inputs),)
    start = network.initial_states(len(inputs)) if states is None else states
    drive = inputs @ network.weights[0] + network.biases[0]
    return relax(network, inputs, start, steps=how.free_steps, step_size=how.step_size, drive=drive)


def costs(network: Network, outputs: Array, targets: Array) -> Array:
    """Cost of each example: the loss of a feed-forward network, the squared distance of an energy network."""
    if isinstance(network, FeedForwardNetwork):
        return network.loss.value(outputs, targets)
    return output_cost((outputs,), targets)
