"""Metrics of every epoch: gathered as plain arrays, labelled as a data set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.energy import EnergyNetwork, States
from thermo_cl.learning.training.epoch import EpochResult
from thermo_cl.learning.training.evaluation import evaluate, followed
from thermo_cl.learning.training.networks import Network, settles
from thermo_cl.learning.training.probe import energy_rises, probe_angles
from thermo_cl.learning.training.recipe import Recipe

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["History", "epoch_line", "extended", "labelled", "measured"]

History = Mapping[str, Array]
"""Metrics by name, of shape (epochs,) or (epochs, parameters)."""

_MEANING = {
    "running_error": ("share misclassified in the free phases of the epoch", "1"),
    "running_cost": ("mean cost in the free phases of the epoch", "1"),
    "train_error": ("share of the training examples misclassified after the epoch, from their kept states", "1"),
    "train_cost": ("mean cost of the training examples after the epoch, from their kept states", "1"),
    "train_error_from_rest": ("share of the training examples misclassified after the epoch, from rest", "1"),
    "holdout_error": ("share of the holdout examples misclassified after the epoch, from their kept states", "1"),
    "holdout_cost": ("mean cost of the holdout examples after the epoch, from their kept states", "1"),
    "holdout_error_from_rest": ("share of the holdout examples misclassified after the epoch, from rest", "1"),
    "update_size": ("rms over minibatches of the update's norm over the parameter's norm after the epoch", "1"),
    "update_share": ("share of entries with an update that is not zero, mean over minibatches", "1"),
    "parameter_norm": ("Frobenius norm of the parameter after the epoch", "1"),
    "angle": ("angle between estimate and reference gradient, means over five minibatches after the epoch", "degree"),
    "angle_all": ("angle between both estimates of all parameters together", "degree"),
    "energy_rises": ("share of the first minibatch whose energy rises during a free phase from rest", "1"),
}


def measured(
    recipe: Recipe, result: EpochResult, holdout_states: States, epoch: int
) -> tuple[dict[str, float | list[float]], States]:
    """Metrics of one epoch by name, those of each parameter as a list, and the free states of the holdout after it."""
    network, names = result.network, list(recipe.learning_rates)
    record: dict[str, float | list[float]] = {
        "running_error": result.running_error,
        "running_cost": result.running_cost,
    }
    kept = settles(network)
    found = {"train": evaluate(network, recipe.training, recipe.evaluation, states=result.states if kept else None)}
    if recipe.holdout is not None and isinstance(network, EnergyNetwork):
        found["holdout"], holdout_states = followed(network, recipe.holdout, recipe.evaluation, holdout_states)
    elif recipe.holdout is not None:
        found["holdout"] = evaluate(network, recipe.holdout)
    for kind, data in (("train", recipe.training), ("holdout", recipe.holdout)):
        if data is not None:
            record |= {f"{kind}_error": found[kind].error, f"{kind}_cost": found[kind].cost}
            if kept:
                record[f"{kind}_error_from_rest"] = evaluate(network, data, recipe.evaluation).error
    norms = {name: float(np.linalg.norm(array.astype(float))) for name, array in network.parameters.items()}
    record["update_size"] = [result.update_norm[n] / norms[n] if norms[n] else math.nan for n in names]
    record["update_share"] = [result.update_share[n] for n in names]
    record["parameter_norm"] = [norms[n] for n in names]
    record |= _diagnosed(recipe, network, result.states, epoch)
    return record, holdout_states


def _diagnosed(recipe: Recipe, network: Network, states: States, epoch: int) -> dict[str, float | list[float]]:
    record: dict[str, float | list[float]] = {}
    if isinstance(network, EnergyNetwork):
        record["energy_rises"] = energy_rises(recipe, network)
    if recipe.reference is not None:
        angle = probe_angles(recipe, network, states, epoch)
        record |= {"angle": [angle[n] for n in recipe.learning_rates], "angle_all": angle["all"]}
    return record


def extended(history: History, record: Mapping[str, float | list[float]]) -> History:
    """The history with one more epoch."""
    rows = {name: np.asarray(value, dtype=float)[None] for name, value in record.items()}
    return {name: np.concatenate([history[name], row]) if history else row for name, row in rows.items()}


def labelled(history: History, recipe: Recipe, attributes: Mapping[str, str]) -> xr.Dataset:
    """The history as a data set over ``epoch`` and ``parameter``."""
    from thermo_cl.sweep import Quantity, label

    names = list(recipe.learning_rates)
    epochs = len(next(iter(history.values())))
    kept = settles(recipe.network)
    variables = {
        name: Quantity(
            ("epoch", "parameter")[: values.ndim],
            values,
            _MEANING[name][0] if kept else _MEANING[name][0].removesuffix(", from their kept states"),
            _MEANING[name][1],
        )
        for name, values in history.items()
    }
    coordinates = {
        "epoch": Quantity("epoch", np.arange(1, epochs + 1), "epochs done", "1"),
        "parameter": Quantity("parameter", np.array(names, dtype=object), "weights W and biases b of a layer", "1"),
    }
    return label(variables, coordinates, attributes)


def epoch_line(epoch: int, epochs: int, record: Mapping[str, float | list[float]], seconds: float | None = None) -> str:
    """One epoch as a line for people, with the time that it took if that is known."""
    parts = [f"epoch {epoch:{len(str(epochs))}d}/{epochs}", f"{'?' if seconds is None else f'{seconds:.1f}':>6} s"]
    parts += [
        f"{name} error {100.0 * _number(record[f'{name}_error']):6.2f} %"
        for name in ("running", "train", "holdout")
        if f"{name}_error" in record
    ]
    if "holdout_error_from_rest" in record:
        parts[-1] += f" ({100.0 * _number(record['holdout_error_from_rest']):.2f} % from rest)"
    parts.append(f"running cost {_number(record['running_cost']):.4g}")
    if math.isfinite(_number(record.get("angle_all", math.nan))):  # no angle to a gradient that vanishes
        parts.append(f"angle {_number(record['angle_all']):5.1f} degrees")
    return "  ".join(parts)


def _number(value: float | list[float]) -> float:
    if isinstance(value, list):
        raise TypeError
    return value
