"""Refusal of arrays that would not fit, before they are allocated."""

from __future__ import annotations

import os

from thermo_cl.errors import MemoryLimitError

__all__ = ["require_memory"]


def require_memory(what: str, needed: int, instead: str) -> None:
    """Raise ``MemoryLimitError`` if more bytes are needed than the machine has free (where it can tell)."""
    free = _available()
    if free is not None and needed > free:
        raise MemoryLimitError(what, needed, free, instead)


def _available() -> int | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system tells
        return None
