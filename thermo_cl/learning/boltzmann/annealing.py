"""Partition functions of large machines by annealed importance sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logsumexp

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.boltzmann.gibbs import held, sample, visible_biases
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine

__all__ = ["AnnealedEstimate", "annealed_log_partition"]


@dataclass(frozen=True)
class AnnealedEstimate:
    """A partition function known up to an error.

    Attributes
    ----------
    log_partition : float
        Logarithm of the mean of the weights, nats. The mean is unbiased; its logarithm is below the truth on average.
    standard_error : float
        Of ``log_partition``, from the scatter of the weights (delta method). Too small where few chains carry the
        weight.
    effective_chains : float
        (sum w)^2 / sum w^2, between 1 and the number of chains; an estimate of a few is not to be trusted.
    chains, temperatures : int
    """

    log_partition: float
    standard_error: float
    effective_chains: float
    chains: int
    temperatures: int


def annealed_log_partition(
    machine: BoltzmannMachine,
    data: ArrayLike | None = None,
    *,
    chains: int = 500,
    temperatures: int = 1000,
    rng: np.random.Generator | int | None = 0,
) -> AnnealedEstimate:
    r"""Estimate log Z by moving chains from independent units to the machine (Neal, Stat. Comput. 11, 125 (2001)).

    At inverse temperature :math:`\beta` the energy is :math:`(1 - \beta) E_0 + \beta E`, with :math:`E_0` of a machine
    without weights whose visible units have the data's frequencies (Salakhutdinov and Murray, ICML 2008, section 4.1).
    Every chain is an independent draw; one Gibbs step is taken at each of equally spaced temperatures, weights are
    taken with the hidden units summed out.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of any size.
    data : array_like of 0 and 1, shape (n, visible), optional
        For the frequencies, (sum + 1) / (n + 2); without it the machine's own visible biases stand for them.
    chains : int
        >= 2.
    temperatures : int
        Steps from 0 to 1, >= 1. Time chains x temperatures x that of a Gibbs step.
    rng : Generator or seed

    Returns
    -------
    AnnealedEstimate

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    count, steps = check.integer_at_least("chains", chains, 2), check.integer_at_least("temperatures", temperatures, 1)
    generator = check.generator(rng)
    own, base = visible_biases(machine).astype(float), _base(machine, data)
    seeds = generator.integers(0, 2**64, (steps, 2), dtype=np.uint64)
    v = (generator.random((count, machine.visible)) < expit(base)).astype(machine.dtype)
    log_w, betas = np.zeros(count), np.linspace(0.0, 1.0, steps + 1)
    for k in range(steps):
        here, after = betas[k], betas[k + 1]
        into = (v @ machine.weights.T + machine.hidden_biases).astype(float)
        log_w += (np.logaddexp(0.0, after * into) - np.logaddexp(0.0, here * into)).sum(1)
        log_w += (after - here) * _visible_part(machine, v, own - base)
        if k + 1 < steps:
            warm = _at(machine, after, (1.0 - after) * base + after * own)
            h = held(warm, v, seed=int(seeds[k, 0]))
            v, _ = sample(warm, (v, h), steps=1, seed=int(seeds[k, 1]))
    start = machine.hidden * np.log(2.0) + np.logaddexp(0.0, base).sum()
    top = log_w.max()
    w = np.exp(log_w - top)
    return AnnealedEstimate(
        float(start + logsumexp(log_w) - np.log(count)),
        float(w.std(ddof=1) / w.mean() / np.sqrt(count)),
        float(w.sum() ** 2 / (w**2).sum()),
        count,
        steps,
    )


def _base(machine: BoltzmannMachine, data: ArrayLike | None) -> FloatArray:
    """Visible biases of the machine without weights."""
    if data is None:
        return visible_biases(machine).astype(float)
    x = bits("data", data, machine.visible)
    on = x.sum(0) + 1.0
    base: FloatArray = np.log(on) - np.log(len(x) + 2.0 - on)
    return base


def _visible_part(machine: BoltzmannMachine, v: Array, biases: FloatArray) -> FloatArray:
    """Visible units' share of the exponent, with other biases."""
    x = v.astype(float)
    total: FloatArray = x @ biases
    if machine.couplings is not None:
        total = total + 0.5 * np.einsum("ni,ni->n", x @ machine.couplings.astype(float), x)
    return total


def _at(machine: BoltzmannMachine, beta: float, biases: FloatArray) -> BoltzmannMachine:
    """The machine at an inverse temperature, with these visible biases."""
    couplings = None if machine.couplings is None else machine.dtype.type(beta) * machine.couplings
    factor = machine.dtype.type(beta)
    return BoltzmannMachine(
        factor * machine.weights, factor * machine.hidden_biases, biases.astype(machine.dtype), couplings
    )
