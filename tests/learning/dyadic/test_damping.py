"""Damped updates: what they minimise, norms, what they cure and what they cannot."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose

from tests.learning.dyadic import nets
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic import (
    ORDERS,
    check_curable,
    damped_value,
    damping_of,
    solve,
    stability_number,
)
from thermo_cl.learning.feedforward import HardSigmoid, Linear, ReLU, Tanh

BOXES = {Linear: (-50.0, 50.0), ReLU: (0.0, 50.0), HardSigmoid: (0.0, 1.0), Tanh: (-1 + 1e-15, 1 - 1e-15)}


@pytest.mark.parametrize("kind", list(BOXES))
@pytest.mark.parametrize("strength", [0.0, 0.3, 4.0, 60.0])
def test_the_damped_update_minimises_its_definition(kind, strength):
    f, rng = kind(), np.random.default_rng(0)
    u = 3 * rng.normal(size=12)
    old = f.value(2 * rng.normal(size=12))
    new = damped_value(f, u, old, strength)
    for s, received, before in zip(new, u, old, strict=True):

        def cost(v, received=received, before=before):
            return float(f.potential(np.array(v))) - v * received + strength * (v - before) ** 2 / 2

        best = scipy.optimize.minimize_scalar(cost, bounds=BOXES[kind], method="bounded", options={"xatol": 1e-10})
        assert cost(s) <= best.fun + 1e-12
        assert_allclose(s, best.x, atol=2e-5)
    if kind is not Tanh:
        assert_allclose(new, f.value((u + strength * old) / (1 + strength)), atol=1e-14)


def test_the_damped_update_rests_at_the_activation_also_for_extreme_values():
    for kind, dtype in itertools.product(BOXES, (np.float32, np.float64)):
        u = np.array([-300.0, -8.0, -1e-3, 0.0, 0.2, 5.0, 1000.0], dtype)
        at = kind().value(u)
        new = damped_value(kind(), u, at, 7.0)
        assert new.dtype == dtype
        assert_allclose(new, at, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps)


def dense_map(net, n):
    """Matrix of connection n with its pooling, where that selects by a state drawn at random."""
    state = np.random.default_rng(1).normal(size=(1, *net.shapes[n]))
    link = net.connections[n].link(state)
    units = np.eye(net.sizes[n + 1]).reshape(-1, 1, *net.shapes[n + 1])
    return np.array([link.backward(unit, net.weights[n]).ravel() for unit in units])


@pytest.mark.parametrize("make", [nets.network, nets.images])
def test_damping_is_that_of_the_dense_matrices(make):
    net = make(Tanh())
    net = net.with_parameters({name: 3 * a for name, a in net.parameters.items()})
    exact = [np.linalg.norm(dense_map(net, n), 2) for n in range(len(net.weights))]
    assert max(exact[1:]) > 1
    asked = damping_of(net, net.forward(nets.batch(net)[0]), 0.2, (0.5,) * len(exact))
    assert_allclose(asked, [*(0.3 * max(0, v * v - 1) for v in exact[1:]), 0], rtol=1e-2)
    assert damping_of(net, net.forward(nets.batch(net)[0]), 0.5, (0.5,) * len(exact)) == (0.0,) * len(exact)


@pytest.mark.parametrize("sizes", [(7, 9, 5), (7, 9, 8, 5), (7, 9, 8, 8, 6, 5)])
@pytest.mark.parametrize("alpha", [0.6, 1.0])
@pytest.mark.parametrize("output", ["linearised", "proximal"])
def test_automatic_damping_cures_linear_networks_of_every_depth_and_order(sizes, alpha, output):
    net = nets.network(Linear(), sizes=sizes, scale=2.0)
    x, y = nets.batch(net)
    unit = float(stability_number(net, x, alpha, 1.0).max())
    beta = 4.0 / unit if output == "linearised" else 1.8
    number = float(stability_number(net, x, alpha, beta, output=output).max())
    for order in ORDERS:
        if number > 1 and order == "up-down":
            assert solve(net, x, y, alpha, beta, "plain", output, order, 400, 1e-12).diverging
        inner = solve(net, x, y, alpha, beta, "damped", output, order, 4000, 1e-12, rng=1, damping="auto")
        assert inner.converged
        again = solve(net, x, y, alpha, beta, "plain", output, "up-down", 1, 1e-9, inner.states)
        assert again.converged  # a stationary point of the plain rule
    if number > 1:
        inner = solve(net, x, y, alpha, beta, "damped", output, tolerance=1e-12, sweeps=4000, damping="auto")
        late = np.array(inner.changes[-60:-10])
        assert_allclose((late[-1] / late[0]) ** (1 / 49), number / (1 + number), rtol=0.02)


@pytest.mark.parametrize("kind", [Tanh, ReLU, HardSigmoid])
@pytest.mark.parametrize("damping", ["layers", "auto"])
def test_damping_cures_curved_networks_that_plain_sweeps_do_not_solve(kind, damping):
    net = nets.network(kind(), scale=4.0)
    x, y = nets.batch(net)
    assert not solve(net, x, y, 1.0, 0.5, "plain", sweeps=600, tolerance=1e-10).converged
    inner = solve(net, x, y, 1.0, 0.5, "damped", sweeps=3000, tolerance=1e-12, damping=damping)
    assert inner.converged
    assert solve(net, x, y, 1.0, 0.5, "plain", sweeps=1, tolerance=1e-9, start=inner.states).converged


def test_damping_of_hidden_layers_fails_on_deep_linear_networks_where_automatic_damping_does_not():
    net = nets.network(Linear(), sizes=(7, 9, 8, 8, 6, 5), scale=2.5)
    x, y = nets.batch(net)
    assert solve(net, x, y, 0.6, 0.5, "damped", sweeps=1000, tolerance=1e-10, order="backward").diverging
    assert solve(
        net, x, y, 0.6, 0.5, "damped", sweeps=3000, tolerance=1e-10, order="backward", damping="auto"
    ).converged


def test_automatic_damping_is_none_below_threshold():
    net = nets.network(Linear(), scale=2.0)
    x, _ = nets.batch(net)
    unit = float(stability_number(net, x, 1.0, 1.0).max())
    for share, damped in ((0.9, False), (1.1, True)):
        strengths = damping_of(net, net.forward(x), 1.0, (share / unit,) * 3, "auto")
        assert any(np.any(s) for s in strengths) == damped
    assert not any(damping_of(net, net.forward(x), 0.1, (9.0,) * 3, "auto"))
    assert_allclose(damping_of(net, net.forward(x), 1.0, (3 / unit,) * 3, "auto", delayed=True)[-1], 6.0, rtol=1e-2)


def test_no_damping_below_one_half_is_refused_above_threshold():
    net = nets.network(Linear(), scale=2.0)
    x, y = nets.batch(net)
    unit, now = float(stability_number(net, x, 0.2, 1.0).max()), net.forward(x)
    check_curable(net, now, 0.2, (0.95 / unit,) * 3, output="linearised")
    check_curable(net, now, 0.8, (9.0,) * 3, output="linearised")
    with pytest.raises(InvalidParameterError, match=r"stability number 1\.05.*damping cannot help.*beta below 0\.\d"):
        check_curable(net, now, 0.2, (1.05 / unit,) * 3, output="linearised")
    for damping in ("layers", "auto"):  # and it is true
        assert not solve(net, x, y, 0.2, 1.05 / unit, "damped", sweeps=800, tolerance=1e-10, damping=damping).converged
    assert solve(net, x, y, 0.2, 0.9 / unit, "damped", sweeps=3000, tolerance=1e-10).converged


def test_automatic_damping_grows_where_that_of_the_layers_is_not_enough():
    net = nets.network(ReLU(), scale=4.0)
    x, y = nets.batch(net)
    weak = solve(net, x, y, 1.0, 2.0, "damped", sweeps=2000, tolerance=1e-9)
    assert weak.diverging
    strong = solve(net, x, y, 1.0, 2.0, "damped", sweeps=4000, tolerance=1e-9, damping="auto")
    assert strong.converged
    assert solve(net, x, y, 1.0, 2.0, "plain", sweeps=1, tolerance=1e-5, start=strong.states).converged
