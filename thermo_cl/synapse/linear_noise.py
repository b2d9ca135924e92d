"""Mean and spread of the weight update of N driven ladders, for N large: the linear-noise approximation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.special

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.driving import DrivenCycle, periodic_state
from thermo_cl.markov.driving.collocation import tableau
from thermo_cl.markov.ladder import Ladder
from thermo_cl.synapse.output import Output, output_of
from thermo_cl.synapse.sawtooth import Sawtooth

__all__ = ["LinearNoise", "linear_noise"]

_PANELS = 48  # halvings towards a crossing, where the smoothed threshold is as narrow as the noise
_POINTS = 8
_REACH = 8  # standard deviations around a crossing within which the smoothed threshold matters


@dataclass(frozen=True, eq=False)
class LinearNoise:
    """Predicted statistics of the update of one cycle.

    Attributes
    ----------
    update : float
        Update without noise, the limit of many ladders.
    mean : float
        With the output's Gaussian noise smoothing the threshold at every moment.
    standard_deviation : float
        Of the part of the update that is linear in the noise.
    copies : int
        Number of ladders.
    method, status : str
    """

    update: float
    mean: float
    standard_deviation: float
    copies: int
    method: str = "linear noise"
    status: str = "asymptotic: for many ladders"


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
    :math:`N \mathrm{Var} = \iint w(t) w(t') C(t, t') dt dt' / \mu^2`. As N grows, w becomes one above the threshold
    :math:`\theta` and :math:`\theta/|\dot u|` at each crossing (van Kampen, Stochastic Processes in Physics
    and Chemistry, chap. X; the smoothed threshold is statistical linearisation).

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
        If an argument is out of its domain, or ladder or protocol is a batch.
    """
    height, floor = check.non_negative("amplitude", amplitude), check.non_negative("threshold", threshold)
    unit, many = check.positive("scale", scale), check.integer_at_least("copies", copies, 1)
    if height.ndim or floor.ndim or unit.ndim or ladder.batch_shape or protocol.batch_shape:
        raise InvalidParameterError(
            "arguments", "arrays or batches", "a single ladder, protocol, amplitude and threshold"
        )
    if reference is None:
        reference = float(ladder.top_rail @ ladder.steady_state(protocol.mean))
    signal, theta, factor = protocol.signal(height), float(floor), -1.0 / float(unit)
    coarse = periodic_state(ladder, signal, tolerance=tolerance)
    sharp = output_of(coarse, ladder.top_rail, reference, factor)
    crossings = sharp.crossings(theta)
    near = _breaks(sharp, _deviation(sharp.at(crossings), reference, factor, many), crossings)
    cycle = periodic_state(ladder, signal, breaks=near, tolerance=tolerance)
    output = output_of(cycle, ladder.top_rail, reference, factor)
    u = factor * (cycle.stage_probabilities @ ladder.top_rail - reference)
    weight = _mean_slope(u, _deviation(u, reference, factor, many), theta)
    variance = _variance(cycle, weight, ladder.top_rail) / many
    return LinearNoise(
        output.thresholded(theta), _smoothed(output, reference, factor, theta, many),
        abs(factor) * float(np.sqrt(variance)), many,
    )  # fmt: skip


def _breaks(output: Output, deviation: FloatArray, crossings: FloatArray) -> FloatArray:
    """Times around the crossings, as close as the noise smears each of them."""
    period = output.times[-1]
    widths = [min(s / abs(output.slope(t) or s), period / 40.0) for t, s in zip(crossings, deviation, strict=True)]
    around = crossings[:, None] + np.array(widths).reshape(-1, 1) * np.arange(-_REACH, _REACH + 1)
    return np.unique(np.mod(around, period))


def _variance(cycle: DrivenCycle, weight: FloatArray, c: FloatArray) -> float:
    r"""Variance of the integral of one ladder's top-rail fluctuation with a weight given at the stages, (k, s).

    :math:`y(t) = \int_0^t w(t') U(t, t') v(t') dt'` obeys y' = W y + w v; the variance is twice the integral of w c y.
    """
    lengths, rule = np.diff(cycle.times), tableau(cycle.stage_times.shape[1])
    rate = weight[..., None] * _fluctuation(cycle.stage_probabilities, c)
    homogeneous, particular = _solve(cycle, lengths[:, None, None] * np.einsum("lm,kmn->kln", rule.integrals, rate))
    y, total = np.zeros(c.size), 0.0
    for k, length in enumerate(lengths):
        path = homogeneous[k] @ y + particular[k]
        total += 2.0 * length * float((rule.weights * weight[k]) @ (path @ c))
        y = path[-1]
    return total


def _fluctuation(p: FloatArray, c: FloatArray) -> FloatArray:
    """Covariance of the occupation of each state with the observable."""
    return p * c - p * (p @ c)[..., None]


def _solve(cycle: DrivenCycle, source: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Collocation solutions at the stages: for each starting vector, and from zero with a source (k, s, n)."""
    k, s, n = source.shape
    lengths, rule = np.diff(cycle.times), tableau(s)
    coupling = lengths[:, None, None, None, None] * np.einsum("lm,kmij->klimj", rule.integrals, cycle.stage_generators)
    matrix = np.eye(s * n) - coupling.reshape(k, s * n, s * n)
    start = np.broadcast_to(np.tile(np.eye(n), (s, 1)), (k, s * n, n))
    solved = np.linalg.solve(matrix, np.concatenate([start, source.reshape(k, s * n, 1)], axis=-1))
    return solved[..., :n].reshape(k, s, n, n), solved[..., n].reshape(k, s, n)


def _smoothed(output: Output, reference: float, factor: float, theta: float, copies: int) -> float:
    """Integral over the cycle of the mean of g(u + noise), with panels that halve towards the ends of each interval."""
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    half = 0.5 ** np.arange(1, _PANELS + 1)
    edges = np.concatenate([[0.0], half[::-1], 1.0 - half[1:], [1.0]])
    positions = (0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * x).ravel()
    weights = (0.5 * np.diff(edges)[:, None] * w).ravel()
    u = output.series @ np.polynomial.legendre.legvander(2.0 * positions - 1.0, output.series.shape[1] - 1).T
    mean = _mean_above(u, _deviation(u, reference, factor, copies), theta)
    return float(np.diff(output.times) @ (mean @ weights))


def _deviation(u: FloatArray, reference: float, factor: float, copies: int) -> FloatArray:
    """Standard deviation of the output at a moment: independent ladders, each on the top rail or not."""
    top = reference + u / factor
    return np.asarray(abs(factor) * np.sqrt(top * (1.0 - top) / copies))


def _mean_above(u: FloatArray, sigma: FloatArray, theta: float) -> FloatArray:
    """Mean of X where |X| >= theta, else 0, for Gaussian X."""
    low, high = (-theta - u) / sigma, (theta - u) / sigma
    inside = scipy.special.ndtr(high) - scipy.special.ndtr(low)
    edge = sigma * (np.exp(-0.5 * high**2) - np.exp(-0.5 * low**2)) / np.sqrt(2.0 * np.pi)
    return np.asarray(u * (1.0 - inside) + edge)


def _mean_slope(u: FloatArray, sigma: FloatArray, theta: float) -> FloatArray:
    """Derivative of that mean with respect to u."""
    low, high = (-theta - u) / sigma, (theta - u) / sigma
    peaks = theta / sigma * (np.exp(-0.5 * high**2) + np.exp(-0.5 * low**2)) / np.sqrt(2.0 * np.pi)
    return np.asarray(1.0 - (scipy.special.ndtr(high) - scipy.special.ndtr(low)) + peaks)
