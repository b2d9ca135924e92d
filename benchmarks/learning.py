"""Temporal contrast on MNIST beside the straightforward way: ``python -m benchmarks.learning``.

Writes ``learning.json``: one minibatch of the paper's run when training begins and later, one epoch of 500 minibatches
with relaxation and update, an epoch of the shipped run with all its metrics, the peak memory of a fresh process, and a
few minibatches of the straightforward way.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.command import benchmark
from benchmarks.naive_learning import GAIN, THRESHOLDS, naive_gradient
from benchmarks.run import environment
from benchmarks.timing import fresh_process, once, summary, timed
from thermo_cl import Sawtooth, sine_kernel
from thermo_cl.learning.data import mnist12k
from thermo_cl.learning.energy import EnergyNetwork, Parameters
from thermo_cl.learning.rules import TemporalContrast
from thermo_cl.learning.training import load_configuration
from thermo_cl.learning.training import run as run_configuration
from thermo_cl.learning.training.blas import one_blas_thread

BATCH, SIZES, EXAMPLES = 20, (784, 500, 10), 10_000
RATES = {"W1": 0.1, "b1": 0.1, "W2": 0.05, "b2": 0.05}
TOLERANCE = 1e-9  # of the largest entry, between the two ways in float64
LEFT_OUT = 1e-4  # share of synapses that may differ more, having an output within rounding of the threshold


class Run:
    """A training run in its plainest form, so that nothing but the rule and the update is timed."""

    def __init__(self, minibatches: int = EXAMPLES // BATCH) -> None:
        data = mnist12k().take(slice(minibatches * BATCH))
        self.inputs, self.targets = data.inputs, data.targets(np.float32)
        self.rng = np.random.default_rng(0)
        self.network = EnergyNetwork.glorot(SIZES, rng=0)
        self.states = self.network.initial_states(len(self.inputs))
        self.rule = TemporalContrast(
            sine_kernel(), Sawtooth(0.1, 0.9), THRESHOLDS, gain=GAIN, convolution="sampled", sides="random"
        )

    def minibatch(self, number: int) -> Parameters:
        """Estimate of the gradient; the states are kept, the network stays."""
        part = slice(number * BATCH, (number + 1) * BATCH)
        states = tuple(x[part] for x in self.states)
        estimate = self.rule.estimate(self.network, self.inputs[part], self.targets[part], states, self.rng)
        for kept, new in zip(self.states, estimate.states, strict=True):
            kept[part] = new
        return estimate.gradient

    def epoch(self) -> None:
        """All minibatches in random order, each followed by its update."""
        parameters = {name: array.copy() for name, array in self.network.parameters.items()}
        for number in self.rng.permutation(len(self.inputs) // BATCH):
            self.network = self.network.with_parameters(parameters)
            for name, gradient in self.minibatch(int(number)).items():
                parameters[name] -= np.float32(RATES[name]) * gradient
        self.network = self.network.with_parameters(parameters)


@one_blas_thread()  # as training does
def measure(*, quick: bool) -> dict[str, Any]:
    """All measurements; times in seconds, memory in MiB."""
    load = os.getloadavg()[0]
    epochs, repeats, slow = (1, 2, 1) if quick else (3, 15, 9)
    process = fresh_process(f"from benchmarks.learning import train_here\ntrain_here({epochs})")
    run = Run()
    start = measure_minibatches(run, repeats)
    times = [once(run.epoch)[0] for _ in range(epochs)]
    later = measure_minibatches(run, repeats)
    naive = measure_naive(slow)
    return {
        "quick": quick,
        "trained_epochs": epochs,
        "minibatch_at_start": start,
        "minibatch_later": later,
        "epoch": summary(times)._asdict(),
        "training_epoch": summary(train_here(epochs + 1)[1:])._asdict(),  # the first one loads compiled code
        "fresh_process": process._asdict(),
        "naive_minibatch": naive,
        "times_faster_at_start": naive["seconds"]["median"] / start["median"],
        "times_faster_later": naive["seconds"]["median"] / later["median"],
        "environment": environment(load),
    }


def train_here(epochs: int) -> list[float]:
    """The shipped run as ``thermo-cl train`` does it, for so many epochs; seconds of each."""
    with TemporaryDirectory() as folder:
        ends = [time.perf_counter()]
        run_configuration(
            load_configuration("falk2025-mnist").replaced(epochs=epochs), folder,
            progress=lambda p: ends.append(time.perf_counter()) if p.line else None,
        )  # fmt: skip
    return [end - begin for begin, end in itertools.pairwise(ends)]


def measure_minibatches(run: Run, repeats: int) -> dict[str, Any]:
    """Seconds of one estimate, relaxation included, over the first ten minibatches with the network as it is."""
    return timed(lambda: [run.minibatch(n) for n in range(10)], repeats).per(10)._asdict()


def measure_naive(repeats: int) -> dict[str, Any]:
    """Seconds of one minibatch the straightforward way, and how far ours is from it in float64.

    Raises
    ------
    RuntimeError
        If the two disagree, so that times of different results are never written.
    """
    data = mnist12k().take(slice(repeats * BATCH))
    network = EnergyNetwork.glorot(SIZES, rng=0, dtype=np.float64)
    rule = TemporalContrast(
        sine_kernel(), Sawtooth(0.1, 0.9), THRESHOLDS, gain=GAIN, convolution="sampled", sides="one"
    )
    times, largest, apart = [], 0.0, 0.0
    for number in range(repeats):
        part = slice(number * BATCH, (number + 1) * BATCH)
        x, y = data.inputs[part].astype(float), data.targets(np.float64)[part]
        seconds, theirs = once(lambda x=x, y=y: naive_gradient(dict(network.parameters), x, y, rule.nudge))
        ours = rule.estimate(network, x, y, network.initial_states(BATCH), np.random.default_rng(0)).gradient
        times.append(seconds)
        for name, array in theirs.items():
            difference = np.abs(ours[name] - array) / np.abs(array).max()
            apart = max(apart, float(np.mean(difference > TOLERANCE)))
            largest = max(largest, float(difference[difference <= TOLERANCE].max(initial=0.0)))
    if apart > LEFT_OUT:
        raise RuntimeError(f"{apart:.1e} of the synapses differ from the straightforward way")
    return {"seconds": summary(times)._asdict(), "largest_difference": largest, "share_at_the_threshold": apart}


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return benchmark("learning", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
