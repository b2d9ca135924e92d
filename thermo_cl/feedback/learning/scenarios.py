"""Three physical networks that learn from shipped parameters: elastic, flow and nanofluidic.

The thresholds follow from the protocols: the slow ramp is silent for signals up to several times the largest of the
first cycle, and the fast ramp passes those down to 10^-4 of that. The amplified nudge keeps the signals at one size.

A physical update need not be the explicit one times a number: springs soften with stress times strain, hence with their
stiffness. At one rate the two rules then move at different speeds, and while a loss still falls exponentially their
ratio says no more than that; twice the elastic rate makes the explicit rule oscillate in three seeds of five.
``analysis/physical_learning.py`` compares each rule's best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.carrier import Carrier
from thermo_cl.feedback.learning.nudges import FixedSignal
from thermo_cl.feedback.learning.rules import PhysicalRule, Rule, TwoState
from thermo_cl.feedback.learning.training import PhysicalRun, train
from thermo_cl.feedback.mechanochemical import Chemical
from thermo_cl.feedback.nanofluidic import CapacitorMemristor
from thermo_cl.feedback.networks import EdgeNetwork, Equilibrium, Task, outputs
from thermo_cl.feedback.networks.generators import disordered_elastic_network, square_resistor_network
from thermo_cl.feedback.viscoelastic import MaxwellUnit
from thermo_cl.synapse import Sawtooth

__all__ = ["SHIPPED", "Scenario", "shipped"]

SHIPPED = ("elastic", "flow", "nanofluidic")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A network, what it shall learn, and the physics and the cycle by which it does.

    Attributes
    ----------
    name : str
    network : EdgeNetwork
    task : Task
    carrier : Carrier
        On every edge.
    protocol : Sawtooth
        Ramp times in s.
    cycles, rate, amplitude, bounds, nudge
        As for ``train``.
    """

    name: str
    network: EdgeNetwork
    task: Task
    carrier: Carrier
    protocol: Sawtooth
    cycles: int
    rate: float
    amplitude: float | FixedSignal
    bounds: tuple[float, float] = (0.1, 10.0)
    nudge: Literal["load", "clamp"] = "load"

    def physical(self) -> PhysicalRule:
        """What one cycle does to the edges through the carrier."""
        return PhysicalRule(self.carrier, self.protocol)

    def two_state(self) -> TwoState:
        """The explicit rule that compares the two ends of the same nudge."""
        return TwoState(float(self.protocol.mean))

    def run(self, rule: Rule | None = None, *, angles: bool = False) -> PhysicalRun:
        """Train by a rule, the physical one by default."""
        return train(
            self.network, self.task, self.physical() if rule is None else rule, cycles=self.cycles, rate=self.rate,
            amplitude=self.amplitude, bounds=self.bounds, nudge=self.nudge, angles=angles,
        )  # fmt: skip


def shipped(name: Literal["elastic", "flow", "nanofluidic"], seed: int = 0) -> Scenario:
    """One of the three shipped scenarios, on the network of a seed.

    - elastic: Maxwell units on disordered springs. A strain of 0.5 mm is imposed on the edge at the left end; the eight
      distant edges that feel it most shall feel half as much more or less.
    - flow: chemicals on a square of pipes. Three pressures are imposed, in two patterns; three inner nodes shall
      differ by 0.1 from where they start.
    - nanofluidic: capacitor and memristor pairs on a square, driven by the power that goes into them. Three voltages
      are imposed, and three inner nodes shall differ by 0.1 V from where they start. Driven by their own voltage alone
      the pores would need an orientation: kept as it is before training, four of five seeds learn, and in seed 4 an
      edge whose voltage changes sign keeps the loss at an eighth.

    Raises
    ------
    InvalidParameterError
        If the name is unknown.
    """
    if name not in SHIPPED:
        raise InvalidParameterError("name", name, ", ".join(SHIPPED))
    generator = np.random.default_rng(check.integer_at_least("seed", seed, 0))
    return {"elastic": _elastic, "flow": _flow, "nanofluidic": _nanofluidic}[name](seed, generator)


def _elastic(seed: int, generator: np.random.Generator) -> Scenario:
    network = disordered_elastic_network(60, 4.6, rng=seed)
    middles = network.positions[network.edges].mean(axis=1)
    source = int(np.argmin(middles[:, 0]))
    i, j = network.edges[source]
    along = network.positions[i] - network.positions[j]
    along = 0.25 * along / np.linalg.norm(along)
    network = network.with_imposed([2 * i, 2 * i + 1, 2 * j, 2 * j + 1])
    values = 2.0 * np.concatenate([along, -along])[None, :]
    strains = Equilibrium(network)
    felt = strains.strains(strains.solve(values))[0]
    far = np.flatnonzero(np.linalg.norm(middles - middles[source], axis=1) > 2.0)
    chosen = far[np.argsort(-np.abs(felt[far]))[:8]]
    wanted = felt[chosen] * (1.0 + 0.5 * generator.choice([-1.0, 1.0], chosen.size))
    task = Task(values, network.compatibility[chosen], wanted[None, :])
    protocol = Sawtooth(fast=5.0, slow=5e4, mean=0.0)
    unit = MaxwellUnit(threshold=_silent_up_to(5e-3, MaxwellUnit(), protocol))
    return Scenario("elastic", network, task, unit, protocol, 300, 40.0, FixedSignal(0.01, 100.0), nudge="clamp")


def _flow(seed: int, generator: np.random.Generator) -> Scenario:
    network, task = _division(seed, generator, [[0.0, 1.0, 0.5], [0.0, 0.4, 1.0]], outlets=3)
    protocol = Sawtooth(fast=10.0, slow=1e5, mean=0.5)
    chemical = Chemical(threshold=_silent_up_to(0.05, Chemical(), protocol))
    return Scenario("flow", network, task, chemical, protocol, 300, 8.0, FixedSignal(0.05, 100.0))


def _nanofluidic(seed: int, generator: np.random.Generator) -> Scenario:
    network, task = _division(seed, generator, [[0.0, 1.0, 0.5]], outlets=3)
    protocol = Sawtooth(fast=5.0, slow=5e4, mean=0.5)
    pore = CapacitorMemristor(drive="power")
    unit = replace(pore, threshold=_silent_up_to(0.05, pore, protocol))
    return Scenario("nanofluidic", network, task, unit, protocol, 300, 2.0, FixedSignal(0.05, 100.0), nudge="clamp")


def _silent_up_to(rise: float, carrier: Carrier, protocol: Sawtooth) -> float:
    """Threshold that the slow ramp reaches when strain^2/2 falls by so much, on an edge of coefficient 1."""
    return abs(carrier.ideal_factor / carrier.gain) * rise / float(protocol.slow)


def _division(
    seed: int, generator: np.random.Generator, values: list[list[float]], outlets: int
) -> tuple[EdgeNetwork, Task]:
    """Square of resistors held at three random nodes, and as many others to be moved up or down by 0.1."""
    network = square_resistor_network(8, 8, disorder=0.2, rng=seed)
    nodes = generator.permutation(network.n_nodes)
    network = network.with_imposed(nodes[:3])
    readout = np.zeros((outlets, network.n_dofs))
    readout[np.arange(outlets), nodes[3 : 3 + outlets]] = 1.0
    task = Task(values, readout, np.zeros((len(values), outlets)))
    start = outputs(network, task)
    wanted = np.clip(start + 0.1 * generator.choice([-1.0, 1.0], outlets), 0.1, 0.9)
    return network, Task(values, readout, wanted)
