"""Accuracy under attack against loops over examples; certified radii against attacks and exact distances."""

from __future__ import annotations

import itertools
from typing import Any

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.robustness.networks import LOSSES, convolutional, dataset, dense
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning import Dataset
from thermo_cl.learning.feedforward import Linear, MaxPooling, ReLU, SoftmaxCrossEntropy, SquaredError
from thermo_cl.learning.robustness import FGSM, PGD, certified_radius, robust_accuracy
from thermo_cl.learning.training import evaluate

SIZES = (0.0, 0.02, 0.1, 0.5)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fgsm_curve_is_that_of_a_loop_over_examples(loss: Any, dtype: Any) -> None:
    net = dense((6, 9, 3), ReLU(), loss, dtype=dtype)
    data = dataset(net, 520)
    found = robust_accuracy(net, data, [FGSM(size) for size in SIZES])
    right, total = np.zeros(len(SIZES)), np.zeros(len(SIZES))
    for (m, size), (x, label) in itertools.product(enumerate(SIZES), zip(data.inputs, data.labels, strict=True)):
        one, target = x[None].astype(dtype), np.eye(3, dtype=dtype)[[label]]
        attacked = FGSM(size).perturb(net, one, target)
        right[m] += net.outputs(one).argmax() == label and net.outputs(attacked).argmax() == label
        total[m] += float(loss.value(net.outputs(attacked), target)[0])
    assert_array_equal(found.sizes, SIZES)
    assert_array_equal(found.accuracy, right / 520)
    assert_allclose(found.loss, total / 520, rtol=1e-5 if dtype is np.float32 else 1e-12)


def test_size_zero_is_the_evaluation() -> None:
    for net in (dense((6, 9, 3), ReLU(), SoftmaxCrossEntropy()), convolutional(MaxPooling)):
        data = dataset(net, 300)
        plain = evaluate(net, data)
        for attack in (FGSM(0), PGD(0), PGD(0, norm="2")):
            found = robust_accuracy(net, data, attack)
            assert found.accuracy.tolist() == [1 - plain.error]
            assert found.loss.tolist() == [plain.cost]


def test_accuracy_falls_and_loss_rises_with_size() -> None:
    net = dense((6, 9, 3), ReLU(), SoftmaxCrossEntropy())
    data = dataset(net, 300)
    fgsm = robust_accuracy(net, data, [FGSM(size) for size in SIZES])
    pgd = robust_accuracy(net, data, [PGD(size, 10) for size in SIZES])
    assert (np.diff(pgd.accuracy) < 0).all()
    assert (np.diff(pgd.loss) > 0).all()
    assert (pgd.loss >= fgsm.loss).all()
    assert (fgsm.accuracy <= fgsm.accuracy[0]).all()


def test_an_example_told_wrong_is_not_robust() -> None:
    """Squared error: outputs (5, 6) for the target (1, 0) become (10, 6.5), of a larger loss but in the right order."""
    net = dense((1, 2), Linear(), SquaredError())
    net = net.with_parameters({"W1": np.array([[10.0, 1.0]]), "b1": np.array([0.0, 5.5])})
    data = Dataset([[0.5]], [0], classes=2, name="one")
    assert FGSM(0.5).perturb(net, np.array([[0.5]]), np.array([[1.0, 0.0]])).tolist() == [[1.0]]
    found = robust_accuracy(net, data, FGSM(0.5))
    assert found.accuracy.tolist() == [0]
    assert found.loss.tolist() == [(9**2 + 6.5**2) / 2]


def test_results_do_not_depend_on_threads_and_follow_the_seed() -> None:
    net = dense((6, 9, 3), ReLU(), SoftmaxCrossEntropy())
    data = dataset(net, 900)
    attacks = [PGD(0.1, 2), PGD(0.1, 2), PGD(0.2, 2, norm="2")]
    threads = numba.get_num_threads()
    found = []
    for n in (1, threads):
        numba.set_num_threads(n)
        found.append(robust_accuracy(net, data, attacks, rng=3))
    assert_array_equal(found[0].loss, found[1].loss)
    assert found[0].loss[0] == found[0].loss[1]
    assert (found[0].loss != robust_accuracy(net, data, attacks, rng=4).loss).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_no_attack_within_the_certified_radius_changes_a_class(loss: Any) -> None:
    for net in (dense((6, 9, 3), ReLU(), loss), convolutional(MaxPooling)):
        data = dataset(net, 60)
        radius = certified_radius(net, data)
        x, y = data.inputs.astype(float), data.targets(np.float64)
        told = net.outputs(x).argmax(axis=1) == data.labels
        assert_array_equal(radius > 0, told)
        for n in np.flatnonzero(told):
            attacked = PGD(float(radius[n]), 10, norm="2", bounds=(-9, 9)).perturb(net, x[n : n + 1], y[n : n + 1], 0)
            assert net.outputs(attacked).argmax() == data.labels[n]
        assert robust_accuracy(net, data, PGD(float(radius[told].min()), 10, norm="2")).accuracy[0] == told.mean()


def test_certified_radius_is_the_distance_to_the_boundary_where_nothing_is_lost() -> None:
    """Two classes whose rows of weights are opposite: the difference of outputs grows sqrt 2 times as fast as they."""
    net = dense((5, 2), Linear(), SoftmaxCrossEntropy())
    w = net.weights[0][:, :1]
    net = net.with_parameters({"W1": np.hstack([w, -w]), "b1": np.array([0.1, -0.2])})
    data = dataset(net, 40)
    outputs = net.outputs(data.inputs.astype(float))
    margins = (outputs[:, 0] - outputs[:, 1]) * np.where(data.labels == 0, 1, -1)
    assert_allclose(certified_radius(net, data), np.maximum(margins, 0) / np.linalg.norm(2 * w), rtol=1e-7)


def test_networks_without_slope_are_certified_everywhere() -> None:
    net = dense((5, 2), Linear(), SoftmaxCrossEntropy())
    net = net.with_parameters({"W1": 0 * net.weights[0], "b1": np.array([1.0, 0.0])})
    radius = certified_radius(net, Dataset(np.zeros((2, 5)), [0, 1], classes=2, name="two"))
    assert radius.tolist() == [np.inf, 0]


def test_bad_input_is_refused() -> None:
    net = dense((6, 9, 3), ReLU(), SquaredError())
    data = dataset(net, 10)
    for attacks in ([], "FGSM", FGSM, [FGSM(0.1), 0.2], None):
        with pytest.raises(InvalidParameterError, match="attacks"):
            robust_accuracy(net, data, attacks)  # type: ignore[arg-type]
    other = dense((5, 9, 3), ReLU(), SquaredError())
    functions: tuple[Any, ...] = (lambda n, d: robust_accuracy(n, d, FGSM(0.1)), certified_radius)
    for function in functions:
        for bad in (dataset(other, 10), data.inputs):
            with pytest.raises(InvalidParameterError, match="data"):
                function(net, bad)
        with pytest.raises(InvalidParameterError, match="network"):
            function("net", data)
    with pytest.raises(InvalidParameterError, match="rng"):
        robust_accuracy(net, data, FGSM(0.1), rng=-1)
    with pytest.raises(InvalidParameterError, match="range"):
        robust_accuracy(net, data, FGSM(0.1, bounds=(0.2, 0.3)))


def test_losses_that_are_not_finite_are_told() -> None:
    net = dense((6, 9, 3), ReLU(), SquaredError())
    broken = net.with_parameters(net.parameters | {"W2": net.weights[1] * np.inf})
    for attack in (FGSM(0.1), PGD(0.1, 2), PGD(0.1, 2, norm="2")):
        with pytest.raises(DivergenceError, match="not finite"):
            robust_accuracy(broken, dataset(net, 10), attack)
    biased = net.with_parameters(net.parameters | {"b2": net.biases[1] * np.nan})
    with pytest.raises(DivergenceError, match="not finite"):
        certified_radius(biased, dataset(net, 10))
