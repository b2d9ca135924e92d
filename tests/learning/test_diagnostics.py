"""Angles between gradients on vectors whose angle is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import angles


def turned(degrees: float, dtype: Any = np.float64) -> dict[str, np.ndarray]:
    radians = math.radians(degrees)
    return {"W1": np.array([[math.cos(radians)], [math.sin(radians)]], dtype)}


AXIS = {"W1": np.array([[1.0], [0.0]])}


@pytest.mark.parametrize("degrees", [0.0, 1e-9, 1e-5, 30.0, 45.0, 90.0, 135.0, 179.9999, 180.0])
@pytest.mark.parametrize("factor", [1e-150, 1e-6, 1.0, 1e150])
def test_angles_that_are_known_keep_their_digits(degrees: float, factor: float) -> None:
    other = {"W1": factor * turned(degrees)["W1"]}
    for one, two in ((other, AXIS), (AXIS, other)):
        got = angles(one, two)
        assert got.keys() == {"W1", "all"}
        assert_allclose(list(got.values()), degrees, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-200, 1e200, 5e-324])
def test_numbers_whose_squares_leave_the_range_still_have_an_angle(scale: float) -> None:
    one = {"b1": np.array([scale, scale])}
    assert_allclose(angles(one, {"b1": np.array([3.0, 0.0])})["b1"], 45.0, rtol=1e-12)


def test_all_together_is_the_angle_of_the_joined_vectors() -> None:
    rng = np.random.default_rng(0)
    one, two = ({"W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=3)} for _ in range(2))
    a, b = (np.concatenate([g["W1"].ravel(), g["b1"]]) for g in (one, two))
    expected = math.degrees(math.acos(a @ b / math.sqrt((a @ a) * (b @ b))))
    got = angles(one, dict(reversed(two.items())))
    assert_allclose(got["all"], expected, rtol=1e-12)
    assert list(got) == ["b1", "W1", "all"]


def test_float32_is_compared_in_double_precision() -> None:
    one = {"W1": np.array([[1.0, 1e-7]], np.float32)}
    two = {"W1": np.array([[1.0, 0.0]], np.float32)}
    assert_allclose(angles(one, two)["W1"], math.degrees(1e-7), rtol=1e-6)


def test_vanishing_gradients_have_no_angle_but_do_not_spoil_the_whole() -> None:
    zero = {"W1": np.zeros((2, 1)), "b1": np.array([1.0])}
    other = {"W1": np.ones((2, 1)), "b1": np.array([1.0])}
    got = angles(zero, other)
    assert math.isnan(got["W1"]) and got["b1"] == 0
    assert_allclose(got["all"], math.degrees(math.acos(1 / math.sqrt(3))), rtol=1e-14)
    nothing = {name: 0 * array for name, array in other.items()}
    assert all(math.isnan(angle) for angle in angles(nothing, other).values())
    assert all(math.isnan(angle) for angle in angles(nothing, nothing).values())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_gradients_that_are_not_finite_have_no_angle(value: float) -> None:
    assert math.isnan(angles({"b1": np.array([1.0, value])}, {"b1": np.array([1.0, 1.0])})["all"])


@pytest.mark.parametrize(
    "other", [{}, {"W2": np.zeros((2, 1))}, {"W1": np.zeros((1, 2))}, {"W1": np.zeros((2, 1)), "b1": np.zeros(1)}]
)
def test_names_and_shapes_have_to_agree(other: dict[str, np.ndarray]) -> None:
    with pytest.raises(InvalidParameterError):
        angles(other, AXIS)
    with pytest.raises(InvalidParameterError):
        angles({}, {})
