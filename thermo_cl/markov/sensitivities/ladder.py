"""Derivatives of a ladder's entropy production, area and first moment by its own parameters."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.markov.dynamics import displacement
from thermo_cl.markov.ladder.kernels import generator_change
from thermo_cl.markov.ladder.ladder import Ladder
from thermo_cl.markov.ladder.levels import checked_signal, solve_levels
from thermo_cl.markov.ladder.moments import step_moments
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.sensitivities.adjoint import by_log_rates, ordered_elimination
from thermo_cl.markov.sensitivities.entropy import production_parts
from thermo_cl.markov.sensitivities.rates import LadderRates
from thermo_cl.markov.sensitivities.step import first_moment_parts

__all__ = ["LadderDerivatives", "LadderSensitivities", "ladder_sensitivities"]

_DENSE_ARRAYS = 16  # matrices alive at once, beside the rates


@dataclass(frozen=True, eq=False)
class LadderDerivatives:
    """Derivatives of one number by the parameters of a ladder and of its step, each of shape batch.

    Where a level's energy difference is exactly zero, its rates have a kink; derivatives are then those towards
    larger values of the parameter.

    Attributes
    ----------
    gamma, rate_factor, reference_level, energy_step, inactive_dissociation, active_dissociation : ndarray
        By the ladder's parameters.
    signal, baseline : ndarray
        By the signal after and before the step.
    log_gamma, log_rate_factor, log_signal : ndarray
        By logarithms, in which optimisation is at home.
    """

    gamma: FloatArray
    rate_factor: FloatArray
    reference_level: FloatArray
    energy_step: FloatArray
    inactive_dissociation: FloatArray
    active_dissociation: FloatArray
    signal: FloatArray
    baseline: FloatArray
    log_gamma: FloatArray
    log_rate_factor: FloatArray
    log_signal: FloatArray


@dataclass(frozen=True, eq=False)
class LadderSensitivities:
    r"""Numbers of a ladder and of its step response, with their derivatives; all of shape batch.

    Attributes
    ----------
    entropy_production_rate : ndarray
        Of the ladder at the baseline, in k_B per time.
    area, first_moment, normalised_area : ndarray
        Of the step kernel; the last is :math:`I = area / |\mu_1|`, in 1/time.
    entropy_production_rate_by, area_by, first_moment_by, normalised_area_by : LadderDerivatives
    """

    entropy_production_rate: FloatArray
    area: FloatArray
    first_moment: FloatArray
    normalised_area: FloatArray
    entropy_production_rate_by: LadderDerivatives
    area_by: LadderDerivatives
    first_moment_by: LadderDerivatives
    normalised_area_by: LadderDerivatives


def ladder_sensitivities(ladder: Ladder, signal: ArrayLike = 200.0, baseline: ArrayLike = 0.0) -> LadderSensitivities:
    r"""Exact derivatives of sigma, area, first moment and normalised area by all parameters of a ladder.

    Derivatives by rates (see ``steady_state_sensitivities`` and ``step_sensitivities``) meet those of the rates
    :math:`r = \gamma e^{\epsilon/2}` and :math:`F \max(1, e^{\mp\Delta E_m(s)})` by the parameters. The area is
    differentiated in the form that adds up the smallest terms: by the corner identity

    .. math:: P_{top} - \tfrac12 = \frac{p_{top}(0) - p_{bot}(n-1) + r (p_{bot}(0) - p_{top}(n-1))}{2(1 - r)}

    where the ladder adapts, so that its derivatives keep their digits however small it is.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal, baseline : array_like, shape batch
        Signal after and before the step, >= 0, in micromolar.

    Returns
    -------
    LadderSensitivities
        Sigma is that at the baseline. Steps much smaller than 1 k_B T lose digits of the area's and the first
        moment's derivatives in proportion.

    Raises
    ------
    InvalidParameterError
        If a signal is negative or does not fit the batch, or rates overflow.
    MemoryLimitError
        If the dense matrices would not fit.
    ConvergenceError
        If the first moment is out of the range of floating-point numbers.

    Examples
    --------
    >>> found = ladder_sensitivities(Ladder(gamma=[0.1, 0.01]))
    >>> found.entropy_production_rate_by.log_gamma  # more drive, more entropy
    array([-1.209983..., -1.043760...])
    """
    end, start = checked_signal(ladder, "signal", signal), checked_signal(ladder, "baseline", baseline)
    check.broadcast(signal=end, baseline=start)
    before, after = ladder._network(start, _DENSE_ARRAYS), ladder._network(end, _DENSE_ARRAYS)
    rates_before, rates_after = LadderRates(ladder, start), LadderRates(ladder, end)
    moments = step_moments(ladder, end, start)
    parameters = _parameters(ladder, end, start)

    def derivatives(by_before: FloatArray, by_after: FloatArray, explicit: FloatArray) -> LadderDerivatives:
        first, last = rates_before.pull_back(by_before), rates_after.pull_back(by_after)
        backward = first["backward"] + last["backward"] + explicit
        batch = np.broadcast_shapes(parameters["gamma"].shape, backward.shape)
        found = {name: first[name] + last[name] for name in first if name not in {"signal", "backward"}}
        found |= {"signal": last["signal"], "baseline": first["signal"], "log_gamma": backward}
        found["energy_step"] = found["energy_step"] + 0.5 * backward
        found["gamma"] = backward / parameters["gamma"]
        found["rate_factor"] = found["log_rate_factor"] / parameters["rate_factor"]
        found["log_signal"] = last["signal"] * parameters["signal"]
        return LadderDerivatives(
            **{f.name: np.broadcast_to(np.asarray(found[f.name]), batch)[()] for f in fields(LadderDerivatives)}
        )

    pull, direct = _production(ladder, before, start)
    weights, by_ratio = _area_weights(ladder, before, after)
    displaced = displacement(before, after, generator_change(ladder, before, start, end))[0]
    elimination = ordered_elimination(after)
    _, adjoint, explicit = first_moment_parts(after, elimination, ladder.top_rail, displaced)
    pull, weights, adjoint = np.broadcast_arrays(pull, weights, adjoint)
    first = by_log_rates(before.generator, ordered_elimination(before).weighted(np.stack([pull, -weights, adjoint])))
    last = by_log_rates(after.generator, elimination.weighted(np.stack([weights, -adjoint])))
    production = derivatives(first[0] + direct, np.zeros((1, 1)), np.zeros(()))
    area = derivatives(first[1], last[0], by_ratio)
    moment = derivatives(first[2], last[1] + by_log_rates(after.generator, explicit), np.zeros(()))
    size = np.abs(moments.first_moment)
    with np.errstate(divide="ignore", invalid="ignore"):  # no step, or lobes that balance: not a number
        normalised = moments.area / size
        ratio = normalised / moments.first_moment
        quotient = {
            f.name: getattr(area, f.name) / size - ratio * getattr(moment, f.name) for f in fields(LadderDerivatives)
        }
    sigma = np.broadcast_to(ladder.entropy_production_rate(start), np.shape(size))[()]
    return LadderSensitivities(
        sigma, moments.area, moments.first_moment, normalised, production, area, moment, LadderDerivatives(**quotient)
    )


def _parameters(ladder: Ladder, end: FloatArray, start: FloatArray) -> dict[str, FloatArray]:
    """Parameters that have logarithms, spread over the whole batch."""
    batch = np.broadcast_shapes(ladder.batch_shape, end.shape, start.shape)
    values = {"gamma": ladder.gamma, "rate_factor": ladder.rate_factor, "signal": end}
    return {name: np.broadcast_to(value, batch) for name, value in values.items()}


def _production(ladder: Ladder, network: MarkovNetwork, signal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of sigma by the steady state, and directly by log rates, from currents and forces of the levels."""
    solved, n = solve_levels(ladder, signal, edges=True), ladder.n_levels
    level, below = np.arange(n), np.arange(n - 1)
    force, current = np.zeros((2, *network.batch_shape, 2 * n, 2 * n))
    for array, rungs, top, bottom in (
        (force, *solved.forces),
        (current, solved.vertical_currents, solved.plaquette_currents, -solved.plaquette_currents),
    ):
        for target, source, values in (
            (level, level + n, rungs), (below + 1, below, top), (below + n + 1, below + n, bottom),
        ):  # fmt: skip
            array[..., target, source], array[..., source, target] = values, -values
    return production_parts(network, force, current)


def _area_weights(ladder: Ladder, before: MarkovNetwork, after: MarkovNetwork) -> tuple[FloatArray, FloatArray]:
    """Derivatives of the area by the steady states, and by ln r directly, in the form that adds the smallest terms."""
    n, r = ladder.n_levels, np.asarray(ladder.backward_rate)
    first, last = before.steady_state(), after.steady_state()
    gap = np.where(r == 1.0, np.inf, 2.0 * (1.0 - r))
    corners = np.zeros((*r.shape, 2 * n))
    corners[..., 0], corners[..., -1], corners[..., n], corners[..., n - 1] = 1.0, -1.0, r, -r
    corners /= gap[..., None]
    top, moved = ladder.top_rail, last - first
    sizes = [
        np.sum(np.abs(weights) * (first + last), axis=-1) + np.where(excluded, np.inf, 0.0)
        for weights, excluded in ((corners, r == 1.0), (top, False), (top - 1.0, False))
    ]
    best = np.argmin(np.stack(np.broadcast_arrays(*sizes)), axis=0)[..., None]
    weights = np.where(best == 0, corners, np.where(best == 1, top, top - 1.0))
    shift = moved[..., 0] - moved[..., -1] + moved[..., n] - moved[..., n - 1]
    explicit = np.where(best[..., 0] == 0, 2.0 * r * shift / gap / gap, 0.0)
    return weights, explicit
