"""Small networks that the tests of this folder drive."""

import numpy as np

from thermo_cl import Sawtooth
from thermo_cl.feedback.networks import elastic_network, resistor_network
from thermo_cl.feedback.series import nudging_schedule

PROTOCOL = Sawtooth(1.0, 4.0, mean=0.5)
TIME = 0.2


def resistors(seed=0):
    """8 nodes, of which 0 and 1 are imposed; two clamped outputs, one of them a difference."""
    rng = np.random.default_rng(seed)
    edges = [(i, j) for i in range(8) for j in range(i) if rng.random() < 0.6]
    network = resistor_network(edges, rng.uniform(0.5, 2.0, len(edges)), [0, 1])
    rows = np.zeros((2, 8))
    rows[0, 5], rows[1, 6], rows[1, 7] = 1.0, 1.0, -1.0
    return network, rows


def springs(seed=0):
    """A triangulated 3 x 4 strip, two left corners held and the upper right one moved; one clamped output."""
    rng = np.random.default_rng(seed)
    grid = np.array([(x, y) for x in range(4) for y in range(3)], dtype=float)
    positions = grid + rng.uniform(-0.15, 0.15, grid.shape)
    edges = [
        (a, b) for a in range(12) for b in range(a)
        if tuple(np.abs(grid[a] - grid[b])) in ((1, 0), (0, 1)) or tuple(grid[a] - grid[b]) == (1, 1)
    ]  # fmt: skip
    network = elastic_network(positions, edges, rng.uniform(0.5, 2.0, len(edges)), [0, 1, 4, 5, 22, 23])
    rows = np.zeros((1, 24))
    rows[0, 18], rows[0, 12] = 1.0, -1.0
    return network, rows


def driven(kind, cycles=1, protocol=PROTOCOL):
    """Network, rows of its clamp and a schedule of nudging."""
    if kind == "resistor":
        network, rows = resistors()
        return network, rows, nudging_schedule(protocol, [1.0, 0.0], [0.3, 0.1], [0.2, -0.1], cycles=cycles)
    network, rows = springs()
    held = [0.0, 0.0, 0.0, 0.0, 0.3, 0.1]
    return network, rows, nudging_schedule(protocol, held, [0.2], [0.4], cycles=cycles)


def dense(network):
    """Compatibility as a dense array."""
    return network.compatibility.toarray()
