"""Where chunks are computed: in this process, in local processes, on any Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError, SweepError
from thermo_cl.sweep.identity import code_digest
from thermo_cl.sweep.layout import Outcome, outcome_of

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Executor", "in_process", "local_processes", "on_client", "on_scheduler"]

Task = tuple[int, dict[str, Array]]
Executor = Callable[[Callable[..., Any], Iterator[Task]], Iterator[tuple[int, Outcome]]]
_ANSWER = 6.0  # seconds in which a scheduler has to answer
_IN_FLIGHT = 2  # chunks per thread of the workers that are computed or wait: one more than runs, so that none idles


def evaluate(function: Callable[..., Any], points: dict[str, Array], *, code: str = "", threads: int = 0) -> Outcome:
    """Outcome of one chunk, with BLAS on one thread and numba on so many (0: as it is set).

    Raises
    ------
    SweepError
        If a digest of the library's code is given and this process runs another.
    """
    from threadpoolctl import threadpool_limits

    if code and code != code_digest():
        from thermo_cl import __version__

        raise SweepError(
            f"a worker runs other code of thermo_cl (it says version {__version__}); install the same code everywhere"
        )
    with threadpool_limits(1, user_api="blas"), _numba_threads(threads):
        return outcome_of(function(**points), len(next(iter(points.values()))))[0]


@contextmanager
def _numba_threads(count: int) -> Iterator[None]:
    if not count:
        yield
        return
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def in_process(function: Callable[..., Any], tasks: Iterator[Task]) -> Iterator[tuple[int, Outcome]]:
    """Outcomes of chunks one after the other; the threads of numba share a chunk."""
    for index, points in tasks:
        yield index, evaluate(function, points)


def on_client(client: Client) -> Executor:
    """Executor on the workers of a client, which stays open."""

    def run(function: Callable[..., Any], tasks: Iterator[Task]) -> Iterator[tuple[int, Outcome]]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker, as_completed
        from distributed.comm import CommClosedError

        name, code, pending = f"sweep-{uuid.uuid4().hex}", code_digest(), dict[str, Any]()
        waiting = as_completed(loop=client.loop)

        def submit(count: int) -> None:
            for index, points in islice(tasks, count):
                key = f"{name}-{index}"
                pending[key] = client.submit(
                    evaluate, function, points, code=code, threads=1, key=key, pure=False
                )  # fmt: skip
                waiting.add(pending[key])

        try:
            submit(_limit(client))
            for future in waiting:
                outcome: Outcome = future.result()
                del pending[future.key]
                index = int(future.key.rsplit("-", 1)[1])
                del future
                submit(max(1, _limit(client) - len(pending)) if len(pending) < _IN_FLIGHT else 1)
                yield index, outcome
        except KilledWorker as error:
            raise SweepError(
                "a chunk ended the worker that computed it, several times over; take smaller chunks if memory is short"
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise SweepError("the scheduler has gone or cancelled the sweep; start it again and resume") from error
        finally:
            if pending and client.status == "running":
                client.cancel(list(pending.values()), force=True)

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
    with client:
        if not client.nthreads():
            raise InvalidParameterError("scheduler", address, "a scheduler with workers; this one has none")
        yield on_client(client)


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
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield on_client(client)


def _limit(client: Client) -> int:
    return _IN_FLIGHT * max(1, int(sum(client.nthreads().values())))
