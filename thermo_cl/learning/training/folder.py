"""The folder of a run: one run at a time in it, nothing of another one overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thermo_cl._lock import hold
from thermo_cl.errors import OutputError

__all__ = ["CHECKPOINT", "LOG", "METRICS", "append_line", "remove", "run_folder"]

CHECKPOINT, METRICS, LOG = "checkpoint.npz", "metrics.nc", "training.log"
_LOCK = ".lock"


@contextmanager
def run_folder(folder: str | Path, *, resume: bool = False, force: bool = False) -> Iterator[Path]:
    """Absolute path of the folder of a run, held for this process until the block ends.

    A new run needs a folder that is empty or not there; ``force`` lets it replace an earlier run; ``resume`` needs a
    run to be there. Drafts that a crash left are removed.

    Raises
    ------
    OutputError
        If another process holds the folder, it cannot be written, or what it holds does not suit.
    """
    try:
        path = Path(folder).expanduser().absolute()
        _require_content(path, folder, resume=resume, force=force)  # before the lock, which leaves a file
        path.mkdir(parents=True, exist_ok=True)
        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~ of no user
        if isinstance(error, OutputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{folder} cannot be written ({reason}); choose another folder") from error
    try:
        hold(handle, folder, "training in")
        _require_content(path, folder, resume=resume, force=force)  # again: another process may have been faster
        remove(*(draft for name in (CHECKPOINT, METRICS) for draft in path.glob(f".{Path(name).stem}.*")))
        yield path
    finally:
        os.close(handle)  # which lets go of the lock, as the end of the process does however it comes


def _require_content(path: Path, shown: str | Path, *, resume: bool, force: bool) -> None:
    if path.exists() and not path.is_dir():
        raise OutputError(f"{shown} is not a folder; give the name of one, new or of an earlier run")
    present = {entry.name for entry in path.iterdir()} if path.exists() else set()
    content = {name for name in present if not name.startswith(".")}
    if resume and not content and _LOCK not in present:  # with a lock alone, a run was killed as it began
        raise OutputError(f"there is no run in {shown} to resume; start one without resume")
    if resume and content and CHECKPOINT not in content:
        raise OutputError(f"{shown} holds no {CHECKPOINT}, so there is nothing to resume; give the folder of a run")
    if content and not resume and not force:
        raise OutputError(
            f"{shown} is not empty; resume the run in it, replace it with force, or choose another folder"
        )


def remove(*paths: Path) -> None:
    """Remove files that may be there.

    Raises
    ------
    OutputError
        If the disk refuses it.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{path} cannot be removed ({error.strerror})") from error


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file, on a line of its own even if a crash cut the last one.

    Raises
    ------
    OutputError
        If the disk refuses it.
    """
    try:
        with path.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else f"\n{line}"
            file.write(f"{line}\n".encode())
    except OSError as error:
        raise OutputError(f"{path} could not be written ({error.strerror})") from error
