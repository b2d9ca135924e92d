"""Mean and spread of the weight update of N driven ladders, for N large: the linear-noise approximation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.markov.driving import DrivenCycle, periodic_state
from thermo_cl.markov.driving.collocation import tableau
from thermo_cl.markov.ladder import Ladder
from thermo_cl.synapse.checks import checked_amplitudes, reference_occupancy, require_single
from thermo_cl.synapse.gaussian_threshold import thresholded_mean, thresholded_slope
from thermo_cl.synapse.output import Output, output_of
from thermo_cl.synapse.sawtooth import Sawtooth

__all__ = ["LinearNoise", "linear_noise"]

_REACH = 8  # standard deviations on either side of a threshold within which the noise smears it


@dataclass(frozen=True, eq=False)
class LinearNoise:
    """Predicted statistics of the update of one cycle, in (output * time).

    Attributes
    ----------
    update : float
        Update without noise, the limit of many ladders.
    mean : float
        Mean update, the threshold smeared by the output's Gaussian noise at every moment.
    standard_deviation : float
        Of the part of the update that is linear in the noise.
    copies : int
        Number of ladders.
    residual : float
        Estimated error of the probabilities of one ladder, see ``periodic_state``.
    method, status : str
        The approximation, and when it holds: without a threshold for any number of ladders.
    """

    update: float
    mean: float
    standard_deviation: float
    copies: int
    residual: float
    method: str
    status: str


def linear_noise(
    ladder: Ladder,
    protocol: Sawtooth,
    amplitude: float,
    *,
    threshold: float,
    copies: int,
    scale: float,
    reference: float | None = None,
    tolerance: float = 1e-9,
) -> LinearNoise:
    r"""Mean and standard deviation of the update of a synapse of N independent driven ladders.

    The share of ladders on the top rail is :math:`P(t) + \xi(t)/\sqrt N` with Gaussian :math:`\xi` of the covariance of
    one ladder, :math:`C(t, t') = c^T U(t, t') (p(t') \circ c - p(t') P(t'))`. The mean of g(u + noise) at each moment
    gives the mean update, its derivative with respect to u the weight w(t) with which the noise enters the update:
    :math:`N \mathrm{Var} = \iint w(t) w(t') C(t, t') dt dt' / \mu^2`. As N grows, w becomes one wherever \|u\| is above
    the threshold :math:`\theta`, and a peak of area :math:`\theta/|\dot u|` at each crossing (van Kampen, Stochastic
    Processes in Physics and Chemistry, chap. X; the smeared threshold is statistical linearisation). Without a
    threshold mean and variance are exact for every N.

    Parameters
    ----------
    ladder, protocol, amplitude, copies, scale, reference
        As for ``noisy_update``, which simulates what is predicted here.
    threshold : float
        A single hard threshold >= 0, in units of the output.
    tolerance : float
        Of the periodic state, see ``periodic_state``.

    Returns
    -------
    LinearNoise

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain, the signal would become negative, or ladder or protocol is a batch.

    Notes
    -----
    The output of N ladders moves in steps of :math:`1/(N\mu)`: a threshold half-way between two of its values is meant
    (elsewhere the mean is off by what half a step of the threshold is worth). The standard deviation leaves out what is
    not linear in the noise, a few per cent near thresholds even at 1e4 ladders.

    Examples
    --------
    >>> from thermo_cl import Ladder, Sawtooth
    >>> ladder, protocol = Ladder(gamma=1e-2, rate_factor=2.0), Sawtooth(fast=8.0, slow=24.0, mean=25.0)
    >>> noise = linear_noise(ladder, protocol, 40.0, threshold=3.0, copies=10_000, scale=0.0053)
    >>> noise.update, noise.mean, noise.standard_deviation
    (15.61026..., 11.63255..., 5.37662...)
    """
    require_single(ladder, protocol)
    height = check.single("amplitude", checked_amplitudes("amplitude", amplitude, protocol))
    theta = check.single("threshold", check.non_negative("threshold", threshold))
    unit, many = check.positive_number("scale", scale), check.integer_at_least("copies", copies, 1)
    zero, signal = reference_occupancy(ladder, protocol, reference), protocol.signal(height)
    first = periodic_state(ladder, signal, tolerance=tolerance)
    output = output_of(first, ladder.top_rail, zero, -1.0 / unit)
    smeared = _smeared_times(output, *_gaussian(first, ladder, zero, unit, many), theta)
    cycle = periodic_state(ladder, signal, breaks=smeared, tolerance=tolerance)
    u, sigma = _gaussian(cycle, ladder, zero, unit, many)
    variance = _variance(cycle, thresholded_slope(u, sigma, theta), ladder.top_rail) / many
    return LinearNoise(
        update=output.thresholded(theta),
        mean=cycle.integral(thresholded_mean(u, sigma, theta)),
        standard_deviation=float(np.sqrt(variance)) / unit,
        copies=many,
        residual=cycle.residual,
        method="linear noise",
        status="exact" if theta == 0.0 else "asymptotic in the number of ladders",
    )


def _gaussian(
    cycle: DrivenCycle, ladder: Ladder, reference: float, scale: float, copies: int
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the output at the collocation points, shape (k, s)."""
    top, bottom = (cycle.stage_probabilities @ rail for rail in (ladder.top_rail, 1.0 - ladder.top_rail))
    return (reference - top) / scale, np.sqrt(top * bottom / copies) / scale


def _smeared_times(output: Output, u: FloatArray, sigma: FloatArray, theta: float) -> FloatArray:
    """Times at which the output passes each standard deviation around a threshold, so that the mesh resolves them."""
    if theta == 0.0:
        return np.empty(0)
    spreads = [sigma.flat[np.argmin(np.abs(u - level))] for level in (theta, -theta)]
    levels = np.abs(theta + np.outer(spreads, np.arange(-_REACH, _REACH + 1)))
    return np.concatenate([output.crossings(level) for level in levels.flat])


def _variance(cycle: DrivenCycle, weight: FloatArray, c: FloatArray) -> float:
    r"""Variance of the integral of one ladder's fluctuation of c, with a weight given at the collocation points (k, s).

    Twice the integral of w c y over the cycle, where y' = W y + w v starts from zero and v is the covariance of each
    state's occupation with c: :math:`y(t) = \int_0^t w(t') U(t, t') v(t') dt'`.
    """
    p, lengths = cycle.stage_probabilities, np.diff(cycle.times)
    source = weight[..., None] * (p * c - p * (p @ c)[..., None])
    stages, n = p.shape[1:]
    integrals, y, response = tableau(stages).integrals, np.zeros(n), np.empty(weight.shape)
    for k, length in enumerate(lengths):
        coupling = length * np.einsum("lm,mij->limj", integrals, cycle.stage_generators[k])
        known = y + length * integrals @ source[k]
        matrix = np.eye(stages * n) - coupling.reshape(stages * n, stages * n)
        path = np.linalg.solve(matrix, known.ravel()).reshape(stages, n)
        response[k], y = path @ c, path[-1]
    return 2.0 * cycle.integral(weight * response)
