"""Feed-forward networks and adversarial training from the tables of a configuration."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from tests.learning.training.runs import assert_same
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import (
    FGSM,
    PGD,
    Adam,
    AdversarialTraining,
    Convolution,
    Dense,
    DualPropagation,
    FeedForwardNetwork,
    ForwardBackpropagation,
    MaxPooling,
    MeanPooling,
    RunConfiguration,
    SoftmaxCrossEntropy,
    Tanh,
    run,
    train,
)
from thermo_cl.learning.training.recipe import Purpose, generator

TEXT = """
name = "convolutional"
data = {{ set = "digits", train = 60, holdout = 20 }}
training = {{ epochs = 2, batch = 20, seed = 4, optimizer = "adam", learning_rates = 0.01, reference = {reference} }}
network = {{ kind = "feed-forward", {network} }}
rule = {{ {rule} }}
"""
LAYERS = """input_shape = [1, 8, 8], activation = "tanh", loss = "cross-entropy", connections = [
    {kind = "convolution", channels = 3, padding = 1}, {kind = "convolution", channels = 4, size = 2, stride = 2,
    pooling = "mean"}, {kind = "dense", units = 7, pooling = "max", pooling_size = 1}, {kind = "dense"}]"""
KINDS = [
    Convolution(3, 3, padding=1),
    Convolution(4, 2, stride=2, pooling=MeanPooling(2)),
    Dense(7, MaxPooling(1)),
    Dense(10),
]
EXACT = 'name = "backpropagation"'


def configured(network: str = LAYERS, rule: str = EXACT, *, reference: str = "true") -> RunConfiguration:
    text = TEXT.format(network=network.replace("\n", " "), rule=rule, reference=reference)
    return RunConfiguration.from_values(tomllib.loads(text))


def test_a_configured_run_is_the_run_by_hand() -> None:
    rule = EXACT + ', adversarial = {attack = "pgd", size = 0.1, steps = 2, norm = "2", random_start = false}'
    configuration = configured(rule=rule, reference="false")
    data, holdout = configuration.datasets()
    start = FeedForwardNetwork.random(
        (1, 8, 8), KINDS, activation=Tanh(), loss=SoftmaxCrossEntropy(), rng=generator(4, Purpose.INITIAL)
    )
    made = configuration.initial_network(data)
    assert made.connections == start.connections and made.input_shape == (1, 8, 8)
    assert made.loss == start.loss and made.activation == start.activation
    by_hand = train(
        start, AdversarialTraining(ForwardBackpropagation(), PGD(0.1, 2, norm="2", random_start=False)), data, holdout,
        epochs=2, optimizer=Adam(0.01), batch=20, rng=4,
    )  # fmt: skip
    assert_same(run(configuration), by_hand)


def test_every_entry_survives_printing_and_changes() -> None:
    rule = 'name = "dual-propagation", beta = [0.1, 0.2, 0.3, 0.4], adversarial = {attack = "fgsm", size = 0.2}'
    expected = AdversarialTraining(DualPropagation(beta=(0.1, 0.2, 0.3, 0.4)), FGSM(0.2))
    first = configured(rule=rule)
    for configuration in (
        first, RunConfiguration.from_values(tomllib.loads(first.toml())), first.replaced(epochs=7, folder="here"),
    ):  # fmt: skip
        assert configuration.rule == expected
        assert configuration.network == first.network
        assert configuration.network.to(10) == KINDS
        assert configuration.network.layers == 4
    assert run(first).metrics.angle.notnull().all()  # to the gradient at the inputs as they are


def test_sizes_need_no_shape_and_may_have_one() -> None:
    data, _ = configured().datasets()
    flat, image = (
        configured(f"hidden = [6, 5]{more}").initial_network(data) for more in ("", ", input_shape = [1, 8, 8]")
    )
    assert flat.connections == image.connections == (Dense(6), Dense(5), Dense(10))
    assert flat.input_shape == (64,) and image.input_shape == (1, 8, 8)
    np.testing.assert_array_equal(flat.weights[0], image.weights[0])
    plain = configured('connections = [{kind = "dense", units = 6}, {kind = "dense", units = 5}, {kind = "dense"}]')
    np.testing.assert_array_equal(plain.initial_network(data).weights[2], flat.weights[2])
    one = configured('connections = [{kind = "dense"}]').initial_network(data)
    assert one.connections == (Dense(10),)


def test_every_entry_of_an_attack_is_read() -> None:
    entries = 'size = 0.3, steps = 4, step_size = 0.2, random_start = false, norm = "2", bounds = [-1, 2]'
    rule: Any = configured(rule=f'{EXACT}, adversarial = {{attack = "pgd", {entries}}}').rule
    assert rule.attack == PGD(0.3, 4, 0.2, False, "2", (-1.0, 2.0))
    rule = configured(rule=f'{EXACT}, adversarial = {{attack = "fgsm", size = 0.3, bounds = [-1, 2]}}').rule
    assert rule.attack == FGSM(0.3, (-1.0, 2.0))
    rule = configured(rule=f'{EXACT}, adversarial = {{attack = "pgd", size = 0.3}}').rule
    assert rule.attack == PGD(0.3)


CONVOLUTION = '{kind = "convolution", channels = 2}'
SHAPE, END = "input_shape = [1, 8, 8]", '{kind = "dense"}'


@pytest.mark.parametrize(
    ("network", "path", "valid"),
    [
        (f'{SHAPE}, connections = [{{kind = "sparse"}}, {END}]', "connections[0].kind", "one of dense, convolution"),
        (f"{SHAPE}, connections = [{{channels = 2}}, {END}]", "connections[0].kind", "given: one of dense, conv"),
        (f'{SHAPE}, connections = [{{kind = "convolution"}}, {END}]', "connections[0].channels", "given"),
        (f"{SHAPE}, connections = [{CONVOLUTION}, {{kind = 'dense'}}, {END}]", "connections[1].units", "given"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, size = 0}}, {END}]", "connections[0].size", "at least 1"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, stride = 1.5}}, {END}]", "connections[0].stride", "whole"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, padding = -1}}, {END}]", "connections[0].padding", "least 0"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, pooling = 'sum'}}, {END}]", "connections[0].pooling",
         "one of mean, max"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, pooling_size = 2}}, {END}]", "connections[0].pooling_size",
         "the entries known here are kind, channels, size, stride, padding, pooling"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, units = 2}}, {END}]", "connections[0].units", "known here"),
        (f"{SHAPE}, connections = [{CONVOLUTION}]", "connections[0].kind", "'dense' at the end"),
        (f"{SHAPE}, connections = [{CONVOLUTION}, {{kind = 'dense', units = 10}}]", "connections[1].units",
         "left out: the last connection leads to the classes"),
        (f"{SHAPE}, connections = [{CONVOLUTION}, {{kind = 'dense', size = 3}}]", "connections[1].size", "left out"),
        (f"{SHAPE}, connections = []", "connections", "a list of tables, at least one"),
        (f"{SHAPE}, connections = [8, 10]", "connections", "a list of tables"),
        (f"{SHAPE}, hidden = [5], connections = [{END}]", "hidden", "left out beside connections"),
        (f"connections = [{CONVOLUTION}, {END}]", "input_shape", "[channels, height, width], of the image"),
        ("connections = [{kind = 'dense', pooling = 'max'}]", "input_shape", "that connections[0] needs"),
        (f"connections = [{{kind = 'dense', units = 4}}, {CONVOLUTION}, {END}]", "connections[1]", "for a convolution"),
        (f"{SHAPE}, connections = [{CONVOLUTION[:-1]}, size = 9}}, {END}]", "connections[0]", "of size at most 8"),
        (f"{SHAPE}, connections = [{CONVOLUTION}, {{kind = 'dense', pooling = 'max', pooling_size = 4}}]",
         "connections[1]", "both sides multiples of 4"),
        ("input_shape = [8, 8]", "input_shape", "[channels, height, width]"),
        ("input_shape = [0, 8, 8]", "input_shape", "at least 1"),
        ("input_shape = 64", "input_shape", "a list"),
    ],
)  # fmt: skip
def test_mistakes_in_a_network_are_named(network: str, path: str, valid: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        configured(network)
    assert caught.value.name == f"network.{path}"
    assert valid in caught.value.valid


def test_what_does_not_fit_the_data_or_the_machine_is_named() -> None:
    data, _ = configured().datasets()
    for network, path, valid in (
        (f"input_shape = [1, 7, 9], connections = [{CONVOLUTION}, {END}]", "input_shape", "64 entries .* of digits"),
        (f"{SHAPE}, connections = [{{kind = 'dense', units = 1000000000000}}, {END}]", "connections", "can hold"),
        ("hidden = [1000000000000]", "hidden", "can hold"),
    ):
        with pytest.raises(InvalidParameterError, match=rf"^network\.{path} = .*{valid}"):
            configured(network).initial_network(data)


def test_energy_networks_have_neither_connections_nor_attacks() -> None:
    for network, rule, path in (
        (f"connections = [{END}]", EXACT, r"network\.connections"),
        ("hidden = [5]", f'{EXACT}, adversarial = {{attack = "fgsm", size = 0.1}}', r"rule\.adversarial"),
    ):
        text = TEXT.format(network=network, rule=rule, reference="true").replace('kind = "feed-forward", ', "")
        with pytest.raises(InvalidParameterError, match=rf"^{path} = .* known here are"):
            RunConfiguration.from_values(tomllib.loads(text))


@pytest.mark.parametrize(
    ("entry", "path", "valid"),
    [
        ("{size = 0.1}", "adversarial.attack", "given: one of fgsm, pgd"),
        ("{attack = 'cw', size = 0.1}", "adversarial.attack", "one of fgsm, pgd"),
        ("{attack = 'pgd'}", "adversarial.size", "given"),
        ("{attack = 'pgd', size = -1}", "adversarial.size", "not negative"),
        ("{attack = 'fgsm', size = 0.1, steps = 3}", "adversarial.steps", "known here are attack, size, bounds"),
        ("{attack = 'pgd', size = 0.1, steps = 0}", "adversarial.steps", "at least 1"),
        ("{attack = 'pgd', size = 0.1, step_size = 0}", "adversarial.step_size", "greater than 0"),
        ("{attack = 'pgd', size = 0.1, norm = 2}", "adversarial.norm", "one of inf, 2"),
        ("{attack = 'pgd', size = 0.1, random_start = 1}", "adversarial.random_start", "true or false"),
        ("{attack = 'pgd', size = 0.1, bounds = [1, 0]}", "adversarial.bounds", "low < high"),
        ("{attack = 'pgd', size = 0.1, bounds = 1}", "adversarial.bounds", "two numbers"),
        ("'pgd'", "adversarial", "a table"),
    ],
)
def test_mistakes_in_an_attack_are_named(entry: str, path: str, valid: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        configured(rule=f"{EXACT}, adversarial = {entry}")
    assert caught.value.name == f"rule.{path}"
    assert valid in caught.value.valid
