"""Spectral norms against numpy's singular values of matrices made entry by entry."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.oracles.linear_maps import chain_matrix, connection_matrix
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.feedforward import Connection, Convolution, Dense, MaxPooling, MeanPooling
from thermo_cl.learning.feedforward.norms import chain_norm, largest_singular_value, spectral_norm

CASES: list[tuple[Connection, tuple[int, ...]]] = [
    (Dense(3), (5,)),
    (Dense(150), (90,)),
    (Dense(90), (150,)),
    (Dense(4, pooling=MeanPooling(2)), (2, 4, 6)),
    (Convolution(3, 3), (2, 6, 7)),
    (Convolution(5, 3, padding=2), (1, 5, 5)),
    (Convolution(2, 3, stride=2, padding=1, pooling=MeanPooling(2)), (3, 12, 8)),
    (Convolution(9, 2, stride=2), (2, 7, 7)),
]


def drawn(connection: Connection, shape: tuple[int, ...], seed: int = 0, dtype: Any = np.float64) -> Any:
    return np.random.default_rng(seed).normal(size=connection.shapes(shape)[0]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("connection", "shape"), CASES)
def test_norm_of_a_connection_is_the_largest_singular_value_of_its_matrix(
    connection: Connection, shape: tuple[int, ...], dtype: Any
) -> None:
    weights = drawn(connection, shape, dtype=dtype)
    exact = np.linalg.svd(connection_matrix(connection, weights, shape), compute_uv=False)[0]
    assert_allclose(spectral_norm(connection, weights, shape), exact, rtol=1e-8)
    assert_allclose(spectral_norm(connection, weights, shape, tolerance=1e-14), exact, rtol=1e-13)
    assert_allclose(spectral_norm(connection, weights, shape, tolerance=1e-2), exact, rtol=1e-2)


def test_norm_with_max_pooling_is_reached_at_every_selection() -> None:
    connection, shape = Convolution(3, 2, pooling=MaxPooling(2)), (2, 6, 6)
    weights = drawn(connection, shape)
    for seed in range(3):
        image = np.random.default_rng(seed).uniform(size=(1, *shape))
        link = connection.link(image)
        rows = [
            link.backward(unit.reshape(1, 3, 2, 2), weights).ravel() for unit in np.eye(12)
        ]  # the transposed map at this selection
        assert_allclose(spectral_norm(connection, weights, shape), np.linalg.norm(rows, 2), rtol=1e-8)


@pytest.mark.parametrize(
    ("connections", "shape"),
    [
        ((Dense(40), Dense(30), Dense(4)), (20,)),
        ((Dense(40), Dense(120)), (90,)),
        ((Dense(40), Dense(90)), (120,)),
        ((Dense(200),), (2,)),
        ((Convolution(4, 3, padding=1), Convolution(3, 3, pooling=MeanPooling(2)), Dense(5)), (1, 8, 8)),
        ((Convolution(4, 3), Dense(80, pooling=MeanPooling(2)), Dense(70)), (2, 10, 10)),
        ((Convolution(4, 3, stride=2), Convolution(6, 2)), (2, 11, 11)),
    ],
)
def test_norm_of_a_chain_is_that_of_the_product(connections: Any, shape: tuple[int, ...]) -> None:
    shapes = list(itertools.accumulate(connections, lambda s, c: c.shapes(s)[-1], initial=shape))
    weights = [drawn(c, s, n) for n, (c, s) in enumerate(zip(connections, shapes[:-1], strict=True))]
    exact = np.linalg.svd(chain_matrix(connections, weights, shape), compute_uv=False)[0]
    assert_allclose(chain_norm(connections, weights, shape), exact, rtol=1e-8)


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-7, 1e-3, 0.5])
@pytest.mark.parametrize("scale", [1e-120, 1.0, 1e120])
def test_close_largest_values_and_bad_scales_are_no_trouble(gap: float, scale: float) -> None:
    rng = np.random.default_rng(1)
    left, right = (np.linalg.qr(rng.normal(size=(100, 100)))[0] for _ in range(2))
    values = np.concatenate([[1, 1 - gap, 1 - 2 * gap], rng.uniform(0, 0.9, 97)])
    matrix = scale * (left * values) @ right
    assert_allclose(largest_singular_value(lambda v: matrix @ v, lambda v: matrix.T @ v, 100), scale, rtol=2e-8)


def test_maps_with_an_exact_answer() -> None:
    assert spectral_norm(Dense(100), np.zeros((100, 100)), (100,)) == 0
    assert_allclose(spectral_norm(Dense(100), -3 * np.eye(100), (100,)), 3, rtol=1e-15)
    assert_allclose(spectral_norm(Dense(100), np.ones((100, 100)), (100,)), 100, rtol=1e-14)
    assert_allclose(largest_singular_value(lambda v: -2 * v, lambda v: -2 * v, 1), 2, rtol=1e-15)


def test_the_same_weights_give_the_same_number() -> None:
    weights = drawn(Dense(100), (100,))
    assert spectral_norm(Dense(100), weights, (100,)) == spectral_norm(Dense(100), weights, (100,))


def test_an_accuracy_that_is_not_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermo_cl.learning.feedforward.norms._STEPS", 8)
    values = np.linspace(0.9, 1, 500)
    with pytest.raises(ConvergenceError, match=r"after 8 steps.*tolerance of"):
        largest_singular_value(lambda v: values * v, lambda v: values * v, 500)


@pytest.mark.parametrize("tolerance", [0, -1e-3, 1, float("nan"), "small", 1e-17])
def test_tolerances_out_of_range_are_refused(tolerance: Any) -> None:
    with pytest.raises(InvalidParameterError, match="tolerance"):
        spectral_norm(Dense(2), np.eye(2), (2,), tolerance=tolerance)


@pytest.mark.parametrize(
    ("connection", "weights", "shape"),
    [
        (Dense(2), np.eye(3), (2,)),
        (Dense(2), np.full((2, 2), np.nan), (2,)),
        (Dense(2), np.eye(2, dtype=complex), (2,)),
        (Convolution(2, 3), np.eye(2), (2,)),
        (Dense(2, pooling=MeanPooling(2)), np.eye(2), (1, 3, 4)),
    ],
)
def test_weights_that_do_not_fit_are_refused(connection: Connection, weights: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidParameterError):
        spectral_norm(connection, weights, shape)


def test_chains_refuse_max_pooling_and_missing_weights() -> None:
    with pytest.raises(InvalidParameterError, match="MaxPooling"):
        chain_norm([Dense(2, pooling=MaxPooling(2))], [np.ones((1, 2))], (1, 2, 2))
    with pytest.raises(InvalidParameterError, match="one for each"):
        chain_norm([Dense(2), Dense(2)], [np.eye(2)], (2,))
    with pytest.raises(InvalidParameterError, match="at least one"):
        chain_norm([], [], (2,))
