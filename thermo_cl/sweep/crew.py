"""Chunks in the hands of a Dask cluster's workers: sent, awaited, and missed when workers or scheduler go."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from thermo_cl._types import Array
from thermo_cl.errors import SweepError
from thermo_cl.sweep.identity import code_digest
from thermo_cl.sweep.layout import Outcome, outcome_of

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Crew", "Task", "evaluate", "located"]

_CHECK = 2.0  # seconds between two looks at the cluster
_ANSWER = 20.0  # seconds in which its scheduler has to answer, which may be busy
_PATIENCE = 60.0  # seconds for which a cluster may be without workers: they may be starting again
_GONE = "the scheduler has gone, or cancelled the sweep; finished chunks are kept: start it again and resume"


class Task(NamedTuple):
    """A chunk to compute: its number, its first point and the parameters of its points."""

    number: int
    first: int
    points: dict[str, Array]

    @property
    def end(self) -> int:
        """The point after the last."""
        return self.first + len(next(iter(self.points.values())))

    def __str__(self) -> str:
        return f"chunk {self.number} (points {self.first} to {self.end - 1})"


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
def located(task: Task) -> Iterator[None]:
    """Errors of the function stay what they are, and say in a note where they arose."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in {task} of the sweep")
        raise


class Crew:
    """Chunks that a client's workers have in hand."""

    def __init__(self, client: Client, function: Callable[..., Any]) -> None:
        self._client, self._function = client, function
        self._name, self._code = f"sweep-{uuid.uuid4().hex}", code_digest()
        self._pending = dict[str, tuple[Task, Any]]()
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._sent, self._threads, self._asked, self._lost = 0, 0, -_CHECK, False

    @property
    def at_work(self) -> int:
        """Number of chunks that are computed or wait."""
        return len(self._pending)

    def threads(self) -> int:
        """Threads of all workers, as of a moment ago.

        Raises
        ------
        SweepError
            If the scheduler does not answer.
        """
        if time.monotonic() - self._asked >= _CHECK:
            try:
                found = self._client.sync(self._client.scheduler.ncores, callback_timeout=_ANSWER)
            except Exception as error:  # connections end in many ways
                raise self._gone() from error
            self._threads, self._asked = sum(found.values()), time.monotonic()
        return self._threads

    def submit(self, task: Task) -> None:
        """Send a chunk to the workers."""
        key = f"{self._name}-{self._sent}"
        self._sent += 1
        try:
            future = self._client.submit(
                evaluate, self._function, task.points, code=self._code, threads=1, key=key, pure=False
            )
        except OSError as error:
            raise self._gone() from error
        self._pending[key] = task, future
        future.add_done_callback(self._done.put)

    def next_done(self) -> tuple[Task, Outcome | None]:
        """The next chunk that is done, without an outcome if it ended its workers.

        Raises
        ------
        SweepError
            If the scheduler has gone, or no workers are left.
        Exception
            Whatever the function raised.
        """
        from distributed import KilledWorker

        while True:
            future = self._await_one()
            task, _ = self._pending.pop(future.key)
            if future.status == "error":
                if isinstance(future.exception(), KilledWorker):
                    return task, None
                with located(task):
                    future.result()
            outcome = self._fetched(future)
            if outcome is not None:
                return task, outcome
            self.submit(task)  # its worker died with the result

    def dismiss(self) -> None:
        """Cancel what is still in hand."""
        futures = [future for _, future in self._pending.values()]
        if futures and not self._lost and self._client.status == "running":
            self._client.cancel(futures, force=True)

    def _fetched(self, future: Future) -> Outcome | None:
        """Outcome of a future that is done; none if its worker died, which a fetch may not learn for long."""
        wait = _CHECK
        while future.status == "finished":
            try:
                outcome: Outcome = future.result(timeout=wait)
                return outcome
            except TimeoutError:
                wait *= 2.0
            except Exception as error:  # the function has done its work: only fetching can fail
                raise self._gone() from error
        if future.status == "cancelled":
            raise self._gone()
        return None

    def _await_one(self) -> Future:
        idle_since = None
        while True:
            try:
                return self._done.get(timeout=_CHECK)
            except queue.Empty:
                pass
            now = time.monotonic()
            idle_since = None if self.threads() else idle_since or now
            if idle_since is not None and now - idle_since >= _PATIENCE:
                held = ", ".join(str(task) for task, _ in self._pending.values())
                raise SweepError(
                    f"the scheduler has had no workers for {_PATIENCE:g} s; the last were sent {held}. Finished chunks "
                    "are kept: start workers and resume"
                )

    def _gone(self) -> SweepError:
        self._lost = True
        return SweepError(_GONE)


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
