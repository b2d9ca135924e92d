"""The noisy synapse: weight updates of a finite number of driven ladders, simulated jump by jump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.ladder import Ladder
from thermo_cl.markov.trajectories.driven import driven_tables
from thermo_cl.markov.trajectories.streams import Seed, stream_key
from thermo_cl.synapse.checks import checked_amplitudes, reference_occupancy, require_single
from thermo_cl.synapse.sawtooth import Sawtooth

__all__ = ["NoisyUpdate", "noisy_update"]


@dataclass(frozen=True, eq=False)
class NoisyUpdate:
    """Weight updates of independent synapses over many cycles.

    Attributes
    ----------
    samples : ndarray, shape (replicas, cycles) + thresholds
        Update of every cycle, in (output * time).
    copies : int
        Ladders in a synapse.
    method, status : str
        How the jumps were drawn, and whether that is exact.
    """

    samples: FloatArray
    copies: int
    method: str = "thinning"
    status: str = "exact"

    @property
    def mean(self) -> FloatArray:
        """Mean update of a cycle, shape of the thresholds."""
        return np.asarray(self.samples.mean(axis=(0, 1)))[()]

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of the mean, from the independent replicas alone: cycles of one replica are correlated."""
        return np.asarray(self.samples.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(self.samples.shape[0]))[()]

    @property
    def standard_deviation(self) -> FloatArray:
        """Spread of the update from cycle to cycle, shape of the thresholds."""
        flat = self.samples.reshape(-1, *self.samples.shape[2:])
        return np.asarray(flat.std(axis=0, ddof=1))[()]


def noisy_update(
    ladder: Ladder,
    protocol: Sawtooth,
    amplitude: float,
    *,
    threshold: ArrayLike,
    copies: int,
    cycles: int = 10,
    replicas: int = 10,
    scale: float,
    reference: float | None = None,
    initial: ArrayLike | None = None,
    warm_up: int | None = None,
    rng: Seed = None,
) -> NoisyUpdate:
    r"""Weight updates of a synapse made of N ladders, fully driven, exact cycle by cycle.

    The output :math:`u_N(t) = -(P_N(t) - P_{ref})/\mu` of the share :math:`P_N` of ladders on the top rail is constant
    between jumps, so that :math:`\Delta w_N = \int_0^P g(u_N) dt` (Falk et al. 2025, Eqs. 6-7) is a finite sum.
    The ladders are run as one process on the numbers of them in each state: a jump costs the same for any N.

    Parameters
    ----------
    ladder : Ladder
        A single ladder of n levels.
    protocol : Sawtooth
        A single protocol.
    amplitude : float
        Clamped-minus-free difference A >= 0, in micromolar; the signal must not fall below zero.
    threshold : array_like of any shape
        Hard thresholds >= 0, in units of the output.
    copies : int
        Number N of ladders in the synapse, >= 1.
    cycles, replicas : int
        Cycles of each of the independent synapses, >= 1 and >= 2.
    scale : float
        :math:`\mu > 0`; the absolute first moment of the ladder's kernel makes u the normalised output.
    reference : float, optional
        Top-rail occupancy :math:`P_{ref}` of zero output; by default the steady one at the protocol's mean.
    initial : int or array_like, shape (2 n,), optional
        Distribution of each ladder as a cycle begins. With ``periodic_state(ladder, protocol.signal(amplitude))``,
        its ``probabilities[0]``, every cycle is of the periodic state; by default the steady state at the start
        of the rise, which the warm-up brings there.
    warm_up : int, optional
        Cycles run before the first sample; 0 if ``initial`` is given, else 10.
    rng : int, SeedSequence, Generator or None
        Each replica has its own stream, so that the number of threads does not matter.

    Returns
    -------
    NoisyUpdate

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain, or ladder or protocol is a batch.
    MemoryLimitError
        If the samples would not fit into memory.

    Examples
    --------
    >>> from thermo_cl import Ladder, Sawtooth
    >>> ladder, protocol = Ladder(gamma=1e-3), Sawtooth(fast=3.0, slow=15.0, mean=25.0)
    >>> update = noisy_update(ladder, protocol, 50.0, threshold=[0.0, 0.1], copies=100, scale=0.566, rng=1)
    >>> update.samples.shape
    (10, 10, 2)
    """
    require_single(ladder, protocol)
    height = check.single("amplitude", checked_amplitudes("amplitude", amplitude, protocol))
    floor = check.non_negative("threshold", threshold)
    unit, many = check.positive_number("scale", scale), check.integer_at_least("copies", copies, 1)
    runs, periods = check.integer_at_least("replicas", replicas, 2), check.integer_at_least("cycles", cycles, 1)
    before = check.integer_at_least("warm_up", (10 if initial is None else 0) if warm_up is None else warm_up, 0)
    if floor.size == 0:
        raise InvalidParameterError("threshold", threshold, "at least one threshold")
    zero = reference_occupancy(ladder, protocol, reference)
    tables, key = driven_tables(ladder, protocol.signal(height), initial), stream_key(rng)
    require_memory(
        "the samples of the update", 8 * floor.size * (runs * periods + many + 1), "Ask for fewer cycles or thresholds."
    )
    from thermo_cl.markov.trajectories._thinning import thresholded_output  # compiled code is imported where it is used

    output: Array = -(np.arange(many + 1) / many - zero) / unit
    outputs = np.where(np.abs(output) >= floor.reshape(-1, 1), output, 0.0)
    samples = np.zeros((runs, periods, outputs.shape[0]))
    over_batch(
        lambda begin, end: thresholded_output(begin, end, *key, *tables.arrays, many, before, outputs, samples), runs
    )
    return NoisyUpdate(samples.reshape(runs, periods, *floor.shape), many)
