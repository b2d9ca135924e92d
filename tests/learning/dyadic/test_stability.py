"""The stability number against dense matrices and against measured growth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.dyadic import nets
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.dyadic import advice, stability_number
from thermo_cl.learning.feedforward import HardSigmoid, Linear, ReLU, SoftmaxCrossEntropy, SquaredError, Tanh


def dense(net, x, alpha, betas, output):
    """From Jacobians by central differences of the forward pass, one example after the other."""
    found = []
    for row in x:
        now = net.forward(row[None])
        kernel = 0.0
        for k in range(1, len(betas)):
            flat = now.states[k - 1].ravel()
            columns = []
            for i in range(flat.size):
                ends = []
                for sign in (1, -1):
                    state = flat.copy()
                    state[i] += sign * 1e-6
                    here = state.reshape(now.states[k - 1].shape)
                    for c, w, b in zip(net.connections[k:], net.weights[k:], net.biases[k:], strict=True):
                        a = c.link(here).forward(w, b)
                        here = net.activation.value(a)
                    ends.append(a.ravel())
                columns.append((ends[0] - ends[1]) / 2e-6)
            jacobian = np.array(columns).T
            slopes = net.activation.slope(now.received[k - 1]).ravel()
            kernel = kernel + betas[k - 1] * (jacobian * slopes) @ jacobian.T
        if isinstance(net.loss, SquaredError):
            hessian = np.eye(net.sizes[-1])
        else:
            p = np.exp(now.outputs[0]) / np.exp(now.outputs[0]).sum()
            hessian = np.diag(p) - np.outer(p, p)
        if output == "proximal":
            one, beta = np.eye(len(hessian)), betas[-1]
            hessian = (
                np.linalg.inv(one - (1 - alpha) * beta * hessian) - np.linalg.inv(one + alpha * beta * hessian)
            ) / beta
        found.append(abs(2 * alpha - 1) * np.abs(np.linalg.eigvals(kernel @ hessian)).max())
    return np.array(found)


@pytest.mark.parametrize("kind", [Tanh, ReLU, Linear, HardSigmoid])
@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("make", [nets.network, nets.images])
def test_the_number_is_that_of_the_dense_matrices(kind, loss, output, make):
    net = make(kind(), loss)
    x, _ = nets.batch(net, 3)
    betas = tuple(np.linspace(0.4, 0.7, len(net.weights)))
    number = stability_number(net, x, 0.2, betas, output=output, tolerance=1e-13)
    assert_allclose(number, dense(net, x, 0.2, betas, output), rtol=1e-6, atol=1e-12)


def test_a_single_nudge_scales_it_and_the_symmetric_form_has_none():
    net = nets.network(Tanh(), dtype=np.float32)
    x, _ = nets.batch(net)
    one, two = stability_number(net, x, 0.0, 1.0), stability_number(net, x, 0.9, 0.5)
    assert_allclose(two, 0.4 * one, rtol=1e-4)
    assert_allclose(stability_number(net, x, 0.5, 1.0), 0.0)
    flat = nets.network(Linear(), sizes=(4, 3))
    assert_allclose(stability_number(flat, np.ones((2, 4)), 1.0, 1.0), 0.0)


def test_dead_networks_have_the_number_zero():
    net = nets.network(ReLU())
    dead = net.with_parameters({k: -np.abs(a) if k == "b1" else 0 * a for k, a in net.parameters.items()})
    assert_allclose(stability_number(dead, np.ones((2, 7)), 1.0, 1.0), 0.0)


def test_what_is_not_finite_or_does_not_end_is_told():
    net = nets.network(Tanh())
    x, _ = nets.batch(net)
    with pytest.raises(ConvergenceError, match="1 iterations"):
        stability_number(net, x, 1.0, 1.0, iterations=1)
    broken = net.with_parameters({k: a * np.nan if k == "W2" else a for k, a in net.parameters.items()})
    with pytest.raises(ConvergenceError, match="not finite"):
        stability_number(broken, x, 1.0, 1.0)
    with pytest.raises(InvalidParameterError, match="alpha"):
        stability_number(net, x, 2.0, 1.0)
    with pytest.raises(InvalidParameterError, match="output"):
        stability_number(net, x, 1.0, 1.0, output="none")


def test_advice_says_what_to_change():
    assert "beta below 0.25" in advice(2.0, 0.0, 0.5)
    assert "damping cannot help" in advice(2.0, 0.2, 0.5)
    assert "damping = 'auto'" in advice(2.0, 1.0, 0.5)
    assert "the largest beta below 0.25, all in proportion" in advice(2.0, 1.0, (0.5, 0.1))
    assert "more sweeps" in advice(0.9, 1.0, 0.5)
    assert "more sweeps" in advice(0.0, 0.5, 0.5)
