"""Configurations of training runs: TOML files, shipped or one's own, read into checked values.

A file has a ``name`` and the tables ``data``, ``network``, ``rule`` and ``training``, with an energy network also
``relaxation``. ``thermo-cl train --config NAME --print-config`` prints a shipped one with all its entries. A network of
``kind = "feed-forward"`` has its sizes in ``hidden``, or else connection by connection, as here::

    [network]
    kind = "feed-forward"
    input_shape = [1, 28, 28]    # channels, height, width
    activation = "relu"          # relu, tanh, linear, hard-sigmoid
    loss = "cross-entropy"       # squared-error, cross-entropy
    connections = [
        {kind = "convolution", channels = 8, size = 5, stride = 1, padding = 2},
        {kind = "convolution", channels = 16, size = 3, pooling = "mean", pooling_size = 2},
        {kind = "dense", units = 100},
        {kind = "dense"},        # the last, to the classes of the data
    ]

``pooling``, "mean" or "max" over squares of ``pooling_size`` (2) pixels, comes before its connection; filters have the
``size`` 3, the ``stride`` 1 and no ``padding`` unless said. Any rule of such networks takes a table for training at
inputs that an attack has changed (``AdversarialTraining``)::

    [rule]
    name = "backpropagation"     # or dual-propagation with its entries
    adversarial = {attack = "pgd", size = 0.1, steps = 10}

``attack`` is "fgsm" or "pgd", ``size`` the radius of its ball, ``bounds`` the range of the inputs, [0, 1]; "pgd" also
has ``steps``, ``step_size``, ``random_start`` and ``norm`` ("inf" or "2"), as the class.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import feedforward
from thermo_cl.learning.data import Dataset, split
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, activation
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training.choices import (
    DataChoice,
    TrainingChoice,
    data_choice,
    relaxation_choice,
    training_choice,
)
from thermo_cl.learning.training.network_tables import NetworkChoice, network_choice
from thermo_cl.learning.training.recipe import Purpose, generator
from thermo_cl.learning.training.rule_tables import rule_from
from thermo_cl.learning.training.table import Table, toml_text

__all__ = ["RunConfiguration", "load_configuration", "shipped_configurations"]

_NAME = re.compile(r"\w[\w.+ -]*")


@dataclass(frozen=True, eq=False)
class RunConfiguration:
    """A training run as a file describes it; make one with ``load_configuration`` or ``from_values``.

    Attributes
    ----------
    name : str
    data : DataChoice
    network : NetworkChoice
    relaxation : Relaxation
    rule : Rule
    training : TrainingChoice
    values : mapping
        The nested tables, defaults included.
    """

    name: str
    data: DataChoice
    network: NetworkChoice
    relaxation: Relaxation
    rule: Rule
    training: TrainingChoice
    values: Mapping[str, Any]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RunConfiguration:
        """Configuration from nested mappings, as the TOML parser gives them.

        Raises
        ------
        InvalidParameterError
            If an entry is missing, unknown, of the wrong type or out of its domain; named as ``rule.thresholds.W1``.
        """
        root = Table(values)
        name = root.text("name")
        if not _NAME.fullmatch(name):  # runs are kept in a folder of that name
            raise InvalidParameterError("name", name, "letters, digits, dots, dashes, blanks, the first no sign")
        data, network = data_choice(root.table("data")), network_choice(root.table("network", {}))
        relaxation = relaxation_choice(root.table("relaxation", {})) if network.kind == "energy" else Relaxation()
        parameters = [f"{kind}{layer}" for layer in range(1, network.layers + 1) for kind in "Wb"]
        rule = rule_from(root.table("rule"), relaxation, parameters, kind=network.kind)
        training = training_choice(root.table("training"), parameters)
        root.close()
        return cls(name, data, network, relaxation, rule, training, root.used)

    def replaced(
        self, *, epochs: int | None = None, seed: int | None = None, folder: str | Path | None = None
    ) -> RunConfiguration:
        """The same run with another length, seed or folder of data; None keeps what there is."""
        values = {name: dict(v) if isinstance(v, Mapping) else v for name, v in self.values.items()}
        values["training"] |= {k: v for k, v in (("epochs", epochs), ("seed", seed)) if v is not None}
        if folder is not None:
            values["data"]["folder"] = str(folder)
        return type(self).from_values(_without_none(values))

    def toml(self) -> str:
        """The configuration as TOML, defaults included."""
        return toml_text(self.values)

    def datasets(self) -> tuple[Dataset, Dataset]:
        """Training and holdout examples.

        Raises
        ------
        InvalidParameterError, DataError
            As ``thermo_cl.learning.data.split``.
        """
        with Table(self.values["data"], "data").domain(name="set"):
            return split(self.data.name, self.data.train, self.data.holdout, self.data.folder)

    def initial_network(self, data: Dataset) -> Any:
        """Network for the features and classes of a data set, drawn with the seed of the run.

        Raises
        ------
        InvalidParameterError
            If a layer is too large for this machine, the scale for the precision, or the shape of the inputs is not
            that of the data.
        """
        choice, rng = self.network, generator(self.training.seed, Purpose.INITIAL)
        features = data.inputs.shape[1]
        if math.prod(choice.input_shape or (features,)) != features:
            valid = f"of {features} entries in all, the features of {data.name}"
            raise InvalidParameterError("network.input_shape", list(choice.input_shape or ()), valid)
        with Table({}, "network").domain(W1="scale"), np.errstate(over="ignore"):  # refused by its own check
            try:
                if choice.loss is not None:
                    f, loss = feedforward.activation(choice.activation), feedforward.loss(choice.loss)
                    return feedforward.FeedForwardNetwork.random(
                        choice.input_shape or features,
                        choice.to(data.classes),
                        activation=f,
                        loss=loss,
                        dtype=choice.dtype,
                        rng=rng,
                    )
                return EnergyNetwork.glorot(
                    [features, *choice.hidden, data.classes],
                    activation=activation(choice.activation),
                    scale=1.0 if choice.scale is None else choice.scale,
                    dtype=choice.dtype,
                    rng=rng,
                )
            except (MemoryError, OverflowError, ValueError) as error:
                if isinstance(error, InvalidParameterError):
                    raise
                valid = f"layers and a scale that this machine can hold ({error})"
                raise InvalidParameterError(choice.sized_by, list(getattr(choice, choice.sized_by)), valid) from None


def shipped_configurations() -> tuple[str, ...]:
    """Names of the configurations that come with the package."""
    names = (entry.name for entry in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_configuration(source: str | Path) -> RunConfiguration:
    """Configuration from a TOML file, or a shipped one by its name.

    Parameters
    ----------
    source : str or Path
        A shipped name, or the path of a file that ends in ``.toml``.

    Raises
    ------
    InvalidParameterError
        If there is no such configuration, it is not TOML, or an entry is not valid.
    """
    shipped = shipped_configurations()
    try:
        if str(source) in shipped:
            text = (_shipped() / f"{source}.toml").read_text("utf-8")
        else:
            text = Path(source).expanduser().read_text("utf-8-sig")  # some editors put a mark first
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: not text, or no path; RuntimeError: no such user
        reason = getattr(error, "strerror", None) or ("not text" if isinstance(error, UnicodeDecodeError) else error)
        valid = f"a TOML file ({reason}) or one of {', '.join(shipped)}"
        raise InvalidParameterError("config", str(source), valid) from None
    try:
        return RunConfiguration.from_values(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidParameterError("config", str(source), f"valid TOML ({error})") from None


def _shipped() -> Any:
    return files("thermo_cl.learning") / "configurations"


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The tables as a file would hold them: TOML knows no None, and its lists are lists."""
    return {k: _plain(v) for k, v in values.items() if v is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_none(value)
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
