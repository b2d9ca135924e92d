"""What is said of inner loops that do not rest, and of networks that no inner loop can be asked of."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.dyadic import nets
from tests.learning.networks import network as energy_network
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.dyadic import DualPropagation, Inner, forward_states, objective_at_rest, solve, stability_number
from thermo_cl.learning.dyadic.failures import failure
from thermo_cl.learning.dyadic.stability import stability_advice
from thermo_cl.learning.feedforward import ForwardBackpropagation, Linear, ReLU, SoftmaxCrossEntropy, SquaredError
from thermo_cl.learning.robustness import FGSM, AdversarialTraining

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("alpha", "form"), [(1.0, "plain"), (0.0, "plain"), (0.0, "damped")])
def test_an_estimate_that_is_not_finite_is_diagnosed(alpha, form):
    """The advice is true: a little below the nudge that it names the loop rests, a little above it does not."""
    net = nets.network(Linear(), scale=3.0, dtype=np.float32)
    x, y = nets.batch(net)
    rule = DualPropagation(alpha, 0.5, form, sweeps=400)
    assert not np.isfinite(rule.estimate(net, x, y, (), RNG).gradient["W1"]).all()
    said = rule.diagnosis(net, x)
    assert said.startswith("the inner loop of 400 sweeps diverges: stability number ")
    assert AdversarialTraining(rule, FGSM(0.1)).diagnosis(net, x) == said
    told, below = (float(re.search(rf"{word} ([\d.]+)", said)[1]) for word in ("stability number", "beta below"))
    assert told == pytest.approx(float(stability_number(net, x, alpha, 0.5).max()), rel=5e-3)
    net, x, y = nets.network(Linear(), scale=3.0), x.astype(float), y.astype(float)
    rested = [solve(net, x, y, alpha, share * below, "plain", sweeps=2000, tolerance=1e-9) for share in (0.98, 1.02)]
    assert [inner.converged for inner in rested] == [True, False]


def test_a_diagnosis_blames_the_inner_loop_for_nothing_else():
    net = nets.network(Linear(), scale=3.0)
    x, _ = nets.batch(net)
    assert DualPropagation(0.3).diagnosis(net, x) == ""
    assert DualPropagation(0.5, form="plain").diagnosis(net, x) == ""
    assert DualPropagation(1.0, 1e-3, "plain").diagnosis(net, x) == ""
    assert AdversarialTraining(ForwardBackpropagation(), FGSM(0.1)).diagnosis(net, x) == ""
    broken = net.with_parameters({k: a * np.nan if k == "W2" else a for k, a in net.parameters.items()})
    assert DualPropagation(1.0, 0.5, "plain").diagnosis(broken, x) == ""
    wide = net.with_parameters({k: a * 1e160 if k == "W2" else a for k, a in net.parameters.items()})
    assert DualPropagation(1.0, 0.5, "plain").diagnosis(wide, x) == ""


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
def test_proximal_outputs_are_advised_the_nudges_at_which_their_own_number_is_one(alpha, loss):
    net = nets.network(Linear(), loss, scale=4.0)
    x, _ = nets.batch(net)
    betas, now = np.array((0.3, 0.5, 0.9)), net.forward(x)
    number, said = stability_advice(net, now, alpha, betas, "proximal")
    assert number > 1.1
    below = float(re.search(r"below ([\d.]+), all in proportion", said)[1])
    assert_allclose(stability_number(net, x, alpha, betas * below / 0.9, output="proximal").max(), 1, rtol=0.01)


def test_a_stability_number_that_cannot_be_had_does_not_hide_the_failure():
    net = nets.network(ReLU(), dtype=np.float32)
    net = net.with_parameters({k: a * np.float32(3e18) if k == "W2" else a for k, a in net.parameters.items()})
    now = net.forward(nets.batch(net)[0])
    assert np.isfinite(now.outputs).all()
    inner = Inner(forward_states(now), 7, np.nan, False, (1.0, np.inf))
    told = failure(net, now, inner, 1.0, (0.5,) * 3, "plain", "linearised", 1e-3)
    assert isinstance(told, DivergenceError)
    assert "stability number is not finite" in str(told)
    assert "in 7 sweeps" in str(told)


def test_other_networks_are_refused():
    net = energy_network("tanh", [3, 4, 2])
    x, y = np.zeros((2, net.sizes[0])), np.zeros((2, net.sizes[-1]))
    for call in (
        lambda: DualPropagation().estimate(net, x, y, (), RNG),
        lambda: DualPropagation(carry=True).initial_states(net, 2),
        lambda: solve(net, x, y, 0.5, 0.5),
        lambda: stability_number(net, x, 0.5, 0.5),
        lambda: objective_at_rest(net, x, y, 0.5, 0.5),
    ):
        with pytest.raises(
            InvalidParameterError, match="'EnergyNetwork' is not valid: it must be a FeedForwardNetwork"
        ):
            call()
