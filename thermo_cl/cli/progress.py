"""Progress of a sweep on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thermo_cl.sweep.progress import SweepProgress

__all__ = ["drawn"]


@contextmanager
def drawn(points: int | None = None, *, quiet: bool = False) -> Iterator[Callable[[SweepProgress], None]]:
    """Callback of a sweep: a bar on stderr if that is a terminal, and a line about what an earlier run left."""
    from tqdm import tqdm

    bar = tqdm(total=points, unit="point", unit_scale=True, disable=True if quiet else None, leave=False)
    told = False

    def progress(now: SweepProgress) -> None:
        nonlocal told
        if not told:
            told = True
            bar.reset(total=now.points)  # the rate is of this run
            bar.initial = bar.n = now.points_done
            if (now.reused or now.damaged) and not quiet:
                lost = f", {now.damaged} damaged and computed again" if now.damaged else ""
                tqdm.write(f"{now.reused} of {now.chunks} chunks taken over{lost}")
        bar.update(now.points_done - bar.n)

    try:
        yield progress
    finally:
        bar.close()
