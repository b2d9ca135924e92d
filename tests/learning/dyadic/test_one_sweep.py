"""One backward sweep in place of the inner loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.dyadic import nets
from thermo_cl.learning.dyadic import one_sweep, solve, swept_states
from thermo_cl.learning.feedforward import HardSigmoid, Linear, ReLU, SoftmaxCrossEntropy, Tanh


@pytest.mark.parametrize("kind", [Tanh, ReLU, HardSigmoid, Linear])
@pytest.mark.parametrize("make", [nets.network, nets.images])
def test_its_states_are_the_resting_ones(kind, make):
    net = make(kind(), SoftmaxCrossEntropy())
    x, y = nets.batch(net)
    now, betas = net.forward(x), tuple(np.linspace(0.9, 0.5, len(net.weights)))
    for alpha, output in itertools.product((0, 1), ("linearised", "proximal")):
        found = swept_states(now, one_sweep(net, now, y, alpha, betas, output), alpha)
        rested = solve(net, x, y, alpha, betas, "adjoint", output, "forward", 50, 0.0, nets.generic(net)).states
        for one, two in zip((*found.plus, *found.minus), (*rested.plus, *rested.minus), strict=True):
            assert_allclose(one, two, rtol=0, atol=1e-13)


def test_the_forward_pass_is_left_alone():
    net = nets.network(Linear())  # whose states are what it receives, not copies
    x, y = nets.batch(net)
    now = net.forward(x)
    before = [a.copy() for a in (*now.received, *now.states, y)]
    for alpha in (0, 1):
        one_sweep(net, now, y, alpha, (0.5,) * 3, "linearised")
    for a, b in zip((*now.received, *now.states, y), before, strict=True):
        assert_array_equal(a, b)
