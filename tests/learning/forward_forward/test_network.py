"""Statistics of the phases are gradients of every layer's own loss; bad input is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.forward_forward.networks import network, pictures
from tests.oracles.forward_forward_slow import loss_gradient
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Dataset, ForwardForwardNetwork
from thermo_cl.learning.forward_forward import with_labels, wrong_labels
from thermo_cl.learning.phases import SGD, Adam, Phase, PhaseModel, Plan, isd, learn, step_seed, two_term

NAN = np.full((8, 6), np.nan)


def _state(labels: Any, layers: int = 2) -> tuple[np.ndarray, ...]:
    labels = np.asarray(labels)
    return labels, np.zeros((len(labels), layers), int), np.zeros(len(labels), int)


def _mean(rows: list[dict]) -> dict:
    return {name: np.mean([row[name] for row in rows], axis=0) for name in rows[0]}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("sizes", [(8, 6, 5), (8, 4), (7, 5, 4, 3)])
def test_statistics_are_the_slopes_of_own_losses(phase: Phase, sizes: tuple[int, ...]) -> None:
    net, data = network(*sizes), pictures(4, sizes[0])
    right = phase is Phase.POSITIVE
    labels = data.labels if right else (data.labels + 1) % 3
    found = net.statistic(phase, _state(labels), data.inputs, data.labels)
    rows = [loss_gradient(net, x, int(k), right=right) for x, k in zip(data.inputs, labels, strict=True)]
    sign = 1.0 if right else -1.0
    for name, slope in _mean(rows).items():
        assert_allclose(found[name], sign * slope, rtol=1e-8, atol=1e-12)
        assert np.abs(slope).max() > 1e-3


def test_signs_raise_goodness_of_right_labels_and_lower_that_of_wrong_ones() -> None:
    net, data = network(), pictures(1)
    for phase, sign in ((Phase.POSITIVE, 1.0), (Phase.NEGATIVE, -1.0)):
        g = net.statistic(phase, _state(data.labels), data.inputs, data.labels)
        # a step against the cost's gradient: - g in the positive, + g in the negative phase
        moved = net.with_parameters({k: v - sign * 1e-3 * g[k] for k, v in net.parameters.items()})
        (_, before), (_, after) = (
            net.activities(data.inputs, data.labels)[0],
            moved.activities(data.inputs, data.labels)[0],
        )
        assert sign * ((after**2).mean() - (before**2).mean()) > 1e-6


@pytest.mark.parametrize("b", [0.1, 0.3, 0.5, 0.9])
def test_random_phases_have_the_mean_of_the_gradient(b: float) -> None:
    """All choices of phase and wrong label, each with its probability, against the gradient of the mean loss."""
    net, data = network(), pictures(1)
    label, image = int(data.labels[0]), data.inputs[0]
    wrong = [k for k in range(3) if k != label]
    mean = {name: np.zeros(value.shape) for name, value in net.parameters.items()}
    positive = net.statistic(Phase.POSITIVE, _state([label]), data.inputs, data.labels)
    for name in mean:
        mean[name] += b * (1 / b) * positive[name]
    exact = loss_gradient(net, image, label, right=True)
    for k in wrong:
        g = net.statistic(Phase.NEGATIVE, _state([k]), data.inputs, data.labels)
        slope = loss_gradient(net, image, k, right=False)
        for name in mean:
            mean[name] += (1 - b) / len(wrong) * (-1 / (1 - b)) * g[name]
            exact[name] = exact[name] + slope[name] / len(wrong)
    for name, value in mean.items():
        assert_allclose(value, exact[name], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("b", [0.2, 0.7])
def test_learning_steps_have_the_mean_of_the_gradient(b: float) -> None:
    """The mean of ``learn``'s own steps over phase and wrong label is minus rate times the gradient."""
    net, data, rate = network(), pictures(1), 1e-3
    label, image = int(data.labels[0]), data.inputs[0]
    seeds = {}  # one for each wrong label
    for seed in itertools.count():
        here = np.array(seed, np.uint64)
        seeds.setdefault(int(wrong_labels(data.labels, 3, here)[0]), seed)
        if len(seeds) == 2:
            break
    exact = loss_gradient(net, image, label, right=True)
    mean = dict.fromkeys(exact, 0.0)
    for k, seed in seeds.items():
        slope = loss_gradient(net, image, k, right=False)
        exact = {name: exact[name] + slope[name] / 2 for name in exact}
        for uniform, chance in ((b / 2, b), ((1 + b) / 2, 1 - b)):
            plan = Plan(
                np.array([uniform]), np.array([1]), np.array([[0]]), np.array([seed], np.uint64),
                np.zeros(2, np.uint64), False,
            )  # fmt: skip
            moved = learn(net, isd(b, 1), data, phases=plan, optimizer=SGD(rate)).model.parameters
            mean = {n: mean[n] + chance / 2 * (moved[n] - net.parameters[n]) for n in exact}
    for name in exact:
        assert_allclose(mean[name], -rate * exact[name], rtol=1e-9, atol=1e-15)


def test_it_is_a_model_with_phases() -> None:
    net = network()
    assert isinstance(net, PhaseModel)
    assert list(net.parameters) == ["W1", "b1", "W2", "b2"]
    again = net.with_parameters(dict(net.parameters))
    assert again.parameters["W2"] is net.weights[1]
    assert (again.classes, again.threshold) == (net.classes, net.threshold)
    assert not net.weights[0].flags.writeable


def test_steps_of_a_phase_are_single_steps_in_turn() -> None:
    net, data = network(), pictures(6)
    for phase in Phase:
        whole = net.run(phase, net.start(6, seed=0), data.inputs, data.labels, steps=5, seed=2**63 + 9)
        state = net.start(6, seed=0)
        for t in range(5):
            seed = step_seed(2**63 + 9, t)
            state = net.run(phase, state, data.inputs, data.labels, steps=1, seed=seed)
        for one, other in zip(whole, state, strict=True):
            assert_array_equal(one, other)
        assert_array_equal(whole[0] == data.labels, phase is Phase.POSITIVE)
        assert_array_equal(whole[2], 5)


def test_wrong_labels_are_uniform_over_the_others() -> None:
    labels = np.repeat(np.arange(5), 8)
    drawn = wrong_labels(np.tile(labels, (500, 1)), 5, np.arange(500, dtype=np.uint64))
    assert drawn.shape == (500, 40)
    counts = np.array([np.bincount(drawn[:, labels == k].ravel(), minlength=5) for k in range(5)])
    assert_array_equal(np.diag(counts), 0)
    off = counts[~np.eye(5, dtype=bool)]
    assert (np.abs(off - 1000.0) < 5 * np.sqrt(1000 * 0.75)).all()
    assert_array_equal(drawn[7], wrong_labels(labels, 5, np.array(7, np.uint64)))
    assert_array_equal(drawn[7, :9], wrong_labels(labels[:9], 5, np.array(7, np.uint64)))


def test_labels_are_written_over_the_first_features() -> None:
    inputs = np.full((2, 5), 0.5)
    assert_array_equal(with_labels(inputs, np.array([2, 0]), 3), [[0, 0, 1, 0.5, 0.5], [1, 0, 0, 0.5, 0.5]])
    assert_array_equal(inputs, 0.5)


def test_random_networks_are_of_the_size_and_type_asked_for() -> None:
    net = ForwardForwardNetwork.random((30, 40, 20), classes=4, rng=3)
    assert (net.sizes, net.dtype, net.classes, net.threshold) == ((30, 40, 20), np.float32, 4, 2.0)
    assert 0.9 / np.sqrt(30) < np.abs(net.weights[0]).max() <= np.float32(1 / np.sqrt(30))
    assert 0.9 / np.sqrt(40) < np.abs(net.weights[1]).max() <= np.float32(1 / np.sqrt(40))
    assert repr(net) == "ForwardForwardNetwork(30-40-20, 4 classes)"
    assert ForwardForwardNetwork.random(dtype=np.float64).sizes == (784, 500, 500)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ForwardForwardNetwork([NAN], classes=3), "weights[0]"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6))], [np.full(6, np.inf)], classes=3), "biases[0]"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6))]), "features"),
        (lambda: ForwardForwardNetwork([], classes=3), "weights"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6)), np.ones((5, 4))], classes=3), "weights.shape"),
        (lambda: ForwardForwardNetwork([np.ones(8)], classes=3), "weights.shape"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6))], [np.ones(5)], classes=3), "biases.shape"),
        (lambda: ForwardForwardNetwork([[[1.0, 2.0], [3.0]]], classes=2), "weights[0]"),
        (lambda: ForwardForwardNetwork([np.array([["a"]])], classes=2), "weights[0]"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6))], classes=1), "classes"),
        (lambda: ForwardForwardNetwork([np.ones((8, 6))], classes=3, threshold=0.0), "threshold"),
        (lambda: ForwardForwardNetwork.random((784,)), "sizes"),
        (lambda: ForwardForwardNetwork.random((784, 0)), "sizes"),
        (lambda: ForwardForwardNetwork.random((5, 4)), "features"),
        (lambda: ForwardForwardNetwork.random(dtype=np.int64), "dtype"),
        (lambda: network().with_parameters({"W1": np.ones((8, 6))}), "parameters"),
        (lambda: network().with_parameters({**network().parameters, "b2": np.ones(4)}), "b2"),
        (lambda: network().start(0), "batch"),
        (lambda: isd(0.0, 1), "probability"),
        (lambda: isd(1.0, 1), "probability"),
        (lambda: isd(np.nan, 1), "probability"),
        (lambda: learn(network(), isd(0.5, 1), pictures(9, 9), phases=4), "data"),
        (lambda: learn(network(), isd(0.5, 1), pictures(9, 8, 4), phases=4), "data"),
        (lambda: learn(network(), two_term(1), pictures(), phases=3, optimizer=Adam(0.01)), "phases"),
        (
            lambda: learn(network().with_parameters({**network().parameters, "W1": NAN}), isd(0.5, 1), pictures(),
                          phases=4), "W1",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named(call: Any, name: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        call()
    assert caught.value.name == name


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_out_of_range_are_refused(label: int) -> None:
    net = network()
    with pytest.raises(InvalidParameterError, match=r"^labels = .* 0 \.\.\. 2"):
        net.run(Phase.POSITIVE, net.start(1), np.ones((1, 8)), np.array([label]), steps=1, seed=0)
    for call in (
        lambda: net.activities(np.ones((1, 8)), np.array([label])),
        lambda: with_labels(np.ones((1, 8)), np.array([label]), 3),
        lambda: wrong_labels(np.array([label]), 3, np.array(1, np.uint64)),
    ):
        with pytest.raises(InvalidParameterError, match=r"^labels = .* 0 \.\.\. 2"):
            call()
    with pytest.raises(InvalidParameterError, match=r"^labels = "):
        Dataset(np.ones((1, 8)), [label], classes=3, name="out of range")


def test_inputs_that_do_not_fit_are_refused() -> None:
    net, zero = network(), np.array([0])
    for inputs, name in ((np.full((1, 8), np.nan), "inputs"), (np.ones((1, 7)), "inputs.shape")):
        with pytest.raises(InvalidParameterError) as caught:
            net.run(Phase.NEGATIVE, net.start(1), inputs, zero, steps=1, seed=0)
        assert caught.value.name == name


def test_labels_need_two_classes_and_room() -> None:
    with pytest.raises(InvalidParameterError, match="classes"):
        wrong_labels(np.array([0]), 1, np.array(1, np.uint64))
    with pytest.raises(InvalidParameterError, match="features"):
        with_labels(np.ones((1, 2)), np.array([0]), 3)
