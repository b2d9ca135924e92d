"""Dual propagation and backpropagation beside torch: ``python -m benchmarks.dual_propagation``.

Writes ``dual_propagation.json``: seconds of a minibatch in training 784-512-512-10 with Adam, all that ``train`` does
in an epoch included, for backpropagation and for dual propagation in its forms, and torch's backpropagation.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.command import ask_peers, benchmark
from benchmarks.run import environment
from benchmarks.timing import timed
from thermo_cl.learning import Adam, Relaxation, Rule
from thermo_cl.learning.data import mnist12k
from thermo_cl.learning.dyadic import DualPropagation
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardBackpropagation
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.learning.training.epoch import run_epoch
from thermo_cl.learning.training.recipe import Recipe

SIZES, BATCH = (784, 512, 512, 10), 50
RULES: dict[str, tuple[Rule, int]] = {  # and by which factor fewer minibatches are timed
    "backpropagation": (ForwardBackpropagation(), 1),
    "adjoint, alpha = 0": (DualPropagation(alpha=0.0), 1),
    "adjoint, alpha = 1": (DualPropagation(alpha=1.0), 1),
    "adjoint, alpha = 1/2, 10 sweeps": (DualPropagation(alpha=0.5, sweeps=10), 10),
    "plain, alpha = 0, 10 sweeps": (DualPropagation(alpha=0.0, form="plain", sweeps=10), 10),
}


def measure(*, quick: bool, peers: Path) -> dict[str, Any]:
    """All measurements, in seconds a minibatch.

    Raises
    ------
    PeersMissingError
        If the peers' environment is not there.
    RuntimeError
        If their process fails.
    """
    load = os.getloadavg()[0]
    minibatches, repeats = (20, 2) if quick else (200, 7)
    ours = {name: _ours(rule, max(1, minibatches // share), repeats) for name, (rule, share) in RULES.items()}
    request = {"sizes": SIZES, "batch": BATCH, "minibatches": minibatches, "repeats": repeats}
    theirs = ask_peers(peers, "backpropagation.py", json.dumps(request))
    torch, own = theirs["seconds_per_minibatch"][theirs["best"]]["median"], ours["backpropagation"]["median"]
    return {
        "quick": quick,
        "sizes": SIZES,
        "batch": BATCH,
        "minibatches": minibatches,
        "seconds_per_minibatch": ours,
        "torch": theirs,
        "torch_over_backpropagation": torch / own,
        "over_backpropagation": {name: found["median"] / own for name, found in ours.items()},
        "environment": environment(load),
    }


def _ours(rule: Rule, minibatches: int, repeats: int) -> dict[str, Any]:
    data, optimizer = mnist12k().take(slice(minibatches * BATCH)), Adam(1e-3)
    network = FeedForwardNetwork.random(SIZES[0], SIZES[1:], rng=0)
    rates = dict.fromkeys(network.parameters, optimizer.rate)
    recipe = Recipe(network, rule, data, None, BATCH, rates, 0, False, None, Relaxation(), optimizer)
    moments = optimizer.start(network.parameters)
    with one_blas_thread():  # as `train` does
        call = lambda: run_epoch(recipe, network, moments, (), 1, lambda *_: None)  # noqa: E731
        return timed(call, repeats).per(minibatches)._asdict()


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return benchmark("dual_propagation", __doc__, measure, arguments, peers=True)


if __name__ == "__main__":
    sys.exit(main())
