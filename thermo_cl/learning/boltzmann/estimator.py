"""A Boltzmann machine as scikit-learn's estimators are, for pipelines; that package is not needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.learning.boltzmann.annealing import annealed_log_partition
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.boltzmann.energies import free_energy, hidden_probabilities
from thermo_cl.learning.boltzmann.enumeration import LARGEST, log_partition
from thermo_cl.learning.boltzmann.gibbs import held, sample
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.boltzmann.scikit import FeatureEstimator, NotFittedError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.optimizers import SGD
from thermo_cl.learning.phases import Carried, PhaseSchedule, learn, two_term

__all__ = ["BoltzmannEstimator"]

_CHAINS, _TEMPERATURES = 100, 1000  # of annealed partition functions


class BoltzmannEstimator(FeatureEstimator):
    """Features of binary data by a Boltzmann machine, trained by any phase schedule.

    Parameters
    ----------
    n_components : int
        Hidden units.
    schedule : PhaseSchedule, optional
        ``two_term(1)`` by default, contrastive divergence of one step.
    learning_rate : float
        Of plain descent.
    batch_size : int
        Examples of a phase.
    n_iter : int
        Epochs of ``fit``: of two phases for every ``batch_size`` rows, whatever the schedule.
    visible_biases, couplings, averaged : bool
        As of ``BoltzmannMachine``.
    scale : float
        Standard deviation of the first weights.
    random_state : int, Generator or None

    Attributes
    ----------
    machine_ : BoltzmannMachine
    components_ : ndarray, shape (n_components, features)
    intercept_hidden_ : ndarray, shape (n_components,)
    intercept_visible_ : ndarray, shape (features,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, shape (features,)
        Only if the rows came with names, as those of a data frame do; later ones must have the same.
    log_partition_ : tuple of float
        Logarithm of the machine's partition function, nats, and its standard error, 0 where it is exact.
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        schedule: PhaseSchedule | None = None,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        visible_biases: bool = True,
        couplings: bool = False,
        averaged: bool = True,
        scale: float = 0.01,
        random_state: np.random.Generator | int | None = None,
    ) -> None:
        self.n_components = n_components  # kept as given and checked by fit, so that a copy made from them is the same
        self.schedule = schedule
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.visible_biases = visible_biases
        self.couplings = couplings
        self.averaged = averaged
        self.scale = scale
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> BoltzmannEstimator:  # noqa: N803  # scikit-learn's name
        """Train a new machine on rows of zeros and ones, shape (n, features); ``y`` is not looked at.

        Raises
        ------
        InvalidParameterError
            If the data or an argument of the constructor are not valid.
        DivergenceError
            If the weights left the finite range.
        """
        del y
        epochs = check.integer_at_least("n_iter", self.n_iter, 0)
        data, generator = _dataset(X), check.generator(self.random_state)
        self._learn(data, epochs, self._machine(data, generator), None, generator)
        self.__dict__.pop("feature_names_in_", None)
        self._name_features(X)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> BoltzmannEstimator:  # noqa: N803
        """One more epoch on these rows, going on from the machine and the chains of the last; errors as of ``fit``."""
        del y
        if not self.__sklearn_is_fitted__():
            data, generator = _dataset(X), check.generator(self.random_state)
            self._learn(data, 1, self._machine(data, generator), None, generator)
            self._name_features(X)
        else:
            self._check_names(X)
            self._learn(_dataset(X), 1, self.machine_, self.state_, self.generator_)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:  # noqa: N803
        """Probabilities of the hidden units given each row, shape (n, n_components).

        Raises
        ------
        InvalidParameterError
            If the data are not zeros and ones of the machine's width, their columns have other names than those
            that were learnt, or there is no machine yet.
        """
        machine = self._fitted()
        self._check_names(X)
        return hidden_probabilities(machine, X)

    def fit_transform(self, X: ArrayLike, y: Any = None) -> FloatArray:  # noqa: N803
        """``fit``, then ``transform`` of the same rows."""
        return self.fit(X, y).transform(X)

    def score_samples(self, X: ArrayLike) -> FloatArray:  # noqa: N803
        """Log-likelihood of each row, nats; shape (n,).

        The partition function is summed where that can be done, at most 24 units of a layer, else it is estimated by
        ``annealed_log_partition``: see ``log_partition_``, which takes the time and is kept for the next call.

        Raises
        ------
        InvalidParameterError
            As ``transform``.
        """
        machine = self._fitted()
        self._check_names(X)
        return -free_energy(machine, X) - self.log_partition_[0]

    def score(self, X: ArrayLike, y: Any = None) -> float:  # noqa: N803
        """Mean of ``score_samples``."""
        del y
        return float(self.score_samples(X).mean())

    def gibbs(self, v: ArrayLike, *, steps: int = 1) -> Array:
        """Visible states after so many steps: hidden given visible units, then these given them; shape (n, features).

        Raises
        ------
        InvalidParameterError
            As ``transform``.
        """
        machine, generator = self._fitted(), self.generator_
        self._check_names(v)
        first, rest = (int(s) for s in generator.integers(0, 2**63, 2))
        x = bits("v", v, machine.visible, machine.dtype)
        return sample(machine, (x, held(machine, x, seed=first)), steps=steps, seed=rest)[0]

    @property
    def components_(self) -> Array:
        """Weights of the machine."""
        return self._fitted().weights

    @property
    def intercept_hidden_(self) -> Array:
        """Hidden biases of the machine."""
        return self._fitted().hidden_biases

    @property
    def intercept_visible_(self) -> Array:
        """Visible biases of the machine, zeros if it has none."""
        machine = self._fitted()
        return np.zeros(machine.visible, machine.dtype) if machine.visible_biases is None else machine.visible_biases

    @property
    def n_features_in_(self) -> int:
        """Visible units of the machine."""
        return self._fitted().visible

    @property
    def log_partition_(self) -> tuple[float, float]:
        """Logarithm of the partition function and its standard error, of the machine as it is now."""
        machine = self._fitted()
        kept = self.__dict__.get("_partition")
        if kept is None or kept[0] is not machine:
            units = machine.visible if machine.couplings is not None else min(machine.visible, machine.hidden)
            if units <= LARGEST:
                kept = machine, (log_partition(machine), 0.0)
            else:
                found = annealed_log_partition(machine, chains=_CHAINS, temperatures=_TEMPERATURES)
                kept = machine, (found.log_partition, found.standard_error)
            self._partition = kept
        return kept[1]

    def _machine(self, data: Dataset, generator: np.random.Generator) -> BoltzmannMachine:
        return BoltzmannMachine.random(
            data.inputs.shape[1], self.n_components, scale=self.scale, visible_biases=self.visible_biases,
            couplings=self.couplings, averaged=self.averaged, rng=generator,
        )  # fmt: skip

    def _learn(
        self,
        data: Dataset,
        epochs: int,
        machine: BoltzmannMachine,
        state: Carried | None,
        generator: np.random.Generator,
    ) -> None:
        """Nothing is kept of what fails."""
        size = check.integer_at_least("batch_size", self.batch_size, 1)
        if epochs:
            done = learn(
                machine, two_term(1) if self.schedule is None else self.schedule, data,
                phases=2 * epochs * -(-len(data) // size), optimizer=SGD(self.learning_rate), batch=size,
                rng=generator, state=state,
            )  # fmt: skip
            machine, state = done.model, done.state
        self.machine_, self.state_, self.generator_ = machine, state, generator

    def _fitted(self) -> BoltzmannMachine:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("self", "an estimator without a machine", "fitted first: call fit")
        return self.machine_


def _dataset(values: ArrayLike) -> Dataset:
    """Rows of zeros and ones, unlabelled."""
    x = bits("X", values, None, np.float32)
    return Dataset(x, np.zeros(len(x), np.int64), classes=2, name="rows")
