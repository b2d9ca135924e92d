"""Energies, free energies and conditional probabilities of a Boltzmann machine, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine

__all__ = ["energy", "free_energy", "hidden_probabilities", "visible_probabilities"]


def energy(machine: BoltzmannMachine, v: ArrayLike, h: ArrayLike) -> FloatArray:
    """Energy E of joint states.

    Parameters
    ----------
    machine : BoltzmannMachine
    v, h : array_like of 0 and 1, shapes (n, visible) and (n, hidden)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InvalidParameterError
        If the states are not as above.
    """
    x, y = bits("v", v, machine.visible), bits("h", h, machine.hidden)
    if len(x) != len(y):
        raise InvalidParameterError("len(h)", len(y), f"{len(x)}, as many as v")
    total: FloatArray = -(
        np.einsum("nj,nj->n", x @ machine.weights.T.astype(float) + machine.hidden_biases, y) + _own(machine, x)
    )
    return total


def free_energy(machine: BoltzmannMachine, v: ArrayLike) -> FloatArray:
    r"""F(v) = -log sum_h exp(-E(v, h)), so that log P(v) = -F(v) - log Z.

    Parameters
    ----------
    machine : BoltzmannMachine
    v : array_like of 0 and 1, shape (n, visible)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InvalidParameterError
        If the states are not as above.
    """
    x = bits("v", v, machine.visible)
    hidden: FloatArray = np.logaddexp(0.0, x @ machine.weights.T.astype(float) + machine.hidden_biases).sum(1)
    return -(hidden + _own(machine, x))


def hidden_probabilities(machine: BoltzmannMachine, v: ArrayLike) -> FloatArray:
    """Probabilities of h = 1 given v, shape (n, hidden); in the machine's own precision.

    Raises
    ------
    InvalidParameterError
        If ``v`` is not zeros and ones of shape (n, visible).
    """
    x = bits("v", v, machine.visible, machine.dtype)
    p: FloatArray = expit(x @ machine.weights.T + machine.hidden_biases)
    return p


def visible_probabilities(machine: BoltzmannMachine, h: ArrayLike, v: ArrayLike | None = None) -> FloatArray:
    """Probabilities of v_i = 1 given h, and given the other visible units if these are coupled; shape (n, visible).

    Parameters
    ----------
    machine : BoltzmannMachine
    h : array_like of 0 and 1, shape (n, hidden)
    v : array_like of 0 and 1, shape (n, visible), optional
        Needed by a machine with couplings, not looked at without.

    Raises
    ------
    InvalidParameterError
        If the states are not as above.
    """
    y = bits("h", h, machine.hidden, machine.dtype)
    into = y @ machine.weights
    if machine.visible_biases is not None:
        into = into + machine.visible_biases
    if machine.couplings is not None:
        if v is None:
            raise InvalidParameterError("v", v, "given: coupled visible units depend on each other")
        into = into + bits("v", v, machine.visible, machine.dtype) @ machine.couplings
    p: FloatArray = expit(into)
    return p


def _own(machine: BoltzmannMachine, x: FloatArray) -> FloatArray:
    """Minus the energy of the visible units alone."""
    total = np.zeros(len(x))
    if machine.visible_biases is not None:
        total += x @ machine.visible_biases.astype(float)
    if machine.couplings is not None:
        total += 0.5 * np.einsum("ni,ni->n", x @ machine.couplings.astype(float), x)
    return total
