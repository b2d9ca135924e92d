"""One epoch: every example once, a minibatch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import ConvergenceError, DivergenceError
from thermo_cl.learning.energy import States
from thermo_cl.learning.optimizers import Moments
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.descent import descended, norm, optimized
from thermo_cl.learning.training.evaluation import wrong
from thermo_cl.learning.training.networks import Network, costs
from thermo_cl.learning.training.recipe import Purpose, Recipe, generator

__all__ = ["EpochResult", "run_epoch"]

Tell = Callable[[int, float, float], None]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """The network after an epoch, and what was seen on the way.

    Attributes
    ----------
    network : EnergyNetwork or FeedForwardNetwork
    moments : Moments
        Of the optimizer; empty without one.
    states : tuple of ndarray, shapes (n, n_l)
        What is kept for every training example.
    running_error, running_cost : float
        Of the free phases during the epoch, each example at the time of its own minibatch.
    update_norm : dict of str to float
        Root mean square over the minibatches of the norm of each parameter's update.
    update_share : dict of str to float
        Share of the entries with an update that is not zero, mean over the minibatches.
    """

    network: Network
    moments: Moments
    states: States
    running_error: float
    running_cost: float
    update_norm: dict[str, float]
    update_share: dict[str, float]


def run_epoch(
    recipe: Recipe, network: Network, moments: Moments, states: States, epoch: int, tell: Tell
) -> EpochResult:
    """Descend the rule's estimate once over the training examples; the arguments are not changed.

    Parameters
    ----------
    recipe : Recipe
    network : EnergyNetwork or FeedForwardNetwork
    moments : Moments
    states : tuple of ndarray, shapes (n, n_l)
    epoch : int
        From 1; decides the random numbers.
    tell : callable
        Called with minibatches done, running error and running cost after each minibatch.

    Raises
    ------
    DivergenceError
        If an output or an estimate is not finite; says in which minibatch.
    ConvergenceError, DivergenceError
        If the rule raises one, which is then the cause, as what the rule says of an estimate that is not finite.
    """
    noise, data = generator(recipe.rng, Purpose.RULE, epoch), recipe.training
    kept = tuple(layer.copy() for layer in states)
    if recipe.optimizer is not None:  # it may work in place
        network, moments = _copied(network, moments)
    one_hot = np.eye(data.classes, dtype=network.dtype)
    squares, shares = (dict.fromkeys(recipe.learning_rates, 0.0) for _ in range(2))
    failures, cost, seen = 0, 0.0, 0
    for number, rows in enumerate(_minibatches(recipe, epoch), start=1):
        inputs = data.inputs[rows].astype(network.dtype, copy=False)
        targets = one_hot[data.labels[rows]]
        try:
            found = recipe.rule.estimate(network, inputs, targets, tuple(layer[rows] for layer in kept), noise)
        except (ConvergenceError, DivergenceError) as error:
            raise type(error)(f"epoch {epoch}, minibatch {number}: {error}") from error
        failures += wrong(found.outputs, data.labels[rows])
        cost += float(costs(network, found.outputs, targets).sum())
        seen += len(inputs)
        if not math.isfinite(cost):
            raise DivergenceError(f"the cost is not finite in epoch {epoch}, minibatch {number}")
        norms = {name: norm(found.gradient[name]) for name in recipe.learning_rates}
        for name, size in norms.items():
            if not math.isfinite(size):
                where = f"the gradient of {name} is not finite in epoch {epoch}, minibatch {number}"
                why = _diagnosis(recipe.rule, network, inputs)
                raise DivergenceError(f"{where}: {why}" if why else where) from (DivergenceError(why) if why else None)
        if recipe.optimizer is None:
            network, (sizes, moved) = descended(network, found.gradient, norms, recipe.learning_rates)
        else:
            network, moments, (sizes, moved) = optimized(network, found.gradient, recipe.optimizer, moments)
        for name in recipe.learning_rates:
            squares[name] += sizes[name] * sizes[name]
            shares[name] += moved[name]
        for layer, new in zip(kept, found.states, strict=True):
            layer[rows] = new
        tell(number, failures / seen, cost / seen)
    count = recipe.minibatches
    return EpochResult(
        network,
        moments,
        kept,
        failures / seen,
        cost / seen,
        {name: math.sqrt(total / count) for name, total in squares.items()},
        {name: total / count for name, total in shares.items()},
    )


def _diagnosis(rule: Rule, network: Network, inputs: Array) -> str:
    """What the rule says of an estimate that is not finite; empty if it has nothing to say."""
    tell = getattr(rule, "diagnosis", None)
    return "" if tell is None else str(tell(network, inputs))


def _minibatches(recipe: Recipe, epoch: int) -> list[slice | Array]:
    """Rows of each minibatch: slices in file order, or index arrays in an order drawn for the epoch."""
    size, batch = len(recipe.training), recipe.batch
    slices = [slice(start, min(start + batch, size)) for start in range(0, size, batch)]
    if not recipe.shuffle:
        return list(slices)
    order = generator(recipe.rng, Purpose.ORDER, epoch).permutation(size)
    return [order[part] for part in slices]


def _copied(network: Network, moments: Moments) -> tuple[Network, Moments]:
    own = {name: value.copy() for name, value in network.parameters.items()}
    first, second = ({name: a.copy() for name, a in part.items()} for part in (moments.first, moments.second))
    return network.with_parameters(own), Moments(moments.count, first, second)
