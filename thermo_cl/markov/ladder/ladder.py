"""The Markov ladder of Falk et al. (2025, App. F): two rails of levels, driven around by gamma != 1."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.markov.ladder.kernels import small_signal_kernel, step_kernel
from thermo_cl.markov.ladder.levels import (
    LadderEdges,
    checked_signal,
    edge_entropy_production,
    refuse_overflow,
    solve_levels,
)
from thermo_cl.markov.ladder.moments import StepMoments, step_moments
from thermo_cl.markov.ladder.shown import ladder_html
from thermo_cl.markov.network import MarkovNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Ladder"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Ladder:
    r"""Ladder of 2n states: 0..n-1 the top rail by level, n..2n-1 the bottom rail by level.

    Horizontal rates are 1 along the drive (top rail downwards, bottom rail upwards) and
    :math:`\gamma e^{\epsilon/2}` against it; vertical rates are :math:`F \max(1, e^{\mp\Delta E_m})` with
    :math:`\Delta E_m(s) = \epsilon(m_0 - m) + \ln\frac{1 + s/K_i}{1 + s/K_a}` (Falk et al. 2025, Eqs. 50-52).
    gamma = 1 is detailed balance for every signal. Parameters broadcast to a batch of ladders.

    Steady states, currents, entropy production and ``step_moments`` cost time and memory linear in the number of
    levels (a million is fine). ``network``, ``rate_matrix`` and the kernels build dense matrices of (2n)^2 entries.

    Parameters
    ----------
    gamma : array_like, shape batch
        Drive parameter > 0; below 1 the drive runs as in the paper, above 1 it is reversed.
    rate_factor : array_like, shape batch
        F > 0, vertical rates over horizontal ones.
    n_levels : int
        Number of levels, >= 2, the same for the whole batch.
    reference_level : array_like, shape batch
        Level :math:`m_0` at which the rails have equal energy at zero signal.
    energy_step : array_like, shape batch
        :math:`\epsilon`, energy difference gained per level, in k_B T.
    inactive_dissociation, active_dissociation : array_like, shape batch
        Ligand constants :math:`K_i` and :math:`K_a` > 0, in the signal's unit (micromolar).

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its domain, named with its value, or if the rates it implies overflow.

    Examples
    --------
    >>> ladder = Ladder(gamma=1e-3)
    >>> ladder.entropy_production_rate()
    np.float64(6.673504749)
    >>> Ladder(gamma=[0.1, 1.0]).step_kernel(signal=200.0).area  # poorer adaptation with less drive
    array([-0.06785718, -0.48414918])
    """

    gamma: FloatArray
    rate_factor: FloatArray
    n_levels: int
    reference_level: FloatArray
    energy_step: FloatArray
    inactive_dissociation: FloatArray
    active_dissociation: FloatArray

    def __init__(
        self,
        gamma: ArrayLike,
        rate_factor: ArrayLike = 25.0,
        n_levels: int = 5,
        reference_level: ArrayLike = 1.0,
        energy_step: ArrayLike = 2.0,
        inactive_dissociation: ArrayLike = 18.2,
        active_dissociation: ArrayLike = 3000.0,
    ) -> None:
        values = {
            "gamma": check.positive("gamma", gamma),
            "rate_factor": check.positive("rate_factor", rate_factor),
            "reference_level": check.finite("reference_level", reference_level),
            "energy_step": check.finite("energy_step", energy_step),
            "inactive_dissociation": check.positive("inactive_dissociation", inactive_dissociation),
            "active_dissociation": check.positive("active_dissociation", active_dissociation),
        }
        check.broadcast(**values)
        levels = check.integer_at_least("n_levels", n_levels, 2)
        check.freeze(self, n_levels=levels, **{name: value[()] for name, value in values.items()})

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single ladder."""
        return np.broadcast_shapes(*(np.shape(getattr(self, f.name)) for f in fields(self)))

    @property
    def backward_rate(self) -> FloatArray:
        r"""Horizontal rate against the drive, :math:`r = \gamma e^{\epsilon/2}`; the drive adapts only for r < 1."""
        with np.errstate(over="ignore"):  # an infinite rate is refused where it is used
            return np.asarray(self.gamma * np.exp(0.5 * self.energy_step))

    # --------------------------------------------------------------- generator

    def energy_difference(self, signal: ArrayLike = 0.0) -> FloatArray:
        """Energy differences of the rails by level, shape batch + (n,), in k_B T; signal >= 0 in micromolar."""
        energy = self._energy(checked_signal(self, "signal", signal))
        return np.broadcast_to(energy, (*np.broadcast_shapes(self.batch_shape, energy.shape[:-1]), self.n_levels))

    def _energy(self, signal: Array) -> Array:
        offset = np.log1p(signal / self.inactive_dissociation) - np.log1p(signal / self.active_dissociation)
        levels = np.asarray(self.reference_level)[..., None] - np.arange(self.n_levels)
        return np.asarray(np.asarray(self.energy_step)[..., None] * levels + np.asarray(offset)[..., None])

    def _vertical_rates(self, signal: Array) -> tuple[Array, Array]:
        """Rates up and down the rungs, shape batch + (n,), at a real or complex signal."""
        energy = self._energy(signal)
        factor = np.asarray(self.rate_factor)[..., None]
        with np.errstate(over="ignore", invalid="ignore"):
            up, down = (factor * np.where(_rising(e), np.exp(e), 1.0) for e in (-energy, energy))
        if not (np.isfinite(up) & np.isfinite(down)).all() or not np.isfinite(self.backward_rate).all():
            refuse_overflow(self, signal.real)
        return up, down

    def _rates(self, signal: Array) -> Array:
        """Off-diagonal rates for a signal array, real or complex (complex steps carry derivatives)."""
        n = self.n_levels
        up, down = self._vertical_rates(signal)
        batch = np.broadcast_shapes(self.batch_shape, up.shape[:-1])
        rates = np.zeros((*batch, 2 * n, 2 * n), dtype=up.dtype)
        level, below = np.arange(n), np.arange(n - 1)
        rates[..., level, level + n], rates[..., level + n, level] = up, down
        rates[..., below, below + 1] = rates[..., below + n + 1, below + n] = 1.0
        backward = self.backward_rate[..., None]
        rates[..., below + 1, below] = rates[..., below + n, below + n + 1] = backward
        return rates

    def network(self, signal: ArrayLike = 0.0) -> MarkovNetwork:
        """The ladder at a constant signal (shape broadcasts with the batch), as a general network.

        Raises
        ------
        MemoryLimitError
            If the dense rates would not fit; the ladder's own methods do not need them.
        """
        return self._network(checked_signal(self, "signal", signal))

    def _network(self, signal: FloatArray, arrays: int = 4) -> MarkovNetwork:
        """Network at a checked signal, for work that needs so many dense arrays of its size."""
        count = math.prod(np.broadcast_shapes(self.batch_shape, signal.shape))
        require_memory(
            f"the dense matrix of a ladder of {self.n_levels} levels",
            arrays * 8 * count * (2 * self.n_levels) ** 2,
            "Use steady_state, plaquette_currents, entropy_production_rate, step_moments or sparse_rates, "
            "whose cost is linear in the number of levels, or fewer ladders at a time.",
        )
        return MarkovNetwork(self._rates(signal))

    def rate_matrix(self, signal: ArrayLike = 0.0) -> FloatArray:
        """Generator, shape batch + (2n, 2n); column convention, W[i, j] is the rate j -> i in 1/time."""
        return self.network(signal).generator

    def sparse_rates(self, signal: ArrayLike = 0.0) -> scipy.sparse.csc_array:
        """Generator of a single ladder as a scipy.sparse array, for the general sparse solvers; shape (2n, 2n)."""
        level, n = checked_signal(self, "signal", signal), self.n_levels
        if self.batch_shape or level.ndim:
            raise InvalidParameterError("ladder and signal", "a batch", "a single ladder at a single signal")
        require_memory(f"sparse rates of {n} levels", 400 * n, "Use the ladder's own methods, or fewer levels.")
        up, down = self._vertical_rates(level)
        along = np.where(np.arange(2 * n - 1) == n - 1, 0.0, 1.0)  # the rails are not joined end to start
        against = along * self.backward_rate
        bottom = np.arange(2 * n - 1) >= n
        rightward, leftward = np.where(bottom, along, against), np.where(bottom, against, along)
        leaving = np.concatenate([down, up])
        leaving[:-1] += rightward
        leaving[1:] += leftward
        diagonals = [up, leftward, -leaving, rightward, down]
        matrix = scipy.sparse.diags_array(diagonals, offsets=[n, 1, 0, -1, -n], format="csc")
        matrix.eliminate_zeros()
        return matrix

    # ------------------------------------------------------------ steady state

    def steady_state(self, signal: ArrayLike = 0.0) -> FloatArray:
        """Steady probabilities at a constant signal, shape batch + (2n,), entrywise accurate down to 1e-308."""
        return solve_levels(self, checked_signal(self, "signal", signal)).probabilities

    def entropy_production_rate(self, signal: ArrayLike = 0.0) -> FloatArray:
        """Steady entropy production rate, shape batch, in k_B per time (Falk et al. 2025, Eq. 59).

        The sum over plaquettes of current times affinity, to full relative precision for every gamma.
        """
        return solve_levels(self, checked_signal(self, "signal", signal), currents=True).entropy_production_rate[()]

    def edge_entropy_production(self, signal: ArrayLike = 0.0) -> LadderEdges:
        """Steady entropy production rate by edge: ``vertical``, ``top`` and ``bottom``, in k_B per time."""
        return edge_entropy_production(self, signal)

    def plaquette_affinities(self) -> FloatArray:
        r"""Affinity of each plaquette, shape batch + (n - 1,), in k_B: :math:`2\ln\gamma` for any signal and F.

        Plaquette m is traversed top m -> m+1, down, bottom m+1 -> m, up: against the drive, so that driven
        ladders (gamma < 1) have negative affinities and negative currents.
        """
        affinity = np.broadcast_to(2.0 * np.log(self.gamma), self.batch_shape)
        return np.repeat(affinity[..., None], self.n_levels - 1, axis=-1)

    def plaquette_currents(self, signal: ArrayLike = 0.0) -> FloatArray:
        """Probability current around each plaquette in the orientation of ``plaquette_affinities``, in 1/time."""
        return solve_levels(self, checked_signal(self, "signal", signal), currents=True).plaquette_currents

    # ----------------------------------------------------------------- kernels

    @property
    def top_rail(self) -> FloatArray:
        """The memory's observable, shape (2n,): one on the top rail, zero on the bottom."""
        return np.repeat([1.0, 0.0], self.n_levels)

    def step_kernel(self, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0, *, moments: int = 2) -> Kernel:
        """Memory kernel read off a step of the signal: rate of change of the top rail's occupancy.

        Parameters
        ----------
        signal, baseline : array_like, shape batch
            Signal after and before the step at t = 0, >= 0, in micromolar.
        moments : int
            How many moments, area first, are computed directly rather than from the modes.

        Returns
        -------
        Kernel
            Un-normalised, over an infinite window (Falk et al. 2025, Eqs. 53-58). Its area comes from the corner
            identity and keeps its digits however small, its other moments from linear solves.
        """
        return step_kernel(self, signal, baseline, moments)

    def step_moments(self, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0) -> StepMoments:
        """Area and first moment of ``step_kernel`` at a cost linear in the number of levels, without its modes."""
        return step_moments(self, signal, baseline)

    def small_signal_kernel(self, signal: ArrayLike = 0.0, *, moments: int = 2) -> Kernel:
        """Linear-response kernel about a constant signal: top-rail occupancy per unit impulse of signal.

        Parameters
        ----------
        signal : array_like, shape batch
            Operating point, >= 0, in micromolar.
        moments : int
            How many moments, area first, are computed directly rather than from the modes.

        Returns
        -------
        Kernel
            c^T exp(W t) W'(s) p(s), in 1/(micromolar time). Where an energy difference is exactly zero the rates have
            a kink; the derivative is the one towards larger signals.
        """
        return small_signal_kernel(self, signal, moments)

    # ------------------------------------------------------------------- shown

    def plot(self, signal: float = 0.0) -> Figure:
        """States with their occupancies and edges with their currents at a constant signal, as a new figure.

        Raises
        ------
        InvalidParameterError
            For a batch, or a signal below 0 (micromolar).
        OutputError
            If matplotlib is missing.
        """
        figure: Figure = show.plotting().plot_ladder(self, signal)
        return figure

    __repr__ = show.brief_repr

    def _repr_html_(self) -> str:
        return ladder_html(self)


def _rising(energy: Array) -> Array:
    """Whether the exponential, not the constant, is the larger rate; at a tie, for a complex step to the right."""
    return np.asarray((energy.real > 0) | ((energy.real == 0) & (energy.imag > 0)))
