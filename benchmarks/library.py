"""Times of the library alone: whole data sets, kernels in a batch, and processes from a cold start."""

from __future__ import annotations

import tempfile
from functools import partial
from typing import Any

import numba
import numpy as np

from analysis import dissipation, dynamic_range, offset
from benchmarks.timing import fresh_process, summary, timed
from thermo_cl import Ladder

LADDERS = 5000  # the paper's number, and the default of ``dissipation.compute``


def measure_processes(repeats: int) -> dict[str, Any]:
    """Seconds and memory of fresh processes, Numba's files on disk being up to date unless said otherwise.

    Returns ``interpreter`` (nothing but Python's own start), ``import`` (and the package), ``dissipation`` (and the
    whole Fig. 6B data set), ``dissipation_compiling_seconds`` (with an empty Numba cache) and ``peak_memory_mib``.
    """
    work = "from analysis import dissipation\ndissipation.compute()"
    fresh_process(work)  # fills Numba's cache if a source has changed
    runs = [fresh_process(work) for _ in range(repeats)]
    with tempfile.TemporaryDirectory() as empty:
        compiling = fresh_process(work, environment={"NUMBA_CACHE_DIR": empty})
    return {
        "interpreter": summary(fresh_process("pass").seconds for _ in range(repeats))._asdict(),
        "import": summary(fresh_process("import thermo_cl").seconds for _ in range(repeats))._asdict(),
        "dissipation": summary(run.seconds for run in runs)._asdict(),
        "dissipation_compiling_seconds": compiling.seconds,
        "peak_memory_mib": max(run.peak_mib for run in runs),
    }


def measure_datasets(repeats: int) -> dict[str, Any]:
    """Seconds of each data set of the papers' size once warm, from drawing parameters to the labelled result.

    ``dissipation_paper`` makes the published program's choices, a kernel cut after five units among them: that is
    the one to compare with the straightforward pipeline. ``dissipation_paper_one_thread`` is the same with one thread.
    """
    paper = partial(dissipation.compute, **dissipation.PAPER)
    times = {
        "dissipation": timed(dissipation.compute, repeats),
        "dissipation_paper": timed(paper, repeats),
        "dynamic_range": timed(dynamic_range.compute, repeats),
        "offset": timed(offset.compute, repeats),
    }
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        times["dissipation_paper_one_thread"] = timed(paper, repeats)
    finally:
        numba.set_num_threads(threads)
    return {name: time._asdict() for name, time in times.items()} | {
        "ladders_per_second": LADDERS / times["dissipation"].median
    }


def measure_kernels(repeats: int) -> dict[str, Any]:
    """Seconds per ladder, in one batch of the paper's ladders: exact step kernel, and steady state at rest."""
    gamma, signal, rate_factor = dissipation.draw(LADDERS, 0)

    def step_kernel() -> object:
        return Ladder(gamma, rate_factor=rate_factor).step_kernel(signal)

    def steady_state() -> np.ndarray:
        return Ladder(gamma, rate_factor=rate_factor).steady_state()

    calls = {"step_kernel": step_kernel, "steady_state": steady_state}
    return {name: timed(call, repeats).per(LADDERS)._asdict() for name, call in calls.items()}
