"""Named networks that know their own exact answers: rings, birth-death chains, planted random networks.

The ladder, ``thermo_cl.Ladder``, is the fourth. Answers are closed forms or were fixed before the rates, and come by
another way than the solvers, so that these can be measured against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.construction import both_ways
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["BirthDeath", "Ring", "UniformRing"]


@dataclass(frozen=True, eq=False, init=False)
class Ring:
    """States 0 .. n-1 on a ring; edge k joins k and k + 1, the last one n - 1 and 0.

    Parameters
    ----------
    forward, backward : array_like, shape (n,)
        Rates > 0 of the jumps k -> k + 1 and k + 1 -> k, in 1/time; n >= 3.

    Examples
    --------
    >>> ring = Ring(forward=[2.0, 1.0, 1.0], backward=[1.0, 1.0, 1.0])
    >>> ring.affinity(), ring.steady_state()
    (np.float64(0.6931471), array([0.25      , 0.41666667, 0.33333333]))
    """

    forward: FloatArray
    backward: FloatArray

    def __init__(self, forward: ArrayLike, backward: ArrayLike) -> None:
        rates = {"forward": check.positive("forward", forward), "backward": check.positive("backward", backward)}
        shape = rates["forward"].shape
        if len(shape) != 1 or shape[0] < 3 or rates["backward"].shape != shape:
            shapes = f"{shape} and {rates['backward'].shape}"
            raise InvalidParameterError("shapes of forward and backward", shapes, "both (n,), with n >= 3")
        check.freeze(self, **rates)

    def network(self, *, sparse: bool | None = None) -> MarkovNetwork:
        """The ring as a general network; ``sparse`` as for an edge list."""
        here = np.arange(self.forward.size)
        table = both_ways(here, np.roll(here, -1), self.forward, self.backward)
        return MarkovNetwork.from_edges(table, here.size, sparse=sparse)

    def affinity(self) -> FloatArray:
        """Affinity of the ring in k_B: the sum of log(forward / backward)."""
        return np.asarray(log_ratio(self.forward, self.backward).sum())[()]

    def _log_weights(self) -> FloatArray:
        """Logarithms of the steady weights S, shape (n,).

        Going around once, p_k = J S_k / (1 - exp(-A)) with A the affinity and S_k the sum over m of the
        backward-over-forward ratios of the edges k .. k + m - 1, over the forward rate of k + m: n positive terms
        (Derrida, J. Stat. Phys. 31, 433 (1983)). Sums over windows of doubling length give them in n log n steps.
        """
        n = self.forward.size
        window, step = -np.log(self.forward), -log_ratio(self.forward, self.backward)
        total, passed, done = np.full(n, -np.inf), np.zeros(n), 0
        length = 1
        while done < n:
            if (n >> (length.bit_length() - 1)) & 1:  # windows of the binary digits of n, joined end to end
                total = np.logaddexp(total, passed + np.roll(window, -done))
                passed = passed + np.roll(step, -done)
                done += length
            window = np.logaddexp(window, step + np.roll(window, -length))
            step = step + np.roll(step, -length)
            length *= 2
        return total

    def steady_state(self) -> FloatArray:
        """Steady probabilities, shape (n,): sums of positive products only."""
        return _normalized(self._log_weights())

    def current(self) -> FloatArray:
        """Steady probability current around the ring, in 1/time; it keeps its digits near equilibrium."""
        weights, affinity = self._log_weights(), np.asarray(self.affinity())
        top = weights.max()
        size = np.exp(np.maximum(-affinity, 0.0) - top) / np.exp(weights - top).sum()
        return np.asarray(np.sign(affinity) * -np.expm1(-np.abs(affinity)) * size)[()]

    def entropy_production_rate(self) -> FloatArray:
        """Steady entropy production rate, current times affinity, in k_B per time."""
        return np.asarray(self.current() * self.affinity())[()]


@dataclass(frozen=True, eq=False, init=False)
class UniformRing:
    """Ring of n >= 3 states with the same two rates > 0 on every edge, in 1/time: a biased walk."""

    n_states: int
    forward: float
    backward: float

    def __init__(self, n_states: int, forward: float, backward: float) -> None:
        check.freeze(
            self,
            n_states=check.integer_at_least("n_states", n_states, 3),
            forward=check.positive_number("forward", forward),
            backward=check.positive_number("backward", backward),
        )

    def network(self, *, sparse: bool | None = None) -> MarkovNetwork:
        """The ring as a general network; ``sparse`` as for an edge list."""
        return Ring(*np.tile([[self.forward], [self.backward]], self.n_states)).network(sparse=sparse)

    def affinity(self) -> float:
        """Affinity of the ring, in k_B."""
        return float(self.n_states * log_ratio(np.asarray(self.forward), np.asarray(self.backward)))

    def steady_state(self) -> FloatArray:
        """Equal probabilities, shape (n,)."""
        return np.full(self.n_states, 1.0 / self.n_states)

    def current(self) -> float:
        """Probability current around the ring, in 1/time."""
        return (self.forward - self.backward) / self.n_states

    def entropy_production_rate(self) -> float:
        """Entropy production rate, in k_B per time."""
        return self.current() * self.affinity()

    def scaled_cumulant_generating_function(self, field: ArrayLike) -> FloatArray:
        """Generating function f (e^k - 1) + b (e^-k - 1) of the net steps forward, in 1/time, at counting fields k."""
        k = check.finite("field", field)
        return np.asarray(self.forward * np.expm1(k) + self.backward * np.expm1(-k))[()]

    def cumulant(self, order: int) -> float:
        """Rate of growth of a cumulant of the net steps forward: f + (-1)^order b."""
        odd = check.integer_at_least("order", order, 1) % 2
        return self.forward - self.backward if odd else self.forward + self.backward

    def relaxation_rates(self) -> FloatArray:
        """Eigenvalues of the generator, shape (n,), complex, the zero first: plane waves."""
        phase = 2j * np.pi * np.arange(self.n_states) / self.n_states
        return np.asarray(self.forward * np.expm1(-phase) + self.backward * np.expm1(phase))


@dataclass(frozen=True, eq=False, init=False)
class BirthDeath:
    """Chain of states 0 .. n, joined in order: always in detailed balance.

    Parameters
    ----------
    births, deaths : array_like, shape (n,)
        Rates > 0 of the jumps k -> k + 1 and k + 1 -> k, in 1/time; n >= 1.

    Examples
    --------
    >>> BirthDeath(births=[2.0, 1.0], deaths=[1.0, 2.0]).steady_state()
    array([0.25, 0.5 , 0.25])
    """

    births: FloatArray
    deaths: FloatArray

    def __init__(self, births: ArrayLike, deaths: ArrayLike) -> None:
        rates = {"births": check.positive("births", births), "deaths": check.positive("deaths", deaths)}
        shape = rates["births"].shape
        if len(shape) != 1 or shape[0] < 1 or rates["deaths"].shape != shape:
            shapes = f"{shape} and {rates['deaths'].shape}"
            raise InvalidParameterError("shapes of births and deaths", shapes, "both (n,), with n >= 1")
        check.freeze(self, **rates)

    @classmethod
    def ehrenfest(cls, n: int, on: float = 1.0, off: float = 1.0) -> BirthDeath:
        """Number of n independent units that are on, with rates ``on`` and ``off``: its steady state is binomial."""
        count = check.integer_at_least("n", n, 1)
        up, down = check.positive_number("on", on), check.positive_number("off", off)
        return cls(up * np.arange(count, 0.0, -1.0), down * np.arange(1.0, count + 1.0))

    def network(self, *, sparse: bool | None = None) -> MarkovNetwork:
        """The chain as a general network of n + 1 states; ``sparse`` as for an edge list."""
        here = np.arange(self.births.size)
        table = both_ways(here, here + 1, self.births, self.deaths)
        return MarkovNetwork.from_edges(table, here.size + 1, sparse=sparse)

    def log_steady_state(self) -> FloatArray:
        """Logarithms of the steady probabilities, shape (n + 1,), of any size: the product form."""
        steps = log_ratio(self.births, self.deaths)
        mode = int(np.argmax(np.concatenate([[0.0], np.cumsum(steps)])))
        below, above = -np.cumsum(steps[:mode][::-1])[::-1], np.cumsum(steps[mode:])
        weights = np.concatenate([below, [0.0], above])  # summed from the mode, so that likely states are small sums
        return np.asarray(weights - np.log(np.exp(weights).sum()))

    def steady_state(self) -> FloatArray:
        """Steady probabilities, shape (n + 1,)."""
        return np.exp(self.log_steady_state())

    def first_passage_times(self) -> FloatArray:
        """Mean times of the first passage from each state k to k + 1, shape (n,): h_k = (1 + d_k h_{k-1}) / b_k."""
        times, before = np.empty(self.births.size), 0.0
        for k, birth in enumerate(self.births.tolist()):
            before = (1.0 + (float(self.deaths[k - 1]) * before if k else 0.0)) / birth
            times[k] = before
        return times


def _normalized(log_weights: FloatArray) -> FloatArray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())
