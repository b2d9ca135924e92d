"""The command line of every benchmark, and the process of the peers."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from thermo_cl.errors import ThermoError
from thermo_cl.sweep import atomic_output, check_output

PYTHON = Path(__file__).resolve().parents[1] / ".venv" / "peers" / "bin" / "python"
"""Interpreter of the environment in which ``make benchmark`` installs the peers."""


class PeersMissingError(RuntimeError):
    """There is no environment with the peers."""


def benchmark(
    name: str,
    about: str | None,
    measure: Callable[..., dict[str, Any]],
    arguments: list[str] | None,
    *,
    peers: bool = False,
    after: Callable[[dict[str, Any]], object] | None = None,
) -> int:
    """Measure as the command line says, keep the results as JSON, print them; returns the exit status.

    Parameters
    ----------
    name : str
        Of the module, and of the file ``benchmarks/NAME.json``.
    about : str or None
        Its docstring.
    measure : callable
        Takes ``quick``, and ``peers`` if there are any; returns what JSON can hold.
    arguments : list of str, optional
        In place of the process's own.
    peers : bool
        Whether other packages are measured too, by an interpreter that can be chosen.
    after : callable, optional
        Called with the results when ``benchmarks/NAME.json`` was written.
    """
    latest = Path(__file__).with_name(f"{name}.json")
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"JSON to write (default: {latest.name} here)")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer; written only where --out says")
    if peers:
        parser.add_argument("--peers", type=Path, default=PYTHON, metavar="PYTHON", help="interpreter with the peers")
    options = parser.parse_args(arguments)
    target = options.out or (None if options.quick else latest)
    try:
        if target:
            check_output(target, force=True)
        if peers:
            _check_peers(options.peers)
        results = measure(quick=options.quick, **({"peers": options.peers} if peers else {}))
        if target:
            with atomic_output(target, force=True) as draft:
                draft.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        if target == latest and after is not None:
            after(results)
    except (ThermoError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(results, indent=2))
    return 0


def ask_peers(python: Path, script: str, *arguments: str) -> dict[str, Any]:
    """What a script of ``benchmarks/peers`` prints as JSON, run by the peers' interpreter.

    Raises
    ------
    PeersMissingError
        If there is no such interpreter.
    RuntimeError
        If the process fails.
    """
    _check_peers(python)
    path = Path(__file__).parent / "peers" / script
    done = subprocess.run([python, path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the peers' process failed:\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _check_peers(python: Path) -> None:
    if not python.exists():
        raise PeersMissingError(
            "the peers are not installed; run `make benchmark`, which installs them in an environment of their own"
        )
