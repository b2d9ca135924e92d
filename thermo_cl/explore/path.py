"""The ladder's way from one steady state to the other after the step, to be played as a film."""

from __future__ import annotations

from thermo_cl._types import FloatArray
from thermo_cl.explore.settings import ExplorerSettings
from thermo_cl.markov import Ladder, propagate

__all__ = ["occupancy_path"]


def occupancy_path(settings: ExplorerSettings, times: FloatArray) -> FloatArray:
    """Occupancies at times after the step, shape (t, 2n), exact.

    Parameters
    ----------
    settings : ExplorerSettings
    times : ndarray, shape (t,)
        Ladder time, >= 0.

    Raises
    ------
    InvalidParameterError
        If the start lies on states that the ladder hardly ever visits after the step.
    """
    ladder = Ladder(
        settings.gamma, settings.rate_factor, n_levels=settings.levels, reference_level=settings.reference_level
    )
    return propagate(ladder.network(settings.signal), ladder.steady_state(0.0), times)
