"""Batches split over threads, for compiled loops that release the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["over_batch"]

_CHUNKS_PER_THREAD = 8  # entries differ in cost; smaller chunks even that out


def over_batch(loop: Callable[[int, int], None], size: int, *, chunks: int = _CHUNKS_PER_THREAD) -> None:
    """Run ``loop(start, stop)`` over all of ``range(size)``, on as many threads as numba is allowed.

    Each thread has so many chunks. Entries must not depend on each other, so that the result does not depend on the
    number of threads (``numba.set_num_threads``; all processors by default).
    """
    import numba

    threads = max(1, min(numba.get_num_threads(), size))
    if threads == 1:
        loop(0, size)
        return
    chunk = -(-size // (chunks * threads))
    with ThreadPoolExecutor(threads) as pool:
        for finished in [pool.submit(loop, start, min(start + chunk, size)) for start in range(0, size, chunk)]:
            finished.result()
