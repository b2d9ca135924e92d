"""A molecular synapse: two monomers dimerise, the active dimer makes linkers and regulates itself down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import LinearController
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.reactions import Reaction, ReactionNetwork, Saturated
from thermo_cl.feedback.report import CarrierReport
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth

__all__ = ["UNITS", "DimerSynapse"]

UNITS = {
    "association": "1/(uM s)", "dissociation": "1/s", "activation": "1/(uM s)", "deactivation": "1/s",
    "activator": "uM", "production": "1/s", "degradation": "1/(uM s)", "removal_speed": "uM/s",
    "removal_constant": "uM", "leak": "1/s", "partner": "uM", "mean_signal": "uM^2", "linker_rate": "1/s",
    "threshold": "uM",
}  # fmt: skip


@dataclass(frozen=True)
class DimerSynapse:
    r"""Contrastive synapse of molecules (Falk et al. 2025, "Learning in molecular systems"), in uM and s.

    Monomers A and B, held by reservoirs at concentrations that the environment sets, dimerise by mass action. The dimer
    D binds an activator R, of which there is a fixed amount, and is then active: D*. It makes linkers L, which bind the
    species that A and B stand for, and a degrader X, which turns D* back into monomers:

    A + B <-> D, D + R <-> D*, D* -> D* + X, X + D* -> X + A + B + R, X -> 0 (saturated, and a leak), D* -> D* + L.

    The signal is the product s = [A][B], the Hebbian coincidence of both; the output u = D* - D*_rest, from the rest at
    the mean signal. Where X is removed at zero order, X' = k_x D* - v integrates the error of D*, whose set point v/k_x
    no signal moves: the area of the kernel is 0. With a removal that is linear in part the area is in proportion to
    that part, :math:`\ell = \lambda + v K/(K + X)^2`. With :math:`\alpha` = dissociation + activation R,

    .. math:: H(p) = \frac{k_+ a_+ R\,(p + \ell)}{\det(p - J)}, \qquad
              \mu_1 = -\frac{k_+ a_+ R}{\alpha\, k_d D^*_{rest}\, k_x} \text{ at } \ell = 0.

    Valid for concentrations, that is for many molecules: in a volume of V fL the copy number noise of D* is
    0.021 uM/sqrt(V) with the default constants, ten times the default threshold at 1 fL and a third of it at 1 pL. The
    mean of many cells, or a large one, is what learns. ``dimer_copies`` is the synapse of few molecules.

    Parameters
    ----------
    association, dissociation : float
        k_+ of A + B <-> D in 1/(uM s), and its reverse in 1/s; > 0.
    activation, deactivation : float
        a_+ of D + R <-> D* in 1/(uM s), and its reverse in 1/s; > 0.
    activator : float
        Total concentration of R, free and in D*, in uM; > 0.
    production : float
        k_x, molecules of X made by an active dimer, in 1/s; > 0.
    degradation : float
        k_d of X + D* -> X + A + B + R in 1/(uM s); > 0.
    removal_speed, removal_constant : float
        v in uM/s and K in uM of the enzyme that removes X at rate v X/(K + X). K = 0 is the exact integrator.
    leak : float
        Rate constant at which X is also lost by itself, such as by dilution, in 1/s; >= 0.
    partner : float
        Concentration of B in uM where only A carries the signal, [A] = s/partner; > 0.
    mean_signal : float
        Product [A][B] in uM^2 about which it is linearised; > 0.
    linker_rate : float
        Linkers made per active dimer above rest, in 1/s; > 0. The gain of learning.
    threshold : float
        Deviation of D* in uM below which linkers are neither made nor lost; > 0. It stands for a cooperative promoter.

    Raises
    ------
    InvalidParameterError
        If a constant is not positive, or at the mean signal the dimers are too few for feedback to act: the message
        says from which signal on it does.

    Examples
    --------
    >>> synapse = DimerSynapse(removal_constant=0.0)
    >>> float(synapse.kernel.area), round(synapse.rest["D*"], 12)
    (0.0, 0.3)
    """

    association: float = 1.0
    dissociation: float = 1.0
    activation: float = 1.0
    deactivation: float = 0.1
    activator: float = 1.0
    production: float = 0.2
    degradation: float = 1.0
    removal_speed: float = 0.06
    removal_constant: float = 0.01
    leak: float = 0.0
    partner: float = 1.0
    mean_signal: float = 1.0
    linker_rate: float = 0.01
    threshold: float = 0.002

    def __post_init__(self) -> None:
        checked = {
            f.name: check.single(
                f.name,
                (check.non_negative if f.name in {"removal_constant", "leak"} else check.positive)(
                    f.name, getattr(self, f.name)
                ),
            )
            for f in fields(self)
        }
        check.freeze(self, **checked)
        if self.leak == 0 and self.set_point >= self.activator and self.removal_constant == 0:
            raise InvalidParameterError(
                "removal_speed", self.removal_speed,
                f"below production * activator = {self.production * self.activator:g} uM/s, or D* cannot reach its "
                "set point removal_speed/production",
            )  # fmt: skip
        if self.mean_signal <= self.least_signal:
            raise InvalidParameterError(
                "mean_signal", self.mean_signal,
                f"above {self.least_signal:g} uM^2, where dimers begin to suffice for the set point of D*",
            )  # fmt: skip

    # ------------------------------------------------------------------ network

    @property
    def set_point(self) -> float:
        """Concentration v/k_x of D* in uM, at which production balances the fastest removal by the enzyme."""
        return self.removal_speed / self.production

    @property
    def least_signal(self) -> float:
        """Signal in uM^2 below which there is no degrader, and so no feedback; 0 unless the removal is zero order."""
        if self.removal_constant > 0:
            return 0.0
        dimers = self.deactivation * self.set_point / (self.activation * (self.activator - self.set_point))
        return self.dissociation * dimers / self.association

    def network(self, *, linkers: bool = False) -> ReactionNetwork:
        """Its reactions, of species A and B (held), D, R, D*, X, and on demand L (made by D*, not removed)."""
        reactions = [
            Reaction({"A": 1, "B": 1}, {"D": 1}, self.association, self.dissociation),
            Reaction({"D": 1, "R": 1}, {"D*": 1}, self.activation, self.deactivation),
            Reaction({"D*": 1}, {"D*": 1, "X": 1}, self.production),
            Reaction({"X": 1, "D*": 1}, {"X": 1, "A": 1, "B": 1, "R": 1}, self.degradation),
            Reaction({"X": 1}, {}, Saturated(self.removal_speed, self.removal_constant)),
        ]
        if self.leak > 0:
            reactions.append(Reaction({"X": 1}, {}, self.leak))
        if linkers:
            reactions.append(Reaction({"D*": 1}, {"D*": 1, "L": 1}, self.linker_rate))
        names = ["A", "B", "D", "R", "D*", "X", *(["L"] if linkers else [])]
        return ReactionNetwork(reactions, names, held=["A", "B"])

    # ------------------------------------------------------------------ at rest

    def steady(self, signal: float) -> dict[str, float]:
        """Concentrations by species at a constant signal, in uM, with B at ``partner``.

        Raises
        ------
        InvalidParameterError
            If the signal is negative, or not above ``least_signal`` with a removal of zero order.
        """
        s = check.single("signal", check.non_negative("signal", signal))
        if s <= self.least_signal and self.removal_constant == 0:
            raise InvalidParameterError("signal", s, f"above {self.least_signal:g} uM^2, where feedback begins to act")
        held = {"A": s / self.partner, "B": self.partner}
        if s == 0:
            return {**held, "D": 0.0, "R": self.activator, "D*": 0.0, "X": 0.0}
        from scipy.optimize import brentq

        def surplus(x: float) -> float:
            active, dimers, flux = self._balance(x, s)
            return self.activation * dimers * (self.activator - active) - self.deactivation * active - flux

        # D* grows with X, and so does what feeds on dimers: the surplus only falls
        high = self.removal_constant + self.set_point
        while self._balance(high, s)[0] < self.activator and self._balance(high, s)[1] > 0 and surplus(high) > 0:
            high *= 2.0
        x = float(brentq(surplus, 0.0, high, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=1000))
        active, dimers, _ = self._balance(x, s)
        return {**held, "D": dimers, "R": self.activator - active, "D*": active, "X": x}

    def _balance(self, x: float, signal: float) -> tuple[float, float, float]:
        """D* that keeps X, D that the signal then leaves, and the flux from D* back to monomers."""
        if self.removal_constant == 0:
            per_degrader = self.removal_speed
        else:
            per_degrader = self.removal_speed * x / (self.removal_constant + x)
        active = (per_degrader + self.leak * x) / self.production
        flux = self.degradation * x * active
        return active, (self.association * signal - flux) / self.dissociation, flux

    @cached_property
    def rest(self) -> Mapping[str, float]:
        """Concentrations by species at the mean signal, in uM."""
        return self.steady(self.mean_signal)

    @property
    def total_leak(self) -> float:
        r"""Linear part of the removal of X about rest, :math:`\lambda + vK/(K + X)^2`, in 1/s; the area is as large."""
        if self.removal_constant == 0:
            return self.leak
        return self.leak + self.removal_speed * self.removal_constant / (self.removal_constant + self.rest["X"]) ** 2

    # ------------------------------------------------------------- small signals

    @cached_property
    def controller(self) -> LinearController:
        """Linear equations about rest, from s in uM^2 to u in uM, of the states D, D* and X."""
        rest = self.rest
        matrix = np.array([
            [-(self.dissociation + self.activation * rest["R"]), self.deactivation + self.activation * rest["D"], 0.0],
            [
                self.activation * rest["R"],
                -(self.deactivation + self.activation * rest["D"] + self.degradation * rest["X"]),
                -self.degradation * rest["D*"],
            ],
            [0.0, self.production, -self.total_leak],
        ])  # fmt: skip
        return LinearController(matrix, [self.association, 0.0, 0.0], [0.0, 1.0, 0.0])

    @cached_property
    def kernel(self) -> Kernel:
        """Small-signal kernel from s in uM^2 to u in uM, exact."""
        return self.controller.kernel()

    def equations(self) -> NonlinearController:
        """Full equations from s to u of the states D, D* and X, with their derivatives; B is at ``partner``."""
        network, start = self.network(), self.start()
        kept = [network.index(name) for name in ("D", "D*", "X")]
        first, free, active = network.index("A"), network.index("R"), network.index("D*")

        def whole(x: FloatArray, s: float) -> FloatArray:
            c = start.copy()
            c[kept], c[first] = x, s / self.partner
            c[free] = self.activator - c[active]
            return c

        def jacobian(x: FloatArray, s: float) -> FloatArray:
            table = network.jacobian(whole(x, s))[kept]
            matrix = table[:, kept]
            matrix[:, 1] -= table[:, free]
            return matrix

        return NonlinearController(
            lambda x, s: network.drift(whole(x, s))[kept], lambda x, _: float(x[1]) - self.rest["D*"], 3,
            jacobian=jacobian,
            signal_gradient=lambda x, s: network.jacobian(whole(x, s))[kept, first] / self.partner,
            output_gradient=lambda *_: np.array([0.0, 1.0, 0.0]), output_slope=lambda *_: 0.0,
            names=["D", "D*", "X"], typical_state=start[kept], typical_signal=self.mean_signal, lowest=0.0,
        )  # fmt: skip

    @property
    def timescale(self) -> float:
        """Decay time of the kernel's slowest mode, in s."""
        return float(self.controller.timescale)

    @property
    def gain(self) -> float:
        """Linkers made per output and time, in 1/s."""
        return self.linker_rate

    @property
    def parameters(self) -> dict[str, tuple[float, str]]:
        """Values and units by name."""
        return {name: (float(getattr(self, name)), unit) for name, unit in UNITS.items()}

    def start(self) -> FloatArray:
        """Concentrations at rest, in the order of ``network()``."""
        return self.network().concentrations(dict(self.rest))

    def report(self, protocol: Sawtooth, *, amplitudes: ArrayLike | None = None) -> CarrierReport:
        """Constants, kernel, window and energy; see ``dimer_report``."""
        from thermo_cl.feedback.molecular.report import dimer_report  # which knows both synapses

        return dimer_report(self, protocol, amplitudes=amplitudes)
