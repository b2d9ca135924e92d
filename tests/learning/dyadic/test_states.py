"""Two compartments: means, differences, the forward pass."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.dyadic import nets
from thermo_cl.learning.dyadic import DyadicStates, forward_states
from thermo_cl.learning.feedforward import Tanh


def test_means_and_differences_are_those_of_the_definition():
    states = nets.generic(nets.images(Tanh()), 3)
    for alpha in (0.0, 0.3, 1.0):
        for mean, plus, minus in zip(states.mean(alpha), states.plus, states.minus, strict=True):
            assert_allclose(mean, alpha * plus + (1 - alpha) * minus, rtol=1e-15)
    for gap, plus, minus in zip(states.difference(), states.plus, states.minus, strict=True):
        assert_array_equal(gap, plus - minus)
    assert all(a is b for a, b in zip(states.mean(1), states.plus, strict=True))
    assert all(a is b for a, b in zip(states.mean(0), states.minus, strict=True))


def test_single_precision_is_kept():
    states = DyadicStates((np.ones((2, 3), np.float32),), (np.zeros((2, 3), np.float32),))
    assert states.mean(0.3)[0].dtype == np.float32


def test_a_forward_pass_has_no_difference():
    net = nets.network(Tanh())
    now = net.forward(nets.batch(net)[0])
    states = forward_states(now)
    assert [layer.shape[1:] for layer in states.plus] == list(net.shapes[1:])
    assert all((gap == 0).all() for gap in states.difference())
    assert_array_equal(states.plus[-1], now.outputs)


def test_what_is_not_finite_is_seen():
    good, bad = np.ones((2, 2)), np.array([[1.0, np.nan]])
    assert DyadicStates((good,), (good,)).finite
    assert not DyadicStates((good,), (bad,)).finite
