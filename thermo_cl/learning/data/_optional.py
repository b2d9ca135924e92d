"""Packages of the extra ``data``, imported only where they are used."""

from __future__ import annotations

import importlib
from typing import Any

from thermo_cl.errors import DataError

__all__ = ["optional_module"]


def optional_module(module: str, package: str, otherwise: str = "") -> Any:
    """Import a module, or say how to install its package and what to do without it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if (error.name or module).partition(".")[0] != module.partition(".")[0]:
            raise  # the package is there but broken: its own message says more
        raise DataError(
            f"{package} is not installed: `pip install thermo-cl[data]` (or {package}){otherwise}"
        ) from None
