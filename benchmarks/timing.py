"""Wall times: repeated calls in this process, and whole processes from start to end."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")
ROOT = Path(__file__).resolve().parents[1]
_REPORT_PEAK = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


class Timing(NamedTuple):
    """Seconds over several repetitions."""

    median: float
    min: float
    max: float
    repeats: int

    def per(self, items: int) -> Timing:
        """The same time shared by ``items`` equal pieces of work."""
        return Timing(self.median / items, self.min / items, self.max / items, self.repeats)


class FreshRun(NamedTuple):
    """A process of its own: seconds from start to end, and its peak resident memory in MiB."""

    seconds: float
    peak_mib: float


def summary(seconds: Iterable[float]) -> Timing:
    """Median, extremes and number of measured times."""
    values = sorted(seconds)
    return Timing(statistics.median(values), values[0], values[-1], len(values))


def once(call: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds one call takes, and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def timed(call: Callable[[], object], repeats: int) -> Timing:
    """Time ``repeats`` calls, after one that is not counted."""
    call()
    return summary(once(call)[0] for _ in range(repeats))


def fresh_process(code: str, *, environment: Mapping[str, str] | None = None) -> FreshRun:
    """Run Python code in a new interpreter at the root of the checkout.

    Linux lets a child inherit the peak of the process that starts it as a lower bound of its own, so measure
    memory before this process grows.

    Raises
    ------
    RuntimeError
        If the process fails, with what it wrote to standard error.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code + _REPORT_PEAK],
        cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"a timed process failed:\n{done.stderr}")
    peak = int(done.stdout.split()[-1])
    return FreshRun(seconds, peak / (1024 if sys.platform != "darwin" else 1024**2))  # macOS counts bytes, not KiB
