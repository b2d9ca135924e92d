"""Adversarial training: the inner rule at attacked inputs, and what it is for."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import network as energy_network
from tests.learning.robustness.networks import batch, dense
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Dataset, Rule, train
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardBackpropagation, ReLU, SoftmaxCrossEntropy
from thermo_cl.learning.robustness import FGSM, PGD, AdversarialTraining, robust_accuracy
from thermo_cl.learning.rules import Estimate

BACKPROPAGATION = ForwardBackpropagation()


@dataclass(frozen=True)
class Carrying:
    """A rule that keeps something for every example and draws something."""

    def initial_states(self, network: Any, examples: int) -> tuple[Array, ...]:
        return (np.full((examples, 2), len(network.weights)),)

    def estimate(self, network: Any, inputs: Array, targets: Array, states: Any, rng: np.random.Generator) -> Estimate:
        return Estimate({"W1": inputs}, (states[0] + 1,), rng.normal(size=3))


@pytest.mark.parametrize("attack", [FGSM(0.1), PGD(0.2, 3), PGD(0.5, 2, norm="2")])
def test_gradient_is_that_of_the_inner_rule_at_attacked_inputs(attack: Any) -> None:
    net = dense((7, 9, 3), ReLU(), SoftmaxCrossEntropy(), dtype=np.float32)
    x, y = batch(net, 20)
    found = AdversarialTraining(BACKPROPAGATION, attack).estimate(net, x, y, (), np.random.default_rng(1))
    attacked = attack.perturb(net, x, y, 1)
    wanted = BACKPROPAGATION.estimate(net, attacked, y, (), np.random.default_rng(1))
    for name in net.parameters:
        assert_array_equal(found.gradient[name], wanted.gradient[name])
    assert_array_equal(found.outputs, net.outputs(x))
    assert (found.outputs != wanted.outputs).any()


def test_gradient_is_the_slope_of_the_worst_loss() -> None:
    """FGSM is the worst case of a linear network with two classes, so that the maximum has this derivative."""
    net = FeedForwardNetwork.random(4, [2], loss=SoftmaxCrossEntropy(), dtype=np.float64, rng=0)
    x, y = batch(net, 10)
    x = 0.3 + 0.4 * x
    rng = np.random.default_rng(0)
    found = AdversarialTraining(BACKPROPAGATION, FGSM(0.1)).estimate(net, x, y, (), rng).gradient

    def worst(parameters: Any) -> float:
        """The margin falls by size times the sum of |w_1 - w_2|."""
        w, b = parameters["W1"], parameters["b1"]
        sign = np.where(y[:, 0] == 1, 1, -1)
        margin = sign * (x @ (w[:, 0] - w[:, 1]) + b[0] - b[1]) - 0.1 * np.abs(w[:, 0] - w[:, 1]).sum()
        return float(np.log1p(np.exp(-margin)).mean())

    for name, values in net.parameters.items():
        for index in np.ndindex(values.shape):
            up, down = ({k: a.copy() for k, a in net.parameters.items()} for _ in range(2))
            up[name][index] += 1e-6
            down[name][index] -= 1e-6
            assert abs((worst(up) - worst(down)) / 2e-6 - found[name][index]) < 1e-9


def test_size_zero_is_the_inner_rule() -> None:
    net = dense((7, 9, 3), ReLU(), SoftmaxCrossEntropy())
    x, y = batch(net, 20)
    found = AdversarialTraining(BACKPROPAGATION, PGD(0)).estimate(net, x, y, (), np.random.default_rng(0))
    wanted = BACKPROPAGATION.estimate(net, x, y, (), np.random.default_rng(0))
    assert_array_equal(found.outputs, wanted.outputs)
    for name in net.parameters:
        assert_array_equal(found.gradient[name], wanted.gradient[name])


def test_states_are_those_of_the_inner_rule() -> None:
    net = dense((7, 9, 3), ReLU(), SoftmaxCrossEntropy())
    x, y = batch(net, 5)
    rule = AdversarialTraining(Carrying(), PGD(0.1, 2))
    assert isinstance(rule, Rule)
    states = rule.initial_states(net, 5)
    assert_array_equal(states[0], np.full((5, 2), 2))
    assert_array_equal(rule.estimate(net, x, y, states, np.random.default_rng(0)).states[0], np.full((5, 2), 3))
    assert AdversarialTraining(BACKPROPAGATION, FGSM(0.1)).initial_states(net, 5) == ()
    assert pickle.loads(pickle.dumps(rule)) == rule


def test_training_lowers_the_loss_under_attack_and_pays_with_the_clean_loss() -> None:
    """Linear with two classes, where FGSM is the worst case: each rule descends its own convex function.

    One input cannot be turned over but is blank in a fifth; twenty tell all, and are turned over.
    """
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=600)
    side = np.where(labels == 0, -1, 1)
    sure = 0.5 + 0.4 * side * (rng.uniform(size=600) < 0.8)
    fragile = 0.5 + 0.08 * side[:, None] + 0.02 * rng.normal(size=(600, 20))
    data = Dataset(np.column_stack([sure, fragile]), labels, classes=2, name="fragile")
    net = FeedForwardNetwork.random(21, [2], loss=SoftmaxCrossEntropy(), rng=0)
    plain, adversarial = (
        robust_accuracy(
            train(net, rule, data, learning_rates=0.3, epochs=150, batch=600, rng=0).network,
            data,
            [FGSM(0), PGD(0.1, 10), FGSM(0.1)],
        )
        for rule in (BACKPROPAGATION, AdversarialTraining(BACKPROPAGATION, FGSM(0.1)))
    )
    assert adversarial.loss[1] < 0.95 * plain.loss[1]
    assert plain.loss[0] < 0.95 * adversarial.loss[0]
    assert adversarial.accuracy[1] >= plain.accuracy[1]
    assert_allclose(adversarial.loss[1], adversarial.loss[2], rtol=1e-6)  # of float32


def test_bad_arguments_are_refused() -> None:
    for bad in ("backpropagation", ForwardBackpropagation, None):
        with pytest.raises(InvalidParameterError, match="rule"):
            AdversarialTraining(bad, FGSM(0.1))  # type: ignore[arg-type]
    for attack in (0.1, FGSM, None):
        with pytest.raises(InvalidParameterError, match="attack"):
            AdversarialTraining(BACKPROPAGATION, attack)  # type: ignore[arg-type]
    rule = AdversarialTraining(BACKPROPAGATION, FGSM(0.1))
    net = dense((7, 9, 3), ReLU(), SoftmaxCrossEntropy())
    x, y = batch(net, 5)
    with pytest.raises(InvalidParameterError, match="targets"):
        rule.estimate(net, x, y[:3], (), np.random.default_rng(0))
    with pytest.raises(InvalidParameterError, match="inputs"):
        rule.estimate(net, x + 1, y, (), np.random.default_rng(0))
    energy: Any = energy_network("clip", (7, 3))
    with pytest.raises(InvalidParameterError, match="FeedForwardNetwork"):
        rule.estimate(energy, x, y, (), np.random.default_rng(0))
    with pytest.raises(InvalidParameterError, match="FeedForwardNetwork"):
        rule.initial_states(energy, 3)
