"""A configured run, from its configuration to what it made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from thermo_cl.learning.rules import Backpropagation
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
) -> Trained:
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
    wanted = choice.reference and not isinstance(rule, Backpropagation)
    return train(
        configuration.initial_network(training),
        rule,
        training,
        holdout,
        epochs=choice.epochs,
        learning_rates=choice.learning_rates,
        batch=choice.batch,
        rng=choice.seed,
        shuffle=choice.shuffle,
        reference=Backpropagation(configuration.relaxation) if wanted else None,
        evaluation=configuration.relaxation,
        folder=folder,
        resume=resume,
        force=force,
        progress=progress,
    )
