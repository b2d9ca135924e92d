"""The shipped runs on a network and data so small that they take a moment."""

from __future__ import annotations

import tomllib

from analysis.mnist import RULES
from thermo_cl.learning import RunConfiguration, load_configuration

DATA = {"set": "bars-and-stripes", "train": 24, "holdout": 8}


def tiny_configuration(name: str, *, epochs: int = 2) -> RunConfiguration:
    values = tomllib.loads(load_configuration(name).toml())
    values["data"] = DATA
    values["network"]["hidden"] = [6]
    values["training"] |= {"epochs": epochs, "batch": 8}
    return RunConfiguration.from_values(values)


def tiny_rules() -> dict[str, RunConfiguration]:
    return {rule: tiny_configuration(name) for rule, name in RULES.items()}
