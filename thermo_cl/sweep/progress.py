"""How far a sweep has come."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SweepProgress"]


@dataclass(frozen=True)
class SweepProgress:
    """State of a sweep after a chunk.

    Attributes
    ----------
    chunks_done, chunks : int
        Finished chunks, those that an earlier run finished included, and all of them.
    points_done, points : int
        The same in points.
    reused, damaged : int
        Chunks that were taken over from an earlier run, and those of it that were found damaged and are done again.
    seconds : float
        Time since the first chunk of this run was begun.
    rate : float
        Points per second of this run.
    seconds_left : float
        Time left at that rate.
    """

    chunks_done: int
    chunks: int
    points_done: int
    points: int
    reused: int
    damaged: int
    seconds: float
    rate: float
    seconds_left: float
