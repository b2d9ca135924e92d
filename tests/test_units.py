"""Landauer units: conversions against the defining constants, and bits of a comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.constants
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from thermo_cl import units
from thermo_cl.errors import InvalidParameterError

UNITS = ("k_B", "bit", "J/K", "J")


def test_constants_are_those_of_the_si() -> None:
    assert scipy.constants.k == units.BOLTZMANN
    assert_allclose(units.landauer_limit(300.0), 1.380649e-23 * 300 * math.log(2), rtol=1e-15)
    assert_allclose(units.convert([1.0, 2.0], "k_B", "J/K"), [1.380649e-23, 2 * 1.380649e-23], rtol=1e-15)
    assert_allclose(
        units.convert(1.0, "J", "k_B", temperature=[100.0, 300.0]), 1 / (scipy.constants.k * np.array([100, 300]))
    )


@given(st.sampled_from(UNITS), st.sampled_from(UNITS), st.floats(1e-3, 1e3), st.floats(0.1, 1e4))
def test_there_and_back(unit: str, to: str, value: float, temperature: float) -> None:
    there = units.convert(value, unit, to, temperature=temperature)
    assert_allclose(units.convert(there, to, unit, temperature=temperature), value, rtol=1e-14)


def test_bits_of_a_comparison() -> None:
    assert units.comparison_bits(0.0, 0.0) == 0.0
    assert units.comparison_bits(1.0, 0.0) == math.inf
    assert_allclose(units.comparison_bits([1.0, 8.0, 1e9], [4.0, 1.0, 1.0]), [0.0, 3.0, math.log2(1e9)])
    assert units.comparison_bits(5.0, 5.0) == 0.0  # what a silent synapse reports


def test_cost_per_bit_counts_landauer_limits() -> None:
    assert units.cost_per_bit(math.log(2.0), 1.0) == 1.0
    assert units.cost_per_bit(3.0, 0.0) == math.inf
    assert units.cost_per_bit(3.0, math.inf) == 0.0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: units.convert(1.0, "calorie", "J", temperature=300), "unit"),
        (lambda: units.convert(1.0, "bit", "J"), "temperature"),
        (lambda: units.convert(1.0, "bit", "J", temperature=0.0), "temperature"),
        (lambda: units.convert(math.nan, "bit", "k_B"), "value"),
        (lambda: units.comparison_bits(-1.0, 1.0), "amplitude"),
        (lambda: units.cost_per_bit(1.0, -1.0), "bits"),
        (lambda: units.cost_per_bit(1.0, math.nan), "bits"),
        (lambda: units.cost_per_bit(1.0, "few"), "bits"),
        (lambda: units.comparison_bits([1.0, 2.0], [1.0, 2.0, 3.0]), "shapes"),
    ],
)
def test_bad_input_is_named(call: object, named: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{named} = "):
        call()  # type: ignore[operator]
