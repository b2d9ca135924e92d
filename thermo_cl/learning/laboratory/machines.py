r"""Small Boltzmann machines as finite models: every state, every kernel of their Gibbs sampling.

A negative step draws the visible units given the hidden ones, then the hidden ones given the visible; coupled visible
units are drawn one after the other, in order, each given all others. A positive step holds the visible units at an
example and draws the hidden ones, so that one step reaches its stationary state. Both are what ``BoltzmannMachine.run``
samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.enumeration import visible_distribution
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.laboratory.chain import FiniteModel, PhaseChain
from thermo_cl.learning.laboratory.lengths import PhaseMoments
from thermo_cl.learning.laboratory.moving import ChainFamily

__all__ = ["boltzmann_family", "boltzmann_model", "boltzmann_moments"]

_LARGEST = 12  # units whose states make a kernel: 4096 of them, 134 MB
_LARGEST_SUM = 20  # units whose states are summed one by one


def boltzmann_model(machine: BoltzmannMachine, examples: ArrayLike) -> FiniteModel:
    """Finite model of a Boltzmann machine and its data.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of up to 12 units; if it is ``averaged``, of up to 12 units in each layer. Its states are then those of the
        visible units, with the statistic's mean given them, since only the hidden units' means enter the estimates.
    examples : array_like, shape (examples, visible)
        Zeros and ones, equally probable; rows that occur twice count twice.

    Returns
    -------
    FiniteModel
        On states numbered by bits, ``v * 2**hidden + h``, or v; unit i is bit i. Parameters are the flattened arrays W,
        b_h, then b_v and the upper triangle of L if there are any.

    Raises
    ------
    InvalidParameterError
        If the machine is too large, or an example is not binary.
    """
    seen = _examples(machine, examples)
    units = max(machine.visible, machine.hidden) if machine.averaged else machine.visible + machine.hidden
    if units > _LARGEST:
        raise InvalidParameterError(
            "units", units, f"at most {_LARGEST}, whose {2**_LARGEST} states make a dense kernel"
        )
    v, h = _patterns(machine.visible), _patterns(machine.hidden)
    upward, downward = _upward(machine, v, h), _downward(machine, v, h)
    coupled = downward.ndim == 3
    held, share = np.unique(seen, axis=0, return_counts=True)
    place = held @ (1 << np.arange(machine.visible))
    statistic = _statistic(machine, v, h, upward)
    if machine.averaged:
        negative = np.einsum("hij,hj->ij", downward, upward) if coupled else downward @ upward
        positive = np.zeros((len(held), len(v), len(v)))
        positive[np.arange(len(held)), place] = 1.0
    else:
        size = len(v) * len(h)
        if coupled:  # from (v, h) to (v', h) to (v', h')
            negative = np.einsum("gi,hij->igjh", upward, downward).reshape(size, size)
        else:
            negative = np.tile((upward.T[:, :, None] * downward[:, None, :]).reshape(size, len(h)), (1, len(v)))
        positive = np.zeros((len(held), len(v), len(h), size))
        positive[np.arange(len(held)), place] = upward.T[place][:, :, None]
        positive = positive.reshape(len(held), size, size)
    return FiniteModel(PhaseChain(positive, statistic, share / share.sum()), PhaseChain(negative, statistic))


def boltzmann_moments(machine: BoltzmannMachine, examples: ArrayLike) -> tuple[PhaseMoments, PhaseMoments]:
    """Moments of the two phases' statistics by enumeration of the states, without any kernel.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of up to 20 units.
    examples : array_like, shape (examples, visible)
        As of ``boltzmann_model``.

    Returns
    -------
    positive, negative : PhaseMoments
        Of the statistic of states drawn from the data and from the model.

    Raises
    ------
    InvalidParameterError
        If the machine is too large, or an example is not binary.
    """
    seen = _examples(machine, examples)
    units = machine.visible + machine.hidden
    if units > _LARGEST_SUM:
        raise InvalidParameterError("units", units, f"at most {_LARGEST_SUM}, of {2**_LARGEST_SUM} states")
    v, h = _patterns(machine.visible), _patterns(machine.hidden)
    upward = _upward(machine, v, h)
    data = np.bincount(seen @ (1 << np.arange(machine.visible)), minlength=len(v)) / len(seen)
    model = visible_distribution(machine)
    return _moments(machine, data, v, h, upward), _moments(machine, model, v, h, upward)


def boltzmann_family(hidden: int, visible: int, *, trained: ArrayLike | None = None) -> ChainFamily:
    """Negative phase of restricted machines as a function of their parameters.

    Parameters
    ----------
    hidden, visible : int
        Units, >= 1, up to 12 together.
    trained : array_like of int, optional
        Which entries of ``concatenate([W.ravel(), b])`` are the family's parameters; the others are zero. All by
        default.

    Returns
    -------
    ChainFamily
        On joint states, as ``boltzmann_model`` has them.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.
    """
    rows, columns = check.integer_at_least("hidden", hidden, 1), check.integer_at_least("visible", visible, 1)
    if rows + columns > _LARGEST:
        raise InvalidParameterError("units", rows + columns, f"at most {_LARGEST}")
    number = rows * columns + rows
    chosen = np.arange(number) if trained is None else np.asarray(trained)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not chosen.size or not np.isin(chosen, range(number)).all():
        raise InvalidParameterError("trained", trained, f"indices in 0 ... {number - 1}")
    v, h = _patterns(columns), _patterns(rows)
    statistic = _products(np.tile(h, (len(v), 1)), np.repeat(v, len(h), axis=0))[:, chosen]

    def kernels(parameters: FloatArray) -> FloatArray:
        whole = np.zeros((len(parameters), number))
        whole[:, chosen] = parameters
        w, b = whole[:, : rows * columns].reshape(-1, rows, columns), whole[:, rows * columns :]
        up = _bernoulli(np.einsum("mij,nj->mni", w, v) + b[:, None, :], h)  # (m, v, h)
        down = _bernoulli(np.einsum("mij,ni->mnj", w, h), v)  # (m, h, v)
        reached = up[:, :, :, None] * np.swapaxes(down, 1, 2)[:, :, None, :]
        size = len(v) * len(h)
        return np.tile(reached.reshape(-1, size, len(h)), (1, 1, len(v)))

    return ChainFamily(kernels, statistic)


def _examples(machine: BoltzmannMachine, examples: ArrayLike) -> IntArray:
    seen = check.finite("examples", examples)
    if seen.ndim != 2 or not len(seen) or seen.shape[1] != machine.visible:
        raise InvalidParameterError("examples.shape", seen.shape, f"(examples, {machine.visible})")
    if not np.isin(seen, (0.0, 1.0)).all():
        raise InvalidParameterError("examples", "not binary", "0 or 1 in every entry")
    return seen.astype(np.int64)


def _patterns(units: int) -> FloatArray:
    """Every state of so many units, shape (2**units, units); unit i is bit i of the row's number."""
    return (np.arange(1 << units)[:, None] >> np.arange(units) & 1).astype(float)


def _bernoulli(inputs: FloatArray, patterns: FloatArray) -> FloatArray:
    """Probability of every pattern of independent units with these inputs, shape (..., patterns)."""
    free = np.logaddexp(0.0, inputs).sum(axis=-1)
    return np.asarray(np.exp(inputs @ patterns.T - free[..., None]))


def _upward(machine: BoltzmannMachine, v: FloatArray, h: FloatArray) -> FloatArray:
    """P(h | v), shape (hidden states, visible states)."""
    return _bernoulli(v @ machine.weights.T.astype(float) + machine.hidden_biases, h).T


def _downward(machine: BoltzmannMachine, v: FloatArray, h: FloatArray) -> FloatArray:
    """P(v | h), shape (visible, hidden states), or a sweep's P(v' | v, h), shape (hidden, visible, visible states)."""
    inputs = h @ machine.weights.astype(float)
    if machine.visible_biases is not None:
        inputs = inputs + machine.visible_biases
    if machine.couplings is None:
        return _bernoulli(inputs, v).T
    swept = np.broadcast_to(np.eye(len(v)), (len(h), len(v), len(v)))
    numbers = np.arange(len(v))
    for unit in range(v.shape[1]):
        on = expit(inputs[:, unit, None] + v @ machine.couplings[unit].astype(float))  # (hidden states, visible states)
        step = np.zeros(swept.shape)
        step[:, numbers | (1 << unit), numbers] = on
        step[:, numbers & ~(1 << unit), numbers] = 1.0 - on
        swept = step @ swept
    return swept


def _statistic(machine: BoltzmannMachine, v: FloatArray, h: FloatArray, upward: FloatArray) -> FloatArray:
    """Statistic of every state, a row each."""
    if machine.averaged:
        return np.hstack([_products(upward.T @ h, v), _of_visibles(machine, v)])
    own = np.repeat(_of_visibles(machine, v), len(h), axis=0)
    return np.hstack([_products(np.tile(h, (len(v), 1)), np.repeat(v, len(h), axis=0)), own])


def _products(h: FloatArray, v: FloatArray) -> FloatArray:
    """Rows of -(h v^T, h)."""
    return -np.concatenate([(h[:, :, None] * v[:, None, :]).reshape(len(h), -1), h], axis=1)


def _of_visibles(machine: BoltzmannMachine, v: FloatArray) -> FloatArray:
    """Rows of -(v, v_i v_j for i < j), each if the machine has it."""
    columns = [np.empty((len(v), 0))]
    if machine.visible_biases is not None:
        columns.append(-v)
    if machine.couplings is not None:
        first, second = np.triu_indices(v.shape[1], 1)
        columns.append(-v[:, first] * v[:, second])
    return np.hstack(columns)


def _moments(
    machine: BoltzmannMachine, law: FloatArray, v: FloatArray, h: FloatArray, upward: FloatArray
) -> PhaseMoments:
    """Moments under P(v) P(h | v), one hidden state at a time, or under P(v) of the mean over h."""
    own = _of_visibles(machine, v)
    parts = [(upward.T @ h, law)] if machine.averaged else [
        (np.broadcast_to(pattern, (len(v), h.shape[1])), law * share) for pattern, share in zip(h, upward, strict=True)
    ]  # fmt: skip
    size = h.shape[1] * (v.shape[1] + 1) + own.shape[1]
    mean, second = np.zeros(size), np.zeros((size, size))
    for hidden, weight in parts:
        statistic = np.hstack([_products(hidden, v), own])
        mean += weight @ statistic
        second += (statistic.T * weight) @ statistic
    return PhaseMoments(mean, second)
