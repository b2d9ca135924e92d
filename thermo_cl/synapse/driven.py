"""The synapse whose memory is a driven ladder itself, not a kernel read off it: updates and their cost per cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.driving import periodic_state
from thermo_cl.markov.ladder import Ladder
from thermo_cl.synapse.checks import checked_amplitudes, require_single
from thermo_cl.synapse.output import output_of
from thermo_cl.synapse.sawtooth import Sawtooth
from thermo_cl.synapse.update import weight_update

__all__ = ["DrivenUpdate", "driven_update"]

_COSTS = ("entropy_production", "housekeeping", "excess", "heat", "work_signal", "work_drive", "residual")


@dataclass(frozen=True, eq=False)
class DrivenUpdate:
    """Weight updates of a driven ladder and what they cost; every array has the shape of the amplitudes.

    Attributes
    ----------
    update : ndarray
        Integral of the thresholded output over one cycle, in units of the signal.
    linear_update : ndarray
        The same from the small-signal kernel about the protocol's mean, by ``weight_update``.
    lowest, highest : ndarray
        Range of the output over the cycle, in signal per time.
    entropy_production, housekeeping, excess : ndarray
        Per cycle, in k_B.
    heat, work_signal, work_drive : ndarray
        Per cycle, in k_B T.
    reference : float
        Top-rail occupancy at which the output is zero.
    first_moment : float
        Occupancy * time per signal by which the output is scaled.
    residual : ndarray
        Estimated error of the probabilities, and so of the output times ``first_moment``.
    method, status : str
        Of the periodic states.
    """

    update: FloatArray
    linear_update: FloatArray
    lowest: FloatArray
    highest: FloatArray
    entropy_production: FloatArray
    housekeeping: FloatArray
    excess: FloatArray
    heat: FloatArray
    work_signal: FloatArray
    work_drive: FloatArray
    reference: float
    first_moment: float
    residual: FloatArray
    method: str
    status: str


def driven_update(
    ladder: Ladder,
    protocol: Sawtooth,
    amplitudes: ArrayLike,
    *,
    threshold: float,
    baseline: float | None = None,
    first_moment: float | None = None,
    tolerance: float = 1e-10,
) -> DrivenUpdate:
    r"""Weight update and cost per cycle of a ladder that is driven by the protocol, without linearisation.

    The output is :math:`u(t) = -(P_{top}(t) - P_{ref})/|\mu_1|` in the periodic state, and
    :math:`\Delta w = \int g(u) dt` over one cycle, g(u) = u where \|u\| >= threshold and 0 elsewhere. In the limit of
    small amplitudes it is the response of ``ladder.small_signal_kernel(mean).normalized()`` to signal - baseline.

    Parameters
    ----------
    ladder : Ladder
        A single one.
    protocol : Sawtooth
        A single one, with times in units of the ladder's horizontal rate; mean - amplitude/2 must not be negative.
        (The papers' protocol times are in units of 5 such units.)
    amplitudes : array_like, shape () or (a,)
        Clamped-minus-free differences A >= 0.
    threshold : float
        Hard threshold >= 0, in signal per time.
    baseline : float, optional
        Signal whose steady state defines P_ref; the protocol's mean by default.
    first_moment : float, optional
        The :math:`\mu_1` that scales the output; by default that of the small-signal kernel at the protocol's mean. To
        compare with ``step_kernel(s).normalized()``, whose kernels are those of a whole step, give its moment over s.
    tolerance : float
        Of the probabilities, see ``periodic_state``; the update is accurate to about
        tolerance * period / :math:`|\mu_1|` and mostly far better.

    Returns
    -------
    DrivenUpdate

    Raises
    ------
    InvalidParameterError
        If a batch is given for ladder or protocol, a number is out of its domain, or the signal becomes negative.

    Notes
    -----
    The output is a polynomial on every interval of the mesh, its crossings of the threshold are roots, and the
    integral between them is a difference of primitives. A plateau within the tolerance of the threshold makes an
    update uncertain by what the plateau is worth.

    Examples
    --------
    >>> from thermo_cl import Ladder, Sawtooth
    >>> synapse = driven_update(Ladder(gamma=1e-3), Sawtooth(15.0, 75.0, mean=10.0), [2.0, 5.0], threshold=0.15)
    >>> synapse.update, synapse.linear_update
    (array([1.010507..., 1.035654...]), array([1.046426..., 1.666552...]))
    """
    require_single(ladder, protocol)
    heights = checked_amplitudes("amplitudes", amplitudes, protocol)
    if heights.ndim > 1 or heights.size == 0:
        raise InvalidParameterError("amplitudes.shape", heights.shape, "() or (a,), one or a row of amplitudes")
    floor, mean = check.single("threshold", check.non_negative("threshold", threshold)), float(protocol.mean)
    origin = check.single("baseline", check.non_negative("baseline", mean if baseline is None else baseline))
    kernel = ladder.small_signal_kernel(mean)
    moment = check.single(
        "first_moment", check.finite("first_moment", kernel.first_moment if first_moment is None else first_moment)
    )
    if moment == 0.0:
        raise InvalidParameterError("first_moment", moment, "other than zero")
    reference = float(ladder.top_rail @ ladder.steady_state(origin))
    linear = weight_update(
        kernel.scaled(-1.0 / abs(moment)),
        Sawtooth(protocol.fast, protocol.slow, mean=mean - origin),
        heights,
        threshold=floor,
    )
    columns: dict[str, list[float]] = {name: [] for name in ("update", "lowest", "highest", *_COSTS)}
    for height in np.atleast_1d(heights):
        cycle = periodic_state(ladder, protocol.signal(height), tolerance=tolerance)
        output = output_of(cycle, ladder.top_rail, reference, -1.0 / abs(moment))
        columns["update"].append(output.thresholded(floor))
        for name, value in zip(("lowest", "highest"), output.extremes(), strict=True):
            columns[name].append(value)
        for name in _COSTS:
            columns[name].append(getattr(cycle, name))
    return DrivenUpdate(
        linear_update=np.asarray(linear)[()], reference=reference, first_moment=moment, method=cycle.method,
        status=cycle.status, **{name: np.reshape(column, heights.shape)[()] for name, column in columns.items()},
    )  # fmt: skip
