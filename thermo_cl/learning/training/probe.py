"""Diagnostics after an epoch on a few fixed minibatches: angle to a reference gradient, energies that should fall."""

from __future__ import annotations

import math

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import ConvergenceError, DivergenceError, InvalidParameterError
from thermo_cl.learning.diagnostics import angles
from thermo_cl.learning.energy import EnergyNetwork, Parameters, States, relaxation_energies
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.networks import Network, first_states, settles
from thermo_cl.learning.training.recipe import Purpose, Recipe, generator

__all__ = ["check_rule", "energy_rises", "probe_angles"]

_MINIBATCHES = 5  # of the probe: one alone is noise once most examples are learnt, more cost time
_ROUNDING = 64  # units in the last place of the energy that a rise must exceed


def probe_angles(recipe: Recipe, network: Network, states: States, epoch: int) -> dict[str, float]:
    """Angles in degrees between the rule's and the reference's estimate, by parameter and under ``all``.

    Both are means over five minibatches in file order, spread over the training examples, from their kept states;
    what a reference of feed-forward networks would carry over is not kept. The rule draws from a generator of its own.
    They are nan without a reference, and if a rule finds no estimate: a diagnostic ends no training.
    """
    unknown = dict.fromkeys([*recipe.learning_rates, "all"], math.nan)
    if recipe.reference is None:
        return unknown
    totals = []
    for rule in (recipe.rule, recipe.reference):
        noise, total = generator(recipe.rng, Purpose.DIAGNOSTICS, epoch), dict[str, Array]()
        own = rule is recipe.rule or settles(network)
        for rows in _probe(recipe):
            known = tuple(x[rows] for x in states) if own else first_states(network, rule, rows.stop - rows.start)
            try:
                found = _gradient(recipe, rule, network, known, rows, noise)
            except (ConvergenceError, DivergenceError):
                return unknown
            for name, part in found.items():
                total[name] = total[name] + part if name in total else part
        totals.append(total)
    return angles(*totals)


def energy_rises(recipe: Recipe, network: EnergyNetwork) -> float:
    """Share of the first minibatch whose energy rises beyond rounding in some step of a free phase from rest."""
    how = recipe.evaluation
    if not how.free_steps:
        return 0.0
    inputs = recipe.training.inputs[_probe(recipe)[0]].astype(network.dtype, copy=False)
    energies = relaxation_energies(
        network, inputs, network.initial_states(len(inputs)), steps=how.free_steps, step_size=how.step_size
    )
    rise = np.diff(energies, axis=0).max(axis=0)
    allowed = _ROUNDING * float(np.finfo(network.dtype).eps) * np.maximum(1.0, np.abs(energies).max(axis=0))
    return float(np.mean(rise > allowed))


def check_rule(recipe: Recipe) -> None:
    """Let the rules estimate one gradient, so that a rule that does not suit the network is told before the start.

    Raises
    ------
    InvalidParameterError
        If an estimate has not the names and shapes of the network's parameters, or whatever the rule itself refuses.
    """
    rows = _probe(recipe)[0]
    expected = {name: array.shape for name, array in recipe.network.parameters.items()}
    for name, rule in (("rule", recipe.rule), ("reference", recipe.reference)):
        if rule is not None:
            noise = generator(recipe.rng, Purpose.DIAGNOSTICS)
            states = first_states(recipe.network, rule, rows.stop)
            gradient = _gradient(recipe, rule, recipe.network, states, rows, noise)
            if {n: np.shape(a) for n, a in gradient.items()} != expected:
                raise InvalidParameterError(name, rule, f"one whose gradient has the names and shapes {expected}")


def _probe(recipe: Recipe) -> list[slice]:
    """Rows of the probe's minibatches, the first of them the first of the data."""
    size = min(recipe.batch, len(recipe.training))
    numbers = np.linspace(0, len(recipe.training) // size - 1, _MINIBATCHES).astype(int)
    return [slice(n * size, (n + 1) * size) for n in dict.fromkeys(numbers.tolist())]


def _gradient(
    recipe: Recipe, rule: Rule, network: Network, states: States, rows: slice, noise: np.random.Generator
) -> Parameters:
    inputs = recipe.training.inputs[rows].astype(network.dtype, copy=False)
    targets = np.eye(recipe.classes, dtype=network.dtype)[recipe.training.labels[rows]]
    return rule.estimate(network, inputs, targets, states, noise).gradient
