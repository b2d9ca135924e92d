"""Linear algebra on one thread, so that results do not depend on the number of processors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS from splitting products over threads within the block.

    A product that is split rounds differently, and the products of a minibatch are too small to gain: on a machine that
    is busy otherwise, threads that wait for each other cost ten times as much.
    """
    with _loaded(len(sys.modules)).limit(limits=1, user_api="blas"):
        yield


@functools.lru_cache(maxsize=1)
def _loaded(modules: int) -> Any:
    """The libraries of a process; looked for again, which takes milliseconds, once a module was imported."""
    from threadpoolctl import ThreadpoolController

    del modules
    return ThreadpoolController()
