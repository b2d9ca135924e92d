r"""One table of all learning rules: the same examples and hidden units, accuracy, phases, memory, locality and compute.

A 784-100-10 network learns the first 10,000 bundled images of MNIST and is tested on the next 2,000: an energy network
by temporal contrast, equilibrium propagation, contrastive Hebbian learning, random phases, always-on ones and
backpropagation through its relaxation; a feed-forward one of ReLUs by dual propagation and backpropagation; and a
forward-forward network of one layer of 100 units. All see as many examples. Rates are the best of four for other
seeds, by the error on the last 2,000 training images after learning the others: the test images choose nothing.
Minibatches have 20 examples and updates are plain descent, but for forward-forward, which learns from single examples
by Adam as in its own study, at two more numbers a synapse. In the stored table four rates are the last of their
grid: those of temporal contrast and DP at alpha = 1 (0.4; at lower ones a tuning run of the latter diverged), random
phases (0.001) and backpropagation through the relaxation (0.0125). Times were taken on a machine with other work.

What a row claims and what it takes:

- *Compute.* Multiply-adds are counted from the algorithms, dense. Times are of this library: matrix products of small
  layers by NumPy, in which a relaxation step costs its calls, and compiled loops for temporal contrast and
  forward-forward, of which the latter skips dark pixels.
- *Temporal contrast.* A synapse is told no phase, but must remember what its kernel spans: here the changes of its
  current over eight stages. The network is still nudged in cycles, free and clamped within the kernel's reach, and has
  to settle faster than the ramps. Its multiply-adds are those of the simulated memory of every synapse, which a
  synapse that has this memory does not compute.
- *Equilibrium propagation, contrastive Hebbian.* The number kept for the first phase could be saved by changing the
  weight in both phases with opposite signs; it then has to know the sign, and moves between the phases.
- *Random phases, always on.* One phase for an update, but a positive one goes on from a free relaxation, and its sign
  and probability have to be known. Always-on synapses are not told when a phase ends. A single phase's noise costs
  accuracy in as many updates; see ``energy_schedules``. In the energy network each example also keeps its free state
  from one epoch to the next, a number for each neuron and example that is not counted as memory.
- *Dual propagation.* No phase, but a second compartment in every neuron, weights used both ways (transposed), and, as
  the update is taken once the sweeps are done, a moment for it. With one sweep (DPT, alpha 0 or 1) states go up once
  and differences come down once, as in backpropagation and at its price: what is saved is the derivative of the
  activation, and keeping the two passes apart. DP has ten sweeps, all of them made, converged or not;
  ``dual_propagation`` shows where they diverge.
- *Forward-forward.* Local in each layer, whose goodness and norm are sums over all of its units. Needs wrong labels,
  and both phases again to contrast them; prediction takes a pass for each label.
- *Energy networks* of any rule need symmetric couplings, the same weight both ways, which physics may give for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis._energy_ways import late
from analysis._rules_costs import memory, multiply_adds, steps
from analysis._rules_list import BETA, KNOWLEDGE, RULES, SWEEPS, Entry
from analysis._rules_runs import Job, run_all
from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import split
from thermo_cl.sweep import Quantity, label, provenance

QUICK: Mapping[str, Any] = {"data": "digits", "train": 1400, "test": 397}
"""Arguments for a table within minutes."""


def compute(
    data: str = "mnist12k",
    *,
    train: int = 10_000,
    test: int = 2000,
    hidden: Sequence[int] = (100,),
    rules: Mapping[str, Entry] = RULES,
    epochs: int = 16,
    seeds: int = 3,
    tuning_seeds: int = 2,
    timed: int = 20,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Test errors over epochs and what an update of every rule needs.

    Parameters
    ----------
    data : str
        Of ``thermo_cl.learning.DATASETS``.
    train, test : int
        First examples, and those after them; more of the first.
    hidden : sequence of int
        Units of each hidden layer.
    rules : mapping of str to Entry
        All of one number of rates.
    epochs : int
        Of every run, >= 1.
    seeds : int
        Runs of each rule, >= 1, from seed ``rng`` on.
    tuning_seeds : int
        Runs of each rule and rate by which the rate is chosen, >= 1, from the next seed on.
    timed : int
        Minibatches whose updates are timed together, >= 1; of single examples twenty times as many.
    folder : Path, optional
        Keeps every run and time, so that an interrupted study goes on.
    workers : int
        Processes at a time. Nothing but the times depends on them, which are taken by one process after all runs.
    rng : int
        First seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``rule``, ``seed``, ``epoch``, ``knowledge``, ``candidate`` and ``tuning_seed``. Takes about 15
        minutes on two cores; ``compute(**QUICK)`` about two.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    counted = {"epochs": epochs, "seeds": seeds, "tuning_seeds": tuning_seeds, "timed": timed}
    for name, value in {**counted, "workers": workers}.items():
        check.integer_at_least(name, value, 1)
    first = check.integer_at_least("rng", rng, 0)
    layers = tuple(check.integer_at_least("hidden", n, 1) for n in hidden)
    if not layers:
        raise InvalidParameterError("hidden", hidden, "at least one layer")
    training, holdout = split(data, train, test)
    if train <= test:
        raise InvalidParameterError("train", train, f"more than test = {test}, as many are held out to choose rates")
    if not rules or len({len(entry.rates) for entry in rules.values()}) != 1:
        raise InvalidParameterError("rules", list(rules), "at least one, all of one number of rates")
    grid = np.array([entry.rates for entry in rules.values()])
    own = list(range(first, first + seeds))
    others = list(range(own[-1] + 1, own[-1] + 1 + tuning_seeds))
    known, validation = training.take(slice(train - test)), training.take(slice(train - test, train))

    def job(
        kind: str, name: str, rate: float, seed: int, length: int = epochs, parts: tuple[Any, Any] = (training, holdout)
    ) -> Job:
        entry = rules[name]
        file = f"{kind} {name} rate {rate:g} seed {seed}".replace("/", " over ").replace(",", "").replace(" = ", " ")
        return Job(file, entry, layers, float(rate), seed, length, timed * 20 // entry.batch, *parts)

    tried = {
        "tuning": [
            [job("tuning", name, rate, seed, parts=(known, validation)) for rate in entry.rates for seed in others]
            for name, entry in rules.items()
        ]
    }
    tuning = late(np.array(run_all(tried, folder, workers=workers)["tuning"])).reshape(*grid.shape, -1)
    worst = np.where(np.isnan(tuning), np.inf, tuning).mean(axis=-1)
    best = np.take_along_axis(grid, worst.argmin(axis=-1)[:, None], axis=1)[:, 0]
    chosen = list(zip(rules, best, strict=True))
    final = {"final": [[job("final", name, rate, seed) for seed in own] for name, rate in chosen]}
    error = np.array(run_all(final, folder, workers=workers)["final"])
    clock = {"time": [[job("time", name, rate, first, 0)] for name, rate in chosen]}
    times = np.array(run_all(clock, folder, workers=1)["time"])[:, 0, 0]
    parameters = {
        "data": data, "train": train, "test": test, "hidden": list(layers), "beta": BETA, "sweeps": SWEEPS,
        "rules": {name: repr(entry.way) for name, entry in rules.items()},
    }  # fmt: skip
    return label(
        _measured(error, tuning, grid, best, times) | _needed(rules, final["final"], train, epochs),
        {
            "rule": Quantity("rule", list(rules), "learning rule", "1"),
            "seed": Quantity("seed", own, "seed of weights and draws", "1"),
            "tuning_seed": Quantity("tuning_seed", others, "seed of weights and draws", "1"),
            "epoch": Quantity("epoch", np.arange(1, epochs + 1), "epochs done", "1"),
            "knowledge": Quantity("knowledge", list(KNOWLEDGE), "what a synapse may have to know", "1"),
        },
        provenance(
            "learning rules side by side: Falk et al. 2025, Williams et al. 2023, Hoier and Zach 2024",
            counted | parameters,
            seed=first,
        ),
    )


def _measured(error: Any, tuning: Any, grid: Any, best: Any, times: Any) -> dict[str, Quantity]:
    return {
        "error": Quantity(
            ("rule", "seed", "epoch"), error, "share of the test examples misclassified after the epoch", "1"
        ),
        "accuracy": Quantity(
            ("rule", "seed"), 1 - error[..., -1], "share of the test examples told right after the last epoch", "1"
        ),
        "learning_rate": Quantity("rule", best, "learning rate", "1"),
        "candidate_rate": Quantity(("rule", "candidate"), grid, "learning rate to choose from", "1"),
        "tuning_error": Quantity(
            ("rule", "candidate", "tuning_seed"), tuning,
            "error on held-out training examples, mean over the last quarter of the epochs", "1",
        ),
        "update_time": Quantity("rule", times, "processor time of an update on one thread", "s"),
    }  # fmt: skip


def _needed(rules: Mapping[str, Entry], jobs: Sequence[Sequence[Job]], train: int, epochs: int) -> dict[str, Quantity]:
    """What follows from the algorithms."""
    rows = list(rules.values())
    kept = [memory(row.way) for row in rows]

    def column(values: Sequence[Any], meaning: str) -> Quantity:
        return Quantity("rule", values, meaning, "1")

    return {
        "network": column([row.network for row in rows], "kind of network"),
        "batch": column([row.batch for row in rows], "examples of an update"),
        "updates": column([epochs * -(-train // row.batch) for row in rows], "updates of a run"),
        "phases": column([row.phases for row in rows], "phases of an update"),
        "steps": column([steps(row.way) for row in rows], "relaxation steps, sweeps or passes of an update, mean"),
        "multiply_adds": column(
            [multiply_adds(row.way, some[0].sizes, row.batch) for row, some in zip(rows, jobs, strict=True)],
            "multiply-adds of an update, by formula, mean",
        ),
        "synapse_memory": column([m.synapse for m in kept], "numbers that a synapse keeps besides its weight"),
        "optimizer_memory": column(
            [2.0 if row.network == "forward-forward" else 0.0 for row in rows],
            "numbers that the optimizer keeps for a synapse",
        ),
        "neuron_memory": column([m.neuron for m in kept], "numbers that a neuron holds for an example"),
        "phase_signal": column([row.phase_signal for row in rows], "what the synapses are told of the phase"),
        "locality": column([row.locality for row in rows], "where what a synapse must know comes from"),
        "must_know": Quantity(
            ("rule", "knowledge"), [[what in row.knows for what in KNOWLEDGE] for row in rows],
            "whether a synapse has to know it", "1",
        ),
    }  # fmt: skip
