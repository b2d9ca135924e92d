"""A design mapped through a function, chunk by chunk, to a labelled data set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import Array, BoolArray
from thermo_cl.errors import InvalidParameterError, SweepError
from thermo_cl.sweep.crew import Task
from thermo_cl.sweep.design import Design
from thermo_cl.sweep.executors import Executor, in_process, local_processes, on_client, on_scheduler
from thermo_cl.sweep.extras import require_installed
from thermo_cl.sweep.functions import named_function, require_parameters
from thermo_cl.sweep.identity import identity, sweep_attributes
from thermo_cl.sweep.labels import Quantity, label
from thermo_cl.sweep.layout import POINT, RESERVED, Field, Layout, Outcome, outcome_of
from thermo_cl.sweep.progress import SweepProgress
from thermo_cl.sweep.storage import check_output, save_netcdf
from thermo_cl.sweep.stores import open_store
from thermo_cl.sweep.zarr_store import ZarrStore, held_store

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

__all__ = ["sweep"]

CHUNK = 4096
_PROBE = 2  # points that tell what a function returns
_CHUNK_COPIES = 2  # of a chunk in memory: computed, and encoded for the store


def sweep(
    design: Design,
    function: Callable[..., Mapping[str, Any]] | str,
    *,
    store: str | Path | None = None,
    chunk: int = CHUNK,
    workers: int | None = None,
    client: Client | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[SweepProgress], None] | None = None,
) -> xr.Dataset:
    """Map a design through a function of batched arrays.

    The result is the same to the bit whatever the chunks and the workers, provided that the function treats every
    point by itself, as the library's do; randomness belongs into the design, as a column of seeds.

    Parameters
    ----------
    design : Design
    function : callable, or str
        Called with one array of shape (points,) for each parameter of the design, by name; returns a mapping of names
        to ``Quantity`` whose first dimension is ``point``, or to plain arrays of shape (points,). Quantities without
        that dimension, such as the axis of a curve, become coordinates and must not change. A name is one of
        ``FUNCTIONS``. Where other processes compute, it must be importable there or picklable.
    store : path-like, optional
        A name that ends in ``.zarr``: results are streamed there, and memory does not grow with the sweep. One that
        ends in ``.nc``: results are gathered in memory and saved at the end. None: they are returned only.
    chunk : int
        Points that are computed and stored together.
    workers : int, optional
        Number of local processes of one thread each; by default the chunks are computed in this process, on the
        threads that numba is allowed.
    client : distributed.Client, optional
        Any Dask cluster in their place.
    scheduler : str, optional
        Address of a Dask scheduler in their place.
    resume : bool
        Continue the sweep in the Zarr store: finished chunks are verified and not computed again.
    force : bool
        Replace an existing store.
    progress : callable, optional
        Called after every chunk.

    Returns
    -------
    xarray.Dataset
        Results over the dimension ``point``, parameters as coordinates, provenance as attributes; from a Zarr store
        as lazy arrays.

    Raises
    ------
    InvalidParameterError
        If an argument is not valid, the design does not suit the function, the function returns something else than
        arrays over the points, or a scheduler does not answer within 10 seconds.
    MemoryLimitError
        If a chunk, or the results that are kept in memory, would not fit.
    OutputError
        If the store cannot be written, another process writes to it, or it was made by another sweep.
    SweepError
        If a package of the extra ``sweep`` is missing, a chunk ends every worker that computes it, the scheduler goes,
        no workers are left for a minute, workers run other code, or the results of a chunk have other names, types or
        constants than those of the first points.
    Exception
        Whatever the function raises, with a note that names the chunk and its points.
    """
    called: Callable[..., Any] = named_function(function) if isinstance(function, str) else function
    size = check.integer_at_least("chunk", chunk, 1)
    processes = None if workers is None else check.integer_at_least("workers", workers, 1)
    if sum(given is not None for given in (workers, client, scheduler)) > 1:
        raise InvalidParameterError("workers, client, scheduler", "several", "at most one of the three")
    if resume and force:
        raise InvalidParameterError("resume", True, "False with force, which replaces the store")
    target = _target(store, resume=resume, force=force)
    if target == ".zarr":
        require_installed("a Zarr store", "zarr", "dask")
    if processes is not None or scheduler is not None:
        require_installed("a sweep in other processes", "dask", "distributed")
    require_memory(f"the list of {-(-len(design) // size)} chunks", 16 * -(-len(design) // size), "Take larger chunks.")
    require_parameters(called, design.names)
    _require_names(design)
    with ExitStack() as stack:
        executor: Executor | None = in_process if processes is None else None
        if client is not None:
            executor = on_client(client)
        elif scheduler is not None:
            executor = stack.enter_context(on_scheduler(scheduler))
        layout, digest = _probe(design, called)
        require_memory(
            f"a chunk of {min(size, len(design))} points", _CHUNK_COPIES * layout.bytes_for(min(size, len(design))),
            "Take smaller chunks.",
        )  # fmt: skip
        attributes = sweep_attributes(design, called, layout)
        kept: ZarrStore | _Memory
        if target == ".zarr":
            kept = stack.enter_context(
                held_store(
                    store or "", layout=layout, identity=identity(design, called, size, attributes),
                    attributes=attributes, points=len(design), resume=resume, force=force,
                )
            )  # fmt: skip
        else:
            kept = _Memory(layout, len(design), size)
        if not kept.finished.all():
            if executor is None:
                executor = stack.enter_context(local_processes(min(processes or 1, kept.finished.size)))
            _run(design, called, kept, layout, digest, executor, progress)
    if isinstance(kept, _Memory):
        dataset = kept.dataset(layout, attributes)
        if store is not None:
            save_netcdf(dataset, store, force=force)
        return dataset
    return open_store(kept.path)


def _run(
    design: Design, function: Callable[..., Any], store: ZarrStore | _Memory, layout: Layout, digest: str,
    executor: Executor, progress: Callable[[SweepProgress], None] | None,
) -> None:  # fmt: skip
    """Compute and store what is missing."""
    todo = np.flatnonzero(~store.finished).tolist()
    reused, done, start = int(store.finished.sum()), 0, time.perf_counter()
    before = sum(_length(design, store.chunk, i) for i in np.flatnonzero(store.finished).tolist())

    def tasks() -> Iterator[Task]:
        for index in todo:
            first = index * store.chunk
            yield Task(index, first, design.points(first, first + _length(design, store.chunk, index)))

    outcomes = executor(function, tasks())
    try:
        for index, outcome in outcomes:
            _require_layout(outcome, layout, digest, index)
            first, length = index * store.chunk, _length(design, store.chunk, index)
            store.write(index, design.points(first, first + length) | outcome.values)
            done += length
            if progress is not None:
                seconds = time.perf_counter() - start
                rate = done / max(seconds, 1e-9)
                left = (len(design) - before - done) / rate
                now = int(store.finished.sum())
                progress(
                    SweepProgress(
                        now, store.finished.size, before + done, len(design), reused, store.damaged, seconds, rate, left
                    )
                )
    finally:
        outcomes.close()  # type: ignore[attr-defined]  # what is still computed is cancelled


class _Memory:
    """Results gathered in memory."""

    def __init__(self, layout: Layout, points: int, chunk: int) -> None:
        require_memory(
            f"the results of {points} points", layout.bytes_for(points), "Give a store whose name ends in .zarr."
        )
        self.points, self.chunk, self.damaged = points, chunk, 0
        self.finished: BoolArray = np.zeros(-(-points // chunk), bool)
        self._values = {n: np.empty((points, *f.shape), f.dtype) for n, f in layout.fields.items()}

    def write(self, index: int, values: Mapping[str, Array]) -> None:
        for name, array in self._values.items():
            array[index * self.chunk : (index + 1) * self.chunk] = values[name]
        self.finished[index] = True

    def dataset(self, layout: Layout, attributes: Mapping[str, str]) -> xr.Dataset:
        def quantities(fields: Mapping[str, Field]) -> dict[str, Quantity]:
            return {n: Quantity((POINT, *f.dims), self._values[n], f.long_name, f.units) for n, f in fields.items()}

        return label(quantities(layout.results), {**quantities(layout.parameters), **layout.constants}, attributes)


def _target(store: str | Path | None, *, resume: bool, force: bool) -> str:
    """Suffix of the store, once it is plausible."""
    suffix = "" if store is None else Path(store).suffix.lower()
    if store is not None and suffix not in {".nc", ".zarr"}:
        raise InvalidParameterError("store", str(store), "a name that ends in .zarr (large sweeps) or .nc (small ones)")
    if resume and suffix != ".zarr":
        raise InvalidParameterError("resume", True, "False but for a Zarr store: others are written whole, at the end")
    if store is not None and suffix == ".nc":
        check_output(store, force=force)
    return suffix


def _require_names(design: Design) -> None:
    for name in design.names:
        if name in RESERVED:
            raise InvalidParameterError("parameters", name, "named otherwise: the engine uses that name")


def _probe(design: Design, function: Callable[..., Any]) -> tuple[Layout, str]:
    """What the function returns, from the first points."""
    points = design.points(0, min(_PROBE, len(design)))
    labels = {**getattr(function, "labels", {}), **design.labels}
    parameters = {
        name: Field((), (), values.dtype.str, *labels.get(name, (name, "unstated"))) for name, values in points.items()
    }
    count = len(next(iter(points.values())))
    outcome, constants = outcome_of(function(**points), count)
    clash = [name for name in (*outcome.values, *constants) if name in parameters]
    if clash:
        raise InvalidParameterError(f"function()[{clash[0]!r}]", clash[0], "named otherwise: it is a parameter's name")
    return Layout(parameters, outcome.fields, constants), outcome.digest


def _require_layout(outcome: Outcome, layout: Layout, digest: str, index: int) -> None:
    if outcome.fields != layout.results:
        changed = [n for n in {**outcome.fields, **layout.results} if outcome.fields.get(n) != layout.results.get(n)]
        raise SweepError(
            f"chunk {index} has other results than the first points: {', '.join(changed)} differ in name, dimensions, "
            "type or unit; they must not depend on the values of the parameters"
        )
    if outcome.digest != digest:
        raise SweepError(f"the constants of chunk {index} are not those of the first points; make them results")


def _length(design: Design, chunk: int, index: int) -> int:
    return min(chunk, len(design) - index * chunk)
