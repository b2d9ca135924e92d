"""Networks, ladders of any size, driven states and trajectories, beside peers: ``python -m benchmarks.thermodynamics``.

Writes ``thermodynamics.json`` and the picture of cost against size that the readme shows; about five minutes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import sizes
from benchmarks.command import benchmark
from benchmarks.peers.compare import compare
from benchmarks.run import environment
from benchmarks.timing import ROOT, timed
from thermo_cl import Ladder, Sawtooth
from thermo_cl.markov.driving import periodic_state
from thermo_cl.sweep import atomic_output

PICTURE = ROOT / "docs" / "images" / "scaling.png"


def measure(*, quick: bool, peers: Path) -> dict[str, Any]:
    """All measurements; times in seconds, memory in MiB."""
    repeats = 3 if quick else 7
    load = os.getloadavg()[0]
    million = sizes.measure_million(repeats)
    return {
        "quick": quick,
        "million_levels": million,
        "driven": measure_driven(repeats),
        "beside_peers": compare(repeats, peers),
        "sizes": sizes.measure(3, largest=0.1 if quick else 1.0),
        "environment": environment(load),
    }


def measure_driven(repeats: int) -> dict[str, Any]:
    """One periodic state of the five-level ladder under the paper's sawtooth, five ladder units to a protocol unit."""
    ladder, signal = Ladder(1e-3), Sawtooth(fast=15.0, slow=75.0, mean=10.0).signal(20.0)
    state, finer = periodic_state(ladder, signal), periodic_state(ladder, signal, tolerance=1e-13)
    error = float(np.abs(state.probabilities - finer(state.times)).max())
    return {"seconds": timed(lambda: periodic_state(ladder, signal), repeats)._asdict(), "largest_error": error}


def draw_sizes(curves: dict[str, Any], target: Path) -> None:
    """Seconds against size on logarithmic axes, with the fitted power of each."""
    from matplotlib import style

    from figures._axes import COLUMN, STYLE, new_figure

    with style.context(STYLE):
        figure = new_figure(1.45 * COLUMN, 2.9)
        axes = figure.subplots()
        for (name, curve), marker in zip(curves.items(), "os^D", strict=True):
            label = f"{name}: power {curve['exponent']:.2f}"
            axes.loglog(curve["sizes"], curve["seconds"], marker=marker, markersize=3, label=label)
        axes.set(xlabel="Number of levels or states", ylabel="Seconds")
        axes.legend(loc="upper left", fontsize=6)
        axes.set_ylim(None, 300 * max(max(c["seconds"]) for c in curves.values()))
        with atomic_output(target, force=True) as draft:
            figure.savefig(draft, format="png", dpi=200)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    picture = lambda found: draw_sizes(found["sizes"], PICTURE)  # noqa: E731
    return benchmark("thermodynamics", __doc__, measure, arguments, peers=True, after=picture)


if __name__ == "__main__":
    sys.exit(main())
