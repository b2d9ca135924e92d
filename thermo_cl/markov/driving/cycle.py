"""Results of driving: probabilities over a cycle or a finite time, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.driving import thermodynamics
from thermo_cl.markov.driving.collocation import interpolate, tableau
from thermo_cl.markov.driving.system import DrivenNetwork
from thermo_cl.markov.ladder import Ladder

__all__ = ["DrivenCycle", "DrivenPath"]

_WORK_POINTS = 20


@dataclass(frozen=True, eq=False, repr=False)
class DrivenPath:
    """Probabilities and thermodynamics of a network that follows a signal for a finite time.

    Energies and entropies are integrals over the whole time, in k_B T and k_B, by the quadrature that belongs to
    the collocation points. They are computed when first asked for.

    Attributes
    ----------
    system : Ladder, DrivenNetwork or callable
        What was driven.
    duration : float
        Time of the path, or period of the cycle.
    times : ndarray, shape (k + 1,)
        Ends of the intervals of the mesh.
    probabilities : ndarray, shape (k + 1, n)
        Probabilities there, none of them negative.
    stage_times, stage_signals : ndarray, shape (k, s)
        The collocation points of each interval, the last its end, and the signal there.
    start_signal : float
        The signal at time 0.
    stage_probabilities : ndarray, shape (k, s, n)
        Probabilities there. On each interval they are a polynomial of degree s through these and the start.
    stage_generators : ndarray, shape (k, s, n, n)
        Generators there.
    tolerance : float
        As asked for.
    residual : float
        Estimated error of the probabilities between nodes, not above the tolerance; at the nodes it is far smaller.
    method, status : str
        "radau collocation" and "converged": anything else is an error.
    """

    system: Ladder | DrivenNetwork | Callable[[FloatArray], Array]
    duration: float
    times: FloatArray
    probabilities: FloatArray
    stage_times: FloatArray
    stage_signals: FloatArray
    start_signal: float
    stage_probabilities: FloatArray
    stage_generators: FloatArray
    tolerance: float
    residual: float
    method: str
    status: str
    _slopes: FloatArray | None

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.probabilities.shape[-1])

    @property
    def intervals(self) -> int:
        """Number of intervals of the mesh."""
        return self.times.size - 1

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Probabilities at any times within the duration, shape t.shape + (n,); within the tolerance.

        Between the mesh's nodes a state of next to no probability may come out below zero, by less than that.
        """
        times = check.finite("t", t)
        outside = (times < 0) | (times > self.duration)
        if outside.any():
            raise InvalidParameterError("t", float(times[outside].flat[0]), f"between 0 and {self.duration:g}")
        return self._interpolated(times)

    def _interpolated(self, times: FloatArray) -> FloatArray:
        flat = times.ravel()
        k = np.clip(np.searchsorted(self.times, flat, side="right") - 1, 0, self.intervals - 1)
        position = (flat - self.times[k]) / (self.times[k + 1] - self.times[k])
        values = interpolate(self.stage_probabilities[k], self.probabilities[k], np.clip(position, 0.0, 1.0))
        return values.reshape(*times.shape, self.n_states)

    def __repr__(self) -> str:
        return f"DrivenPath({self.n_states} states, duration {self.duration:g}, {self.intervals} intervals)"

    # -------------------------------------------------------------- integrals

    def integral(self, rate: FloatArray) -> float:
        """Integral over the path of a rate given at ``stage_times``, shape (k, s)."""
        if rate.shape != self.stage_times.shape:
            raise InvalidParameterError("rate.shape", rate.shape, f"{self.stage_times.shape}, that of stage_times")
        weights = tableau(rate.shape[1]).weights
        return float(np.diff(self.times) @ (rate @ weights))

    def mean(self, observable: ArrayLike) -> float:
        """Time average of an observable with one value per state, shape (n,)."""
        c = check.finite("observable", observable)
        if c.shape != (self.n_states,):
            raise InvalidParameterError("observable.shape", c.shape, f"({self.n_states},), one value per state")
        return self.integral(self.stage_probabilities @ c) / self.duration

    @cached_property
    def entropy_production(self) -> float:
        """Total entropy production in k_B: the heat over temperature, and the change of the system's own entropy."""
        return self.heat + self.system_entropy_change

    @cached_property
    def _split(self) -> tuple[FloatArray, FloatArray]:
        return thermodynamics.split_rates(self.stage_generators, self.stage_probabilities)

    @cached_property
    def housekeeping(self) -> float:
        """Housekeeping (adiabatic) entropy production in k_B: what the steady states of the rates would cost."""
        return self.integral(self._split[0])

    @cached_property
    def excess(self) -> float:
        """Excess (non-adiabatic) entropy production in k_B: the cost of lagging behind them."""
        rate = thermodynamics.boundary_rate(self.stage_generators, self.stage_probabilities)
        return self.integral(rate) + self.system_entropy_change

    @cached_property
    def heat(self) -> float:
        """Heat given to the bath, which is the entropy flow into it, in k_B T."""
        return self.integral(thermodynamics.heat_rate(self.stage_generators, self.stage_probabilities))

    @cached_property
    def work_drive(self) -> float:
        """Work done by the drive around the ladder, -ln gamma for each jump along it, in k_B T."""
        ladder = self._ladder()
        return self.integral(thermodynamics.drive_rate(ladder, self.stage_probabilities))

    @cached_property
    def energy_change(self) -> float:
        """Change of the mean energy of the ladder, in k_B T; zero over a cycle, to the tolerance."""
        ends = np.array([self.start_signal, self.stage_signals[-1, -1]])
        energies = thermodynamics.state_energies(self._ladder(), ends)
        return float(energies[1] @ self.probabilities[-1] - energies[0] @ self.probabilities[0])

    @cached_property
    def system_entropy_change(self) -> float:
        """Change of the system's own entropy -sum p ln p, in k_B; entropy production is this plus the heat."""
        p = self.probabilities[[0, -1]]
        entropies = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)
        return float(entropies[1] - entropies[0])

    @cached_property
    def work_signal(self) -> float:
        """Work done by the signal in moving the ladder's energies, in k_B T.

        An integral where the signal is piecewise linear; for other signals, whose slope is not known, what the first
        law leaves: heat + energy change - work of the drive.
        """
        ladder = self._ladder()
        if self._slopes is None:
            return self.heat + self.energy_change - self.work_drive
        # more points than stages: the energies' slope may bend more within an interval than the probabilities do
        x, weights = np.polynomial.legendre.leggauss(_WORK_POINTS)
        lengths = np.diff(self.times)
        before_end = lengths[:, None] * (0.5 - 0.5 * x)
        signals = self.stage_signals[:, -1:] - self._slopes[:, None] * before_end
        p = self._interpolated(self.times[1:, None] - before_end)
        rate = thermodynamics.signal_work_rate(ladder, signals, p) * self._slopes[:, None]
        return float(0.5 * lengths @ (rate @ weights))

    def _ladder(self) -> Ladder:
        if not isinstance(self.system, Ladder):
            raise InvalidParameterError("system", self.system, "a Ladder, whose energies are known, for its work")
        return self.system


@dataclass(frozen=True, eq=False, repr=False)
class DrivenCycle(DrivenPath):
    """Periodic state of a network under a periodic signal; fields as for ``DrivenPath``, integrals over one cycle."""

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Probabilities at any times, shape t.shape + (n,), periodically continued; within the tolerance."""
        return self._interpolated(np.mod(check.finite("t", t), self.duration))

    @property
    def period(self) -> float:
        """Time of one cycle."""
        return self.duration

    @cached_property
    def entropy_production(self) -> float:
        """Total entropy production in k_B, from terms none of which is negative: small ones keep their digits."""
        return self.integral(thermodynamics.total_rate(self.stage_generators, self.stage_probabilities))

    @cached_property
    def excess(self) -> float:
        """Excess (non-adiabatic) entropy production in k_B, from terms none of which is negative."""
        return self.integral(self._split[1])

    def __repr__(self) -> str:
        return f"DrivenCycle({self.n_states} states, period {self.period:g}, {self.intervals} intervals)"
