"""Connections against loops over pixels and scipy's correlation; transposes by inner products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.signal import correlate

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import Connection, Convolution, Dense, MaxPooling, MeanPooling, Pooling

KINDS = [
    (Dense(4), (5,)),
    (Dense(4), (2, 3, 3)),
    (Dense(4, MaxPooling(2)), (2, 4, 6)),
    (Convolution(3, 1), (2, 4, 5)),
    (Convolution(3, 3), (2, 5, 4)),
    (Convolution(2, 2, stride=2), (1, 5, 6)),
    (Convolution(2, 3, stride=2, padding=1), (3, 6, 5)),
    (Convolution(2, 4, stride=3, padding=3), (1, 5, 4)),
    (Convolution(3, 2, pooling=MeanPooling(2)), (2, 6, 4)),
    (Convolution(3, 2, padding=1, pooling=MaxPooling(2)), (2, 6, 4)),
]


def parts(kind: Connection, shape: tuple[int, ...], dtype: Any = np.float64) -> tuple[np.ndarray, ...]:
    """Inputs, weights, biases and something that comes back."""
    rng = np.random.default_rng(0)
    *of_parameters, out = kind.shapes(shape)
    return tuple(rng.normal(size=s).astype(dtype) for s in ((2, *shape), *of_parameters, (2, *out)))


def convolved(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Pixel by pixel, for one image."""
    channels, height, width = x.shape
    size = w.shape[1]
    rows, columns = ((n + 2 * padding - size) // stride + 1 for n in (height, width))
    out = np.empty((w.shape[3], rows, columns))
    for o, r, c in np.ndindex(out.shape):
        total = b[o]
        for q, i, j in np.ndindex(channels, size, size):
            row, column = r * stride + i - padding, c * stride + j - padding
            if 0 <= row < height and 0 <= column < width:
                total += w[q, i, j, o] * x[q, row, column]
        out[o, r, c] = total
    return out


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_forward_is_that_of_loops(kind: Any, shape: tuple[int, ...]) -> None:
    x, w, b, out = parts(kind, shape)
    found = kind.link(x).forward(w, b)
    assert found.shape == out.shape
    for n in range(2):
        here = x[n] if kind.pooling is None else kind.pooling.pool(x[n : n + 1]).values[0]
        if isinstance(kind, Convolution):
            expected = convolved(here, w, b, kind.stride, kind.padding)
        else:
            expected = np.array([sum(w[i, j] * v for i, v in enumerate(here.ravel())) for j in range(4)]) + b
        assert_allclose(found[n], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (1, 2), (3, 1)])
def test_convolution_is_scipys_correlation(stride: int, padding: int) -> None:
    kind = Convolution(3, 3, stride=stride, padding=padding)
    x, w, b, _ = parts(kind, (2, 8, 7))
    found = kind.link(x).forward(w, b)
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    for n, o in np.ndindex(2, 3):
        whole = correlate(padded[n], w[..., o], mode="valid", method="direct")[0]
        assert_allclose(found[n, o], whole[::stride, ::stride] + b[o], rtol=1e-12)


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_backward_and_gradient_are_transposes(kind: Any, shape: tuple[int, ...]) -> None:
    x, w, b, received = parts(kind, shape)
    link = kind.link(x)
    rng = np.random.default_rng(3)
    zero = np.zeros_like(b)
    back, (by_weights, by_biases) = link.backward(received, w), link.gradient(received)
    assert back.shape == x.shape and by_weights.shape == w.shape and by_biases.shape == b.shape
    other_w, other_b = rng.normal(size=w.shape), rng.normal(size=b.shape)
    given = (link.forward(other_w, other_b) * received).sum()
    assert given == pytest.approx((other_w * by_weights).sum() + (other_b * by_biases).sum(), rel=1e-12)
    chosen = isinstance(kind.pooling, MaxPooling)
    other = x if chosen else rng.normal(size=x.shape)  # the choice is kept, and the map linear, at the input itself
    assert (kind.link(other).forward(w, zero) * received).sum() == pytest.approx((other * back).sum(), rel=1e-12)


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_float32_stays_float32(kind: Any, shape: tuple[int, ...]) -> None:
    x, w, b, received = parts(kind, shape, np.float32)
    link = kind.link(x)
    arrays = (link.forward(w, b), link.backward(received, w), *link.gradient(received))
    exact = kind.link(x.astype(float))
    expected = (
        exact.forward(w.astype(float), b.astype(float)),
        exact.backward(received.astype(float), w.astype(float)),
        *exact.gradient(received.astype(float)),
    )
    for found, sure in zip(arrays, expected, strict=True):
        assert found.dtype == np.float32
        assert_allclose(found, sure, rtol=1e-4, atol=1e-4)


def test_inputs_and_parameters_are_left_alone() -> None:
    for kind, shape in KINDS:
        given = parts(kind, shape)
        copies = [a.copy() for a in given]
        link = kind.link(given[0])
        link.forward(given[1], given[2])
        link.backward(given[3], given[1])
        link.gradient(given[3])
        for one, other in zip(given, copies, strict=True):
            assert (one == other).all()


def test_bad_input_says_what_is_valid() -> None:
    for name, wrong in (("channels", 0), ("size", 1.5), ("stride", 0), ("padding", -1), ("channels", "4")):
        with pytest.raises(InvalidParameterError, match=f"{name} .* whole number of at least"):
            Convolution(**({"channels": 2} | {name: wrong}))
    with pytest.raises(InvalidParameterError, match="units = 0"):
        Dense(0)
    for pooling in (2, "max", MaxPooling, MeanPooling):
        for kind in (Dense, Convolution):
            with pytest.raises(InvalidParameterError, match=r"pooling .* MeanPooling\(size\), MaxPooling\(size\)"):
                kind(3, pooling=pooling)
    with pytest.raises(InvalidParameterError, match=r"\(channels, height, width\) for a convolution"):
        Convolution(2).shapes((9,))
    with pytest.raises(InvalidParameterError, match=r"size = 5 .* at most 4"):
        Convolution(2, 5).shapes((1, 4, 6))
    with pytest.raises(InvalidParameterError, match="multiples of 2"):
        Dense(3, MeanPooling(2)).shapes((1, 5, 4))


def test_protocols_know_their_kinds() -> None:
    assert isinstance(Dense(2), Connection) and isinstance(Convolution(2), Connection)
    assert isinstance(MaxPooling(2), Pooling) and isinstance(MeanPooling(2), Pooling)
    assert not isinstance(512, Connection) and not isinstance(Dense(2), Pooling)
