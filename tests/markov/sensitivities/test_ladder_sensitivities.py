"""Derivatives by a ladder's parameters against 80-digit differences, kinks and tiny areas included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import ladder_mp
from tests.oracles import sensitivity_mp as oracle
from thermo_cl.errors import InvalidParameterError, MemoryLimitError
from thermo_cl.markov import ladder_sensitivities

PAPER = {
    "gamma": 0.1, "rate_factor": 25.0, "n_levels": 5, "reference_level": 1.0, "energy_step": 2.0,
    "inactive_dissociation": 18.2, "active_dissociation": 3000.0, "signal": 200.0, "baseline": 0.0,
}  # fmt: skip


def exact(quantity: str, name: str, case: dict[str, Any], side: int) -> float:
    """Derivative of a quantity by one parameter, in 80 digits."""

    def value(x: Any) -> Any:
        numbers = {**case, name: x}
        for state in ("inactive", "active"):
            numbers[f"dissociation_{state}"] = numbers.pop(f"{state}_dissociation")
        if quantity == "entropy_production_rate":
            numbers["signal"] = numbers.pop("baseline")
            matrix = ladder_mp.rate_matrix(**numbers, digits=80)
            return ladder_mp.entropy_production_rate(matrix, ladder_mp.steady_state(matrix, 80), 80)
        function: Callable[..., Any] = getattr(ladder_mp, quantity)
        return function(**numbers, digits=80)

    with mp.workdps(100):
        return float(oracle.difference(value, case[name], side=side))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"gamma": 1e-10, "rate_factor": 3.0, "n_levels": 4},
        {"gamma": 0.3, "reference_level": 2.3, "energy_step": 1.3, "baseline": 20.0},
        {"gamma": float(np.exp(-1.0)), "n_levels": 4},  # r = 1: no corners
        {"gamma": 0.9, "n_levels": 4, "signal": 5.0},
        {"gamma": 3.0, "n_levels": 4, "energy_step": -1.0},
        {"gamma": 1e-3, "n_levels": 4, "inactive_dissociation": 900.0, "active_dissociation": 40.0},
    ],
    ids=["paper", "stiff", "general", "critical", "weak", "reversed", "repelled"],
)
def test_every_derivative_against_the_oracle(changed: dict[str, Any]) -> None:
    case = {**PAPER, **changed}
    ladder = tcl.Ladder(**{name: value for name, value in case.items() if name not in {"signal", "baseline"}})
    found = ladder_sensitivities(ladder, case["signal"], case["baseline"])
    for quantity in ("entropy_production_rate", "area", "first_moment"):
        for name in case.keys() - {"n_levels"}:
            # level 1 of the paper's ladder has equal rails: a kink, where derivatives are those to the right
            kink = case["baseline"] == 0.0 and name in {"reference_level", "energy_step", "baseline"}
            truth = exact(quantity, name, case, side=int(kink))
            value = getattr(getattr(found, f"{quantity}_by"), name)
            assert_allclose(value, truth, rtol=1e-8, err_msg=f"{quantity} by {name}")


def test_areas_of_1e_minus_17_have_accurate_derivatives() -> None:
    case = {**PAPER, "gamma": 1e-4, "n_levels": 16, "reference_level": 6.0}
    found = ladder_sensitivities(tcl.Ladder(1e-4, n_levels=16, reference_level=6.0))
    assert abs(found.area) < 1e-16
    for name in ("gamma", "rate_factor", "energy_step", "reference_level", "signal"):
        side = int(name == "reference_level")
        assert_allclose(getattr(found.area_by, name), exact("area", name, case, side), rtol=1e-8, err_msg=name)


def test_both_sides_of_a_kink() -> None:
    ladder = tcl.Ladder(0.1, rate_factor=0.1)  # at no signal its level 1 has equal rails
    right = ladder_sensitivities(ladder).entropy_production_rate_by.reference_level
    near = [tcl.Ladder(0.1, rate_factor=0.1, reference_level=1.0 + h) for h in (1e-9, -1e-9)]
    above, below = (ladder_sensitivities(x).entropy_production_rate_by.reference_level for x in near)
    assert_allclose(right, above, rtol=1e-7)
    assert abs(right - below) > 1e-3 * abs(right)


def test_quotients_and_logarithms() -> None:
    found = ladder_sensitivities(tcl.Ladder([0.05, 1e-6], rate_factor=[3.0, 80.0]), [50.0, 200.0])
    assert_allclose(found.normalised_area, found.area / np.abs(found.first_moment), rtol=1e-14)
    for name in ("gamma", "energy_step", "signal", "baseline", "log_rate_factor"):
        relative = getattr(found.area_by, name) / found.area - getattr(found.first_moment_by, name) / found.first_moment
        assert_allclose(getattr(found.normalised_area_by, name), found.normalised_area * relative, rtol=1e-9)
    for by in (found.area_by, found.entropy_production_rate_by, found.normalised_area_by):
        assert_allclose(by.log_gamma, by.gamma * [0.05, 1e-6], rtol=1e-14)
        assert_allclose(by.log_rate_factor, by.rate_factor * [3.0, 80.0], rtol=1e-14)
        assert_allclose(by.log_signal, by.signal * [50.0, 200.0], rtol=1e-14)


def test_the_bulk_law() -> None:
    """Far from the ends sigma = (1 - r) ln(1/gamma) with r = gamma e, and mu1 = (change of energy)/(4 (1 - r))."""
    found = ladder_sensitivities(tcl.Ladder(0.01, n_levels=24, reference_level=10))
    r = 0.01 * np.e
    assert_allclose(found.entropy_production_rate_by.log_gamma, -(1 - r) - r * np.log(100.0), rtol=1e-9)
    assert_allclose(found.first_moment_by.log_gamma, found.first_moment * r / (1 - r), rtol=2e-3)
    assert abs(found.entropy_production_rate_by.rate_factor) < 1e-12


def test_a_batch_is_a_loop() -> None:
    gamma, factor, signal, base = np.array([[0.3], [1e-8]]), np.array([2.0, 25.0, 90.0]), [7.0, 60.0, 240.0], 1.0
    batch = ladder_sensitivities(tcl.Ladder(gamma, rate_factor=factor), signal, base)
    for i, j in np.ndindex(2, 3):
        one = ladder_sensitivities(tcl.Ladder(gamma[i, 0], rate_factor=factor[j]), signal[j], base)
        for quantity in ("entropy_production_rate", "area", "first_moment", "normalised_area"):
            assert_allclose(getattr(batch, quantity)[i, j], getattr(one, quantity), rtol=1e-12)
            for name in ("gamma", "rate_factor", "energy_step", "signal", "baseline", "active_dissociation"):
                values = getattr(getattr(batch, f"{quantity}_by"), name)
                assert values.shape == (2, 3)
                size = abs(getattr(one, quantity))
                expected = getattr(getattr(one, f"{quantity}_by"), name)
                assert_allclose(values[i, j], expected, rtol=1e-9, atol=1e-13 * size)


def test_no_step_has_no_normalised_area() -> None:
    found = ladder_sensitivities(tcl.Ladder(0.1), 20.0, 20.0)
    assert found.area == found.first_moment == 0.0
    assert np.isnan(found.normalised_area)
    assert_allclose(found.area_by.signal, tcl.Ladder(0.1).small_signal_kernel(20.0).area, rtol=1e-10)
    assert_allclose(found.area_by.baseline, -found.area_by.signal, rtol=1e-10)


def test_refusals() -> None:
    with pytest.raises(InvalidParameterError, match=r"^signal = -1"):
        ladder_sensitivities(tcl.Ladder(0.1), -1.0)
    with pytest.raises(InvalidParameterError, match=r"broadcastable"):
        ladder_sensitivities(tcl.Ladder([0.1, 0.2]), 1.0, [1.0, 2.0, 3.0])
    with pytest.raises(MemoryLimitError):
        ladder_sensitivities(tcl.Ladder(0.1, energy_step=1e-6, n_levels=1_000_000))
