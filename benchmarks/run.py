"""Measure everything in one run on one machine, print it as tables and keep it as JSON.

The full run takes about two minutes on two cores; ``--quick`` repeats less and times fewer amplitudes of the
straightforward pipeline. Fresh processes come first, while this one is small.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba

from analysis import dissipation, dynamic_range
from benchmarks import library, versus
from benchmarks.table import render
from thermo_cl.errors import ThermoError
from thermo_cl.sweep import atomic_output, check_output, provenance

LATEST = Path(__file__).with_name("latest.json")
BUSY = 0.5  # load average above which other work disturbs the times
PACKAGES = ("thermo-cl", "numpy", "scipy", "numba")


def measure(*, quick: bool) -> dict[str, Any]:
    """All measurements; times in seconds, memory in MiB."""
    load = os.getloadavg()[0]
    if load > BUSY:
        _say(f"the machine is busy (load {load:.1f}), so expect times too long by as much")
    few, many = (1, 2) if quick else (5, 7)
    ladders, amplitudes = (1, 1) if quick else (3, 4)
    _say("measuring fresh processes")
    processes = library.measure_processes(few)
    _say("measuring kernels")
    kernels = library.measure_kernels(many)
    _say("measuring data sets")
    datasets = library.measure_datasets(many)
    _say("measuring the straightforward pipeline: ladders")
    figure_6b = versus.compare_ladders(dissipation.compute(**dissipation.PAPER), ladders, amplitudes, many)
    _say("measuring the straightforward pipeline: chemotaxis")
    figure_4c = versus.compare_protocol(dynamic_range.compute(), 2, many)
    names_6b = {"all_threads": "dissipation_paper", "one_thread": "dissipation_paper_one_thread"}
    return {
        "quick": quick,
        "environment": environment(load),
        "processes": processes,
        "kernels": kernels,
        "datasets": datasets,
        "figure_6b": versus.with_ratios(figure_6b, {k: datasets[v]["median"] for k, v in names_6b.items()}),
        "figure_4c": versus.with_ratios(figure_4c, {"all_threads": datasets["dynamic_range"]["median"]}),
    }


def environment(load: float) -> dict[str, Any]:
    """Versions, threads and the load before the run; nothing that names the machine."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "git_revision": provenance("benchmarks", {})["git_revision"],
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        "numba_threads": numba.get_num_threads(),
        "load_before": round(load, 2),
    }


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON to write (default: benchmarks/latest.json)")
    parser.add_argument("--quick", action="store_true", help="a check of one minute; written only where --out says")
    options = parser.parse_args(arguments)
    target = options.out or (None if options.quick else LATEST)
    try:
        if target:
            check_output(target, force=True)
        results = measure(quick=options.quick)
        print(render(results))
        apart = max(results[name]["largest_difference_over_amplitude_max"] for name in ("figure_6b", "figure_4c"))
        if not apart <= versus.TOLERANCE:
            print(f"error: the updates differ by {apart:.1e} A_max, more than the pipeline's {versus.TOLERANCE:.0e}: "
                  "the times compare different results and are not written", file=sys.stderr)  # fmt: skip
            return 1
        if target:
            with atomic_output(target, force=True) as draft:
                draft.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    except (ThermoError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _say(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
