"""Cost against size: levels of a ladder, states of general networks, with the fitted exponent of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from benchmarks.timing import fresh_process, timed
from thermo_cl import Ladder, MarkovNetwork
from thermo_cl.markov.steady import solve_steady_state

FITTED_DECADES = 2.0  # the exponent is that of the largest sizes, where fixed costs no longer count


def measure(repeats: int, *, largest: float = 1.0) -> dict[str, Any]:
    """Seconds at each size for each kind of network, and the exponents; ``largest`` scales the sizes down."""
    kinds: dict[str, tuple[list[int], Callable[[int], Callable[[], object]]]] = {
        "ladder levels: steady state, currents, entropy production": (_sizes(2, 6, largest), _ladder),
        "chain states, banded elimination": (_sizes(3, 6, largest), _chain),
        "square lattice states, automatic choice": (_sizes(2, 5, largest), _lattice),
        "dense network states, elimination": (_sizes(1, 3, largest), _dense),
    }
    curves = {}
    for name, (sizes, make) in kinds.items():
        seconds = [timed(make(size), repeats).median for size in sizes]
        curves[name] = {"sizes": sizes, "seconds": seconds, "exponent": exponent(sizes, seconds)}
    return curves


def measure_million(repeats: int) -> dict[str, Any]:
    """The ladder of a million levels: seconds of a process that does nothing else, and its peak memory."""
    code = (
        "from thermo_cl import Ladder\n"
        "ladder = Ladder(0.1, n_levels=10**6, energy_step=1e-5, reference_level=5e5)\n"
        "ladder.steady_state(), ladder.plaquette_currents(), ladder.entropy_production_rate()\n"
    )
    fresh_process(code)  # fills Numba's cache if a source has changed
    runs = [fresh_process(code) for _ in range(repeats)]
    ladder = Ladder(0.1, n_levels=10**6, energy_step=1e-5, reference_level=5e5)
    return {
        "process_seconds": sorted(run.seconds for run in runs)[repeats // 2],
        "peak_memory_mib": max(run.peak_mib for run in runs),
        "seconds": timed(lambda: _solve(ladder), repeats)._asdict(),
        "moments_seconds": timed(lambda: ladder.step_moments(200.0), repeats)._asdict(),
    }


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Slope of log seconds against log size over the largest sizes."""
    size, time = np.log(sizes), np.log(seconds)
    kept = size >= size[-1] - FITTED_DECADES * np.log(10)
    return float(np.polyfit(size[kept], time[kept], 1)[0])


def _sizes(low: int, high: int, largest: float) -> list[int]:
    """Half decades."""
    return [int(10**x) for x in np.arange(low, high + 0.25, 0.5) if 10**x <= largest * 10**high * 1.001]


def _solve(ladder: Ladder) -> tuple[object, ...]:
    return ladder.steady_state(), ladder.plaquette_currents(), ladder.entropy_production_rate()


def _ladder(levels: int) -> Callable[[], object]:
    ladder = Ladder(0.1, n_levels=levels, energy_step=10.0 / levels, reference_level=levels // 2)
    return lambda: _solve(ladder)


def _chain(states: int) -> Callable[[], object]:
    rates = np.exp(np.random.default_rng(0).uniform(-1, 1, (2, states - 1)))
    network = MarkovNetwork(scipy.sparse.diags_array([rates[0], rates[1]], offsets=[-1, 1], format="csc"))
    return lambda: solve_steady_state(network, method="banded")


def _lattice(states: int) -> Callable[[], object]:
    side = round(states**0.5)
    step = scipy.sparse.diags_array([np.ones(side - 1), np.ones(side - 1)], offsets=[-1, 1])
    joined = scipy.sparse.kronsum(step, step).tocsc()
    joined.data = np.exp(np.random.default_rng(0).uniform(-1, 1, joined.data.size))
    network = MarkovNetwork(joined)
    return lambda: solve_steady_state(network)


def _dense(states: int) -> Callable[[], object]:
    rates = np.random.default_rng(0).uniform(0.1, 1.0, (states, states)) * (1 - np.eye(states))
    return lambda: MarkovNetwork(rates).steady_state()  # a network remembers its factors: each time a new one
