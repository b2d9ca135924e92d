"""Networks of series units in time: the elongations of the storing elements as state, equilibrium at every stage."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series.balance import Balance, imbalance
from thermo_cl.feedback.series.high_pass import ramp_square, relaxed
from thermo_cl.feedback.series.network import SeriesNetwork
from thermo_cl.feedback.series.plasticity import Plasticity
from thermo_cl.feedback.series.schedule import Schedule
from thermo_cl.feedback.series.stepping import Law, runge_kutta
from thermo_cl.feedback.series.trajectory import Trajectory

__all__ = ["Method", "require_fit", "simulate"]

Method = Literal["auto", "exact", "runge-kutta"]
_STEPS_PER_TIME = 10  # default resolution of the fastest relaxation


def simulate(
    series: SeriesNetwork,
    schedule: Schedule,
    *,
    step: float | None = None,
    elongations: ArrayLike | None = None,
    plasticity: Plasticity | None = None,
    matched: bool | None = None,
    kept: Literal["charge", "elongation"] = "charge",
    method: Method = "auto",
) -> Trajectory:
    r"""Follow a network through a schedule, its force balance solved exactly at every stage of every step.

    ``exact``: constant coefficients, one relaxation time, no loads. The strains are those of instantaneous equilibrium
    (plus what the initial elongations leave for ever), linear in time between corners, and each z is a high-pass in
    closed form: exact at steps of any length. ``runge-kutta``: the classical scheme of fourth order for
    (b d)' = t, with one factorisation if the coefficients are constant. As every stage is balanced,
    :math:`B^T b\,d`, the charge of each floating node, is conserved to rounding. Changing coefficients run linearly
    through each step, by two passes of predictor and corrector: second order in the step, with the crossings of the
    threshold located.

    Parameters
    ----------
    series : SeriesNetwork
        E edges; its coefficients are the initial ones.
    schedule : Schedule
        Needs outputs exactly if the network has clamps.
    step : float, optional
        Longest step, > 0. The corners alone for ``exact``, and a tenth of the fastest relaxation time else.
    elongations : array_like, shape (edges,), optional
        Initial d. By default the network is relaxed: d is the strain of the initial equilibrium, and all tensions are 0
        but for those that carry loads.
    plasticity : Plasticity, optional
        How the coefficients change; not at all by default.
    matched : bool, optional
        Whether b changes in proportion to c (number of strands or pores) or stays. By default as the network is.
    kept : {"charge", "elongation"}
        What a matched change of c leaves as it is: b d, the charge of capacitors, so that strands or pores join with
        d = 0, and nodes stay in instantaneous equilibrium; or d, as where strands break and the others keep their
        elongation, which leaves a residual strain for ever.
    method : {"auto", "exact", "runge-kutta"}
        The first chooses ``exact`` where that holds.

    Returns
    -------
    Trajectory
        At every step.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a name is unknown, or ``exact`` is asked for where it does not hold.
    StiffnessError
        If the step is longer than the fastest relaxation time and ``exact`` does not hold; it names the edge.
    DivergenceError
        If a coefficient falls to 0.
    """
    if method not in get_args(Method):
        raise InvalidParameterError("method", method, " or ".join(repr(name) for name in get_args(Method)))
    if kept not in ("charge", "elongation"):
        raise InvalidParameterError("kept", kept, "'charge' or 'elongation'")
    longest = None if step is None else check.positive_number("step", step)
    require_fit(series, schedule)
    one_time = series.matched
    together = one_time if matched is None else matched
    possible = one_time and plasticity is None and (schedule.loads is None or not schedule.loads.any())
    if method == "exact" and not possible:
        raise InvalidParameterError("method", method, "'runge-kutta' for several times, loads or plasticity")
    balance = Balance(series)
    values, loads, outputs = schedule.at(schedule.times[:1])
    still = np.zeros((1, series.network.n_edges))
    initial = balance(values, loads, outputs, still).strains[0]
    if loads is not None:  # tensions that carry the loads stay
        initial = initial - balance(0.0 * values, loads, None if outputs is None else 0.0 * outputs, still).strains[0]
    if elongations is not None:
        initial = check.finite("elongations", elongations)
        if initial.shape != (series.network.n_edges,):
            raise InvalidParameterError("elongations.shape", initial.shape, f"({series.network.n_edges},)")
    if possible and method != "runge-kutta":
        return _exact(series, balance, schedule, schedule.grid(longest), initial)
    grid = schedule.grid(float(series.times.min()) / _STEPS_PER_TIME if longest is None else longest)
    return runge_kutta(series, balance, schedule, grid, initial, plasticity, Law(together, kept == "charge"))


def require_fit(series: SeriesNetwork, schedule: Schedule) -> None:
    """Refuse a schedule whose rows are not the network's.

    Raises
    ------
    InvalidParameterError
    """
    held = len(series.network.imposed)
    if schedule.values.shape[1] != held:
        raise InvalidParameterError("schedule.values.shape", schedule.values.shape, f"(..., {held}), the imposed ones")
    if schedule.loads is not None and schedule.loads.shape[1] != series.network.n_dofs:
        raise InvalidParameterError("schedule.loads.shape", schedule.loads.shape, f"(..., {series.network.n_dofs})")
    clamps = 0 if series.clamped is None else series.clamped.shape[0]
    given = 0 if schedule.outputs is None else schedule.outputs.shape[1]
    if clamps != given:
        raise InvalidParameterError("schedule.outputs", f"{given} outputs", f"{clamps}, one for each clamp")


def _exact(
    series: SeriesNetwork, balance: Balance, schedule: Schedule, grid: FloatArray, initial: FloatArray
) -> Trajectory:
    """Matched edges: equilibrium strains at all times at once, and a high-pass for each edge."""
    edges = series.network.n_edges
    time, lengths = float(series.times.mean()), np.diff(grid)
    # what the initial elongations shift, they shift for ever
    values, loads, outputs = schedule.at(grid)
    state = balance(values, loads, outputs, np.zeros((grid.size, edges)))
    silent = None if outputs is None else np.zeros((1, outputs.shape[1]))
    shift = balance(np.zeros((1, values.shape[1])), None, silent, initial[None])
    strains = state.strains + shift.strains
    slopes = np.diff(strains, axis=0) / lengths[:, None]
    felt, heat = np.empty_like(strains), np.zeros_like(strains)
    felt[0] = strains[0] - initial
    for n, length in enumerate(lengths):
        felt[n + 1] = relaxed(felt[n], slopes[n], length, time)
        heat[n + 1] = heat[n] + ramp_square(felt[n], slopes[n], length, time)
    c = series.network.coefficients
    rate = c / time if series.network.kind == "elastic" else c
    return Trajectory(
        grid, state.positions + shift.positions, strains, felt, np.broadcast_to(c, strains.shape),
        np.broadcast_to(series.storage, strains.shape), heat * rate, imbalance(series, c * felt, None),
    )  # fmt: skip
