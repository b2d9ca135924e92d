"""What the tables of a run configuration choose, but for network and rule: data, relaxation, training.

Every reader takes the table whole: an entry that is missing, unknown, of the wrong type or out of its domain is an
``InvalidParameterError`` by its dotted name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thermo_cl.learning.energy import Relaxation
from thermo_cl.learning.optimizers import SGD, Adam, Optimizer
from thermo_cl.learning.training.table import Table

__all__ = [
    "DataChoice",
    "TrainingChoice",
    "data_choice",
    "relaxation_choice",
    "training_choice",
]

_OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


@dataclass(frozen=True)
class DataChoice:
    """Which examples: arguments of ``thermo_cl.learning.data.split``."""

    name: str
    train: int
    holdout: int
    folder: str | None


@dataclass(frozen=True)
class TrainingChoice:
    """How it is trained: arguments of ``train``; ``reference`` asks for angles to the exact gradient.

    ``optimizer`` is None for plain descent with ``learning_rates``.
    """

    epochs: int
    batch: int
    seed: int
    shuffle: bool
    reference: bool
    learning_rates: Mapping[str, float] | float
    optimizer: Optimizer | None


def data_choice(table: Table) -> DataChoice:
    """Examples of a table ``data``, whose entries are the fields of ``DataChoice``, the name as ``set``."""
    choice = DataChoice(
        table.text("set"),
        table.integer("train", least=1),
        table.integer("holdout", least=1),
        table.text("folder", None),
    )
    table.close()
    return choice


def relaxation_choice(table: Table) -> Relaxation:
    """Free and clamped phases of a table ``relaxation``."""
    choice = Relaxation(
        table.integer("free_steps", 20, least=1),
        table.integer("clamped_steps", 4, least=1),
        table.number("step_size", 0.5, positive=True),
    )
    table.close()
    return choice


def training_choice(table: Table, parameters: list[str]) -> TrainingChoice:
    """Epochs, minibatches and descent of a table ``training``, for a network of these parameters."""
    named = table.text("optimizer", "sgd", among=_OPTIMIZERS)
    choice = TrainingChoice(
        table.integer("epochs", least=1),
        table.integer("batch", 20, least=1),
        table.integer("seed", 0, least=0),
        table.flag("shuffle", False),
        table.flag("reference", True),
        table.numbers_by_name("learning_rates", parameters),
        None if named == "sgd" else _OPTIMIZERS[named](table.number("learning_rates", positive=True)),
    )
    table.close()
    return choice
