"""Markov jump networks: states joined by rates, in the column convention W[i, j] = rate j -> i."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _show as show
from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, ReducibleNetworkError
from thermo_cl.markov import construction, generators
from thermo_cl.markov.algebra import classes
from thermo_cl.markov.algebra.choice import steady_state_sparse
from thermo_cl.markov.algebra.elimination import Elimination, eliminate
from thermo_cl.markov.algebra.group_inverse import GroupInverse, group_inverse
from thermo_cl.markov.edges import Edges, edges_of

__all__ = ["MarkovNetwork"]

_BLIND = 1e-300  # least probability that the dense recursion can go through


@dataclass(frozen=True, eq=False, init=False)
class MarkovNetwork:
    """A continuous-time Markov jump process on n states. Leading axes are a batch.

    Parameters
    ----------
    rates : array_like, shape (..., n, n), or scipy.sparse matrix or array, shape (n, n)
        Entry (i, j) is the rate of the jump j -> i, in 1/time, n >= 2. The diagonal may be zero (plain rates)
        or minus the sum of its column (a generator). Sparse rates stay sparse: entries given twice add up, stored
        zeros are dropped, and nothing is made dense that would not fit.

    Attributes
    ----------
    rates : ndarray, or scipy.sparse.csc_array for a sparse network
        The generator.

    Raises
    ------
    InvalidParameterError
        If the array is not square, a rate is negative or not finite, or the diagonal fits neither form; a
        generator whose rows sum to zero is named as transposed.

    Examples
    --------
    >>> MarkovNetwork([[0.0, 2.0], [3.0, 0.0]]).steady_state()
    array([0.4, 0.6])
    >>> MarkovNetwork.from_edges([(0, 1, 3.0), (1, 0, 2.0)]).steady_state()
    array([0.4, 0.6])
    """

    rates: FloatArray

    def __init__(self, rates: ArrayLike | scipy.sparse.sparray | scipy.sparse.spmatrix) -> None:
        sparse = scipy.sparse.issparse(rates)
        check.freeze(self, rates=generators.sparse_generator(rates) if sparse else generators.generator(rates))

    # ------------------------------------------------------------ construction

    @classmethod
    def from_edges(
        cls, edges: Iterable[Any] | ArrayLike, n_states: int | None = None, *, sparse: bool | None = None
    ) -> MarkovNetwork:
        """Network of jumps (source, target, rate); see ``thermo_cl.markov.construction.rates_of_edges``."""
        return cls(construction.rates_of_edges(edges, n_states, sparse=sparse))

    @classmethod
    def from_networkx(cls, graph: Any, rate: str = "rate", *, sparse: bool | None = None) -> MarkovNetwork:
        """Network of a networkx graph; see ``thermo_cl.markov.construction.rates_of_graph``."""
        return cls(construction.rates_of_graph(graph, rate, sparse=sparse))

    @classmethod
    def from_energies(
        cls, energies: ArrayLike, barriers: ArrayLike, drive: ArrayLike | None = None, prefactor: ArrayLike = 1.0
    ) -> MarkovNetwork:
        """Network with local detailed balance; see ``thermo_cl.markov.construction.rates_of_energies``."""
        return cls(construction.rates_of_energies(energies, barriers, drive, prefactor))

    # -------------------------------------------------------------------- form

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.rates.shape[-1])

    @property
    def is_sparse(self) -> bool:
        """Whether the rates are kept as a sparse array."""
        return bool(scipy.sparse.issparse(self.rates))

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; empty for a single network."""
        return tuple(self.rates.shape[:-2])

    @property
    def generator(self) -> FloatArray:
        """Generator W of dp/dt = W p, shape (..., n, n); columns sum to zero. A ``csc_array`` if ``is_sparse``."""
        return self.rates

    def dense_generator(self, arrays: int = 1) -> FloatArray:
        """Generator as an ndarray; ``MemoryLimitError`` if that many arrays of its size would not fit."""
        if not self.is_sparse:
            return self.rates
        n = self.n_states
        require_memory(
            f"a dense calculation with {n} states", 8 * arrays * n * n, "Use what works on edges or a sparse method"
        )
        dense = np.asarray(self.rates.toarray())  # type: ignore[attr-defined]
        dense.setflags(write=False)
        return dense

    def sparse_generator(self) -> scipy.sparse.csc_array:
        """Generator of a single network as a ``csc_array``."""
        if self.is_sparse:
            return self.rates
        self.require_single()
        return generators.sparse_generator(scipy.sparse.csc_array(self.rates))

    @cached_property
    def edges(self) -> Edges:
        """Joined pairs of states with their two rates."""
        return edges_of(self.rates)

    # ----------------------------------------------------------------- classes

    def require_single(self) -> None:
        """``InvalidParameterError`` for a batch."""
        if self.batch_shape:
            raise InvalidParameterError("network", f"a batch of shape {self.batch_shape}", "a single network")

    def communicating_classes(self) -> list[list[int]]:
        """Sets of states that reach each other (of a single network), in order of their first state."""
        self.require_single()
        return classes.communicating_classes(self.rates)

    def recurrent_classes(self) -> list[list[int]]:
        """Communicating classes that no jump leaves: each carries one steady state. The other states are transient."""
        self.require_single()
        count, label = classes.labels(self.rates)
        closed = classes.closed_labels(self.rates, label)
        return [m.tolist() for m, keep in zip(classes.members_of(label, count), closed, strict=True) if keep]

    def absorbing_states(self) -> list[int]:
        """States that no jump leaves (of a single network)."""
        self.require_single()
        own = self.rates.diagonal()
        return np.flatnonzero(own == 0).tolist()

    @cached_property
    def _irreducible(self) -> bool:
        members = [self.rates]
        if self.batch_shape:
            reachable = (self.rates > 0).reshape(-1, self.n_states, self.n_states)
            uniform = bool((reachable == reachable[:1]).all())
            members = list(reachable[:1] if uniform else np.unique(reachable, axis=0))
        for rates in members:
            count, label = classes.labels(rates)
            if count > 1:
                found = [m.tolist() for m in classes.members_of(label, count)]
                closed = classes.closed_labels(rates, label)
                alone = [m[0] for m, shut in zip(found, closed, strict=True) if shut and len(m) == 1]
                raise ReducibleNetworkError(found, alone)
        return True

    def require_irreducible(self) -> None:
        """``ReducibleNetworkError`` that names the classes if the states do not all reach each other."""
        _ = self._irreducible

    # ----------------------------------------------------------------- algebra

    @cached_property
    def elimination(self) -> Elimination:
        """Subtraction-free factors of the generator, computed once; dense.

        Raises
        ------
        ReducibleNetworkError
            If the states do not all reach each other; the classes are named.
        MemoryLimitError
            If the network is sparse and its dense factors would not fit.
        """
        # elimination meets an unreachable earlier state only by chance of order, so the classes are asked first
        self.require_irreducible()
        return eliminate(self.dense_generator(arrays=3))

    def steady_state(self) -> FloatArray:
        """Steady probabilities, shape (..., n); ``ReducibleNetworkError`` if not all states reach each other.

        Entrywise accurate by elimination; a sparse network that no elimination can hold is iterated. Methods can be
        chosen and compared with ``solve_steady_state``; reducible networks are for ``steady_states``.
        """
        return self._steady_state

    @cached_property
    def _steady_state(self) -> FloatArray:
        if self.is_sparse:
            self.require_irreducible()
            steady = steady_state_sparse(self.sparse_generator()).probabilities
        else:
            steady = self.elimination.steady_state()
            # past a state that underflows the dense recursion is blind; sparse weights carry their own exponents
            for at in np.argwhere((steady < _BLIND).any(axis=-1)):
                member = generators.sparse_generator(scipy.sparse.csc_array(self.rates[tuple(at)]))
                steady[tuple(at)] = steady_state_sparse(member, "gth").probabilities
        steady.setflags(write=False)
        return steady

    @cached_property
    def group_inverse(self) -> GroupInverse:
        """Group inverse of the generator, computed once; moments of relaxation are its powers. Dense."""
        return group_inverse(self.dense_generator(arrays=6), self.steady_state())

    def _repr_html_(self) -> str:
        rows: dict[str, object] = {"states": self.n_states, "stored": "sparse" if self.is_sparse else "dense"}
        if self.batch_shape:
            return show.html_card("Markov networks", {"batch": str(self.batch_shape)} | rows)
        off = self.sparse_generator() if self.is_sparse else self.rates
        rows["jumps"] = int((off > 0).sum())
        rows["closed classes"] = len(self.recurrent_classes())
        return show.html_card("Markov network", rows)

    def __repr__(self) -> str:
        batch = f", batch {self.batch_shape}" if self.batch_shape else ""
        return f"MarkovNetwork({self.n_states} states{batch}{', sparse' if self.is_sparse else ''})"
