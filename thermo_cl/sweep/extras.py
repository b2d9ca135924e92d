"""Packages that only large sweeps need, asked for before work starts."""

from __future__ import annotations

import importlib

from thermo_cl.errors import SweepError

__all__ = ["require_installed"]


def require_installed(what: str, *packages: str) -> None:
    """Refuse work for which a package is missing.

    Raises
    ------
    SweepError
        If one cannot be imported; the message names the extra that brings it.
    """
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise SweepError(f"{what} needs the package {package} ({error}); install thermo-cl[sweep]") from error
