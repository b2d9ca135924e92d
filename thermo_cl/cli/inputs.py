"""From options to the library's values: a ladder with its memory kernel, a sawtooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from thermo_cl import Kernel, Ladder, Sawtooth

__all__ = ["LADDER_TIME", "PROTOCOL_TIME", "ladder_and_kernel", "sawtooth"]

LADDER_TIME, PROTOCOL_TIME = "ladder time unit", "protocol time unit"


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
    import numpy as np

    from thermo_cl import Ladder
    from thermo_cl import _validate as check
    from thermo_cl.errors import InvalidParameterError

    ladder = Ladder(
        np.asarray(gamma),
        rate_factor=np.asarray(rate_factor),
        n_levels=levels,
        reference_level=np.asarray(reference_level),
        energy_step=np.asarray(energy_step),
    )
    check.non_negative("baseline", baseline)
    check.non_negative("signal", signal)
    if signal == baseline:
        raise InvalidParameterError("signal", signal, "different from the baseline, or there is no step to respond to")
    if window is not None:
        check.positive("window", window)
    kernel = ladder.step_kernel(signal, baseline)
    return ladder, kernel if window is None else kernel.windowed(window)


def sawtooth(fast: float, slow: float, mean: float) -> Sawtooth:
    """Protocol of the three options; InvalidParameterError as the constructor's."""
    import numpy as np

    from thermo_cl import Sawtooth

    return Sawtooth(fast=np.asarray(fast), slow=np.asarray(slow), mean=np.asarray(mean))
