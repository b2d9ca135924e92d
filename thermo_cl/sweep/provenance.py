"""What a data set was made with, as attributes that netCDF can hold; nothing in it depends on the machine."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["provenance"]

_PACKAGES = ("thermo-cl", "numpy", "scipy", "numba", "xarray", "pwlf")


def provenance(source: str, parameters: Mapping[str, Any], *, seed: int | None = None) -> dict[str, str]:
    """Attributes for a data set: where its recipe comes from, its parameters, seed, versions and revision.

    Parameters
    ----------
    source : str
        What the data set reproduces, for instance a figure of a paper.
    parameters : mapping
        Arguments of the computation; anything that JSON can hold, numpy scalars included.
    seed : int, optional
        Seed of the random draw.

    Returns
    -------
    dict of str
        Keys ``source``, ``parameters`` (JSON), ``seed``, ``versions`` (JSON), ``git_revision``, ``conventions``.
    """
    versions = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    return {
        "source": source,
        "parameters": json.dumps(dict(parameters), sort_keys=True, default=_plain),
        "seed": "none" if seed is None else str(seed),
        "versions": json.dumps(versions, sort_keys=True),
        "git_revision": _revision(),
        "conventions": "energies in k_B T, entropy in k_B, time in units of the horizontal ladder rate unless stated",
    }


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _revision() -> str:
    """Revision of the checkout that holds this file, with a mark for uncommitted changes, or ``"unknown"``."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return "unknown"
    try:
        described = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()
