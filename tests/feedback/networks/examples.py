"""Small networks and tasks that the tests of this folder share."""

from __future__ import annotations

import numpy as np

from thermo_cl.feedback.networks import EdgeNetwork, Task, elastic_network, resistor_network


def springs(dim: int, seed: int = 0, nodes: int = 7) -> EdgeNetwork:
    """Every pair of random nodes joined, held at enough degrees of freedom."""
    rng = np.random.default_rng(seed)
    edges = [(i, j) for i in range(nodes) for j in range(i)]
    held = np.arange(max(dim * dim, 2))  # all of `dim` nodes, so that it cannot move as a whole, and two to strain it
    return elastic_network(rng.standard_normal((nodes, dim)), edges, rng.uniform(0.5, 2.0, len(edges)), held)


def resistors(seed: int = 0) -> EdgeNetwork:
    """A ring of eight with four chords."""
    rng = np.random.default_rng(seed)
    edges = [(i, (i + 1) % 8) for i in range(8)] + [(0, 4), (1, 6), (2, 5), (3, 7)]
    return resistor_network(edges, rng.uniform(0.5, 2.0, len(edges)), [0, 3])


def task_for(network: EdgeNetwork, patterns: int = 3, outputs: int = 2, seed: int = 1) -> Task:
    """Random values, a dense random readout, random targets."""
    rng = np.random.default_rng(seed)
    return Task(
        rng.standard_normal((patterns, len(network.imposed))),
        rng.standard_normal((outputs, network.n_dofs)),
        rng.standard_normal((patterns, outputs)),
    )


NETWORKS = {"line": springs(1), "plane": springs(2), "space": springs(3), "resistors": resistors()}
