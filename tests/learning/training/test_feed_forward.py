"""Training of feed-forward networks: optimizers against plain ones, resuming, what does not fit."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning import (
    SGD,
    Adam,
    EnergyNetwork,
    EquilibriumPropagation,
    RunConfiguration,
    evaluate,
    load_configuration,
    run,
    train,
)
from thermo_cl.learning.data import Dataset, digits
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardBackpropagation, SoftmaxCrossEntropy

DATA = digits()
TRAIN, HOLDOUT = DATA.take(slice(203)), DATA.take(slice(203, 300))


def network(dtype: Any = np.float64, **options: Any) -> FeedForwardNetwork:
    return FeedForwardNetwork.random(64, [12, 10], dtype=dtype, rng=0, **options)


def _plain(net: FeedForwardNetwork, data: Dataset, epochs: int, batch: int, adam: Adam) -> FeedForwardNetwork:
    """The same training with Adam as in its paper, one parameter and minibatch after the other."""
    values = {name: a.copy() for name, a in net.parameters.items()}
    m, v, t = ({name: np.zeros_like(a) for name, a in values.items()} for _ in range(2)), None, 0
    m, v = m
    for _ in range(epochs):
        for start in range(0, len(data), batch):
            rows, t = slice(start, start + batch), t + 1
            now = net.with_parameters(values)
            targets = np.eye(10)[data.labels[rows]]
            found = ForwardBackpropagation().estimate(
                now, data.inputs[rows].astype(float), targets, (), np.random.default_rng(0)
            )
            for name, g in found.gradient.items():
                m[name] = adam.beta1 * m[name] + (1 - adam.beta1) * g
                v[name] = adam.beta2 * v[name] + (1 - adam.beta2) * g**2
                size = np.sqrt(v[name] / (1 - adam.beta2**t)) + adam.epsilon
                values[name] = values[name] - adam.rate * m[name] / (1 - adam.beta1**t) / size
    return net.with_parameters(values)


def test_adam_in_place_is_adam() -> None:
    start, adam = network(), Adam(3e-3)
    before = {name: a.copy() for name, a in start.parameters.items()}
    trained = train(start, ForwardBackpropagation(), TRAIN, epochs=3, optimizer=adam, batch=20)
    expected = _plain(start, TRAIN, 3, 20, adam)
    for name, a in trained.network.parameters.items():
        assert_allclose(a, expected.parameters[name], rtol=1e-9, atol=1e-12)
        assert_array_equal(start.parameters[name], before[name])
    assert trained.metrics.train_error.values[-1] < trained.metrics.train_error.values[0]


def test_an_optimizer_of_plain_descent_is_the_learning_rates() -> None:
    by_rate = train(network(), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=2, learning_rates=0.05)
    by_optimizer = train(network(), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=2, optimizer=SGD(0.05))
    for name in by_rate.network.parameters:
        assert_array_equal(by_rate.network.parameters[name], by_optimizer.network.parameters[name])
    for name in ("update_size", "update_share", "holdout_error"):
        assert_allclose(by_rate.metrics[name], by_optimizer.metrics[name], rtol=1e-9)


def test_threads_change_nothing() -> None:
    wide, before = FeedForwardNetwork.random(64, [1500, 10], rng=1), numba.get_num_threads()
    found = []
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            found.append(train(wide, ForwardBackpropagation(), TRAIN, epochs=1, optimizer=Adam()))
    finally:
        numba.set_num_threads(before)
    for name, a in found[0].network.parameters.items():
        assert_array_equal(a, found[1].network.parameters[name])
    assert found[0].metrics.identical(found[1].metrics)


def test_resumed_is_uninterrupted(tmp_path: Path) -> None:
    options: dict[str, Any] = {"optimizer": Adam(1e-3), "batch": 30, "shuffle": True, "rng": 3}
    whole = train(network(np.float32), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=4, **options)
    train(network(np.float32), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=2, folder=tmp_path / "a", **options)
    parts = train(
        network(np.float32), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=4, folder=tmp_path / "a", resume=True,
        **options,
    )  # fmt: skip
    for name, a in whole.network.parameters.items():
        assert_array_equal(a, parts.network.parameters[name])
    with pytest.raises(InvalidParameterError, match="same run: learning_rates"):
        train(
            network(np.float32), ForwardBackpropagation(), TRAIN, HOLDOUT, epochs=5, folder=tmp_path / "a",
            resume=True, **options | {"optimizer": Adam(2e-3)},
        )  # fmt: skip


def test_costs_are_those_of_the_loss() -> None:
    net = network(loss=SoftmaxCrossEntropy())
    a = net.outputs(TRAIN.inputs.astype(float))
    p = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
    found = evaluate(net, TRAIN)
    assert found.cost == pytest.approx(-np.log(p[np.arange(len(p)), TRAIN.labels]).mean(), rel=1e-12)
    assert found.error == np.mean(p.argmax(axis=1) != TRAIN.labels)


def test_what_does_not_fit_is_told_before_work_starts() -> None:
    options: dict[str, Any] = {"epochs": 1, "learning_rates": 0.1}
    with pytest.raises(InvalidParameterError, match="an EnergyNetwork, for this rule"):
        train(network(), EquilibriumPropagation(), TRAIN, **options)
    with pytest.raises(InvalidParameterError, match="a FeedForwardNetwork, for this rule"):
        train(EnergyNetwork.glorot([64, 10], rng=0), ForwardBackpropagation(), TRAIN, **options)
    with pytest.raises(InvalidParameterError, match="or an optimizer"):
        train(network(), ForwardBackpropagation(), TRAIN, epochs=1)
    with pytest.raises(InvalidParameterError, match="or an optimizer"):
        train(network(), ForwardBackpropagation(), TRAIN, optimizer=Adam(), **options)
    with pytest.raises(InvalidParameterError, match="optimizer"):
        train(network(), ForwardBackpropagation(), TRAIN, epochs=1, optimizer="adam")  # type: ignore[arg-type]
    with pytest.raises(DivergenceError, match="not finite"):
        train(network(), ForwardBackpropagation(), TRAIN, epochs=3, learning_rates=1e9)


def test_a_configured_run() -> None:
    text = """
    name = "forward"
    data = { set = "digits", train = 300, holdout = 100 }
    network = { kind = "feed-forward", hidden = [30, 20], activation = "tanh", loss = "cross-entropy" }
    rule = { name = "backpropagation" }
    training = { epochs = 6, optimizer = "adam", learning_rates = 0.01 }
    """
    configuration = RunConfiguration.from_values(tomllib.loads(text))
    assert RunConfiguration.from_values(tomllib.loads(configuration.toml())).toml() == configuration.toml()
    made = run(configuration)
    assert isinstance(made.network, FeedForwardNetwork)
    assert made.network.sizes == (64, 30, 20, 10)
    assert made.metrics.holdout_error.values[-1] < 0.2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('network = { kind = "feed-forward", scale = 0.5 }', "network.scale"),
        ('network = { kind = "recurrent" }', "network.kind"),
        ('network = { kind = "feed-forward", activation = "clip" }', "network.activation"),
        ('network = { kind = "feed-forward" }\nrelaxation = { free_steps = 3 }', "relaxation"),
    ],
)
def test_entries_that_do_not_fit_the_kind(entry: str, message: str) -> None:
    text = f"""
    name = "forward"
    data = {{ set = "digits", train = 300, holdout = 100 }}
    rule = {{ name = "backpropagation" }}
    training = {{ epochs = 1, learning_rates = 0.01 }}
    {entry}
    """
    with pytest.raises(InvalidParameterError, match=message):
        RunConfiguration.from_values(tomllib.loads(text))


def test_the_shipped_dual_propagation_learns(tmp_path: Path) -> None:
    configuration = load_configuration("digits-dual-propagation")
    made = run(configuration, tmp_path / "run")
    assert made.metrics.holdout_error.values[-1] < 0.11  # 8.6 % here; plain linear classifiers come to some 12 %
    assert made.metrics.angle_all.values.max() < 20
    assert "kept states" not in made.metrics.train_error.attrs["long_name"]
