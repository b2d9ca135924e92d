"""Predictions for all labels at once against a loop over images, labels, layers and units."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.forward_forward.networks import network, pictures
from tests.oracles.forward_forward_slow import goodness, label_of, stack
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.forward_forward import active_units, error_rate, label_goodness, predict, prediction


@pytest.mark.parametrize("sizes", [(8, 6, 5), (8, 4), (8, 5, 4, 3)])
def test_goodness_and_labels_are_those_of_a_loop(sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "_BLOCK", 7)  # blocks of unequal size
    net, data = network(*sizes), pictures(20)
    first = net.weights[0] * np.where(np.arange(8) < 3, 0.1, 1.0)[:, None]  # so that the image decides on the label
    net = net.with_parameters({**net.parameters, "W1": first})
    best, sums = zip(*(label_of(net, image) for image in data.inputs), strict=True)
    assert_allclose(label_goodness(net, data.inputs), sums, rtol=1e-12)
    assert_array_equal(predict(net, data.inputs), best)
    assert error_rate(net, data) == np.mean(np.array(best) != data.labels)
    assert len(set(best)) > 1


def test_the_first_layer_counts() -> None:
    net, data = network(), pictures(3)
    above = [[float(goodness(stack(net, image, k)[-1])) for k in range(3)] for image in data.inputs]
    assert (label_goodness(net, data.inputs) - above > 0.01).any()


def test_single_precision_is_near() -> None:
    data = pictures(20)
    single, double = network(dtype=np.float32), network()
    found = label_goodness(single, data.inputs)
    assert found.dtype == np.float32
    assert_allclose(found, label_goodness(double, data.inputs), rtol=1e-4)


def test_active_units_are_those_of_a_loop() -> None:
    net, data = network(8, 12, 9, size=0.4, seed=5), pictures(6)
    expected = [np.zeros(n, bool) for n in (12, 9)]
    for image in data.inputs:
        for k in range(3):
            for n, h in enumerate(stack(net, image, k)[1:]):
                expected[n] |= np.array(h) > 0
    for one, other in zip(active_units(net, data), expected, strict=True):
        assert_array_equal(one, other)
    assert not all(row.all() for row in expected)


def test_inputs_that_do_not_fit_are_refused() -> None:
    net = network()
    for call, name in (
        (lambda: predict(net, np.ones((2, 7))), "inputs.shape"),
        (lambda: predict(net, np.full((2, 8), np.nan)), "inputs"),
        (lambda: predict(network(dtype=np.float32), np.full((2, 8), 1e300)), "inputs"),  # beyond single precision
        (lambda: predict(net, np.full((2, 8), "a")), "inputs"),
        (lambda: error_rate(net, pictures(4, 9)), "data"),
        (lambda: active_units(net, pictures(4, 8, 4)), "data"),
    ):
        with pytest.raises(InvalidParameterError) as caught:
            call()
        assert caught.value.name == name
