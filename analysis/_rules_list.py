"""Rows of the table of ``rules``: every way to learn, what its synapses must know, and its learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis._energy_ways import NUDGE, STEPS
from analysis._rules_costs import Way
from thermo_cl.kernels import sine_kernel
from thermo_cl.learning import (
    Backpropagation,
    ContrastiveHebbian,
    DualPropagation,
    EquilibriumPropagation,
    PhaseSchedule,
    RandomPhases,
    TemporalContrast,
    always_on,
    isd,
    two_term,
)
from thermo_cl.learning.feedforward import ForwardBackpropagation
from thermo_cl.synapse import Sawtooth

BETA, SWEEPS = 0.5, 10

ACTIVITY, PAST, PHASE, MOMENT, SECOND, BOTH_WAYS, SLOPE, LAYER = KNOWLEDGE = (
    "states of its two neurons",
    "what it saw before",
    "which phase it is",
    "when to update",
    "a second signal of a neuron",
    "its weight used both ways",
    "slope of the activation",
    "a sum over its layer",
)
"""What a synapse, or the neuron that it ends at, may have to know."""


@dataclass(frozen=True)
class Entry:
    """A row: a rule of ``train``, or a schedule of a forward-forward network.

    Attributes
    ----------
    way : Rule or PhaseSchedule
    rates : tuple of float
        Of which the best is taken.
    phases : int
        Kinds of dynamics that an update takes from an example.
    phase_signal : str
        What is told which phase it is; "none" if nothing has to be.
    locality : str
        One of few words.
    knows : frozenset of str
        Of ``KNOWLEDGE``.
    """

    way: Way
    rates: tuple[float, ...]
    phases: int
    phase_signal: str
    locality: str
    knows: frozenset[str]

    @property
    def network(self) -> str:
        """Kind of the network."""
        if isinstance(self.way, PhaseSchedule):
            return "forward-forward"
        forward = isinstance(self.way, ForwardBackpropagation | DualPropagation)
        return "feed-forward" if forward else "energy"

    @property
    def batch(self) -> int:
        """Examples of a minibatch."""
        return 1 if self.network == "forward-forward" else 20


TOLD, DRAWN, EXACT = (0.05, 0.1, 0.2, 0.4), (0.001, 0.003, 0.01, 0.03), (0.0125, 0.025, 0.05, 0.1)
FORWARD, ADAM = (0.05, 0.1, 0.2, 0.4), (0.003, 0.01, 0.03, 0.1)
IN_TIME, PHASED, COMPARTMENTS = "local, with a memory", "local, told the phase", "local, two compartments"
IN_LAYER, NOWHERE = "local in its layer, told the phase", "not local"


def _dual(alpha: float, form: str) -> Entry:
    way = DualPropagation(alpha, BETA, form=form, sweeps=SWEEPS)  # type: ignore[arg-type]
    return Entry(way, FORWARD, 1, "none", COMPARTMENTS, frozenset({ACTIVITY, MOMENT, SECOND, BOTH_WAYS}))


def _random(schedule: PhaseSchedule) -> RandomPhases:
    return RandomPhases(schedule, NUDGE, draws="example")


_CONTRAST = frozenset({ACTIVITY, PAST, PHASE, MOMENT, BOTH_WAYS})
_LAYER = frozenset({ACTIVITY, PHASE, MOMENT, LAYER})
_EXACT = frozenset({ACTIVITY, PHASE, MOMENT, SECOND, BOTH_WAYS, SLOPE})
RULES: Mapping[str, Entry] = MappingProxyType({
    "temporal contrast": Entry(
        TemporalContrast(sine_kernel(0.1), Sawtooth(0.1, 0.9), 5e-6, nudge=NUDGE), TOLD, 2, "none", IN_TIME,
        frozenset({ACTIVITY, PAST, BOTH_WAYS}),
    ),
    "equilibrium propagation": Entry(
        EquilibriumPropagation(NUDGE), TOLD, 2, "free or nudged", PHASED, _CONTRAST
    ),
    "contrastive Hebbian": Entry(ContrastiveHebbian(), TOLD, 2, "free or clamped", PHASED, _CONTRAST),
    "random phases (ISD)": Entry(
        _random(isd(0.5, STEPS)), DRAWN, 1, "free or nudged", PHASED, _CONTRAST - {PAST}
    ),
    "always on": Entry(
        _random(always_on(0.5, STEPS)), DRAWN, 1, "free or nudged", PHASED, _CONTRAST - {PAST, MOMENT}
    ),
    "DP, alpha = 0": _dual(0, "plain"),
    "DP, alpha = 1": _dual(1, "plain"),
    "DP, alpha = 1/2": _dual(0.5, "adjoint"),
    "DPT, alpha = 0": _dual(0, "adjoint"),
    "DPT, alpha = 1": _dual(1, "adjoint"),
    "forward-forward": Entry(two_term(1), ADAM, 2, "right or wrong label", IN_LAYER, _LAYER | {PAST}),
    "forward-forward, ISD": Entry(isd(0.5, 1), ADAM, 1, "right or wrong label", IN_LAYER, _LAYER),
    "backpropagation, relaxation": Entry(
        Backpropagation(), EXACT, 2, "forward or backward", NOWHERE, _EXACT | {PAST}
    ),
    "backpropagation": Entry(ForwardBackpropagation(), FORWARD, 2, "forward or backward", NOWHERE, _EXACT),
})  # fmt: skip
"""By name; at alpha = 1/2 the forms of dual propagation are one."""
