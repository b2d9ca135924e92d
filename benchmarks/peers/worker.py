"""Times of the peers, as JSON on standard output: ``PYTHON benchmarks/peers/worker.py INPUT.npz REPEATS``.

Runs in the peers' environment and imports nothing of this project. The input holds ``generators``, shape (m, n, n),
whose columns sum to zero, and ``ladder``, the generator to simulate.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

DEEPTIME_SHARE = 20  # deeptime takes a fraction of a millisecond each: one in so many is timed
SSA_JUMPS = 20_000


def timed(call: Callable[[], object], repeats: int) -> dict[str, float]:
    """Median, smallest and largest seconds of some calls, after one that is not counted."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds), "repeats": repeats}


def per(timing: dict[str, float], items: float) -> dict[str, float]:
    """A timing shared by equal pieces of work."""
    return {name: value if name == "repeats" else value / items for name, value in timing.items()}


def quantecon_steady_states(rows: np.ndarray, repeats: int) -> tuple[dict[str, float], np.ndarray]:
    """Seconds a network by its compiled GTH, from Python as its users call it, and the results."""
    from quantecon.markov.gth_solve import gth_solve

    results = np.array([gth_solve(row) for row in rows])
    return per(timed(lambda: [gth_solve(row) for row in rows], repeats), len(rows)), results


def deeptime_steady_states(rows: np.ndarray, repeats: int) -> dict[str, float]:
    """Seconds a network by ``deeptime``'s default method, on the chain seen at the fastest rate."""
    from deeptime.markov.tools.analysis import stationary_distribution

    own = np.arange(rows.shape[-1])
    steps = rows[::DEEPTIME_SHARE] / (2.0 * np.abs(rows[::DEEPTIME_SHARE, own, own]).max(axis=-1))[:, None, None]
    chains = np.eye(rows.shape[-1]) + steps
    return per(timed(lambda: [stationary_distribution(chain) for chain in chains], repeats), len(chains))


def gillespy2_jumps(generator: np.ndarray, steady: np.ndarray, repeats: int) -> dict[str, float]:
    """Seconds a jump by the Python SSA of ``gillespy2``, one copy as a network of unimolecular reactions."""
    import gillespy2

    logging.disable(logging.CRITICAL)
    n = len(generator)
    leaving = float(-(np.diag(generator) * steady).sum())
    model = gillespy2.Model(name="ladder")
    species = [gillespy2.Species(name=f"state{i}", initial_value=int(i == 0), mode="discrete") for i in range(n)]
    model.add_species(species)
    for target, source in np.argwhere(generator > 0):
        rate = gillespy2.Parameter(name=f"k{source}_{target}", expression=float(generator[target, source]))
        model.add_parameter(rate)
        model.add_reaction(
            gillespy2.Reaction(
                name=f"r{source}_{target}", reactants={species[source]: 1}, products={species[target]: 1}, rate=rate
            )
        )
    model.timespan(np.linspace(0.0, SSA_JUMPS / leaving, 2))
    solver = gillespy2.NumPySSASolver(model=model)
    return per(timed(lambda: solver.run(model=model, number_of_trajectories=1, seed=1), repeats), SSA_JUMPS)


def main(path: str, repeats: int) -> dict[str, Any]:
    """All of them."""
    given = np.load(path)
    rows = np.ascontiguousarray(np.swapaxes(given["generators"], -1, -2))  # peers take rows that sum to zero
    quantecon, steady = quantecon_steady_states(rows, repeats)
    apart = np.abs(steady / given["steady"] - 1.0).max()
    return {
        "versions": {name: version(name) for name in ("quantecon", "deeptime", "gillespy2")},
        "quantecon_steady_state": quantecon,
        "quantecon_largest_relative_difference": float(apart),
        "deeptime_steady_state": deeptime_steady_states(rows, repeats),
        "gillespy2_jump": gillespy2_jumps(given["ladder"], given["ladder_steady"], repeats),
    }


if __name__ == "__main__":
    chatter = io.StringIO()
    with contextlib.redirect_stdout(chatter):
        report = main(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(json.dumps(report))
