"""Times of the peers' Gibbs sampling, as JSON on standard output: ``PYTHON benchmarks/peers/sampling.py REQUEST``.

Runs in the peers' environment and imports nothing of this project. The request is JSON: ``shapes`` and ``batches``,
``steps`` of one call by batch, and ``repeats``. Every peer is timed on one thread and on as many as there are
processors, and scikit-learn with weights in either order in memory: the shortest median counts.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
from importlib.metadata import version
from typing import Any

import numpy as np
from worker import per, timed

THREADS = sorted({1, os.cpu_count() or 1})


def scikit_learn(visible: int, hidden: int, batch: int, steps: int, repeats: int, dtype: str) -> dict[str, float]:
    """Seconds a step of ``BernoulliRBM.gibbs``, fitted attributes set by hand."""
    from sklearn.neural_network import BernoulliRBM
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    model = BernoulliRBM(hidden, random_state=0)
    weights = rng.normal(0.0, 0.01, (hidden, visible)).astype(dtype)
    model.intercept_hidden_, model.intercept_visible_ = np.zeros(hidden, dtype), np.zeros(visible, dtype)
    model.n_features_in_, model.random_state_ = visible, np.random.RandomState(0)
    state = rng.integers(0, 2, (batch, visible)).astype(dtype)

    def call() -> None:
        v = state
        for _ in range(steps):
            v = model.gibbs(v)

    found = []
    for order in ("C", "F"):  # ``fit`` leaves them in Fortran's
        model.components_ = np.asarray(weights, order=order)
        for count in THREADS:
            with threadpool_limits(count):
                found.append(timed(call, repeats))
    return per(shortest(found), steps)


def learnergy(visible: int, hidden: int, batch: int, steps: int, repeats: int) -> dict[str, float]:
    """Seconds a step of ``RBM.gibbs_sampling``, which does one step more for the hidden units only."""
    import torch
    from learnergy.models.bernoulli import RBM

    logging.disable(logging.CRITICAL)
    torch.manual_seed(0)
    model = RBM(visible, hidden, steps=steps)
    state = torch.bernoulli(torch.full((batch, visible), 0.5))
    found = []
    for count in THREADS:
        torch.set_num_threads(count)
        with torch.inference_mode():
            found.append(timed(lambda: model.gibbs_sampling(state), repeats))
    return per(shortest(found), steps)


def shortest(timings: list[dict[str, float]]) -> dict[str, float]:
    """The timing of the smallest median."""
    return min(timings, key=lambda timing: timing["median"])


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Every peer at every size."""
    found: dict[str, Any] = {}
    for visible, hidden in request["shapes"]:
        for batch in request["batches"]:
            steps, repeats = request["steps"][str(batch)], request["repeats"]
            found[f"{visible}-{hidden}, {batch}"] = {
                **{
                    f"scikit-learn, {dtype}": scikit_learn(visible, hidden, batch, steps, repeats, dtype)
                    for dtype in ("float32", "float64")
                },
                "learnergy": learnergy(visible, hidden, batch, steps, repeats),
            }
    names, tried = ("scikit-learn", "learnergy", "torch"), " or ".join(map(str, THREADS))
    return {
        "versions": {name: version(name) for name in names},
        "threads": {"processors": os.cpu_count(), "torch": tried, "BLAS": tried},
        "seconds_per_step": found,
    }


if __name__ == "__main__":
    chatter = io.StringIO()
    with contextlib.redirect_stdout(chatter):
        report = main(json.loads(sys.argv[1]))
    sys.stdout.write(json.dumps(report))
