"""Jobs of a study side by side, each kept as one small file, so that an interrupted study goes on."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.learning import Dataset
from thermo_cl.learning.training.blas import one_blas_thread
from thermo_cl.sweep import atomic_output


class Job(Protocol):
    """A piece of work; equal to itself only."""

    @property
    def name(self) -> str:
        """How its file begins."""
        ...

    @property
    def length(self) -> float:
        """Of how much work it is, in any unit."""
        ...

    def settings(self) -> str:
        """All that decides its numbers, as JSON."""
        ...


J = TypeVar("J", bound=Job)
R = TypeVar("R")


def side_by_side(
    blocks: Mapping[str, Sequence[Sequence[J]]],
    work: Callable[[J, Path | None], R],
    read: Callable[[Path], R],
    folder: Path | None = None,
    *,
    workers: int = 2,
) -> dict[str, list[list[R]]]:
    """Results of all jobs, as the jobs are arranged.

    Parameters
    ----------
    blocks : mapping of str to rows of Job
    work : callable
        Does a job and keeps it in the file if there is one; a function that processes can be given.
    read : callable
        What was kept.
    folder : Path, optional
        Where every finished job is kept, and looked for before it is done. The name of its file tells the settings
        apart: a job of other settings, data or code is another file.
    workers : int
        Processes at a time; the results must not depend on it.
    """
    count = check.integer_at_least("workers", workers, 1)
    jobs = [job for rows in blocks.values() for row in rows for job in row]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    files = {job: None if folder is None else folder / file_name(job) for job in jobs}
    found = {job: read(file) for job, file in files.items() if file is not None and file.exists()}
    left = sorted((job for job in jobs if job not in found), key=lambda job: -job.length)  # long ones first
    if count == 1 or len(left) <= 1:
        found |= {job: work(job, files[job]) for job in left}
    else:
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
            pending = {pool.submit(work, job, files[job]): job for job in left}
            try:
                for done in as_completed(pending):
                    found[pending[done]] = done.result()
                    _say(f"{len(found)}/{len(jobs)} {pending[done].name}")
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is finished is kept
                raise
    return {name: [[found[job] for job in row] for row in rows] for name, rows in blocks.items()}


def file_name(job: Job) -> str:
    """Of the file in which a job is kept."""
    return f"{job.name}-{hashlib.sha256(job.settings().encode()).hexdigest()[:16]}.json"


def keep(file: Path | None, job: Job, values: Mapping[str, Any]) -> None:
    """Write the file, whole or not at all; nothing without one."""
    if file is not None:
        text = json.dumps({"settings": json.loads(job.settings()), **values})
        with atomic_output(file, force=True) as draft:
            draft.write_text(text, "utf-8")


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep compiled loops and linear algebra on one thread within the block."""
    import numba

    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with one_blas_thread():
            yield
    finally:
        numba.set_num_threads(threads)


@functools.cache
def data_digest(data: Dataset) -> str:
    """Of a data set's content."""
    digest = hashlib.sha256(repr((data.classes, data.inputs.shape, data.inputs.dtype.str)).encode())
    for array in (data.inputs, data.labels):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - studies take many minutes
