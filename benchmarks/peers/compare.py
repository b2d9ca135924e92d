"""The library beside its peers: steady states of 10,000 ladders, and jumps of one ladder.

The peers run as a process in an environment of their own (``make benchmark`` installs it), on one thread, as the
library does here; the library's times start from the ladders' parameters, the peers' from ready generators.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numba
import numpy as np

from analysis import dissipation
from benchmarks import naive
from benchmarks.command import PYTHON, ask_peers
from benchmarks.timing import timed
from thermo_cl import Ladder
from thermo_cl.markov.trajectories import count_jumps

LADDERS = 10_000
JUMPS = 20_000_000


def compare(repeats: int, python: Path = PYTHON) -> dict[str, Any]:
    """Seconds a steady state and seconds a jump, of the library and of each peer, and their ratios."""
    gamma, _, rate_factor = dissipation.draw(LADDERS, 0)
    ladders, one = Ladder(gamma, rate_factor=rate_factor), Ladder(1e-3)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        steady = timed(lambda: Ladder(gamma, rate_factor=rate_factor).steady_state(), repeats).per(LADDERS)
        jump = _seconds_per_jump(one, repeats)
        plain = _plain_seconds_per_jump(one, repeats)
    finally:
        numba.set_num_threads(threads)
    dense = timed(lambda: ladders.network().steady_state(), 1).per(LADDERS)
    peers = _run_peers(ladders, one, python, repeats)
    return {
        "ladders": LADDERS,
        "steady_state": steady._asdict(),
        "steady_state_as_general_network": dense._asdict(),
        "jump": jump._asdict(),
        "plain_loop_jump": plain._asdict(),
        "peers": peers,
        "ratio": {
            "quantecon": peers["quantecon_steady_state"]["median"] / steady.median,
            "deeptime": peers["deeptime_steady_state"]["median"] / steady.median,
            "gillespy2": peers["gillespy2_jump"]["median"] / jump.median,
            "plain_loop": plain.median / jump.median,
        },
    }


def _seconds_per_jump(ladder: Ladder, repeats: int) -> Any:
    network = ladder.network()
    duration = JUMPS / _jump_rate(ladder)
    made = int(count_jumps(network, duration, rng=1).jumps.sum())
    return timed(lambda: count_jumps(network, duration, rng=1), repeats).per(made)


def _plain_seconds_per_jump(ladder: Ladder, repeats: int) -> Any:
    generator = np.ascontiguousarray(ladder.rate_matrix())
    duration = JUMPS / 10 / _jump_rate(ladder)
    made = naive.plain_jumps(generator, duration, 1)
    return timed(lambda: naive.plain_jumps(generator, duration, 1), repeats).per(made)


def _jump_rate(ladder: Ladder) -> float:
    return float(-(np.diag(ladder.rate_matrix()) * ladder.steady_state()).sum())


def _run_peers(ladders: Ladder, one: Ladder, python: Path, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "networks.npz"
        np.savez(
            given, generators=ladders.rate_matrix(), steady=ladders.steady_state(),
            ladder=one.rate_matrix(), ladder_steady=one.steady_state(),
        )  # fmt: skip
        return ask_peers(python, "worker.py", str(given), str(repeats))
