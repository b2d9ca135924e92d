"""A training cycle of large physical networks beside the straightforward way: ``python -m benchmarks.feedback``.

Writes ``feedback.json``: seconds of one cycle of ``thermo_cl.feedback.train`` (all patterns, free and nudged states,
every edge's thresholded output over the sawtooth, new coefficients) on networks of 10^4 edges. The straightforward way
assembles the matrix edge by edge for every state, solves it anew for each, and sums the output on a grid of times.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from benchmarks.command import benchmark
from benchmarks.run import environment
from benchmarks.timing import once, timed
from thermo_cl import Sawtooth
from thermo_cl.feedback import Chemical, EdgeNetwork, MaxwellUnit, PhysicalRule, Task, train
from thermo_cl.feedback.learning import Carrier
from thermo_cl.feedback.networks import (
    Contrast,
    apart_nodes,
    contrast,
    disordered_elastic_network,
    square_resistor_network,
)

EDGES, PATTERNS, OUTPUTS, AMPLITUDE, TIMES = 10_000, 4, 3, 0.1, 2000
SMALL = 1000


def problems(edges: int) -> dict[str, tuple[EdgeNetwork, Carrier, Sawtooth]]:
    """Networks of about so many edges, what is on their edges, and the cycle."""
    side = round((edges / 2) ** 0.5)
    springs = disordered_elastic_network(round(edges / 2.3), 4.6, disorder=0.3, rng=0)
    pipes = square_resistor_network(side + 1, side, rng=0)
    return {
        "springs, Maxwell units": (springs, MaxwellUnit(threshold=2e-11), Sawtooth(fast=5.0, slow=5e4, mean=0.5)),
        "pipes, chemicals": (pipes, Chemical(), Sawtooth(fast=10.0, slow=1e5, mean=0.5)),
    }


def task(network: EdgeNetwork) -> Task:
    """Random inputs in four patterns, and three free places that shall move by given amounts."""
    rng = np.random.default_rng(1)
    places = apart_nodes(network, OUTPUTS + 2, rng)
    readout = np.zeros((OUTPUTS, network.n_dofs))
    free = [int(d) for d in places * (network.n_dofs // network.n_nodes) if d not in set(network.imposed)]
    readout[np.arange(OUTPUTS), free[:OUTPUTS]] = 1.0
    values = rng.uniform(-1.0, 1.0, (PATTERNS, len(network.imposed)))
    return Task(values, readout, rng.uniform(-0.5, 0.5, (PATTERNS, OUTPUTS)))


def naive_cycle(network: EdgeNetwork, learnt: Task, rule: PhysicalRule) -> np.ndarray:
    """Update of every coefficient in one cycle: a matrix for every state, a sum over a grid of times."""
    free = np.setdiff1d(np.arange(network.n_dofs), network.imposed)
    total = np.zeros(network.n_edges)
    for values, target in zip(learnt.values, learnt.targets, strict=True):
        rest = _solved(network, free, values, np.zeros(network.n_dofs))
        error = target - learnt.readout @ rest
        nudged = _solved(network, free, values, AMPLITUDE * (learnt.readout.T @ error))
        strain = network.compatibility @ rest
        change = network.compatibility @ nudged - strain
        total += _passed(rule, network, Contrast(strain[None], change[None], AMPLITUDE, error[None], 0.0))
    return total * rule.carrier.gain / (PATTERNS * rule.carrier.ideal_factor * AMPLITUDE)


def _solved(network: EdgeNetwork, free: np.ndarray, values: np.ndarray, load: np.ndarray) -> np.ndarray:
    matrix = sparse.csc_array(
        network.compatibility.T @ sparse.diags_array(network.coefficients) @ network.compatibility
    )
    x = np.zeros(network.n_dofs)
    x[network.imposed] = values
    force = load - matrix @ x
    x[free] = spsolve(matrix[free][:, free], force[free])
    return x


def _passed(rule: PhysicalRule, network: EdgeNetwork, seen: Contrast) -> np.ndarray:
    """Output past the threshold, summed on a grid: fine along the fast ramp and as long after it, coarse later."""
    first, second, bias = rule.carrier.weights(seen, network.coefficients)
    fast, slow = float(rule.protocol.fast), float(rule.protocol.slow)
    total = np.zeros(network.n_edges)
    for start, length in ((0.0, fast), (fast, fast), (2.0 * fast, slow - fast)):
        step = length / TIMES
        for t in start + step * (np.arange(TIMES) + 0.5):
            output = np.ravel(first * rule.shapes[0](t) + second * rule.shapes[1](t) + bias)
            total += step * np.where(np.abs(output) >= rule.carrier.threshold, output, 0.0)
    return total


def measure(*, quick: bool) -> dict[str, Any]:
    """All measurements, in seconds a cycle."""
    load = os.getloadavg()[0]
    repeats = 1 if quick else 7
    found = {}
    for name, (network, carrier, protocol) in problems(SMALL if quick else EDGES).items():
        learnt, rule = task(network), PhysicalRule(carrier, protocol)
        step: dict[str, Any] = {"cycles": 1, "rate": 1e-9, "amplitude": AMPLITUDE, "bounds": (1e-3, 1e3)}
        update = rule.update(contrast(network, learnt, AMPLITUDE), network.coefficients)
        naive_seconds, naive = once(lambda: naive_cycle(network, learnt, rule))  # noqa: B023
        found[name] = {
            "edges": network.n_edges,
            "free": network.assembly.size,
            "cycle": timed(lambda: train(network, learnt, rule, **step), repeats)._asdict(),  # noqa: B023
            "states": timed(lambda: contrast(network, learnt, AMPLITUDE), repeats)._asdict(),  # noqa: B023
            "naive_seconds": naive_seconds,
            "largest_difference": float(np.abs(naive - update).max() / np.abs(update).max()),
        }
        found[name]["naive_over_cycle"] = naive_seconds / found[name]["cycle"]["median"]
    return {"quick": quick, "patterns": PATTERNS, "physical_cycles": found, "environment": environment(load)}


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return benchmark("feedback", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
