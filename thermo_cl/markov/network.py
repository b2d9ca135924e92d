"""Markov jump networks: states joined by rates, in the column convention W[i, j] = rate j -> i."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, ReducibleNetworkError
from thermo_cl.markov.algebra.elimination import Elimination, communicating_classes, eliminate
from thermo_cl.markov.algebra.group_inverse import GroupInverse, group_inverse
from thermo_cl.markov.edges import Edges, edges_of

__all__ = ["MarkovNetwork"]

_COLUMN_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, init=False)
class MarkovNetwork:
    """A continuous-time Markov jump process on n states. Leading axes are a batch.

    Parameters
    ----------
    rates : array_like, shape (..., n, n)
        Entry (i, j) is the rate of the jump j -> i, in 1/time, n >= 2. The diagonal may be zero (plain rates)
        or minus the sum of its column (a generator).

    Raises
    ------
    InvalidParameterError
        If the array is not square, a rate is negative or not finite, or the diagonal fits neither form; a
        generator whose rows sum to zero is named as transposed.

    Examples
    --------
    >>> MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]).steady_state()
    array([0.4, 0.6])
    """

    rates: FloatArray

    def __init__(self, rates: ArrayLike) -> None:
        try:
            array = np.array(rates, dtype=float)
        except (TypeError, ValueError):
            raise InvalidParameterError("rates", type(rates).__name__, "a numeric array of shape (..., n, n)") from None
        if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] < 2:
            raise InvalidParameterError("rates.shape", array.shape, "square, (..., n, n), with at least 2 states")
        if not np.isfinite(array).all():
            raise InvalidParameterError("rates", float(array[~np.isfinite(array)][0]), "finite")
        n = array.shape[-1]
        own = np.arange(n)
        diagonal = array[..., own, own].copy()
        array[..., own, own] = 0.0
        if (array < 0).any():
            at = np.argwhere(array < 0)[0]
            raise InvalidParameterError(
                f"rates[{', '.join(map(str, at))}]", float(array[tuple(at)]), "not negative off the diagonal"
            )
        leaving = array.sum(axis=-2)
        allowed = _COLUMN_SUM_TOLERANCE * leaving
        if (diagonal != 0).any() and (np.abs(diagonal + leaving) > allowed).any():
            row_sums = array.sum(axis=-1)
            if (np.abs(diagonal + row_sums) <= _COLUMN_SUM_TOLERANCE * row_sums).all():
                raise InvalidParameterError(
                    "rates", "a generator whose rows sum to zero", "transposed: columns sum to zero, W[i, j] is j -> i"
                )
            at = np.argwhere(np.abs(diagonal + leaving) > allowed)[0]
            raise InvalidParameterError(
                f"rates diagonal at {tuple(at.tolist())}",
                float(diagonal[tuple(at)]),
                f"0, or minus the sum of its column ({-float(leaving[tuple(at)]):.6g})",
            )
        array[..., own, own] = -leaving
        array.setflags(write=False)
        check.freeze(self, rates=array)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.rates.shape[-1])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single network."""
        return tuple(self.rates.shape[:-2])

    @property
    def generator(self) -> FloatArray:
        """Generator W of dp/dt = W p, shape (..., n, n); columns sum to zero."""
        return self.rates

    @cached_property
    def edges(self) -> Edges:
        """Joined pairs of states with their two rates."""
        return edges_of(self.generator)

    def communicating_classes(self) -> list[list[int]]:
        """Sets of states that reach each other (of a single network)."""
        if self.batch_shape:
            raise InvalidParameterError("network", f"a batch of shape {self.batch_shape}", "a single network")
        return communicating_classes(self.rates)

    @cached_property
    def elimination(self) -> Elimination:
        """Subtraction-free factors of the generator, computed once.

        Raises
        ------
        ReducibleNetworkError
            If the states do not all reach each other; the classes are named.
        """
        # elimination meets an unreachable earlier state only by chance of order, so the classes are asked first
        reachable = (self.rates > 0).reshape(-1, self.n_states, self.n_states)
        uniform = bool((reachable == reachable[:1]).all())
        for pattern in reachable[:1] if uniform else np.unique(reachable, axis=0):
            classes = communicating_classes(pattern)
            if len(classes) > 1:
                raise ReducibleNetworkError(classes)
        return eliminate(self.rates)

    def steady_state(self) -> FloatArray:
        """Steady probabilities, shape (..., n), entrywise accurate; ``ReducibleNetworkError`` if not unique."""
        return self._steady_state

    @cached_property
    def _steady_state(self) -> FloatArray:
        steady = self.elimination.steady_state()
        steady.setflags(write=False)
        return steady

    @cached_property
    def group_inverse(self) -> GroupInverse:
        """Group inverse of the generator, computed once; moments of relaxation are its powers."""
        return group_inverse(self.generator, self.steady_state())

    def check_distribution(self, initial: ArrayLike) -> FloatArray:
        """Float array of shape (..., n) if it is a probability distribution over the states, else an error."""
        p = check.non_negative("initial", initial)
        if p.ndim == 0 or p.shape[-1] != self.n_states or (np.abs(p.sum(axis=-1) - 1.0) > 1e-9).any():
            raise InvalidParameterError("initial", p, f"probabilities of {self.n_states} states that sum to 1")
        return p

    def __repr__(self) -> str:
        batch = f", batch {self.batch_shape}" if self.batch_shape else ""
        return f"MarkovNetwork({self.n_states} states{batch})"
