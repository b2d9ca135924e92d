"""A network of synapses learns MNIST (Falk et al. 2025, Fig. 3B), beside two rules that are told the contrast.

The paper's run as it is shipped with the package, equilibrium propagation and backpropagation through the unrolled
relaxation, on the same network, data and learning rates, for several seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._training import run_all
from thermo_cl import _validate as check
from thermo_cl.learning import RunConfiguration, load_configuration
from thermo_cl.sweep import provenance

RULES: Mapping[str, str] = {
    "temporal contrast": "falk2025-mnist",
    "equilibrium propagation": "mnist-equilibrium-propagation",
    "backpropagation": "mnist-backpropagation",
}


def compute(
    configurations: Mapping[str, RunConfiguration] | None = None,
    *,
    seeds: int = 3,
    epochs: int | None = None,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Metrics of every epoch, for each rule and seed.

    Parameters
    ----------
    configurations : mapping of str to RunConfiguration, optional
        By the name of the rule; the shipped ones by default.
    seeds : int
        Runs of each rule, from seed ``rng`` on.
    epochs : int, optional
        Instead of what the configurations say.
    folder : Path, optional
        Keeps every run, so that an interrupted study goes on.
    workers : int
        Processes at a time.
    rng : int
        First seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``rule``, ``seed``, ``epoch`` and ``parameter``. Takes about 20 minutes on two cores.
    """
    chosen = configurations or {rule: load_configuration(name) for rule, name in RULES.items()}
    numbers = [rng + n for n in range(check.integer_at_least("seeds", seeds, 1))]
    runs = {
        f"{configuration.name}-seed{seed}": configuration.replaced(epochs=epochs, seed=seed)
        for configuration in chosen.values()
        for seed in numbers
    }
    metrics = run_all(runs, folder, workers=workers)
    rows = [
        xr.concat(
            [metrics[f"{c.name}-seed{seed}"] for seed in numbers], "seed", join="exact", combine_attrs="drop_conflicts"
        )
        for c in chosen.values()
    ]
    together = xr.concat(rows, "rule", join="exact", data_vars="all", fill_value=np.nan, combine_attrs="drop_conflicts")
    together = together.assign_coords(rule=("rule", list(chosen)), seed=("seed", numbers))
    together["rule"].attrs = {"long_name": "learning rule", "units": "1"}
    together["seed"].attrs = {"long_name": "seed of weights and draws", "units": "1"}
    recipes = {rule: c.toml() for rule, c in chosen.items()}
    return together.assign_attrs(
        provenance("Falk et al. 2025, Fig. 3B", {"configurations": recipes, "epochs": epochs}, seed=rng)
    )
