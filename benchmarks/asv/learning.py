"""Networks that learn: seconds of one epoch, one batch of Gibbs steps, one cycle of a physical network."""

from __future__ import annotations

from typing import Any

from thermo_cl.feedback import shipped
from thermo_cl.feedback import train as train_physical
from thermo_cl.learning import (
    Adam,
    Backpropagation,
    BoltzmannMachine,
    DualPropagation,
    EnergyNetwork,
    EquilibriumPropagation,
    FeedForwardNetwork,
    ForwardBackpropagation,
    split,
    train,
)
from thermo_cl.learning.boltzmann import sample

FEED_FORWARD: dict[str, Any] = {"backpropagation": ForwardBackpropagation(), "adjoint": DualPropagation(alpha=1.0)}
RELAXING: dict[str, Any] = {"equilibrium propagation": EquilibriumPropagation(), "backpropagation": Backpropagation()}


class FeedForwardEpochs:
    """784-128-10 on 1000 images."""

    params = tuple(FEED_FORWARD)
    param_names = ("rule",)

    def setup(self, rule: str) -> None:
        """Load the images, draw the network, run once."""
        self.images, self.holdout = split("mnist12k", train=1000, holdout=10)
        self.network = FeedForwardNetwork.random(784, (128, 10), rng=0)
        self.time_epoch(rule)

    def time_epoch(self, rule: str) -> None:
        """All updates of an epoch in minibatches of 50."""
        train(self.network, FEED_FORWARD[rule], self.images, self.holdout, epochs=1, batch=50, optimizer=Adam(1e-3))


class RelaxingEpochs:
    """784-64-10, relaxed to equilibrium for every image."""

    params = tuple(RELAXING)
    param_names = ("rule",)

    def setup(self, rule: str) -> None:
        """Load the images, draw the network, run once."""
        self.images, self.holdout = split("mnist12k", train=100, holdout=10)
        self.network = EnergyNetwork.glorot((784, 64, 10), rng=0)
        self.time_epoch(rule)

    def time_epoch(self, rule: str) -> None:
        """All updates of an epoch in minibatches of 20."""
        train(self.network, RELAXING[rule], self.images, self.holdout, epochs=1, batch=20, learning_rates=0.05)


class GibbsSteps:
    """784-500 machine."""

    params = (1, 100)
    param_names = ("chains",)

    def setup(self, chains: int) -> None:
        """Draw the machine, and compile."""
        self.machine = BoltzmannMachine.random(784, 500, rng=0)
        self.state = self.machine.start(chains, seed=0)
        self.time_hundred_steps(chains)

    def time_hundred_steps(self, *_: object) -> None:
        """A hundred steps of every chain."""
        sample(self.machine, self.state, steps=100, seed=1)


class PhysicalCycles:
    """The shipped networks that learn by physics."""

    params = ("elastic", "flow", "nanofluidic")
    param_names = ("network",)

    def setup(self, network: str) -> None:
        """Make the network, and compile."""
        self.scenario = shipped(network)
        self.time_ten_cycles(network)

    def time_ten_cycles(self, *_: object) -> None:
        """Ten training cycles."""
        one = self.scenario
        train_physical(
            one.network, one.task, one.physical(), cycles=10, rate=one.rate, amplitude=one.amplitude,
            bounds=one.bounds, nudge=one.nudge,
        )  # fmt: skip
