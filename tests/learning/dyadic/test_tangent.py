"""Small changes on the way up, against differences of forward passes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.dyadic import nets
from thermo_cl.learning.dyadic.tangent import push_forward
from thermo_cl.learning.feedforward import ReLU, Tanh


@pytest.mark.parametrize("make", [nets.network, nets.images])
@pytest.mark.parametrize("kind", [Tanh, ReLU])
def test_changes_are_pushed_as_differences_say(make, kind):
    net = make(kind())
    x, _ = nets.batch(net, 2)
    now, rng = net.forward(x), np.random.default_rng(0)
    at = zip(now.states, now.received, strict=False)  # not at zeros, among which maximum pooling has no slope
    changes = [rng.normal(size=s.shape) * (net.activation.slope(a) > 0) for s, a in at]

    def outputs(step):
        here = net.shaped(x)
        for n, (c, w, b) in enumerate(zip(net.connections, net.weights, net.biases, strict=True)):
            a = c.link(here).forward(w, b)
            if n < len(changes):
                here = net.activation.value(a) + step * changes[n]
        return a

    difference = (outputs(1e-6) - outputs(-1e-6)) / 2e-6
    assert_allclose(push_forward(net, now, changes), difference, rtol=1e-6, atol=1e-8)
