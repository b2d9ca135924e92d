"""Seconds a minibatch of backpropagation in torch, as JSON: ``PYTHON benchmarks/peers/backpropagation.py REQUEST``.

Runs in the peers' environment and imports nothing of this project. The request is JSON: ``sizes``, ``batch``,
``minibatches`` and ``repeats``. Adam comes in each of torch's own forms, on one thread and on all: the shortest median
counts.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from importlib.metadata import version
from typing import Any

from worker import per, timed

THREADS = sorted({1, os.cpu_count() or 1})
FORMS = ({"foreach": False}, {"foreach": True}, {"fused": True})


def epoch(sizes: list[int], batch: int, minibatches: int, repeats: int, form: dict[str, bool]) -> dict[str, float]:
    """Seconds a minibatch: forward, backward, Adam; squared error, ReLU."""
    import torch

    torch.manual_seed(0)
    layers: list[Any] = []
    for n, m in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    inputs = torch.rand(batch * minibatches, sizes[0])
    targets = torch.nn.functional.one_hot(torch.randint(0, sizes[-1], (len(inputs),)), sizes[-1]).float()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, **form)

    def run() -> None:
        for start in range(0, len(inputs), batch):
            optimizer.zero_grad(set_to_none=True)
            gaps = network(inputs[start : start + batch]) - targets[start : start + batch]
            (0.5 * (gaps * gaps).sum(1).mean()).backward()
            optimizer.step()

    return per(timed(run, repeats), minibatches)


def main(request: dict[str, Any]) -> dict[str, Any]:
    """The best of all forms and numbers of threads."""
    import torch

    found = {}
    for threads in THREADS:
        torch.set_num_threads(threads)
        for form in FORMS:
            name = f"{next(iter(form))} = {next(iter(form.values()))}, {threads} threads"
            found[name] = epoch(**request, form=form)
    best = min(found, key=lambda name: found[name]["median"])
    return {"versions": {"torch": version("torch")}, "best": best, "seconds_per_minibatch": found}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
