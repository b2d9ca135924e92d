"""Steady states of any network by any method.

How to choose, for n states and m jumps:

=============  =====================  ==================================================  =========================
method         cost                   accuracy                                            for
=============  =====================  ==================================================  =========================
``gth``        dense n^3, batched;    every probability to its last digits, whatever the  the default for dense
               sparse as the fill     range of the rates: nothing is subtracted           networks and for sparse
                                      (Grassmann, Taksar and Heyman 1985)                 ones with small separators
                                                                                          (chains, trees, 2-D)
``banded``     n b^2, 2 n b numbers   as ``gth``                                          chains, rings, ladders,
                                                                                          strips of bandwidth b
``iterative``  about 10 m a cycle,    inflow and outflow of every state agree to 1e-12    random graphs and 3-D
               20 to 150 cycles       or better, relative; the error is that times the    lattices, which fill up
                                      number of steps to mix
``lu``         as sparse ``gth``      relative to the largest probability                 comparison
``solve``      dense n^3, batched     relative to the largest probability                 comparison
``eigen``      dense 25 n^3, batched  relative to the largest probability                 comparison
=============  =====================  ==================================================  =========================

``auto`` is ``gth`` for a dense network. For a sparse one it is ``banded`` up to a bandwidth of 32 (in the order
given or that of reverse Cuthill-McKee), else ``gth`` if elimination in nested-dissection order takes at most 4e7
factors and 1.5e10 multiplications and fits into memory (all known before anything is allocated), else
``iterative``. Unless there is something to compare, leave it at that: asked for by name, ``gth`` and ``lu`` refuse
what would not fit, but not what would take hours, as a random graph of 1e5 states does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.markov.algebra import classes
from thermo_cl.markov.algebra.choice import steady_state_sparse
from thermo_cl.markov.network import MarkovNetwork

__all__ = ["STEADY_STATE_METHODS", "SteadyState", "solve_steady_state", "steady_states"]

STEADY_STATE_METHODS = ("gth", "solve", "eigen", "banded", "lu", "iterative")
"""Methods of ``solve_steady_state``, besides "auto"."""

_DENSE = ("gth", "solve", "eigen")
_RESIDUAL_FLOOR = 1e-280  # flux, over the largest, below which underflow has taken digits
_ACCEPTED = 1e-6  # residual above which a method that subtracts has lost the likely states too


@dataclass(frozen=True, eq=False)
class SteadyState:
    """A steady state and how it was found.

    Attributes
    ----------
    probabilities : ndarray, shape (..., n)
        Over all states of the network; zero outside ``members``.
    method : str
        One of ``STEADY_STATE_METHODS``, as used.
    residual : ndarray, shape batch
        Largest difference of inflow and outflow of a state over its outflow.
    status : str
        What the result can be trusted for.
    members : ndarray of int, shape (k,)
        States of the recurrent class that carries it.
    """

    probabilities: FloatArray
    method: str
    residual: FloatArray
    status: str
    members: IntArray


def solve_steady_state(network: MarkovNetwork, method: str = "auto") -> SteadyState:
    """Steady state of a network whose states all reach each other.

    Parameters
    ----------
    network : MarkovNetwork
        n states, dense or sparse; "gth" (dense networks), "solve" and "eigen" take batches.
    method : str
        "auto" or one of ``STEADY_STATE_METHODS``; the module says how to choose.

    Returns
    -------
    SteadyState

    Raises
    ------
    ReducibleNetworkError
        If there are several communicating classes; use ``steady_states``.
    InvalidParameterError
        For an unknown method, or a batch given to a sparse method.
    MemoryLimitError
        If the method's arrays would not fit; known before they are allocated.
    ConvergenceError
        If an iteration stalls, rates leave the range of double precision, or a method that subtracts has lost the
        sign or the digits of a probability.

    Examples
    --------
    >>> network = MarkovNetwork.from_edges([(0, 1, 3.0), (1, 0, 2.0)])
    >>> solve_steady_state(network, method="banded").probabilities
    array([0.4, 0.6])
    """
    if method not in ("auto", *STEADY_STATE_METHODS):
        raise InvalidParameterError("method", method, f"'auto' or one of {', '.join(STEADY_STATE_METHODS)}")
    if network.batch_shape and method not in ("auto", *_DENSE):
        raise InvalidParameterError(
            "network", f"a batch of shape {network.batch_shape}", f"a single network for method={method!r}"
        )
    network.require_irreducible()
    if method in {"solve", "eigen"}:
        p = (_solve if method == "solve" else _eigen)(network.dense_generator(arrays=4))
        used, status = method, "accurate beside the largest probability"
    elif not network.is_sparse and method in {"auto", "gth"}:
        p, used, status = network.steady_state(), "gth", "entrywise accurate: nothing is subtracted"
    else:
        found = steady_state_sparse(network.sparse_generator(), method)
        p, used, status = found.probabilities, found.method, found.status
    lossy = used in {"solve", "eigen", "lu"}
    if lossy and not (p > 0).all():
        raise ConvergenceError(
            f"method={used!r} has lost the sign of {int((~(p > 0)).sum())} probabilities to rounding. "
            "Use method='gth', which does not subtract"
        )
    residual = _residual(network.generator, p)
    if lossy and not (residual <= _ACCEPTED).all():
        raise ConvergenceError(
            f"method={used!r} leaves an imbalance of {float(np.max(residual)):.1e} between inflow and outflow of some "
            "state. Use method='gth', which does not subtract"
        )
    p.setflags(write=False)
    return SteadyState(p, used, residual[()], status, np.arange(network.n_states))


def steady_states(network: MarkovNetwork, method: str = "auto") -> list[SteadyState]:
    """One steady state for each recurrent class, in order of its first state.

    Every steady state of the network is a mixture of these; transient states have probability zero in all.

    Parameters
    ----------
    network : MarkovNetwork
        A single network, reducible or not; absorbing states are classes of one.
    method : str
        As for ``solve_steady_state``.

    Returns
    -------
    list of SteadyState
        Errors as for ``solve_steady_state``, except that reducible networks are welcome.

    Examples
    --------
    >>> ends = steady_states(MarkovNetwork.from_edges([(1, 0, 1.0), (1, 2, 3.0)]))
    >>> [state.members.tolist() for state in ends]
    [[0], [2]]
    """
    network.require_single()
    count, label = classes.labels(network.rates)
    if count == 1:
        return [solve_steady_state(network, method)]
    found = []
    for members, closed in zip(
        classes.members_of(label, count), classes.closed_labels(network.rates, label), strict=True
    ):
        if not closed:
            continue
        p = np.zeros(network.n_states)
        if members.size == 1:
            p[members] = 1.0
            part = SteadyState(p, "gth", np.zeros(()), "exact: an absorbing state", members)
        else:
            inner = solve_steady_state(MarkovNetwork(_part(network.rates, members)), method)
            p[members] = inner.probabilities
            part = SteadyState(p, inner.method, inner.residual, inner.status, members)
        p.setflags(write=False)
        found.append(part)
    return found


def _part(rates: FloatArray, members: IntArray) -> FloatArray | scipy.sparse.csc_array:
    """Rates among some states."""
    if scipy.sparse.issparse(rates):
        return rates[:, members][members]
    return rates[np.ix_(members, members)]


def _solve(generator: FloatArray) -> FloatArray:
    """Null vector with sum one: the equation of the last state is replaced by the sum, at the scale of the rates."""
    matrix = generator.copy()
    scale = np.abs(generator).max(axis=(-1, -2))
    matrix[..., -1, :] = scale[..., None]
    right = np.zeros(generator.shape[:-1])
    right[..., -1] = scale
    try:
        p = np.linalg.solve(matrix, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "method='solve' meets a singular matrix: the rates differ too much. Use method='gth'"
        ) from None
    return np.asarray(p / p.sum(axis=-1, keepdims=True))


def _eigen(generator: FloatArray) -> FloatArray:
    """Eigenvector of the eigenvalue nearest to zero, with sum one."""
    values, vectors = np.linalg.eig(generator)
    nearest = np.argmin(np.abs(values), axis=-1)
    p = np.take_along_axis(vectors, nearest[..., None, None], axis=-1)[..., 0].real
    return np.asarray(p / p.sum(axis=-1, keepdims=True))


def _residual(generator: FloatArray | scipy.sparse.csc_array, p: FloatArray) -> FloatArray:
    """Largest relative imbalance of a state; fluxes that have underflowed count as balanced."""
    if scipy.sparse.issparse(generator):
        missing, outflow = generator @ p, -generator.diagonal() * p
    else:
        missing = np.einsum("...ij,...j->...i", generator, p)
        outflow = -np.einsum("...ii->...i", generator) * p
    largest = np.abs(outflow).max(axis=-1, keepdims=True)
    return np.asarray((np.abs(missing / largest) / np.maximum(outflow / largest, _RESIDUAL_FLOOR)).max(axis=-1))
