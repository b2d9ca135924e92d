"""The training loop: epochs, metrics, checkpoints."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import ConvergenceError, DivergenceError, InvalidParameterError, SilentUpdatesWarning
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import Relaxation, States
from thermo_cl.learning.optimizers import Optimizer
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.learning.training.checkpoint import Snapshot
from thermo_cl.learning.training.epoch import EpochResult, run_epoch
from thermo_cl.learning.training.folder import run_folder
from thermo_cl.learning.training.history import epoch_line, extended, measured
from thermo_cl.learning.training.keeper import Keeper
from thermo_cl.learning.training.networks import Network, check_network
from thermo_cl.learning.training.probe import check_rule
from thermo_cl.learning.training.recipe import Recipe, checked_rates

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Progress", "Trained", "train"]

Kind = TypeVar("Kind", bound=Network)


@dataclass(frozen=True, eq=False)
class Trained(Generic[Kind]):
    """What a training run made.

    Attributes
    ----------
    network : EnergyNetwork or FeedForwardNetwork
    states : tuple of ndarray, shapes (n, n_l)
        What is kept for every training example: free states, or what the rule carries over.
    metrics : xarray.Dataset
        Over ``epoch`` and ``parameter``; each variable says what it is. Nothing in it depends on the clock.
    epochs : int
        Epochs done.
    """

    network: Kind
    states: States
    metrics: xr.Dataset
    epochs: int


@dataclass(frozen=True)
class Progress:
    """Where a run is: told after every minibatch, and once more after every epoch with its line.

    Attributes
    ----------
    epoch, epochs : int
        The running epoch, from 1, and how many there are to be.
    minibatch, minibatches : int
        Minibatches of this epoch done, and how many there are.
    running_error, running_cost : float
        Over the examples of this epoch so far.
    line : str
        Summary of the epoch for people, empty before its end.
    """

    epoch: int
    epochs: int
    minibatch: int
    minibatches: int
    running_error: float
    running_cost: float
    line: str = ""


def train(
    network: Kind,
    rule: Rule,
    training: Dataset,
    holdout: Dataset | None = None,
    *,
    epochs: int,
    learning_rates: Mapping[str, float] | float | None = None,
    optimizer: Optimizer | None = None,
    batch: int = 20,
    rng: int = 0,
    shuffle: bool = False,
    reference: Rule | None = None,
    evaluation: Relaxation | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Trained[Kind]:
    r"""Train a network by stochastic descent of a rule's estimate, :math:`p \leftarrow p - \eta_p \hat g_p`.

    In an energy network every example keeps its free state from one epoch to the next (Falk et al. 2025, App. B), the
    holdout too: errors are counted from the kept states, as in the paper. A trained network has several stable states
    for one input, and starting from rest it finds another one for some examples; the metrics hold both errors.

    The same arguments give the same result to the bit, in one go or interrupted at any moment and resumed, whatever
    the number of threads, by the same versions of the packages (the log names them) on the same kind of processor.
    Diagnostics and evaluation draw from generators of their own and change nothing.

    Parameters
    ----------
    network : EnergyNetwork or FeedForwardNetwork
        Where to start.
    rule : Rule
        Estimates the gradient of each minibatch; of the network's kind.
    training, holdout : Dataset
        Of as many features and classes as the network has inputs and outputs.
    epochs : int
        Passes over the training examples, >= 1, those done before a ``resume`` included.
    learning_rates : float or mapping of str to float
        One rate >= 0 for all parameters, or one for each name W1, b1, ...; zero keeps a parameter as it is.
    optimizer : Optimizer, optional
        In place of the rates, as ``Adam(1e-3)``.
    batch : int
        Examples of a minibatch, >= 1; the last one of an epoch may be shorter.
    rng : int
        Seed.
    shuffle : bool
        Draw a new order for every epoch; otherwise minibatches come in file order, as in the paper.
    reference : Rule, optional
        Usually ``Backpropagation``: the metrics then hold the angle between both on five minibatches.
    evaluation : Relaxation, optional
        Free phase of an energy network in which errors are counted; by default the rule's own.
    folder : path-like, optional
        Where a checkpoint, the metrics and a log are kept after every epoch; must be new or empty.
    resume : bool
        Continue the run of ``folder``. It must be the same but for ``epochs``.
    force : bool
        Replace an earlier run of ``folder``.
    progress : callable, optional
        Called with a ``Progress``.

    Returns
    -------
    Trained

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain or does not fit another, or the run to resume is another one.
    DataError
        If the checkpoint to resume from is damaged.
    OutputError
        If the folder cannot be written, is in use, or holds something else.
    DivergenceError
        If a number is not finite; the checkpoint of the last epoch stays.
    ConvergenceError
        If the rule does not find an estimate; likewise.

    Warns
    -----
    SilentUpdatesWarning
        After the first epoch, if no entry of some parameter was ever updated.
    """
    check_network(network)
    how = evaluation or getattr(rule, "relaxation", None) or Relaxation()
    if (learning_rates is None) == (optimizer is None):
        raise InvalidParameterError("learning_rates", learning_rates, "given, or an optimizer in its place")
    rates = checked_rates(
        getattr(optimizer, "rate", 1.0) if learning_rates is None else learning_rates, list(network.parameters)
    )
    recipe = Recipe(network, rule, training, holdout, batch, rates, rng, shuffle, reference, how, optimizer)
    last = check.integer_at_least("epochs", epochs, 1)
    if folder is None and (resume or force):
        raise InvalidParameterError("folder", None, "given with resume and force")
    if resume and force:
        raise InvalidParameterError("resume", resume, "given without force: one continues a run, the other replaces it")
    with contextlib.ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        with np.errstate(all="ignore"):  # a trial: what is not finite is told where it happens
            check_rule(recipe)
        home = None if folder is None else stack.enter_context(run_folder(folder, resume=resume, force=force))
        keeper = Keeper(recipe, home)
        snapshot = keeper.start(last, resume=resume)
        while snapshot.epoch < last:
            snapshot = _next(recipe, snapshot, last, keeper, progress)
        return Trained(cast("Kind", snapshot.network), snapshot.states, keeper.metrics(snapshot), snapshot.epoch)


def _next(
    recipe: Recipe, snapshot: Snapshot, last: int, keeper: Keeper, progress: Callable[[Progress], None] | None
) -> Snapshot:
    """One more epoch, measured and kept."""
    epoch, began = snapshot.epoch + 1, time.perf_counter()

    def tell(minibatch: int, error: float, cost: float, line: str = "") -> None:
        if progress is not None:
            progress(Progress(epoch, last, minibatch, recipe.minibatches, error, cost, line))

    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told as a DivergenceError
            result = run_epoch(recipe, snapshot.network, snapshot.moments, snapshot.states, epoch, tell)
            _require_finite(result, epoch)
            record, holdout_states = measured(recipe, result, snapshot.holdout_states, epoch)
    except (ConvergenceError, DivergenceError) as error:
        keeper.log(f"stopped: {error}")
        told = f"{error}; {keeper.kept(snapshot.epoch)}"
        if error.__cause__ is not None:  # the rule has said what to change
            raise type(error)(str(error) if keeper.folder is None else told) from None
        raise DivergenceError(f"{told}. Start again with lower learning rates or a smaller step size") from None
    history = extended(snapshot.history, record)
    after = Snapshot(epoch, result.network, result.moments, result.states, holdout_states, history)
    line = epoch_line(epoch, last, record, time.perf_counter() - began)
    keeper.keep(after, line)
    tell(recipe.minibatches, result.running_error, result.running_cost, line)
    if epoch == 1:
        _warn_if_silent(recipe, result)
    return after


def _require_finite(result: EpochResult, epoch: int) -> None:
    arrays = {**result.network.parameters, **{f"the states of layer {n}": x for n, x in enumerate(result.states, 1)}}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DivergenceError(f"{name} is not finite after epoch {epoch}")


def _warn_if_silent(recipe: Recipe, result: EpochResult) -> None:
    silent = [n for n, share in result.update_share.items() if share == 0 and recipe.learning_rates[n] > 0]
    if not silent:
        return
    thresholds = getattr(recipe.rule, "thresholds", None)
    which = ", ".join(f"{n} = {thresholds[n]:g}" if isinstance(thresholds, Mapping) else n for n in silent)
    message = f"no entry of {', '.join(silent)} was updated in the first epoch"
    if thresholds is not None:
        message += f"; lower the threshold{'s' if len(silent) > 1 else ''} of {which}"
    warnings.warn(message, SilentUpdatesWarning, stacklevel=4)
