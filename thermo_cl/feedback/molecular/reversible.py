"""The molecular synapse with every reaction reversible and its enzyme written out, so that it has a cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import exp

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import LinearController
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.feedback.molecular.driven import periodic_course
from thermo_cl.feedback.reactions import (
    MOLECULES_PER_UM_FL,
    Reaction,
    ReactionNetwork,
    reaction_entropy_production,
    steady_concentrations,
)
from thermo_cl.feedback.report import CarrierReport
from thermo_cl.kernels import Kernel, PeriodicSignal
from thermo_cl.synapse import Sawtooth

__all__ = ["ReversibleDimer", "UpdateCost"]


@dataclass(frozen=True)
class UpdateCost:
    """Free energy dissipated in one cycle of the protocol, in k_B T.

    Attributes
    ----------
    total : float
        Over the cycle, in the periodic state.
    resting : float
        What as long a time at rest costs.
    """

    total: float
    resting: float

    @property
    def excess(self) -> float:
        """Cost of the change itself: total less resting; may be negative."""
        return self.total - self.resting


@dataclass(frozen=True)
class ReversibleDimer:
    r"""A `DimerSynapse` whose reactions are all elementary, reversible and driven by a fuel.

    The enzyme that removes X is a species, E + X <-> EX <-> E, and every other reaction has a reverse. X is a modified
    form of a protein whose other form is in excess; a reservoir of fuel drives the two cycles that detailed balance
    would stop, each with a free energy ``fuel`` a turn: A + B -> D -> D* -> A + B, and the making of X by D* with its
    removal by E (half of the fuel for each). All else follows from the rate constants of the `DimerSynapse`:

    - ``k_d' = (k_+ a_+ k_d / k_- a_-) e^(-fuel)`` for the return of monomers to D*,
    - k_cat = v/E_total, k_off = k_cat, k_bind = (k_off + k_cat)/K, and k_cat' = k_cat e^(-fuel/2) for E,
    - k_x' = k_x (k_bind/k_off) e^(-fuel/2) for D* + X -> D*; a leak of X likewise has l' = l (k_x/k_x') e^(-fuel).

    At large fuel, and an enzyme rare beside X, it behaves as the `DimerSynapse` does. With the default constants the
    first moment changes sign at 10 k_B T: with less fuel D* follows the signal and nothing adapts. Linkers are not in
    it: what is built lasts, and its own cost comes on top.

    Parameters
    ----------
    synapse : DimerSynapse
        With removal_constant > 0.
    fuel : float
        Free energy a turn of each cycle, in k_B T, > 0; hydrolysis of ATP gives about 20.
    enzyme : float
        Total concentration of E, free and bound, in uM, > 0.

    Raises
    ------
    InvalidParameterError
        If an argument is out of range; an enzyme of finite speed cannot be an exact integrator.
    """

    synapse: DimerSynapse
    fuel: float = 20.0
    enzyme: float = 0.05

    def __post_init__(self) -> None:
        if self.synapse.removal_constant == 0:
            raise InvalidParameterError(
                "removal_constant", 0.0, "above 0: an enzyme that follows reversible reactions is never of zero order"
            )
        fuel, enzyme = (check.positive_number(name, getattr(self, name)) for name in ("fuel", "enzyme"))
        check.freeze(self, fuel=fuel, enzyme=enzyme)

    @cached_property
    def network(self) -> ReactionNetwork:
        """Its reactions, all reversible, of species A and B (held), D, R, D*, X, E and EX."""
        s = self.synapse
        turned = s.removal_speed / self.enzyme
        binding = 2.0 * turned / s.removal_constant
        back = exp(-0.5 * self.fuel)
        returned = s.association * s.activation * s.degradation / (s.dissociation * s.deactivation) * exp(-self.fuel)
        unmade = s.production * binding / turned * back
        reactions = [
            Reaction({"A": 1, "B": 1}, {"D": 1}, s.association, s.dissociation),
            Reaction({"D": 1, "R": 1}, {"D*": 1}, s.activation, s.deactivation),
            Reaction({"D*": 1}, {"D*": 1, "X": 1}, s.production, unmade),
            Reaction({"X": 1, "D*": 1}, {"X": 1, "A": 1, "B": 1, "R": 1}, s.degradation, returned),
            Reaction({"E": 1, "X": 1}, {"EX": 1}, binding, turned),
            Reaction({"EX": 1}, {"E": 1}, turned, turned * back),
        ]
        if s.leak > 0:
            reactions.append(Reaction({"X": 1}, {}, s.leak, s.leak * s.production / unmade * exp(-self.fuel)))
        return ReactionNetwork(reactions, ["A", "B", "D", "R", "D*", "X", "E", "EX"], held=["A", "B"])

    @cached_property
    def rest(self) -> FloatArray:
        """Steady concentrations at the mean signal, in the order of ``network``."""
        start = {**self.synapse.rest, "E": self.enzyme}
        return steady_concentrations(self.network, start)

    @cached_property
    def controller(self) -> LinearController:
        """Linear equations about rest, from s in uM^2 to the deviation of D* in uM, of D, D*, X and EX."""
        network = self.network
        kept = [network.index(name) for name in ("D", "D*", "X", "EX")]
        jacobian = network.jacobian(self.rest)
        matrix = jacobian[np.ix_(kept, kept)]
        # R and E are what their totals leave
        for bound, free in (("D*", "R"), ("EX", "E")):
            matrix[:, kept.index(network.index(bound))] -= jacobian[kept, network.index(free)]
        into = jacobian[kept, network.index("A")] / self.synapse.partner
        return LinearController(matrix, into, [0.0, 1.0, 0.0, 0.0])

    @cached_property
    def kernel(self) -> Kernel:
        """Small-signal kernel from s in uM^2 to the deviation of D* in uM, exact."""
        return self.controller.kernel()

    def power(self) -> float:
        """Free energy dissipated at rest, in k_B T per s and fL."""
        return MOLECULES_PER_UM_FL * float(reaction_entropy_production(self.network, self.rest))

    def update_cost(self, protocol: Sawtooth, amplitude: float, volume: float = 1.0) -> UpdateCost:
        """Free energy of one sawtooth cycle in a volume in fL, in the periodic state.

        The integral of the entropy production of all reactions; work of the reservoirs over a period, as the
        concentrations come back.

        Parameters
        ----------
        protocol : Sawtooth
            Ramp times in s, single.
        amplitude : float
            Clamped-minus-free signal in uM^2, >= 0; the signal must stay above 0.
        volume : float
            In fL, > 0.

        Returns
        -------
        UpdateCost
        """
        if protocol.batch_shape:
            raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
        height = check.single("amplitude", check.non_negative("amplitude", amplitude))
        size = check.positive_number("volume", volume)
        deviation = protocol.signal(height)
        lowest = self.synapse.mean_signal + float(deviation.values.min())
        if lowest <= 0:
            raise InvalidParameterError("amplitude", height, f"such that the signal, now at least {lowest:g}, is > 0")
        monomer = PeriodicSignal(deviation.times, (self.synapse.mean_signal + deviation.values) / self.synapse.partner)
        times, weights = _quadrature(deviation.times, float(self.controller.timescale))
        course = periodic_course(self.network, self.rest, {"A": monomer}, times, rtol=1e-9)
        produced = np.asarray(reaction_entropy_production(self.network, course.concentrations))
        total = MOLECULES_PER_UM_FL * size * float(weights @ produced)
        return UpdateCost(total, self.power() * size * float(protocol.period))

    def report(self, protocol: Sawtooth, *, amplitudes: ArrayLike | None = None, volume: float = 1.0) -> CarrierReport:
        """Constants, kernel, window and energy; see ``dimer_report``."""
        from thermo_cl.feedback.molecular.report import dimer_report  # which knows both synapses

        return dimer_report(self, protocol, amplitudes=amplitudes, volume=volume)


def _quadrature(corners: FloatArray, time: float) -> tuple[FloatArray, FloatArray]:
    """Nodes over all segments, and weights: Gauss-Lobatto panels that grow away from corners, where modes decay."""
    nodes, share = _lobatto()
    times, weights = [np.zeros(1)], [np.zeros(1)]
    for begin, end in pairwise(corners.tolist()):
        edges, width = [begin], min(0.02 * time, end - begin)
        while edges[-1] < end:
            edges.append(min(edges[-1] + width, end))
            width *= 1.5
        if len(edges) > 2 and edges[-1] - edges[-2] < 1e-6 * (end - begin):
            del edges[-2]
        for left, right in pairwise(edges):
            half = 0.5 * (right - left)
            weights[-1][-1] += share[0] * half
            times.append(left + half * (1.0 + nodes[1:]))
            weights.append(half * share[1:])
            times[-1][-1] = right
    return np.concatenate(times), np.concatenate(weights)


def _lobatto() -> tuple[FloatArray, FloatArray]:
    """Six points of [-1, 1], both ends among them, and weights: exact to degree 9."""
    inner = np.sqrt((7.0 + np.array([2.0, -2.0]) * np.sqrt(7.0)) / 21.0)
    weights = (14.0 + np.array([-1.0, 1.0]) * np.sqrt(7.0)) / 30.0
    nodes = np.array([-1.0, -inner[0], -inner[1], inner[1], inner[0], 1.0])
    return nodes, np.array([1 / 15, weights[0], weights[1], weights[1], weights[0], 1 / 15])
