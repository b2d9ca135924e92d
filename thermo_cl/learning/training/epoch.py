"""One epoch: every example once, a minibatch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import DivergenceError
from thermo_cl.learning.energy import EnergyNetwork, Parameters, States, output_cost
from thermo_cl.learning.training.evaluation import wrong
from thermo_cl.learning.training.recipe import Purpose, Recipe, generator

__all__ = ["EpochResult", "run_epoch"]

Tell = Callable[[int, float, float], None]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """The network after an epoch, and what was seen on the way.

    Attributes
    ----------
    network : EnergyNetwork
    states : tuple of ndarray, shapes (n, n_l)
        Free states of every training example.
    running_error, running_cost : float
        Of the free phases during the epoch, each example at the time of its own minibatch.
    update_norm : dict of str to float
        Root mean square over the minibatches of the norm of each parameter's update.
    update_share : dict of str to float
        Share of the entries with an update that is not zero, mean over the minibatches.
    """

    network: EnergyNetwork
    states: States
    running_error: float
    running_cost: float
    update_norm: dict[str, float]
    update_share: dict[str, float]


def run_epoch(recipe: Recipe, network: EnergyNetwork, states: States, epoch: int, tell: Tell) -> EpochResult:
    """Descend the rule's estimate once over the training examples; the arguments are not changed.

    Parameters
    ----------
    recipe : Recipe
    network : EnergyNetwork
    states : tuple of ndarray, shapes (n, n_l)
    epoch : int
        From 1; decides the random numbers.
    tell : callable
        Called with minibatches done, running error and running cost after each minibatch.

    Raises
    ------
    DivergenceError
        If an output or an estimate is not finite; says in which minibatch.
    """
    noise, data = generator(recipe.rng, Purpose.RULE, epoch), recipe.training
    kept = tuple(layer.copy() for layer in states)
    one_hot = np.eye(data.classes, dtype=network.dtype)
    squares, shares = (dict.fromkeys(recipe.learning_rates, 0.0) for _ in range(2))
    failures, cost, seen = 0, 0.0, 0
    for number, rows in enumerate(_minibatches(recipe, epoch), start=1):
        inputs = data.inputs[rows].astype(network.dtype, copy=False)
        targets = one_hot[data.labels[rows]]
        found = recipe.rule.estimate(network, inputs, targets, tuple(layer[rows] for layer in kept), noise)
        failures += wrong(found.outputs, data.labels[rows])
        cost += float(output_cost((found.outputs,), targets).sum())
        seen += len(inputs)
        norms = {name: _norm(found.gradient[name]) for name in recipe.learning_rates}
        for what, value in {"cost": cost, **norms}.items():
            if not math.isfinite(value):
                what = what if what == "cost" else f"gradient of {what}"
                raise DivergenceError(f"the {what} is not finite in epoch {epoch}, minibatch {number}")
        network = _descended(network, found.gradient, recipe)
        for name, rate in recipe.learning_rates.items():
            squares[name] += (rate * norms[name]) ** 2
            if rate > 0:
                shares[name] += np.count_nonzero(found.gradient[name] != 0) / found.gradient[name].size
        for layer, new in zip(kept, found.states, strict=True):
            layer[rows] = new
        tell(number, failures / seen, cost / seen)
    count = recipe.minibatches
    return EpochResult(
        network,
        kept,
        failures / seen,
        cost / seen,
        {name: math.sqrt(total / count) for name, total in squares.items()},
        {name: total / count for name, total in shares.items()},
    )


def _minibatches(recipe: Recipe, epoch: int) -> list[slice | Array]:
    """Rows of each minibatch: slices in file order, or index arrays in an order drawn for the epoch."""
    size, batch = len(recipe.training), recipe.batch
    slices = [slice(start, min(start + batch, size)) for start in range(0, size, batch)]
    if not recipe.shuffle:
        return list(slices)
    order = generator(recipe.rng, Purpose.ORDER, epoch).permutation(size)
    return [order[part] for part in slices]


def _descended(network: EnergyNetwork, gradient: Parameters, recipe: Recipe) -> EnergyNetwork:
    moved = {}
    for name, value in network.parameters.items():
        step = gradient[name] * value.dtype.type(recipe.learning_rates[name])
        moved[name] = np.subtract(value, step, out=step)
    return network.with_parameters(moved)


def _norm(array: Array) -> float:
    flat = array.ravel()
    return math.sqrt(float(flat @ flat))
