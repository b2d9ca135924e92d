r"""A lower bound on the dissipation of adaptation, for any network, in linear response.

Let c be 1 on one rail and 0 on the other, u its steady mean, V = u (1 - u) its variance, and let a weak signal d add
d/2 and -d/2 to the log rates of all jumps between the rails, so that u falls by chi d in the end. With
:math:`W^T v = -(c - u)`,

.. math:: \chi = V + \tfrac12 \Big( \sum_{top} j_{a \to b}\,(v_b - v_a) - \sum_{bottom} j_{a \to b}\,(v_b - v_a) \Big),

sums over the edges within the rails with their net currents j: the signal's source is that of a static energy but for
half the currents through the rungs, and what enters a rail leaves along it. Every edge dissipates at least
:math:`2 j^2 / a`, with a the sum of both fluxes, and :math:`\tfrac12 \sum a (v_b - v_a)^2` over all edges is V T, with
T the integral of the stationary autocorrelation of c over its value at zero. Cauchy and Schwarz give
:math:`|V - \chi| \le \tfrac12 \sqrt{\sigma V T}`, that is

.. math:: \sigma T \ge 4\,u(1 - u)\,\big(1 - \chi / (u (1 - u))\big)^2 .

Nothing adapts without dissipation, and what adapts perfectly with u = 1/2 produces at least one k_B per correlation
time of its readout. It holds for every network under weak signals that are split evenly, whatever its edges.

An estimate, not a bound, in terms of the response: if the rungs are fast, the peak per signal is the mean G = g / 4 of
the readout's variance at a given level, and V T = (V - G) tau_c with tau_c the correlation time of the levels. Were the
response to last as long, tau = tau_c (1 - e) with the error e, sigma |mu1| per signal would be at least
4 G (1 - e) (V - e G)^2 / (V - G), which is least at V = (2 - e) G or, if that exceeds it, V = 1/4 (``estimate``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis._free_networks import Jumps
from thermo_cl._types import FloatArray
from thermo_cl.markov import MarkovNetwork, entropy_production_rate

__all__ = ["Linear", "estimate", "linear_response"]


class Linear(NamedTuple):
    """For weak signals: steady susceptibility, variance, correlation time, and the bound over sigma T, at most one."""

    susceptibility: float
    variance: float
    correlation_time: float
    tightness: float


def linear_response(jumps: Jumps, log_rates: FloatArray) -> Linear:
    """Both sides of the bound for a network given by its log rates."""
    network = MarkovNetwork(jumps.rates(log_rates))
    p, c = network.steady_state(), jumps.top
    u = float(p @ c)
    flux = np.exp(log_rates) * p[jumps.source]
    source = np.zeros(p.size)
    np.add.at(source, jumps.target, 0.5 * jumps.crossing * flux)
    np.add.at(source, jumps.source, -0.5 * jumps.crossing * flux)
    susceptibility = float(c @ network.group_inverse.apply(source))
    variance = u * float(p @ (1.0 - c))
    time = -float(c @ network.group_inverse.apply(p * (c - u))) / variance
    least = 4.0 * variance * (1.0 - susceptibility / variance) ** 2
    sigma = float(entropy_production_rate(network))
    return Linear(susceptibility, variance, time, least / (sigma * time) if sigma > 0 else np.nan)


def estimate(gain: FloatArray, error: FloatArray) -> FloatArray:
    """Estimated least sigma |mu1| / d at a gain in (0, 1) and an error: gain^2 (1 - error)^2 up to gains of 1/2."""
    g, e = np.asarray(gain) / 4.0, np.asarray(error)
    variance = np.minimum((2.0 - e) * g, 0.25)
    return np.asarray(4.0 * g * (1.0 - e) * (variance - e * g) ** 2 / (variance - g))
