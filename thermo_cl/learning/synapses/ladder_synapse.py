"""A synapse of a network whose memory is a ladder: kernel, noise, and what it dissipates in a cycle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.learning.synapses.output_noise import OutputNoise
from thermo_cl.markov import Ladder, relaxation_times, stationary_noise
from thermo_cl.synapse import Sawtooth
from thermo_cl.synapse.checks import require_single

__all__ = ["LadderSynapse"]


@dataclass(frozen=True, eq=False)
class LadderSynapse:
    r"""A synapse that reads its network through the kernel of a ladder.

    The model is linear: one unit of the network's current (:math:`\rho_i \rho_j = 1`) is one step of the ladder's
    signal, from ``baseline`` to ``signal``, and other currents give that response in proportion. The output is
    :math:`u = -(P - P_{ref})/|\mu_1|`, P the top rail's occupancy and :math:`\mu_1` the first moment of its step
    response K = dP/dt (Falk et al. 2025, App. F): units of current per ladder time. Times are in units of the ladder's
    horizontal rate, the protocol's included.

    Parameters
    ----------
    ladder : Ladder
        A single one.
    protocol : Sawtooth
        A single one; only its ramp times matter here.
    signal, baseline : float
        Signal after and before the step, >= 0, in micromolar; ``signal`` is the larger.

    Raises
    ------
    InvalidParameterError
        If ladder or protocol is a batch, or a signal out of its domain.
    NormalizationError
        If the first moment vanishes, as it does at the critical drive.

    Notes
    -----
    Beyond the critical drive, :math:`\gamma > \gamma_c \approx e^{-\epsilon/2}`, the raw first moment is negative. The
    normalised kernel then has first moment +1 and u = -ds/dt: the synapse subtracts contrasts, and a network that
    descends its updates climbs the cost. ``contrast`` is -1 there.

    Examples
    --------
    >>> synapse = LadderSynapse(Ladder(gamma=1e-2, n_levels=8, reference_level=2), Sawtooth(fast=30.0, slow=270.0))
    >>> synapse.area, synapse.entropy_production_rate, synapse.entropy_per_cycle
    (0.0013800..., 4.48137..., 1344.41...)
    """

    ladder: Ladder
    protocol: Sawtooth
    signal: float = 200.0
    baseline: float = 0.0

    def __post_init__(self) -> None:
        require_single(self.ladder, self.protocol)
        high = check.single("signal", check.non_negative("signal", self.signal))
        low = check.single("baseline", check.non_negative("baseline", self.baseline))
        if high <= low:
            raise InvalidParameterError("signal", high, f"above the baseline of {low:g} micromolar")
        _ = self.kernel  # a kernel that cannot be normalised is refused here

    @cached_property
    def raw_kernel(self) -> Kernel:
        """Rate of change of the top rail's occupancy after the step, un-normalised, with three exact moments."""
        return self.ladder.step_kernel(self.signal, self.baseline, moments=3)

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel in units of output per current and ladder time; first moment -1 where the raw one is positive."""
        return self.raw_kernel.normalized()

    @property
    def scale(self) -> float:
        """Absolute first moment of the raw kernel, in ladder time: occupancy over output."""
        return abs(float(self.raw_kernel.first_moment))

    @property
    def contrast(self) -> int:
        """1 if the output is the rate of change of the current, -1 if it is minus that (too weak a drive)."""
        return 1 if self.raw_kernel.first_moment > 0 else -1

    @property
    def area(self) -> float:
        """Area I of the normalised kernel: steady output per steady current, in 1/ladder time."""
        return float(self.kernel.area)

    @property
    def occupancy(self) -> float:
        """Steady top-rail occupancy at the baseline."""
        return float(self.ladder.top_rail @ self.ladder.steady_state(self.baseline))

    @property
    def entropy_production_rate(self) -> float:
        """Steady entropy production rate of one ladder at the baseline, in k_B per ladder time.

        A synapse of N copies produces N times as much.
        """
        return float(self.ladder.entropy_production_rate(self.baseline))

    @property
    def entropy_per_cycle(self) -> float:
        """Entropy that one ladder produces in a training cycle, in k_B: rate times period.

        The steady rate at the baseline; in the linear model the signal is a small perturbation.
        """
        return self.entropy_production_rate * float(self.protocol.period)

    @property
    def memory_time(self) -> float:
        r"""Mean delay of the step response on its way to I, :math:`\mu_2/(2\mu_1)`, in ladder time.

        The mean of t weighted with :math:`\int_0^t K - I`, whose integral is :math:`-\mu_1`.
        """
        return float(self.kernel.moment(2) / (2.0 * self.kernel.first_moment))

    @property
    def slowest_decay(self) -> float:
        """Longest relaxation time of the ladder after the step, in ladder time."""
        return float(relaxation_times(self.ladder.network(self.signal)).times[0])

    @property
    def ramp_over_memory(self) -> float:
        """Fast ramp over memory time; the output follows the slope of the current only where this is large."""
        return float(self.protocol.fast) / self.memory_time

    def offset(self, mean_current: float) -> float:
        r"""Apparent contrast :math:`I \bar s \tau_f` of a steady current over the fast ramp (Falk et al. 2025, Eq. 10).

        Parameters
        ----------
        mean_current : float
            :math:`\bar s`, in units of the network's current.
        """
        current = check.single("mean_current", check.finite("mean_current", mean_current))
        return self.area * current * float(self.protocol.fast)

    def noise(self, copies: int) -> OutputNoise:
        """Gaussian noise of the mean output of so many independent ladders, steady at the baseline.

        Exact in variance and autocorrelation; Gaussian for many copies (van Kampen, Stochastic Processes in Physics
        and Chemistry, chap. X). The signal's own effect on the noise is left out, as in every linear model.
        """
        steady = stationary_noise(self.ladder.network(np.asarray(self.baseline)), self.ladder.top_rail, copies)
        return OutputNoise.of(steady, scale=self.scale)
