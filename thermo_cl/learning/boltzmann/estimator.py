"""A Boltzmann machine as scikit-learn's estimators are, for pipelines; that package is not needed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.boltzmann.energies import free_energy, hidden_probabilities
from thermo_cl.learning.boltzmann.enumeration import LARGEST, log_partition
from thermo_cl.learning.boltzmann.gibbs import held, sample
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.data._optional import optional_module
from thermo_cl.learning.phases import SGD, Carried, PhaseSchedule, learn, two_term

__all__ = ["BoltzmannEstimator"]


class BoltzmannEstimator:
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
    components_ : ndarray, shape (n_components, n_features_in_)
    intercept_hidden_ : ndarray, shape (n_components,)
    intercept_visible_ : ndarray, shape (n_features_in_,)
    n_features_in_ : int
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

    def __repr__(self) -> str:
        return f"BoltzmannEstimator({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # as scikit-learn calls it
        """Arguments of the constructor by name."""
        del deep
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> BoltzmannEstimator:
        """Change some of them.

        Raises
        ------
        InvalidParameterError
            If there is no such argument.
        """
        for name, value in params.items():
            if name not in self._names():
                raise InvalidParameterError("params", name, f"one of {', '.join(self._names())}")
            setattr(self, name, value)
        return self

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
        data = _dataset(X)
        self._begin(data)
        if epochs:
            self._learn(data, epochs)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> BoltzmannEstimator:  # noqa: N803
        """One more epoch on these rows, going on from the machine and the chains of the last; errors as of ``fit``."""
        del y
        data = _dataset(X)
        if not self.__sklearn_is_fitted__():
            self._begin(data)
        self._learn(data, 1)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:  # noqa: N803
        """Probabilities of the hidden units given each row, shape (n, n_components).

        Raises
        ------
        InvalidParameterError
            If the data are not zeros and ones of the machine's width, or there is no machine yet.
        """
        return hidden_probabilities(self._fitted(), X)

    def fit_transform(self, X: ArrayLike, y: Any = None) -> FloatArray:  # noqa: N803
        """``fit``, then ``transform`` of the same rows."""
        return self.fit(X, y).transform(X)

    def score_samples(self, X: ArrayLike) -> FloatArray:  # noqa: N803
        """Log-likelihood of each row, nats: exact where it can be summed, else up to a constant, minus the free energy.

        Raises
        ------
        InvalidParameterError
            As ``transform``.
        """
        machine = self._fitted()
        units = machine.visible if machine.couplings is not None else min(machine.visible, machine.hidden)
        return -free_energy(machine, X) - (log_partition(machine) if units <= LARGEST else 0.0)

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
        first, rest = (int(s) for s in generator.integers(0, 2**63, 2))
        x = bits("v", v, machine.visible, machine.dtype)
        return sample(machine, (x, held(machine, x, seed=first)), steps=steps, seed=rest)[0]

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns of ``transform``."""
        del input_features
        return np.array([f"boltzmannestimator{k}" for k in range(self._fitted().hidden)], dtype=object)

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

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "machine_")

    def __sklearn_tags__(self) -> Any:  # asked for by scikit-learn only
        utils = optional_module("sklearn.utils", "scikit-learn")
        return utils.Tags(
            estimator_type=None, target_tags=utils.TargetTags(required=False), transformer_tags=utils.TransformerTags()
        )

    def _begin(self, data: Dataset) -> None:
        self.generator_ = check.generator(self.random_state)
        self.machine_ = BoltzmannMachine.random(
            data.inputs.shape[1], self.n_components, scale=self.scale, visible_biases=self.visible_biases,
            couplings=self.couplings, averaged=self.averaged, rng=self.generator_,
        )  # fmt: skip
        self.state_: Carried | None = None

    def _learn(self, data: Dataset, epochs: int) -> None:
        size = check.integer_at_least("batch_size", self.batch_size, 1)
        phases = 2 * epochs * -(-len(data) // size)
        done = learn(
            self.machine_, two_term(1) if self.schedule is None else self.schedule, data, phases=phases,
            optimizer=SGD(self.learning_rate), batch=size, rng=self.generator_, state=self.state_,
        )  # fmt: skip
        self.machine_, self.state_ = done.model, done.state

    def _fitted(self) -> BoltzmannMachine:
        if not self.__sklearn_is_fitted__():
            raise InvalidParameterError("self", "an estimator without a machine", "fitted first: call fit")
        return self.machine_


def _dataset(values: ArrayLike) -> Dataset:
    """Rows of zeros and ones, unlabelled."""
    given = np.asarray(values)
    x = bits("X", given, given.shape[1] if given.ndim == 2 else 0, np.float32)
    return Dataset(x, np.zeros(len(x), np.int64), classes=2, name="rows")
