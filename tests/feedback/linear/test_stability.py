"""Modes that are not seen, numbers at the ends of their range, and what is not a controller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import (
    LinearController,
    adaptation_test,
    feedback_loop,
    has_integrator,
    high_pass,
    low_pass,
    parallel,
    sensed_integral_feedback,
    series,
)

transfer = LinearController.from_transfer_function


@pytest.mark.parametrize("quick", [1.0, 1e6, 1e12])
@pytest.mark.parametrize("growth", [1e-4, 1e-9])
def test_slowly_growing_hidden_modes_are_refused_however_quick_the_others(quick: float, growth: float) -> None:
    for drive, seen in (([1.0, 0.0], [1.0, 1.0]), ([1.0, 1.0], [1.0, 0.0])):
        with pytest.raises(InvalidParameterError, match=rf"mode exp\({growth:g} t\)"):
            LinearController(np.diag([-quick, growth]), drive, seen)


def test_growing_hidden_oscillations_are_refused() -> None:
    turn = np.array([[1e-3, -5.0], [5.0, 1e-3]])
    a = np.block([[-np.eye(1), np.zeros((1, 2))], [np.zeros((2, 1)), turn]])
    with pytest.raises(InvalidParameterError, match=r"exp\(0.001 t\), turning at 5 rad"):
        LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    a[1:, 1:] -= 2e-3 * np.eye(2)
    assert LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]).poles.tolist() == [-1.0]


@pytest.mark.parametrize("seed", range(6))
def test_rounding_of_a_conserved_quantity_is_not_growth(seed: int) -> None:
    """Hops between states, whose columns add up to zero but for rounding, in units a factor of 1e4 apart."""
    rng = np.random.default_rng(seed)
    hops = rng.uniform(0.1, 1.0, (4, 4)) * (1.0 - np.eye(4))
    hops -= np.diag(hops.sum(axis=0))
    unit = 10.0 ** rng.uniform(-4.0, 4.0, 4)
    a = unit[:, None] * hops / unit
    block = np.block([[a, np.zeros((4, 1))], [np.zeros((1, 4)), -np.eye(1)]])
    controller = LinearController(block, np.eye(5)[4], np.eye(5)[4])
    assert controller.poles.tolist() == [-1.0]


def test_a_hidden_double_integrator_is_let_be() -> None:
    a = np.diag([-1.0, 0.0, 0.0])
    a[1, 2] = 1.0
    assert LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]).timescale == 1.0
    a[2, 1] = 1e-18  # floats are taken as they are: this is a coupling, and not rounding
    with pytest.raises(InvalidParameterError, match=r"exp\(1e-09 t\)"):
        LinearController(a, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0])


def test_scales_beyond_each_other() -> None:
    wide = LinearController([[-1e200, 1.0], [0.0, -1e-200]], [1.0, 1.0], [1.0, 1.0])
    assert_allclose([wide.timescale, wide.area], 1e200, rtol=1e-15)
    assert_allclose(wide.kernel()([0.0, 1e100]), [2.0, 1.0], rtol=1e-14)
    late = low_pass(1.0, 1e150)
    assert_allclose([late.moment(n) for n in range(3)], [1.0, 1e150, 2e300], rtol=1e-15)
    assert late.moment(3) == np.inf
    assert low_pass(-1.0, 1e150).moment(3) == -np.inf
    assert late.kernel().area == 1.0


def test_transfer_at_and_near_a_pole() -> None:
    controller = low_pass(1.0, 1.0)
    assert not np.isfinite(controller.transfer(-1.0))
    assert_allclose(controller.transfer([-1.0 + 2**-20, 0.0]), [2.0**20, 1.0], rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: transfer([1.0], [1e-300, 1e300]), "another unit of time"),
        (lambda: transfer([1e300, 1.0], [1e-300, 1.0]), "another unit of time"),
        (lambda: transfer([1.0, 0.0, 0.0], [1.0, 1.0]), "of degree at most 1"),
        (lambda: transfer([1.0], np.poly(-np.arange(1.0, 26.0))), "at most 20"),
        (lambda: low_pass(1.0, 1e-310), "time = 1e-310"),
        (lambda: high_pass(1.0, [1.0, 1e-310]), "time = 1e-310"),
        (lambda: sensed_integral_feedback(3.0, 2.0, 1e-310), "lag = 1e-310"),
        (lambda: low_pass(1.0, 1.0).transfer(np.nan), "p = .*finite"),
        (lambda: low_pass(1.0, 1.0).transfer("a"), "p = 'a'"),
        (lambda: has_integrator(3.0), "controller = 3.0"),  # type: ignore[arg-type]
        (lambda: adaptation_test(None), "controller = None"),  # type: ignore[arg-type]
        (lambda: series(low_pass(1.0, 1.0), 3.0), "second = 3.0"),  # type: ignore[arg-type]
        (lambda: parallel(3.0, low_pass(1.0, 1.0)), "first = 3.0"),  # type: ignore[arg-type]
        (lambda: feedback_loop(3.0, low_pass(1.0, 1.0)), "first = 3.0"),  # type: ignore[arg-type]
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        call()


@pytest.mark.parametrize(
    "function", [((1,), ()), ((1, 1, 1), (1, 1)), ((1.5,), (1, 1)), ((1,), (1, 0)), ((1, 0), (1, 1)), ((1,),)]
)
def test_functions_must_be_proper(function: Any) -> None:
    with pytest.raises(InvalidParameterError, match="functions"):
        LinearController([[-1.0]], [1.0], [1.0], functions=[function])
