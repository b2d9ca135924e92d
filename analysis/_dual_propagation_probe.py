"""What ``dual_propagation`` measures of a network: angles, inner loops, accuracy under attack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning import Dataset, angles
from thermo_cl.learning.dyadic import DualPropagation, check_curable, solve, stability_number
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardBackpropagation
from thermo_cl.learning.robustness import FGSM, PGD, robust_accuracy
from thermo_cl.learning.rules import Rule

MINIBATCHES, SIZE = 4, 50  # of the first examples
SWEEPS, TOLERANCE = 100, 1e-3  # for the question whether the inner loop comes to rest
OUTCOMES = ("converged", "not converged", "diverging", "refused")
STEPS = 10  # of projected gradient ascent


@dataclass(frozen=True, eq=False)
class Probe:
    """Of a network and a rule, on the first minibatches.

    Attributes
    ----------
    stability : float
        Largest eigenvalue times beta over the examples: the stability number at alpha = 0 and 1.
    sweeps : float
        Mean of the inner loops that come to rest; NaN if none does or there is none.
    outcomes : ndarray, shape (outcome,)
        Shares of the minibatches; NaN if there is no inner loop.
    angles : ndarray, shape (layers,)
        Of the rule's weight gradients to those of backpropagation, degrees, means over the minibatches.
    """

    stability: float
    sweeps: float
    outcomes: FloatArray
    angles: FloatArray

    @property
    def values(self) -> FloatArray:
        """All in a row: stability, sweeps, outcomes, angles."""
        return np.concatenate([[self.stability, self.sweeps], self.outcomes, self.angles])

    @staticmethod
    def width(layers: int) -> int:
        """Length of ``values``."""
        return 2 + len(OUTCOMES) + layers


def probed(network: FeedForwardNetwork, rule: Rule, data: Dataset) -> Probe:
    """Measure a network; the rule estimates as it does in training, but without a tolerance."""
    layers = range(1, len(network.weights) + 1)
    exact = ForwardBackpropagation()
    told, used, ends, most = [], [], [], 0.0
    free = rule
    if isinstance(rule, DualPropagation) and rule.tolerance is not None:
        free = replace(rule, tolerance=None, sweeps=SWEEPS)
    for start in range(0, min(MINIBATCHES * SIZE, len(data)), SIZE):
        rows = slice(start, start + SIZE)
        inputs = data.inputs[rows].astype(network.dtype, copy=False)
        targets = np.eye(data.classes, dtype=network.dtype)[data.labels[rows]]
        rng = np.random.default_rng(start)
        reference = exact.estimate(network, inputs, targets, (), rng).gradient
        with np.errstate(over="ignore", invalid="ignore"):  # of loops that diverge: the angle is nan
            found = free.estimate(network, inputs, targets, (), rng).gradient
        angle = angles({f"W{n}": found[f"W{n}"] for n in layers}, {f"W{n}": reference[f"W{n}"] for n in layers})
        told.append([angle[f"W{n}"] for n in layers])
        most = max(most, _largest(network, inputs, rule))
        if isinstance(rule, DualPropagation):
            end, sweeps = _inner(network, rule, inputs, targets)
            ends.append(end)
            used += [sweeps] if end == "converged" else []
    shares = [ends.count(end) / len(ends) for end in OUTCOMES] if ends else [np.nan] * len(OUTCOMES)
    mean = float(np.mean(used)) if used else np.nan
    return Probe(most, mean, np.array(shares), np.mean(told, axis=0))


def _largest(network: FeedForwardNetwork, inputs: FloatArray, rule: Rule) -> float:
    beta = rule.beta if isinstance(rule, DualPropagation) else 0.5
    try:
        return float(stability_number(network, inputs, 1.0, beta, tolerance=1e-3).max())
    except ConvergenceError:  # too large to be a number
        return np.inf


def _inner(
    network: FeedForwardNetwork, rule: DualPropagation, inputs: FloatArray, targets: FloatArray
) -> tuple[str, float]:
    """How the inner loop ends if it is given time, with automatic damping in the damped form, and its sweeps."""
    if rule.one_sweep:
        return "converged", 1
    now = network.forward(inputs)
    if rule.form == "damped":
        betas = (float(np.max(rule.beta)),) * len(network.weights)
        try:
            check_curable(network, now, rule.alpha, betas, output=rule.output)
        except InvalidParameterError:
            return "refused", np.nan
    inner = solve(
        network, inputs, targets, rule.alpha, rule.beta, rule.form, rule.output, rule.order, now=now, damping="auto",
        sweeps=SWEEPS, tolerance=TOLERANCE,
    )  # fmt: skip
    if inner.converged:
        return "converged", inner.sweeps
    return ("diverging" if inner.diverging else "not converged"), np.nan


def attacked(network: FeedForwardNetwork, data: Dataset, sizes: Sequence[float]) -> FloatArray:
    """Accuracy under the two attacks, shape (2, sizes)."""
    kinds = ([FGSM(size) for size in sizes], [PGD(size, STEPS) for size in sizes])
    return np.stack([robust_accuracy(network, data, attacks, rng=0).accuracy for attacks in kinds])
