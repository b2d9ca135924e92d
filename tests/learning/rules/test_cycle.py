"""The path of the nudge over one clamping cycle."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.rules import ClampingCycle


def test_sawtooth_of_the_paper_visits_seventeen_knots_of_nine_levels() -> None:
    cycle = ClampingCycle.sawtooth(tcl.Sawtooth(0.1, 0.9))
    assert cycle.times.size == 17
    assert_array_equal(cycle.levels, np.arange(9) / 8)
    assert_array_equal(cycle.visits, [*range(9), *range(7, -1, -1)])
    assert_array_equal(cycle.levels[cycle.visits], cycle.fractions)
    assert_allclose(np.diff(cycle.times), [0.1 / 8] * 8 + [0.9 / 8] * 8, rtol=1e-12)
    assert cycle.period == 1.0


def test_one_stage_is_the_triangle_of_the_protocol() -> None:
    protocol = tcl.Sawtooth(0.3, 2.0)
    cycle, triangle = ClampingCycle.sawtooth(protocol, stages=1), protocol.signal(1.0)
    assert_allclose(cycle.times, triangle.times)
    assert_allclose(cycle.fractions - 0.5, triangle.values)


def test_levels_of_any_path_are_sorted_and_distinct() -> None:
    cycle = ClampingCycle([0.0, 1.0, 2.0, 4.0, 5.0], [0.5, 1.0, 0.25, 1.0, 0.5])
    assert_array_equal(cycle.levels, [0.25, 0.5, 1.0])
    assert_array_equal(cycle.visits, [1, 2, 0, 2, 1])


@pytest.mark.parametrize(
    ("times", "fractions", "name"),
    [
        ([0, 1], [0, 0], "times"),
        ([0.1, 1, 2], [0, 1, 0], "times"),
        ([0, 1, 1], [0, 1, 0], "times"),
        ([[0, 1, 2]], [[0, 1, 0]], "times"),
        ([0, 1, np.nan], [0, 1, 0], "times"),
        ([0, 1, 2], [0, 1], "fractions.shape"),
        ([0, 1, 2], [0, 1, 0.5], "fractions"),
        ([0, 1, 2], [0, 1.5, 0], "fractions"),
        ([0, 1, 2], [-0.5, 1, -0.5], "fractions"),
        ([0, 1, 2], [0.5, 0.5, 0.5], "fractions"),
    ],
)
def test_bad_paths_are_named(times: list, fractions: list, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        ClampingCycle(times, fractions)


def test_bad_sawteeth_are_named() -> None:
    with pytest.raises(InvalidParameterError, match=r"^protocol = .*single"):
        ClampingCycle.sawtooth(tcl.Sawtooth([1.0, 2.0], 9.0))
    with pytest.raises(InvalidParameterError, match=r"^stages = 0"):
        ClampingCycle.sawtooth(tcl.Sawtooth(1.0, 9.0), stages=0)
