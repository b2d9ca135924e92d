"""Means of final costs with standard errors, and paired differences: replicas share initial weights and draws."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.sweep import Quantity


def mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over the last axis, and its standard error."""
    return values.mean(-1), values.std(-1, ddof=1) / np.sqrt(values.shape[-1])


def orderings(name: str, words: str, costs: FloatArray) -> dict[str, Quantity]:
    """What decides which trainer costs less.

    Parameters
    ----------
    name, words : str
        Beginning of the variables' names, and of which data they are.
    costs : ndarray, shape (trainers, replicas)
        After the last phase.
    """
    mean, error = mean_and_error(costs)
    difference, uncertain = mean_and_error(costs[:, None] - costs[None])
    pair = ("trainer", "other_trainer")
    return {
        f"{name}_final": Quantity("trainer", mean, f"mean cost after the last phase, {words}", "nat"),
        f"{name}_final_error": Quantity("trainer", error, f"its standard error, {words}", "nat"),
        f"{name}_difference": Quantity(pair, difference, f"final cost less the other trainer's, {words}", "nat"),
        f"{name}_difference_error": Quantity(pair, uncertain, f"standard error of that, paired, {words}", "nat"),
    }  # fmt: skip


def changes(name: str, words: str, costs: FloatArray, at_half: FloatArray) -> dict[str, Quantity]:
    """How much costs depend on b.

    Parameters
    ----------
    name, words : str
        As in ``orderings``.
    costs : ndarray, shape (trainers, probabilities, replicas)
    at_half : ndarray, shape (trainers, replicas)
        Of the same replicas at b = 1/2.
    """
    mean, error = mean_and_error(costs - at_half[:, None])
    over = ("random_trainer", "probability")
    return {
        f"{name}_change_by_probability": Quantity(over, mean, f"the same less that at b = 1/2, {words}", "nat"),
        f"{name}_change_by_probability_error": Quantity(over, error, f"its standard error, paired, {words}", "nat"),
    }
