"""Runs of ``dual_propagation``: the rules, what a run is, and what is kept of it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from analysis._dual_propagation_probe import SWEEPS, TOLERANCE, Probe, attacked, probed
from analysis._jobs import data_digest, keep, one_thread, side_by_side
from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import ConvergenceError, DivergenceError, SilentUpdatesWarning
from thermo_cl.learning import Adam, Dataset, train
from thermo_cl.learning.dyadic import DualPropagation
from thermo_cl.learning.energy import States
from thermo_cl.learning.feedforward import Connection, FeedForwardNetwork, ForwardBackpropagation
from thermo_cl.learning.robustness import FGSM, AdversarialTraining, layer_norms, lipschitz_product
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.rules.interface import Estimate
from thermo_cl.learning.training import Progress, evaluate
from thermo_cl.sweep.identity import code_digest

RATE, BATCH, BETA, ATTACK = 1e-3, 50, 0.5, 0.1
CHECKED_SWEEPS, CHECKED_TOLERANCE = 200, 1e-3
PROBES = (0, 1, 2, 5, 10, 15, 20)  # epochs done


@dataclass(frozen=True)
class Setting:
    """Network, amount of data and length of the runs that are compared with each other.

    Attributes
    ----------
    connections : tuple of Connection or int
        Three of them.
    input_shape : int or tuple of int
    train : int
        Of the first examples.
    epochs : int
    sweeps : int
        Of the inner loop in training, all of them always.
    attacked : int
        Of the first test examples.
    """

    connections: tuple[Connection | int, ...]
    input_shape: int | tuple[int, ...] = 784
    train: int = 4000
    epochs: int = 20
    sweeps: int = 5
    attacked: int = 2000

    def __post_init__(self) -> None:
        for name in ("train", "epochs", "sweeps", "attacked"):
            check.freeze(self, **{name: check.integer_at_least(name, getattr(self, name), 1)})

    def network(self, seed: int) -> FeedForwardNetwork:
        """Before training; ReLU and squared error."""
        return FeedForwardNetwork.random(self.input_shape, self.connections, rng=seed)


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of a run; NaN where it had come to an end.

    Attributes
    ----------
    train_error, test_accuracy, lipschitz : ndarray, shape (epochs,)
    norms : ndarray, shape (epochs, layers)
    probes : ndarray, shape (probes, values)
        See ``Probe.values``.
    robust : ndarray, shape (attacks, sizes)
    stopped : ndarray, shape (2,)
        Epoch and minibatch, from 1, at which the training could not go on.
    reason : str
        What was said of it; empty if it came to its end.
    """

    train_error: FloatArray
    test_accuracy: FloatArray
    lipschitz: FloatArray
    norms: FloatArray
    probes: FloatArray
    robust: FloatArray
    stopped: FloatArray
    reason: str


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be done.

    Attributes
    ----------
    name : str
    rule : Rule
    setting : Setting
    seeds : (int, int)
        Of the initial network and of the order of examples.
    sizes : tuple of float
        Of the attacks.
    train, test : Dataset
    """

    name: str
    rule: Rule
    setting: Setting
    seeds: tuple[int, int]
    sizes: tuple[float, ...]
    train: Dataset
    test: Dataset

    @property
    def length(self) -> float:
        """Examples times sweeps."""
        sweeps = getattr(self.rule, "sweeps", 1)
        return self.setting.epochs * len(self.train) * (1 if getattr(self.rule, "one_sweep", True) else 1 + sweeps)

    def settings(self) -> str:
        """All that decides its numbers, as JSON."""
        values = {
            "rule": repr(self.rule), "setting": repr(self.setting), "seeds": self.seeds, "sizes": self.sizes,
            "rate": RATE, "batch": BATCH, "probes": PROBES, "inner": [SWEEPS, TOLERANCE], "code": code_digest(),
            "train": data_digest(self.train), "test": data_digest(self.test),
        }  # fmt: skip
        return json.dumps(values, sort_keys=True)


def rules(sweeps: int, attack: float = ATTACK) -> dict[str, Rule]:
    """By name; at alpha = 1/2 the three forms of dual propagation are one, and only run once."""
    exact = ForwardBackpropagation()

    def dyadic(alpha: float, form: str) -> DualPropagation:
        return DualPropagation(alpha, BETA, form=form, sweeps=sweeps)  # type: ignore[arg-type]

    plain = dyadic(1, "plain")
    return {
        "backpropagation": exact,
        "adversarial training": AdversarialTraining(exact, FGSM(attack)),
        "DPT, alpha = 0": dyadic(0, "adjoint"),
        "DP, alpha = 1/2": dyadic(0.5, "adjoint"),
        "DPT, alpha = 1": dyadic(1, "adjoint"),
        "DP, alpha = 0": dyadic(0, "plain"),
        "DP, alpha = 1": plain,
        "damped DP, alpha = 0": dyadic(0, "damped"),
        "damped DP, alpha = 1": dyadic(1, "damped"),
        "DP, alpha = 1, checked": replace(plain, sweeps=CHECKED_SWEEPS, tolerance=CHECKED_TOLERANCE),
    }


@dataclass
class Watched:
    """A rule that shows the network as it comes to the first minibatch after an epoch.

    Attributes
    ----------
    rule : Rule
    look : callable
        Gets the network and the epochs done.
    epoch : int
        Done and not yet looked at; 0 if there is none.
    """

    rule: Rule
    look: Callable[[FeedForwardNetwork, int], None] = field(compare=False)
    epoch: int = field(default=0, init=False)

    def estimate(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """That of the rule."""
        if self.epoch:
            self.look(network, self.epoch)
            self.epoch = 0
        return self.rule.estimate(network, inputs, targets, states, rng)


def run_all(
    blocks: Mapping[str, Sequence[Sequence[Job]]], folder: Path | None = None, *, workers: int = 2
) -> dict[str, list[list[Run]]]:
    """All runs, as their jobs are arranged, on one thread each; see ``side_by_side``."""
    return side_by_side(blocks, _kept, _read, folder, workers=workers)


def _kept(job: Job, file: Path | None) -> Run:
    with one_thread():
        run = _done(job)
    keep(file, job, {name: x.tolist() if isinstance(x, np.ndarray) else x for name, x in vars(run).items()})
    return run


def _read(file: Path) -> Run:
    values = json.loads(file.read_text("utf-8"))
    reason = values.pop("reason")
    return Run(**{f.name: np.array(values[f.name], float) for f in fields(Run) if f.name != "reason"}, reason=reason)


def _done(job: Job) -> Run:
    """Train, and look at the network after every epoch."""
    epochs, start = job.setting.epochs, job.setting.network(job.seeds[0])
    layers, at = len(start.weights), [n for n in PROBES if n <= epochs]
    error, accuracy, lipschitz = (np.full(epochs, np.nan) for _ in range(3))
    norms, robust = np.full((epochs, layers), np.nan), np.full((2, len(job.sizes)), np.nan)
    probes = np.full((len(at), Probe.width(layers)), np.nan)
    stopped, reason, here = np.full(2, np.nan), "", [1, 0]
    probes[0] = probed(start, job.rule, job.train).values

    def look(network: FeedForwardNetwork, epoch: int) -> None:
        accuracy[epoch - 1] = 1 - evaluate(network, job.test).error
        lipschitz[epoch - 1], norms[epoch - 1] = lipschitz_product(network), layer_norms(network, tolerance=1e-6)
        if epoch in at:
            probes[at.index(epoch)] = probed(network, job.rule, job.train).values

    def tell(progress: Progress) -> None:
        here[:] = progress.epoch, progress.minibatch
        if progress.line:  # after the whole epoch
            error[progress.epoch - 1], watched.epoch = progress.running_error, progress.epoch
            here[:] = progress.epoch + 1, 0

    watched = Watched(job.rule, look)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SilentUpdatesWarning)
            network = train(
                start, watched, job.train, epochs=epochs, optimizer=Adam(RATE), batch=BATCH, rng=job.seeds[1],
                shuffle=True, progress=tell,
            ).network  # fmt: skip
        look(network, epochs)
        robust[:] = attacked(network, job.test.take(slice(job.setting.attacked)), job.sizes)
    except (ConvergenceError, DivergenceError) as told:
        cause = told.__context__ if isinstance(told.__context__, DivergenceError) else told
        stopped[:], reason = (here[0], here[1] + 1), f"{type(cause).__name__}: {cause}"
    return Run(error, accuracy, lipschitz, norms, probes, robust, stopped, reason)
