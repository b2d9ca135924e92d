"""Linear algebra on one thread, so that results do not depend on the number of processors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS from splitting products over threads within the block.

    A product that is split rounds differently, and the products of a minibatch are too small to gain: on a machine that
    is busy otherwise, threads that wait for each other cost ten times as much.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
