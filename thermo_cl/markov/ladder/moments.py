"""Area and first moment of a ladder's step response without its modes, linear in the number of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.markov.ladder.adaptation import occupancy_change, smallest_terms
from thermo_cl.markov.ladder.levels import checked_signal, flat_parameters, ligand_shift, solve_levels

if TYPE_CHECKING:
    from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["StepMoments", "step_moments"]

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class StepMoments:
    """Area and first moment of a step kernel.

    Attributes
    ----------
    area, first_moment : ndarray, shape batch
        Integrals of K(t), dimensionless, and of t K(t), in time.
    area_error, first_moment_error : ndarray, shape batch
        Rounding to expect: machine epsilon times the size of the terms that were added up and the largest energy.
    """

    area: FloatArray
    first_moment: FloatArray
    area_error: FloatArray
    first_moment_error: FloatArray


def step_moments(ladder: Ladder, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0) -> StepMoments:
    r"""Area and first moment of the response of the top rail's occupancy to a step of the signal.

    The same numbers as ``ladder.step_kernel(signal, baseline)`` gives, at a cost linear in the number of levels.
    Of several exact forms the one with the smallest terms is taken, ladder by ladder: for the area see
    ``occupancy_change``; for the first moment, with x of zero sum in :math:`W x = p_0 - p_1` and r the rate against
    the drive, either the sum of x over the top rail or

    .. math:: \mu_1 = \frac{\langle m \rangle_1 - \langle m \rangle_0 + x_{top}(0) - r x_{top}(n-1) + r x_{bot}(0)
              - x_{bot}(n-1)}{2 (1 - r)},

    because the mean level moves by (1 - r)(1 - 2 P_top) but for the ends.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal, baseline : array_like, shape batch
        Signal after and before the step at t = 0, >= 0, in micromolar.

    Returns
    -------
    StepMoments

    Raises
    ------
    InvalidParameterError
        If a signal is out of its domain, or a rate overflows.
    ConvergenceError
        If the relaxation time is too long for a floating-point number.
    """
    end, start = checked_signal(ladder, "signal", signal), checked_signal(ladder, "baseline", baseline)
    check.broadcast(signal=end, baseline=start)
    moments = solve_moments(ladder, end, start)
    if not np.isfinite(moments.first_moment_error).all():
        raise ConvergenceError(
            "the first moment of this ladder is beyond the range of floating-point numbers: the drive gathers it at "
            "both ends, between which it hardly ever moves. Use gamma < exp(-energy_step / 2), or fewer levels"
        )
    return moments


def solve_moments(ladder: Ladder, end: FloatArray, start: FloatArray) -> StepMoments:
    """``step_moments`` at checked signals; the first moment is not a number where it is out of range."""
    from thermo_cl.markov.ladder import _moments as compiled  # compiled code is imported where it is used

    n, (batch, parameters) = ladder.n_levels, flat_parameters(ladder, end + 0.0 * start)
    size = parameters[0].size
    require_memory(f"moments of {size} ladders of {n} levels", 64 * size * n, "Take fewer ladders at a time.")
    before, after = (solve_levels(ladder, level).probabilities for level in (start, end))
    first, last = (np.array(np.broadcast_to(p, (*batch, 2 * n)), order="C") for p in (before, after))
    old, shift = (
        np.array(np.broadcast_to(value, batch), order="C").reshape(-1)
        for value in (start, ligand_shift(ladder, start, end))
    )
    inputs = (*parameters, old, shift, first.reshape(-1, 2 * n), last.reshape(-1, 2 * n))
    out = np.empty((size, 8))
    over_batch(lambda begin, stop: compiled.step_moments(begin, stop, n, *inputs, out), size)
    solved, solved_size, corners, corners_size, *moments = np.moveaxis(out.reshape(*batch, 8), -1, 0)
    change, change_size = occupancy_change(first, last, ladder.backward_rate, solved, solved_size)
    area, area_size = smallest_terms([change, corners], [change_size, corners_size])
    moment, moment_size = smallest_terms(moments[::2], moments[1::2])
    # the exponentials of rates are rounded in proportion to their energies, which are extreme at an end
    ends = np.asarray(ladder.reference_level)[..., None] - np.array([0.0, n - 1.0])
    unit = _EPS * (1.0 + np.abs(np.asarray(ladder.energy_step)[..., None] * ends).max(axis=-1))
    return StepMoments(area[()], moment[()], (unit * area_size)[()], (unit * moment_size)[()])
