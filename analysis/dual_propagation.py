"""Dual propagation, its adjoint form and damping on MNIST (after Hoier and Zach, ICML 2024), beside backpropagation.

The same initial weights and order of examples for every rule: plain DP, DPT (the adjoint form) and damped DP at alpha
of 0, 1/2 and 1, where at 1/2 all three are one, backpropagation, and backpropagation at inputs that FGSM changed. Of
three networks: the paper's 784-512-512-10, a smaller one with few examples, and a convolutional one. In training the
inner loop makes a fixed number of sweeps, and nothing is checked, as in the paper; "checked" stops where it does not
come to rest. A run that leaves the finite numbers ends there and is told with epoch and minibatch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._dual_propagation import (
    ATTACK,
    BATCH,
    BETA,
    CHECKED_SWEEPS,
    CHECKED_TOLERANCE,
    PROBES,
    RATE,
    Job,
    Run,
    Setting,
    rules,
    run_all,
)
from analysis._dual_propagation_probe import MINIBATCHES, OUTCOMES, SIZE, STEPS, SWEEPS, TOLERANCE
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Dataset
from thermo_cl.learning.data import mnist, mnist12k
from thermo_cl.learning.dyadic import DualPropagation
from thermo_cl.learning.feedforward import Convolution, Dense, MeanPooling
from thermo_cl.sweep import Quantity, label, provenance

FILTERS = (Convolution(8, 5), Convolution(16, 5, pooling=MeanPooling(2)), Dense(10, pooling=MeanPooling(2)))
SETTINGS: Mapping[str, Setting] = {
    "784-512-512-10": Setting((512, 512, 10), train=60_000, epochs=20, sweeps=5),
    "784-128-128-10": Setting((128, 128, 10), train=4000, epochs=20, sweeps=10),
    "convolutional": Setting(FILTERS, (1, 28, 28), train=5000, epochs=6, sweeps=5, attacked=250),
}
SIZES = (0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1)
TRAIN = 10_000  # of the bundled images; the rest is for testing


def compute(
    settings: Mapping[str, Setting] = SETTINGS,
    *,
    seeds: int = 3,
    sizes: Sequence[float] = SIZES,
    test: int = 10_000,
    full: Path | tuple[Dataset, Dataset] | None = None,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Accuracy, Lipschitz product, angles, inner loops and robustness for every rule, network and seed.

    Parameters
    ----------
    settings : mapping of str to Setting
        Networks of three connections by name; with fewer training examples than asked for, all are used.
    seeds : int
        Runs of each rule, >= 1; the initial weights and the order of examples differ, and are the same for all rules.
    sizes : sequence of float
        Of the attacks, largest change of a pixel, rising, >= 0.
    test : int
        How many test examples accuracies are taken from, of the first, >= 1.
    full : Path or (train, test), optional
        Folder of the four files of MNIST (see ``thermo_cl.learning.data.mnist``), or other data, in place of the
        bundled 10,000 and 2,000 images.
    folder : Path, optional
        Keeps every finished run, so that an interrupted study goes on.
    workers : int
        Processes at a time; the numbers do not depend on it.
    rng : int
        Seed of all draws.

    Returns
    -------
    xarray.Dataset
        Dimensions ``network``, ``rule``, ``seed``, ``epoch``, ``layer``, ``probe``, ``outcome``, ``attack``, ``size``.
        Takes about an hour on two cores with all of MNIST, and 20 minutes without.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    DataError
        If the folder does not hold MNIST.
    """
    repeats, seed = check.integer_at_least("seeds", seeds, 1), check.integer_at_least("rng", rng, 0)
    if not settings or any(not isinstance(s, Setting) or len(s.connections) != 3 for s in settings.values()):
        raise InvalidParameterError("settings", settings, "at least one Setting by name, of three connections each")
    radii = _rising(sizes)
    streams = np.random.default_rng(seed).integers(0, 2**32, (repeats, 2)).tolist()
    data = mnist12k().split(TRAIN) if full is None else full if isinstance(full, tuple) else mnist(full)
    examples = data[1].take(slice(check.integer_at_least("test", test, 1)))
    trained = {name: data[0].take(slice(s.train)) for name, s in settings.items()}
    blocks = {
        name: [
            [
                Job(_file(name, word, k), rule, s, tuple(streams[k]), radii, trained[name], examples)
                for k in range(repeats)
            ]
            for word, rule in rules(s.sweeps).items()
        ]
        for name, s in settings.items()
    }
    found = run_all(blocks, folder, workers=workers)
    longest = max(s.epochs for s in settings.values())
    recorded = {
        "settings": {name: repr(s) for name, s in settings.items()}, "data": data[0].name, "test": len(examples),
        "beta": BETA, "rate": RATE, "batch": BATCH, "attack": ATTACK, "ascents": STEPS, "inner": [SWEEPS, TOLERANCE],
        "checked": [CHECKED_SWEEPS, CHECKED_TOLERANCE], "probed": MINIBATCHES * SIZE,
    }  # fmt: skip
    return label(
        _variables(list(found.values()), longest) | _described(settings, trained),
        _axes(settings, radii, repeats, longest),
        provenance("dual propagation on MNIST, after Hoier and Zach 2024", recorded, seed=seed),
    )


def _variables(runs: list[list[list[Run]]], epochs: int) -> dict[str, Quantity]:
    """Of runs by network, rule and seed."""
    by, probes = ("network", "rule", "seed"), len([n for n in PROBES if n <= epochs])

    def stacked(name: str, rows: int | None = None) -> FloatArray:
        """One attribute of all runs, filled up with NaN."""
        return np.array([[[_padded(getattr(r, name), rows) for r in row] for row in rows_] for rows_ in runs])

    curves, probe = (*by, "epoch"), (*by, "probe")
    looked = stacked("probes", probes)
    first, stopped = 2 + len(OUTCOMES), stacked("stopped")
    reasons = [[[r.reason for r in row] for row in rows] for rows in runs]
    return {
        "test_accuracy": Quantity(
            curves, stacked("test_accuracy", epochs), "share of the test images told right after the epoch", "1"
        ),
        "train_error": Quantity(
            curves, stacked("train_error", epochs), "share of the training images misclassified as they came", "1"
        ),
        "lipschitz_product": Quantity(
            curves, stacked("lipschitz", epochs), "spectral norm of the product of all weights after the epoch", "1"
        ),
        "layer_norm": Quantity(
            (*curves, "layer"), stacked("norms", epochs), "spectral norm of the weights after the epoch", "1"
        ),
        "angle": Quantity(
            (*probe, "layer"), looked[..., first:],
            "angle between the estimate and the gradient of backpropagation, weights of a layer", "degree",
        ),
        "stability_number": Quantity(
            probe, looked[..., 0],
            "largest growth factor of plain inner loops at alpha = 0 or 1, over the probed examples", "1",
        ),
        "inner_sweeps": Quantity(
            probe, looked[..., 1], "sweeps to the tolerance, mean over the probed minibatches that reach it", "1"
        ),
        "inner_outcome": Quantity(
            (*probe, "outcome"), looked[..., 2:first], "share of the probed minibatches whose inner loop ends so", "1"
        ),
        "robust_accuracy": Quantity(
            (*by, "attack", "size"), stacked("robust"), "share of test images told right, also under attack", "1"
        ),
        "stopped_epoch": Quantity(by, stopped[..., 0], "epoch in which training could not go on", "1"),
        "stopped_minibatch": Quantity(by, stopped[..., 1], "minibatch of that epoch", "1"),
        "stopped_reason": Quantity(by, np.array(reasons, dtype=object), "why training could not go on", "1"),
    }  # fmt: skip


def _described(settings: Mapping[str, Setting], trained: Mapping[str, Dataset]) -> dict[str, Quantity]:
    """What tells networks and rules apart."""
    table = rules(1).values()
    alphas = [rule.alpha if isinstance(rule, DualPropagation) else np.nan for rule in table]
    sweeps = [s.sweeps for s in settings.values()]
    return {
        "alpha": Quantity("rule", alphas, "asymmetry of the nudge", "1"),
        "train_size": Quantity("network", [len(d) for d in trained.values()], "training images", "1"),
        "sweeps": Quantity("network", sweeps, "sweeps of the inner loop in training", "1"),
        "epochs": Quantity("network", [s.epochs for s in settings.values()], "epochs of a run", "1"),
    }


def _axes(
    settings: Mapping[str, Setting], sizes: tuple[float, ...], seeds: int, epochs: int
) -> dict[str, Quantity]:  # fmt: skip
    probes = [n for n in PROBES if n <= epochs]
    return {
        "network": Quantity("network", list(settings), "network", "1"),
        "rule": Quantity("rule", list(rules(1)), "learning rule", "1"),
        "seed": Quantity("seed", np.arange(seeds), "number of the run", "1"),
        "epoch": Quantity("epoch", np.arange(1, epochs + 1), "epochs done", "1"),
        "probe": Quantity("probe", np.array(probes), "epochs done before the probe", "1"),
        "layer": Quantity("layer", np.arange(1, 4), "number of the layer that the weights lead to", "1"),
        "outcome": Quantity("outcome", list(OUTCOMES), f"how the inner loop ends in {SWEEPS} sweeps", "1"),
        "attack": Quantity("attack", ["FGSM", "PGD"], "attack on the inputs", "1"),
        "size": Quantity("size", np.array(sizes), "largest change of a pixel, of full range", "1"),
    }


def _padded(values: FloatArray, rows: int | None) -> FloatArray:
    missing = 0 if rows is None else rows - len(values)
    return np.concatenate([values, np.full((missing, *values.shape[1:]), np.nan)])


def _file(network: str, rule: str, seed: int) -> str:
    words = f"{network} {rule} seed{seed}".replace(" = ", "").replace(",", "").replace("1/2", "half")
    return words.replace(" ", "-")


def _rising(sizes: Sequence[float]) -> tuple[float, ...]:
    values = check.non_negative("sizes", list(sizes))
    if values.ndim != 1 or not values.size or (np.diff(values) <= 0).any():
        raise InvalidParameterError("sizes", sizes, "rising, at least one")
    return tuple(map(float, values))
