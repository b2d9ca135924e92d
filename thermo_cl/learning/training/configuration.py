"""Configurations of training runs: TOML files, shipped or one's own, read into checked values."""

from __future__ import annotations

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
    DTYPES,
    DataChoice,
    NetworkChoice,
    TrainingChoice,
    data_choice,
    network_choice,
    relaxation_choice,
    training_choice,
)
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
        parameters = [f"{kind}{layer}" for layer in range(1, len(network.hidden) + 2) for kind in "Wb"]
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
            If a layer is too large for this machine, or the scale for the precision.
        """
        choice, rng = self.network, generator(self.training.seed, Purpose.INITIAL)
        sizes, dtype = [*choice.hidden, data.classes], DTYPES[choice.dtype]
        with Table({}, "network").domain(W1="scale"), np.errstate(over="ignore"):  # refused by its own check
            try:
                if choice.loss is not None:
                    f, loss = feedforward.activation(choice.activation), feedforward.loss(choice.loss)
                    return feedforward.FeedForwardNetwork.random(
                        data.inputs.shape[1], sizes, activation=f, loss=loss, dtype=dtype, rng=rng
                    )
                return EnergyNetwork.glorot(
                    [data.inputs.shape[1], *sizes],
                    activation=activation(choice.activation),
                    scale=1.0 if choice.scale is None else choice.scale,
                    dtype=dtype,
                    rng=rng,
                )
            except (MemoryError, OverflowError, ValueError) as error:
                if isinstance(error, InvalidParameterError):
                    raise
                valid = f"layers and a scale that this machine can hold ({error})"
                raise InvalidParameterError("hidden", list(choice.hidden), valid) from None


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
    return {
        k: _without_none(v) if isinstance(v, Mapping) else list(v) if isinstance(v, tuple) else v
        for k, v in values.items()
        if v is not None
    }
