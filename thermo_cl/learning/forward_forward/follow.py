"""The phases of a plan by the compiled loop, for any schedule without a memory of its own, by SGD or Adam."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl._types import Array, BoolArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.forward_forward.labels import wrong_labels
from thermo_cl.learning.forward_forward.silence import PATIENCE, tell
from thermo_cl.learning.optimizers import SGD, Adam, Moments, Optimizer
from thermo_cl.learning.phases import Carried, PhaseSchedule, Plan, RandomPhase

if TYPE_CHECKING:
    from thermo_cl.learning.forward_forward.network import ForwardForwardNetwork

__all__ = ["can_follow", "follow_network"]

_STRIDE = np.uint64(0x9E3779B97F4A7C15)  # of ``phases.step_seed``
_FOREVER = 2**62


def can_follow(schedule: PhaseSchedule, optimizer: Optimizer) -> bool:
    """Whether the compiled loop has it: SGD or Adam, without baseline and without adaptation of b."""
    choice = schedule.choice
    plain = not isinstance(choice, RandomPhase) or (choice.baseline is None and choice.adaptation is None)
    return plain and type(optimizer) in {SGD, Adam}


def follow_network(
    network: ForwardForwardNetwork,
    schedule: PhaseSchedule,
    plan: Plan,
    data: Dataset,
    optimizer: Optimizer,
    carried: Carried,
) -> tuple[ForwardForwardNetwork, Carried]:
    """Follow a plan as ``phases.follow`` would, up to rounding; warns as it would, after the last phase.

    Parameters
    ----------
    network : ForwardForwardNetwork
    schedule : PhaseSchedule
    plan : Plan
    data : Dataset
        That the plan was made for.
    optimizer : SGD or Adam
    carried : Carried

    Returns
    -------
    network, carried

    Raises
    ------
    InvalidParameterError
        If ``can_follow`` says no, or the data are of other features or classes than the network.
    """
    from thermo_cl.learning.forward_forward._follow import follow_plan
    from thermo_cl.learning.forward_forward.network import NORM_FLOOR

    if not can_follow(schedule, optimizer):
        raise InvalidParameterError("optimizer, schedule", (optimizer, schedule), "no baseline and no adaptation of b")
    network.check_data(data)
    real, always = network.dtype.type, schedule.updates == "always"
    positive, written = _labels(network, schedule, plan, data)
    updates = len(written) if always else len(plan) // (2 if schedule.paired else 1)
    scale = 1.0 / schedule.length.mean if always else 1.0
    adam = isinstance(optimizer, Adam)
    rates, scales2, decays, felt = _steps(optimizer, carried.moments.count, updates, scale, network.dtype)
    theta = _flat(network.parameters)
    first, second = (_flat(carried.moments.first), _flat(carried.moments.second)) if adam else 2 * [theta[:0]]
    silent = np.stack([state[1] for state in carried.chains])
    taken = np.stack([state[2] for state in carried.chains])
    dead = np.zeros(len(network.weights), np.int64)
    follow_plan(
        theta, first, second, np.array(network.sizes), network.classes, real(network.threshold), real(NORM_FLOOR),
        data.inputs, written, positive, plan.length, plan.example, schedule.paired, always,
        _amounts(schedule, plan.batch), adam, rates, scales2, *decays, felt, silent, taken, PATIENCE, dead,
    )  # fmt: skip
    for layer in np.flatnonzero(dead):
        tell(int(layer) + 1, int(dead[layer]))
    count = carried.moments.count + updates
    moments = Moments(count, _named(network, first), _named(network, second)) if adam else Moments(count)
    own, last = len(carried.chains) == 2, [_last(plan, positive, bool(kind)) for kind in (0, 1)]
    chains = []
    for n, state in enumerate(carried.chains):
        end = last[n] if own else max(last)
        chains.append((state[0] if end < 0 else written[end].copy(), silent[n], taken[n]))
    return network.with_parameters(_named(network, theta)), replace(carried, chains=tuple(chains), moments=moments)


def _labels(
    network: ForwardForwardNetwork, schedule: PhaseSchedule, plan: Plan, data: Dataset
) -> tuple[BoolArray, IntArray]:
    """Which phases are positive, and the labels of every step, shape (steps, batch)."""
    choice = schedule.choice
    positive = plan.uniform < choice.probability if isinstance(choice, RandomPhase) else np.arange(len(plan)) % 2 == 0
    phase = np.repeat(np.arange(len(plan)), plan.length)
    step = np.arange(len(phase)) - np.repeat(np.cumsum(plan.length) - plan.length, plan.length)
    labels = data.labels[plan.example][phase]
    wrong = wrong_labels(labels, network.classes, plan.seed[phase] + step.astype(np.uint64) * _STRIDE)
    return positive, np.where(positive[phase][:, None], labels, wrong)


def _last(plan: Plan, positive: BoolArray, kind: bool) -> int:
    """Number of the last step of the last phase of a kind, -1 if there is none."""
    (of_kind,) = np.nonzero(positive == kind)
    return int(plan.length[: of_kind[-1] + 1].sum()) - 1 if of_kind.size else -1


def _amounts(schedule: PhaseSchedule, batch: int) -> Array:
    """Factors on the slopes of L- and L+: the weight, the sign of the loss in the statistic, and 1/batch."""
    choice = schedule.choice
    b = choice.probability if isinstance(choice, RandomPhase) else None
    return np.array([1.0, 1.0] if b is None else [1.0 / (1.0 - b), 1.0 / b]) / batch


def _steps(
    optimizer: Optimizer, count: int, updates: int, scale: float, dtype: np.dtype[np.floating]
) -> tuple[Array, Array, tuple[np.floating, ...], int]:
    """Rate and factor on the second moment of every update, decays, and how many idle steps can be felt."""
    if isinstance(optimizer, SGD):
        none = dtype.type(0)
        return np.full(updates, optimizer.rate * scale, dtype), np.ones(updates, dtype), 5 * (none,), 0
    assert isinstance(optimizer, Adam)
    number, beta1, beta2 = np.arange(count + 1, count + updates + 1), optimizer.beta1, optimizer.beta2
    rates = optimizer.rate * scale / (1.0 - beta1**number)
    scales2 = 1.0 / (1.0 - beta2**number)
    decays = tuple(dtype.type(value) for value in (beta1, 1.0 - beta1, beta2, 1.0 - beta2, optimizer.epsilon))
    return rates.astype(dtype), scales2.astype(dtype), decays, _felt(optimizer, scale, dtype)


def _felt(optimizer: Adam, scale: float, dtype: np.dtype[np.floating]) -> int:
    r"""Idle steps of Adam after which all that follow together move a parameter by less than 1e-5 roundings of 1.

    By Cauchy and Schwarz :math:`m^2 \le v (1 - \beta_1)^2 / ((1 - \beta_2)(1 - \beta_1^2/\beta_2))`, and idle steps
    shrink :math:`|m|/\sqrt v` by :math:`q = \beta_1/\sqrt{\beta_2}` each; bias corrections are at most
    :math:`1/(1 - \beta_1)`.
    """
    beta1, beta2 = optimizer.beta1, optimizer.beta2
    if beta1 == 0.0:
        return 0
    q = beta1 / math.sqrt(beta2) if beta2 > 0 else math.inf
    if not q < 1.0:
        return _FOREVER
    largest = optimizer.rate * scale / math.sqrt((1.0 - beta2) * (1.0 - q * q)) / (1.0 - q)
    ratio = 1e-5 * float(np.finfo(dtype).eps) / largest
    return 0 if ratio >= 1.0 else math.ceil(math.log(ratio) / math.log(q))


def _flat(arrays: Mapping[str, Array]) -> Array:
    return np.concatenate([array.ravel() for array in arrays.values()])


def _named(network: ForwardForwardNetwork, flat: Array) -> dict[str, Array]:
    """Views of the parts of a vector, by name."""
    named, at = {}, 0
    for name, array in network.parameters.items():
        named[name] = flat[at : at + array.size].reshape(array.shape)
        at += array.size
    return named
