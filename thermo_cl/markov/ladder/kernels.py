"""Memory kernels of a ladder: its response to a step and to a small impulse of the signal, from all its modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel
from thermo_cl.markov.dynamics import displacement, kernel_of_displacement
from thermo_cl.markov.ladder.adaptation import occupancy_slope
from thermo_cl.markov.ladder.levels import checked_signal, ligand_shift
from thermo_cl.markov.ladder.moments import solve_moments
from thermo_cl.markov.network import MarkovNetwork

if TYPE_CHECKING:
    from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["generator_change", "small_signal_kernel", "step_kernel"]

# its square is below rounding of any rate, and products with small probabilities do not underflow
_COMPLEX_STEP = 1e-30
_DENSE_ARRAYS = 16  # matrices alive at once while modes are found, complex ones counted twice


def step_kernel(ladder: Ladder, signal: ArrayLike, baseline: ArrayLike, moments: int) -> Kernel:
    """Rate of change of the top rail's occupancy after a step of the signal; see ``Ladder.step_kernel``."""
    end, start = checked_signal(ladder, "signal", signal), checked_signal(ladder, "baseline", baseline)
    check.broadcast(signal=end, baseline=start)
    before, after = ladder._network(start, _DENSE_ARRAYS), ladder._network(end, _DENSE_ARRAYS)
    displaced, _ = displacement(before, after, generator_change(ladder, before, start, end))
    kernel = kernel_of_displacement(after, displaced, ladder.top_rail, moments)
    area = solve_moments(ladder, end, start).area
    return Kernel(kernel.coefficients, kernel.rates, known_moments=(area, *kernel.known_moments[1:]))


def generator_change(ladder: Ladder, before: MarkovNetwork, start: FloatArray, end: FloatArray) -> FloatArray:
    """Generator at one signal minus that at another, without subtracting rates that are nearly equal."""
    n, level = ladder.n_levels, np.arange(ladder.n_levels)
    shift = ligand_shift(ladder, start, end)[..., None]
    energy = ladder._energy(start)
    batch = np.broadcast_shapes(before.batch_shape, shift.shape[:-1], ladder.batch_shape)
    change = np.zeros((*batch, 2 * n, 2 * n))
    for to, origin, sign in ((level, level + n, -1.0), (level + n, level, 1.0)):
        old, new = sign * energy, sign * (energy + shift)
        rate = before.generator[..., to, origin]
        grown = np.where((old >= 0) & (new >= 0), rate * np.expm1(sign * shift), 0.0)
        factor = np.asarray(ladder.rate_factor)[..., None]
        crossed = factor * (np.expm1(np.maximum(new, 0.0)) - np.expm1(np.maximum(old, 0.0)))
        change[..., to, origin] = np.where((old > 0) == (new > 0), grown, crossed)
    own = np.arange(2 * n)
    change[..., own, own] = -change.sum(axis=-2)
    return change


def small_signal_kernel(ladder: Ladder, signal: ArrayLike, moments: int) -> Kernel:
    """Linear response about a constant signal; see ``Ladder.small_signal_kernel``."""
    about = checked_signal(ladder, "signal", signal)
    network = ladder._network(about, _DENSE_ARRAYS)
    stepped = about + 1j * _COMPLEX_STEP
    slope = ladder._rates(stepped).imag / _COMPLEX_STEP
    own = np.arange(2 * ladder.n_levels)
    slope[..., own, own] = -slope.sum(axis=-2)
    source = np.einsum("...ij,...j->...i", slope, network.steady_state())
    kernel = kernel_of_displacement(network, network.group_inverse.apply(source), ladder.top_rail, moments)
    area = occupancy_slope(ladder._rates(stepped), ladder.backward_rate, np.asarray(kernel.area), _COMPLEX_STEP)
    return Kernel(kernel.coefficients, kernel.rates, known_moments=(area, *kernel.known_moments[1:]))
