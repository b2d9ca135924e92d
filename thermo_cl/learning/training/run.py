"""A configured run, from its configuration to what it made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from thermo_cl.learning.feedforward import ForwardBackpropagation
from thermo_cl.learning.rules import Backpropagation, Rule
from thermo_cl.learning.training.configuration import RunConfiguration
from thermo_cl.learning.training.loop import Progress, Trained, train

__all__ = ["run"]


def run(
    configuration: RunConfiguration,
    folder: str | Path | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Trained[Any]:
    """Train as a configuration says.

    Parameters
    ----------
    configuration : RunConfiguration
    folder, resume, force, progress
        As in ``train``.

    Raises
    ------
    ThermoError
        As ``train``, and as ``thermo_cl.learning.data.split`` if the examples cannot be had.
    """
    training, holdout = configuration.datasets()
    choice, rule = configuration.training, configuration.rule
    energy = configuration.network.kind == "energy"
    exact: Rule = Backpropagation(configuration.relaxation) if energy else ForwardBackpropagation()
    wanted = choice.reference and not isinstance(rule, type(exact))
    return train(
        configuration.initial_network(training),
        rule,
        training,
        holdout,
        epochs=choice.epochs,
        learning_rates=choice.learning_rates if choice.optimizer is None else None,
        optimizer=choice.optimizer,
        batch=choice.batch,
        rng=choice.seed,
        shuffle=choice.shuffle,
        reference=exact if wanted else None,
        evaluation=configuration.relaxation,
        folder=folder,
        resume=resume,
        force=force,
        progress=progress,
    )
