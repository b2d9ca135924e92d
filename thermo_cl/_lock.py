"""Lock of an open file that dies with its process."""

from __future__ import annotations

import sys
from pathlib import Path

from thermo_cl.errors import OutputError

__all__ = ["hold"]


def hold(handle: int, shown: str | Path, doing: str) -> None:
    """Lock an open file until it is closed, as the end of the process does however it comes.

    Parameters
    ----------
    handle : int
        Descriptor of a file open for writing.
    shown : path-like
        What the lock stands for, in messages.
    doing : str
        What another process that holds the lock is doing there, for instance ``"writing to"``.

    Raises
    ------
    OutputError
        If another process holds it, or the disk knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise OutputError(f"another process is {doing} {shown}; wait for it or choose another") from None
    except OSError as error:
        raise OutputError(f"{shown} cannot be locked ({error.strerror}); choose one on another disk") from error
