"""Boltzmann machines by brute force: every joint state listed, one term of the energy at a time."""

from __future__ import annotations

import itertools
import math

import numpy as np

from thermo_cl.learning.boltzmann import BoltzmannMachine


def states(units: int) -> list[tuple[int, ...]]:
    """All states; unit i of state number s is bit i of s."""
    return [tuple(reversed(bits)) for bits in itertools.product((0, 1), repeat=units)]


def energy(machine: BoltzmannMachine, v: tuple[int, ...], h: tuple[int, ...]) -> float:
    total = 0.0
    for j, on in enumerate(h):
        total -= on * float(machine.hidden_biases[j])
        for i, lit in enumerate(v):
            total -= on * lit * float(machine.weights[j, i])
    for i, lit in enumerate(v):
        if machine.visible_biases is not None:
            total -= lit * float(machine.visible_biases[i])
        if machine.couplings is not None:
            for k in range(i):
                total -= lit * v[k] * float(machine.couplings[i, k])
    return total


def joint(machine: BoltzmannMachine) -> tuple[np.ndarray, float]:
    """Probabilities of (v, h), shape (2**visible, 2**hidden), and log Z."""
    weights = np.array(
        [[math.exp(-energy(machine, v, h)) for h in states(machine.hidden)] for v in states(machine.visible)]
    )
    return weights / weights.sum(), math.log(weights.sum())


def free_step(machine: BoltzmannMachine) -> np.ndarray:
    """Transition matrix of one negative step, columns to rows; joint state number v + 2**visible * h.

    Visible unit after visible unit is drawn given all others, which for uncoupled ones is drawing them at once.
    """
    v_states, h_states = states(machine.visible), states(machine.hidden)
    p, _ = joint(machine)
    n_v, n_h = len(v_states), len(h_states)
    total = np.eye(n_v * n_h)
    for i in range(machine.visible):
        step = np.zeros((n_v * n_h, n_v * n_h))
        for h in range(n_h):
            for s in range(n_v):
                flipped = s ^ (1 << i)
                share = p[s, h] + p[flipped, h]
                step[s + n_v * h, s + n_v * h] = p[s, h] / share
                step[flipped + n_v * h, s + n_v * h] = p[flipped, h] / share
        total = step @ total
    given_v = p / p.sum(axis=1, keepdims=True)
    hidden = np.zeros((n_v * n_h, n_v * n_h))
    for s in range(n_v):
        for h in range(n_h):
            hidden[[s + n_v * k for k in range(n_h)], s + n_v * h] = given_v[s]
    return hidden @ total


def mean_derivatives(machine: BoltzmannMachine) -> dict[str, np.ndarray]:
    """Means of dE/dtheta over all joint states; a coupling counts in both of its places."""
    p, _ = joint(machine)
    found = {name: np.zeros(array.shape) for name, array in machine.parameters.items()}
    for s, v in enumerate(states(machine.visible)):
        for t, h in enumerate(states(machine.hidden)):
            found["W"] -= p[s, t] * np.outer(h, v)
            found["b_h"] -= p[s, t] * np.array(h)
            if "b_v" in found:
                found["b_v"] -= p[s, t] * np.array(v)
            if "L" in found:
                found["L"] -= p[s, t] * (np.outer(v, v) - np.diag(v))
    return found
