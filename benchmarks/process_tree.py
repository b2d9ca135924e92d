"""Memory of a process and all that it starts, looked at while it runs (Linux)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.timing import ROOT

_LOOK = 0.2  # seconds between two looks


class TreeRun(NamedTuple):
    """What a process reported as JSON, its seconds from start to end, and the most memory of its tree in MiB."""

    reported: Any
    seconds: float
    peak_mib: float


def run_tree(code: str, *, environment: Mapping[str, str] | None = None) -> TreeRun:
    """Run Python code, whose last line of output is JSON, and sum the proportional set sizes of all its processes.

    Raises
    ------
    RuntimeError
        If the process fails, with what it wrote to standard error.
    """
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **(environment or {})}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while True:
        try:
            out, err = process.communicate(timeout=_LOOK)
            break
        except subprocess.TimeoutExpired:
            peak = max(peak, sum(map(_proportional_kib, _tree(process.pid))) / 1024)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"a measured process failed:\n{err}")
    return TreeRun(json.loads(out.splitlines()[-1]), seconds, peak)


def _tree(root: int) -> list[int]:
    """A process and its descendants."""
    children = dict[int, list[int]]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for process in found:
        found.extend(children.get(process, []))
    return found


def _proportional_kib(process: int) -> int:
    """Proportional set size: shared pages count once over all that share them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
