"""From ladder options to a ladder and its memory kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from thermo_cl import Kernel, Ladder

__all__ = ["LADDER_TIME", "ladder_and_kernel"]

LADDER_TIME = "ladder time unit"


def ladder_and_kernel(
    gamma: ArrayLike,
    *,
    signal: float,
    baseline: float,
    rate_factor: float,
    levels: int,
    reference_level: float,
    energy_step: float,
    window: float | None,
) -> tuple[Ladder, Kernel]:
    """Ladder, one or a batch over gamma, and its un-normalised step kernel, cut if a window is given.

    Raises
    ------
    InvalidParameterError
        If an option is out of its domain, before anything is solved.
    """
    from thermo_cl import Ladder
    from thermo_cl import _validate as check
    from thermo_cl.errors import InvalidParameterError

    ladder = Ladder(
        gamma, rate_factor=rate_factor, n_levels=levels, reference_level=reference_level, energy_step=energy_step
    )  # type: ignore[arg-type]
    check.non_negative("baseline", baseline)
    check.non_negative("signal", signal)
    if signal == baseline:
        raise InvalidParameterError("signal", signal, "different from the baseline, or there is no step to respond to")
    if window is not None:
        check.positive("window", window)
    kernel = ladder.step_kernel(signal, baseline)
    return ladder, kernel if window is None else kernel.windowed(window)
