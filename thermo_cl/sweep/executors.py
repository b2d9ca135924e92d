"""Where chunks are computed: in this process, in local processes, on any Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from thermo_cl.errors import InvalidParameterError, SweepError
from thermo_cl.sweep.crew import Crew, Task, evaluate, located
from thermo_cl.sweep.layout import Outcome

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Executor", "in_process", "local_processes", "on_client", "on_scheduler"]

Executor = Callable[[Callable[..., Any], Iterator[Task]], Iterator[tuple[int, Outcome]]]
_ANSWER = 6.0  # seconds in which a scheduler has to answer
_FORGETFUL = {  # the scheduler's records of past chunks would grow to hundreds of MiB
    "distributed.admin.low-level-log-length": 50,
    "distributed.diagnostics.computations.max-history": 1,
}
_UNINTERRUPTED = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # Ctrl-C is the driver's to handle
_IN_FLIGHT = 2  # chunks per thread of the workers that are computed or wait: one more than runs, so that none idles


def in_process(function: Callable[..., Any], tasks: Iterator[Task]) -> Iterator[tuple[int, Outcome]]:
    """Outcomes of chunks one after the other; the threads of numba share a chunk."""
    for task in tasks:
        with located(task):
            outcome = evaluate(function, task.points)
        yield task.number, outcome


def on_client(client: Client) -> Executor:
    """Executor on the workers of a client, which stays open.

    A chunk whose worker died is computed elsewhere, by Dask. If workers die of it again and again, so may other chunks
    that waited on these workers seem to be the cause; each of them is then tried alone.
    """

    def run(function: Callable[..., Any], tasks: Iterator[Task]) -> Iterator[tuple[int, Outcome]]:
        crew = Crew(client, function)
        try:
            while True:
                suspects: list[Task] = []
                while True:
                    room = 0 if suspects else _IN_FLIGHT * max(1, crew.threads()) - crew.at_work
                    for task in islice(tasks, max(room, 0)):
                        crew.submit(task)
                    if not crew.at_work:
                        break
                    task, outcome = crew.next_done()
                    if outcome is None:
                        suspects.append(task)
                    else:
                        yield task.number, outcome
                if not suspects:
                    return
                for suspect in suspects:
                    crew.submit(suspect)
                    task, outcome = crew.next_done()
                    if outcome is None:
                        raise SweepError(
                            f"{task} ended every worker that computed it; take smaller chunks if memory is short, else "
                            f"look at design.points({task.first}, {task.end}). Finished chunks are kept"
                        )
                    yield task.number, outcome
        finally:
            crew.dismiss()

    return run


@contextmanager
def on_scheduler(address: str) -> Iterator[Executor]:
    """Executor on the workers of a scheduler.

    Raises
    ------
    InvalidParameterError
        If no scheduler answers there within 10 seconds, or it has no workers.
    """
    from distributed import Client

    try:
        _require_answer(address)
        client = Client(address, timeout=_ANSWER, set_as_default=False)
    except Exception as error:  # whatever listens there may answer anything
        raise InvalidParameterError(
            "scheduler", address, f"the address of a Dask scheduler, as tcp://host:8786; none answered ({error})"
        ) from None
    with _silent("distributed.client"), _silent("distributed.utils"), client:  # a lost scheduler is told by our error
        if not client.nthreads():
            raise InvalidParameterError("scheduler", address, "a scheduler with workers; this one has none")
        yield on_client(client)


@contextmanager
def _silent(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _require_answer(address: str) -> None:
    """Ask a scheduler for its identity; a client waits for ever where something listens and says nothing."""
    from distributed.core import rpc

    async def ask() -> None:
        async with rpc(address, timeout=_ANSWER) as scheduler:
            await scheduler.identity()

    answered: list[BaseException | None] = []

    def run() -> None:
        try:
            asyncio.run(asyncio.wait_for(ask(), _ANSWER))
            answered.append(None)
        except BaseException as error:
            answered.append(error)

    asking = threading.Thread(target=run, daemon=True)  # a notebook has a running loop already
    asking.start()
    asking.join(_ANSWER + 2.0)
    if not answered:
        raise TimeoutError(f"no answer in {_ANSWER + 2.0:g} s")
    if answered[0] is not None:
        raise ConnectionError(str(answered[0]) or f"no answer in {_ANSWER:g} s") from answered[0]


@contextmanager
def local_processes(workers: int) -> Iterator[Executor]:
    """Executor on so many new processes of one thread each, which end with the block or with this process."""
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set(_FORGETFUL),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            preload=[_UNINTERRUPTED],
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield on_client(client)
