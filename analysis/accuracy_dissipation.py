"""How much dissipation a network needs in order to learn: MNIST with synapses that are ladders.

The network, data and learning rates of the paper's run, trained by temporal contrast with the step kernels of ladders
of 5, 8 and 12 levels, for drives over decades. Times are in ladder units. Thresholds are those of the paper's run, as
contrasts over the fast ramp; or raised by the largest steady output, I times a current of one, so that no steady
current passes them. Where a kernel's first moment changes sign (too weak a drive) so does the sign with which its
output is read. Then ladders of one design with the noise of N copies. Entropies are steady rates, in the linear model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis._training import run_all
from analysis.gradient_angle import threshold_contrasts
from thermo_cl import Ladder, Sawtooth, units
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.learning import LadderSynapse, RunConfiguration, TemporalContrast, load_configuration
from thermo_cl.sweep import Quantity, label, provenance

DESIGNS = ((5, 1), (8, 2), (12, 4))  # levels and reference level
GAMMA = (0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 1e-2, 3e-3, 1e-3, 1e-4, 1e-6)
THRESHOLDS = ("as they are", "raised by I")
FAST, RATIO = 15.0, 9.0  # fast ramp in ladder units, and the slow ramp over it
NOISY = ((12, 4, 1e-2),)  # levels, reference level and gamma of the ladders that are counted
COPIES = (1e7, 1e8, 1e9, 1e10)
METRICS = ("holdout_error", "holdout_error_from_rest", "train_error", "running_error", "angle_all")


def compute(
    gamma: Sequence[float] = GAMMA,
    designs: Sequence[tuple[int, int]] = DESIGNS,
    copies: Sequence[float] = COPIES,
    noisy: Sequence[tuple[int, int, float]] = NOISY,
    *,
    base: RunConfiguration | None = None,
    epochs: int = 5,
    seeds: int = 1,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Errors after each epoch, and what a synapse dissipates, for every ladder.

    Parameters
    ----------
    gamma : sequence of float
        Drive parameters, > 0.
    designs : sequence of (levels, reference level)
    copies : sequence of float
        Numbers of ladders in a synapse, >= 1, for the noisy runs.
    noisy : sequence of (levels, reference level, gamma)
        Ladders of the noisy runs.
    base : RunConfiguration, optional
        Network, data and training; the paper's run by default.
    epochs, seeds : int
        Of every run; noisy ones have the first seed only.
    folder, workers
        As for ``analysis.mnist``.
    rng : int
        First seed.

    Returns
    -------
    xarray.Dataset
        Takes about 40 minutes on two cores.
    """
    count, drives = check.integer_at_least("seeds", seeds, 1), check.positive("gamma", gamma)
    paper = base or load_configuration("falk2025-mnist")
    quiet = {
        (d, g, t, seed): _configuration(paper, *design, float(drive), t, epochs, rng + seed)
        for d, design in enumerate(designs)
        for g, drive in enumerate(drives)
        for t in range(len(THRESHOLDS))
        for seed in range(count)
    }
    noisy_runs = {
        (k, c): _configuration(paper, *ladder, 0, epochs, rng, copies=int(number))
        for k, ladder in enumerate(noisy)
        for c, number in enumerate(copies)
    }
    metrics = run_all({c.name: c for c in (*quiet.values(), *noisy_runs.values())}, folder, workers=workers)

    def gathered(runs: Mapping[Any, RunConfiguration], shape: tuple[int, ...], metric: str) -> FloatArray:
        values = np.empty((*shape, epochs))
        for index, configuration in runs.items():
            values[index] = metrics[configuration.name][metric].values
        return values

    every = ("design", "gamma", "thresholds", "seed", "epoch")
    shape = (len(designs), drives.size, len(THRESHOLDS), count)
    synapses = [[_synapse(*design, float(drive)) for drive in drives] for design in designs]
    counted = [_synapse(*ladder) for ladder in noisy]
    number = np.array([int(n) for n in copies])

    def of_ladder(name: str) -> FloatArray:
        return np.array([[getattr(s, name) for s in row] for row in synapses], dtype=float)

    words = {name: metrics[next(iter(quiet.values())).name][name].attrs for name in METRICS}
    one_cycle = np.array([s.entropy_per_cycle for s in counted])
    cycles = next(iter(quiet.values())).data.train // paper.training.batch
    return label(
        {
            **{
                name: Quantity(every, gathered(quiet, shape, name), words[name]["long_name"], words[name]["units"])
                for name in METRICS
            },
            **{
                f"noisy_{name}": Quantity(
                    ("noisy", "copies", "epoch"), gathered(noisy_runs, (len(noisy), number.size), name),
                    words[name]["long_name"], words[name]["units"],
                )
                for name in METRICS
            },
            "entropy_production_rate": Quantity(
                every[:2], of_ladder("entropy_production_rate"), "entropy production rate of a ladder",
                "k_B / ladder time",
            ),
            "entropy_per_cycle": Quantity(
                every[:2], of_ladder("entropy_per_cycle"), "entropy produced by a ladder in a learning cycle", "k_B"
            ),
            "entropy_per_cycle_bits": Quantity(
                every[:2], units.convert(of_ladder("entropy_per_cycle"), "k_B", "bit"),
                "entropy produced by a ladder in a learning cycle in units of ln 2", "bit",
            ),
            "kernel_area": Quantity(every[:2], of_ladder("area"), "area of the normalised kernel", "1 / ladder time"),
            "memory_time": Quantity(every[:2], of_ladder("memory_time"), "memory time of the kernel", "ladder time"),
            "contrast": Quantity(every[:2], of_ladder("contrast"), "sign of the output", "1"),
            "noisy_entropy_per_cycle": Quantity(
                ("noisy", "copies"), one_cycle[:, None] * number,
                "entropy produced by a synapse in a learning cycle", "k_B",
            ),
            "noisy_standard_deviation": Quantity(
                ("noisy", "copies"), [[s.noise(int(n)).standard_deviation for n in number] for s in counted],
                "standard deviation of a synapse's output", "current / ladder time",
            ),
        },
        {
            "levels": Quantity("design", [n for n, _ in designs], "number of levels", "1"),
            "reference_level": Quantity("design", [m for _, m in designs], "level of equal energies", "1"),
            "gamma": Quantity("gamma", drives, "drive parameter gamma", "1"),
            "thresholds": Quantity("thresholds", list(THRESHOLDS), "thresholds", "1"),
            "seed": Quantity("seed", [rng + n for n in range(count)], "seed of weights and draws", "1"),
            "epoch": Quantity("epoch", np.arange(1, epochs + 1), "epochs done", "1"),
            "copies": Quantity("copies", number.astype(float), "ladders in a synapse", "1"),
            "noisy_levels": Quantity("noisy", [n for n, _, _ in noisy], "number of levels", "1"),
            "noisy_gamma": Quantity("noisy", [g for _, _, g in noisy], "drive parameter gamma", "1"),
        },
        provenance(
            "accuracy against dissipation, network of Falk et al. 2025, Fig. 3B",
            {"fast": FAST, "ratio": RATIO, "cycles_per_epoch": cycles, "epochs": epochs, "base": paper.toml()},
            seed=rng,
        ),
    )  # fmt: skip


def _synapse(levels: int, reference: int, gamma: float) -> LadderSynapse:
    ladder = Ladder(gamma, n_levels=levels, reference_level=reference)
    return LadderSynapse(ladder, Sawtooth(FAST, RATIO * FAST))


def _configuration(
    paper: RunConfiguration, levels: int, reference: int, gamma: float, thresholds: int, epochs: int, seed: int,
    copies: int | None = None,
) -> RunConfiguration:  # fmt: skip
    """The paper's run with a ladder in every synapse."""
    values: dict[str, Any] = tomllib.loads(paper.toml())
    lift = abs(_synapse(levels, reference, gamma).area) if thresholds else 0.0
    kernel = {"family": "ladder", "gamma": gamma, "levels": levels, "reference_level": reference, "ladder_units": 1.0}
    values["rule"] |= {
        "kernel": kernel if copies is None else kernel | {"copies": copies},
        "protocol": {"fast": FAST, "slow": RATIO * FAST},
        "thresholds": {name: size / FAST + lift for name, size in threshold_contrasts(paper).items()},
        "samples": "gauss",
        "convolution": "exact",
    }
    assert isinstance(paper.rule, TemporalContrast)
    # the paper's gain on a contrast; the ladder's first moment is +-1
    values["rule"]["gain"] = abs(paper.rule.factor * float(paper.rule.kernel.first_moment))
    values["training"] |= {"epochs": epochs, "seed": seed}
    values["name"] = f"ladder-{levels}-{gamma:g}-{thresholds}-{copies or 'quiet'}-seed{seed}"
    return RunConfiguration.from_values(values)
