"""Sweeps of ladders, their engine's share and the plain way: ``python -m benchmarks.sweeps``.

Writes ``sweeps.json``: seconds and peak memory of all processes against the number of ladders, for whole curves of 500
amplitudes (reduced to metrics) and for scalar metrics; one worker against two; the engine's cost of a chunk and of a
point; the same ladders one by one in a pool of processes; and what 10^10 ladders would take. Every sweep is a process
of its own that starts from nothing and streams to a Zarr store. The full run takes about 15 minutes on two cores.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from analysis.dissipation import LADDER_UNITS, PROTOCOL
from benchmarks import naive
from benchmarks.command import benchmark
from benchmarks.process_tree import run_tree
from benchmarks.run import environment
from benchmarks.sizes import exponent
from benchmarks.timing import once, summary
from thermo_cl._types import Array
from thermo_cl.sweep import FUNCTIONS, Design, atomic_output, integers, log_uniform, sweep

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "sweeps.png"
WORKERS, AMPLITUDES, CHUNK = 2, 500, 4096
CLUSTER_LADDERS, CLUSTER_CORES, CLUSTER_CHUNK = 10**10, 1000, 2**16  # larger chunks, or one driver holds up 1000
ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def design(ladders: int) -> Design:
    """Ladders in the manner of Falk et al. 2025, App. G.3; rows are drawn when they are asked for."""
    return Design.random(
        ladders, rng=0, gamma=log_uniform(1e-24, 1.0), signal=integers(5, 250), rate_factor=integers(1, 100)
    )


def function(name: str) -> Callable[..., Any]:
    """The named function, with the protocol of Fig. 6B where curves are asked for."""
    named = FUNCTIONS[name]
    if name != "ladder-curves":
        return named
    return named.with_options(amplitudes=AMPLITUDES, ladder_units=LADDER_UNITS, curves=False, **PROTOCOL)


def sweep_here(name: str, ladders: int, workers: int | None) -> None:
    """One sweep into a store that is thrown away; prints seconds and bytes of the store as JSON."""
    with TemporaryDirectory() as folder:
        store = Path(folder) / "sweep.zarr"
        seconds = once(lambda: sweep(design(ladders), function(name), store=store, chunk=CHUNK, workers=workers))[0]
        size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    print(json.dumps({"seconds": seconds, "bytes": size}))


def nothing(gamma: Array) -> dict[str, Array]:
    """A function that costs nothing."""
    return {"same": gamma}


def one_by_one(row: tuple[float, float, float]) -> float:
    """Offset of one ladder by the library's function for one ladder, as a plain loop would call it."""
    gamma, signal, factor = (np.array([value]) for value in row)
    found = function("ladder-curves")(gamma=gamma, signal=signal, rate_factor=factor)
    return float(found["offset"].values[0])


def measure(*, quick: bool) -> dict[str, Any]:
    """All measurements; times in seconds, memory in MiB."""
    load = os.getloadavg()[0]
    _sweep("ladder-curves", 1000, None)  # fills Numba's cache if a source has changed
    _sweep("ladder", 1000, None)
    curves = [_sweep("ladder-curves", n, WORKERS) for n in _numbers(3, 4 if quick else 6)]
    scalars = [_sweep("ladder", n, WORKERS) for n in _numbers(3, 5 if quick else 7)]
    results = {
        "quick": quick,
        "workers": WORKERS,
        "chunk": CHUNK,
        "amplitudes": AMPLITUDES,
        "sizes": {"curves of 500 amplitudes": _summed_up(curves), "scalar metrics": _summed_up(scalars)},
        "efficiency": measure_efficiency(5 * CHUNK if quick else 25 * CHUNK),
        "engine": measure_engine(20 if quick else 200),
        "plain": measure_plain(100 if quick else 2000, 1 if quick else 4),
    }
    return results | {"cluster": estimate(results), "environment": environment(load)}


def measure_efficiency(ladders: int) -> dict[str, Any]:
    """Curves by one thread, two threads, one process and two processes; efficiency is the gain over their number."""
    runs = {
        "one thread": _sweep("ladder-curves", ladders, None, threads=1),
        "two threads": _sweep("ladder-curves", ladders, None, threads=2),
        "one process": _sweep("ladder-curves", ladders, 1),
        "two processes": _sweep("ladder-curves", ladders, 2),
    }
    seconds = {name: run["seconds"] for name, run in runs.items()}
    return {
        "ladders": ladders,
        "seconds": seconds,
        "threads": seconds["one thread"] / seconds["two threads"] / 2.0,
        "processes": seconds["one process"] / seconds["two processes"] / 2.0,
    }


def measure_engine(chunks: int) -> dict[str, Any]:
    """Seconds of a chunk and of a point by a function that does nothing, into a Zarr store."""
    from distributed import Client, LocalCluster

    found = {"in this process": _engine(chunks, {}), "local processes": _engine(chunks, {"workers": WORKERS})}
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        found["LocalCluster"] = _engine(chunks, {"client": client})
    return found


def measure_plain(ladders: int, amplitudes: int) -> dict[str, Any]:
    """Seconds a ladder when a pool of processes maps over single ladders, and by the paper's pipeline, extrapolated."""
    points = design(ladders).points()
    rows = list(zip(*(points[name].tolist() for name in ("gamma", "signal", "rate_factor")), strict=True))
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        pool.map(one_by_one, rows[: 4 * WORKERS])
        pooled = once(lambda: pool.map(one_by_one, rows))[0]
    gamma, signal, factor = rows[0]
    kernel_seconds, kernel = once(lambda: naive.naive_kernel(gamma, factor, signal))
    grid = np.linspace(25.0, 60.0, amplitudes)
    shape = {name: PROTOCOL[name] for name in ("fast", "slow", "mean", "amplitude_max")}
    times = [
        once(lambda a=a: naive.naive_update_curve(kernel, *shape.values(), amplitudes=[float(a)]))[0] for a in grid
    ]
    return {
        "pool_ladders": ladders,
        "pool_seconds_per_ladder": pooled / ladders,
        "pipeline_amplitudes": amplitudes,
        "pipeline_seconds_per_ladder": kernel_seconds + AMPLITUDES * summary(times).median,
    }


def estimate(results: dict[str, Any]) -> dict[str, Any]:
    """What ``CLUSTER_LADDERS`` curves would take, on paper.

    With t core-seconds a ladder, c ladders a chunk and the engine's o seconds for a chunk and q for a point, N ladders
    are N t core-seconds, and N (q + o / c) of the one process that hands out and stores the chunks. On p cores they
    last the sum over p, but not less than the latter. The store holds N times the bytes of a point.
    """
    sizes = results["sizes"]["curves of 500 amplitudes"]
    ladder = results["workers"] * sizes["seconds"][-1] / sizes["sizes"][-1]
    chunks, engine = CLUSTER_LADDERS / CLUSTER_CHUNK, results["engine"]["LocalCluster"]
    driver = chunks * engine["seconds_per_chunk"] + CLUSTER_LADDERS * engine["seconds_per_point"]
    core_seconds = CLUSTER_LADDERS * ladder + driver
    return {
        "ladders": CLUSTER_LADDERS,
        "cores": CLUSTER_CORES,
        "chunk": CLUSTER_CHUNK,
        "core_seconds_per_ladder": ladder,
        "core_hours": core_seconds / 3600.0,
        "seconds": max(core_seconds / CLUSTER_CORES, driver),
        "driver_seconds": driver,
        "store_bytes": CLUSTER_LADDERS * sizes["bytes"][-1] / sizes["sizes"][-1],
        "formula": "max(N t / p + D / p, D), D = N (q + o / c); t core-seconds a ladder, o a chunk, q a point, p cores",
    }


def draw(sizes: dict[str, Any], target: Path) -> None:
    """Seconds and peak memory against the number of ladders, on logarithmic axes."""
    from matplotlib import style

    from figures._axes import COLUMN, STYLE, new_figure

    with style.context(STYLE):
        figure = new_figure(2.0 * COLUMN, 2.6)
        left, right = figure.subplots(1, 2)
        for (name, curve), marker in zip(sizes.items(), "os", strict=True):
            label = f"{name}: power {curve['exponent']:.2f}"
            left.loglog(curve["sizes"], curve["seconds"], marker=marker, markersize=3, label=label)
            right.loglog(curve["sizes"], curve["peak_mib"], marker=marker, markersize=3, label=name)
        left.set(xlabel="Number of ladders", ylabel="Seconds on two cores")
        left.legend(loc="upper left", fontsize=6)
        left.set_ylim(None, 100 * max(max(c["seconds"]) for c in sizes.values()))
        right.axhline(1431.0, color="0.5", linestyle=":", linewidth=1)
        right.annotate("1.5 GB", (0.02, 1431.0), xycoords=("axes fraction", "data"), va="bottom", fontsize=6)
        right.set(xlabel="Number of ladders", ylabel="Peak memory of all processes (MiB)", ylim=(100, 6000))
        with atomic_output(target, force=True) as draft:
            figure.savefig(draft, format="png", dpi=200)


def _numbers(low: int, high: int) -> list[int]:
    return [10**k for k in range(low, high + 1)]


def _sweep(name: str, ladders: int, workers: int | None, threads: int = 1) -> dict[str, Any]:
    """A sweep in a fresh process: ladders, seconds from start to end, those of the sweep alone, bytes, peak memory."""
    print(f"sweeping {ladders:,} ladders: {name}", file=sys.stderr, flush=True)
    call = f"sweep_here({name!r}, {ladders}, {workers})"
    code = f"from benchmarks.sweeps import sweep_here\nif __name__ == '__main__': {call}"
    run = run_tree(code, environment=ONE_THREAD | {"NUMBA_NUM_THREADS": str(threads)})
    return {
        "ladders": ladders, "whole_seconds": run.seconds, "seconds": run.reported["seconds"],
        "bytes": run.reported["bytes"], "peak_mib": run.peak_mib,
    }  # fmt: skip


def _summed_up(runs: list[dict[str, Any]]) -> dict[str, Any]:
    sizes, seconds = [run["ladders"] for run in runs], [run["seconds"] for run in runs]
    return {
        "sizes": sizes, "seconds": seconds, "whole_seconds": [run["whole_seconds"] for run in runs],
        "bytes": [run["bytes"] for run in runs], "peak_mib": [run["peak_mib"] for run in runs],
        "exponent": exponent(sizes, seconds),
    }  # fmt: skip


def _engine(chunks: int, where: dict[str, Any]) -> dict[str, float]:
    """Seconds by differences of sweeps, so that starting workers and the store does not count."""
    large = 2**16

    def seconds(count: int, chunk: int) -> float:
        points = Design.random(count * chunk, rng=0, gamma=log_uniform(1e-3, 1.0))
        with TemporaryDirectory() as folder:
            start = list[float]()
            sweep(
                points, nothing, store=Path(folder) / "nothing.zarr", chunk=chunk,
                progress=lambda _: start.append(time.perf_counter()), **where,
            )  # fmt: skip
        return start[-1] - start[0]

    a_chunk = seconds(chunks + 1, 1) / chunks
    a_point = max(seconds(chunks // 10 + 1, large) / (chunks // 10) - a_chunk, 0.0) / large
    return {"seconds_per_chunk": a_chunk, "seconds_per_point": a_point}


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return benchmark("sweeps", __doc__, measure, arguments, after=lambda found: draw(found["sizes"], PICTURE))


if __name__ == "__main__":
    sys.exit(main())
