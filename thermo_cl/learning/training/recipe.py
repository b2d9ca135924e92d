"""Everything that decides the numbers of a training run, checked before it starts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import Relaxation
from thermo_cl.learning.optimizers import Optimizer
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.fingerprint import describe
from thermo_cl.learning.training.networks import Network

__all__ = ["Purpose", "Recipe", "checked_rates", "generator"]


class Purpose(IntEnum):
    """What random numbers are drawn for: each has a stream of its own, so that none disturbs another."""

    INITIAL = 0
    RULE = 1
    ORDER = 2
    DIAGNOSTICS = 3


def generator(seed: int, purpose: Purpose, epoch: int = 0) -> np.random.Generator:
    """Random numbers of one purpose in one epoch; nothing about them needs to be stored."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), epoch)))


@dataclass(frozen=True, eq=False)
class Recipe:
    """A training run but for its length; see ``train`` for the fields.

    Raises
    ------
    InvalidParameterError
        If a field is out of its domain, or network, data and learning rates do not fit each other.
    """

    network: Network
    rule: Rule
    training: Dataset
    holdout: Dataset | None
    batch: int
    learning_rates: Mapping[str, float]
    rng: int
    shuffle: bool
    reference: Rule | None
    evaluation: Relaxation
    optimizer: Optimizer | None = None

    def __post_init__(self) -> None:
        for name, rule in (("rule", self.rule), ("reference", self.reference)):
            if not isinstance(rule, Rule) and not (name == "reference" and rule is None):
                raise InvalidParameterError(name, rule, "a learning rule, with a method `estimate`")
        if not isinstance(self.shuffle, bool):
            raise InvalidParameterError("shuffle", self.shuffle, "True or False")
        if not isinstance(self.evaluation, Relaxation):
            raise InvalidParameterError("evaluation", self.evaluation, "a Relaxation")
        if self.optimizer is not None and not isinstance(self.optimizer, Optimizer):
            raise InvalidParameterError("optimizer", self.optimizer, "SGD(rate) or Adam(rate)")
        seed = check.integer_at_least("rng", self.rng, 0)
        check.freeze(self, batch=check.integer_at_least("batch", self.batch, 1), rng=seed)
        for name, data in (("training", self.training), ("holdout", self.holdout)):
            if not isinstance(data, Dataset) and not (name == "holdout" and data is None):
                raise InvalidParameterError(name, data, "a Dataset")
            if data is not None and (data.inputs.shape[1], data.classes) != (self.features, self.classes):
                raise InvalidParameterError(
                    name, data, f"of {self.features} features and {self.classes} classes, as the network"
                )

    @property
    def features(self) -> int:
        """Neurons of the input layer."""
        return self.network.sizes[0]

    @property
    def classes(self) -> int:
        """Neurons of the output layer."""
        return self.network.sizes[-1]

    @property
    def minibatches(self) -> int:
        """Minibatches of an epoch; the last may be short."""
        return -(-len(self.training) // self.batch)

    def fingerprint(self) -> dict[str, Any]:
        """Plain description of everything in here."""
        return {f.name: describe(getattr(self, f.name)) for f in fields(self)}


def checked_rates(rates: Mapping[str, float] | float, names: Sequence[str]) -> Mapping[str, float]:
    """Learning rate of each parameter, from one number for all or from a number for each.

    Raises
    ------
    InvalidParameterError
        If a name is missing or unknown, or a rate is negative or not finite. Zero keeps a parameter as it is.
    """
    if isinstance(rates, Mapping):
        if set(rates) != set(names):
            raise InvalidParameterError("learning_rates", list(rates), f"a number for each of {', '.join(names)}")
    else:
        rates = dict.fromkeys(names, rates)
    for name in names:
        value: object = rates[name]
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise InvalidParameterError(f"learning_rates.{name}", value, "a number")
        if not (math.isfinite(value) and value >= 0):
            raise InvalidParameterError(f"learning_rates.{name}", value, "finite and not negative")
    return MappingProxyType({name: float(rates[name]) for name in names})
