"""The cost law's data: independent recomputation of its rows, and what it claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import cost_law
from thermo_cl import Ladder, markov
from thermo_cl.errors import InvalidParameterError


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return cost_law.compute(6000, [25, 200, 400, 800, 1600], optima=6, accuracies=[2.0, 3.0], changes=[2.0])


def test_scaled_numbers_are_those_of_networks(data: xr.Dataset) -> None:
    """Against a dense generator and its pseudo-inverse."""
    factor, step = cost_law.CASES[0]
    x = float(data["x"][9])
    network = Ladder(np.exp(-x / 25 - step / 2), factor, 25, 11.5, step, 1.0, 1e300)
    w, before = network.rate_matrix(np.expm1(step)), network.steady_state()
    after = network.steady_state(np.expm1(step))
    top = np.repeat([1.0, 0.0], 25)
    solved, *_ = np.linalg.lstsq(np.vstack([w, np.ones(50)]), np.append(before - after, 0.0))
    found = data["scaled"].isel(case=0, levels=0, x=9).values
    assert_allclose(found[1], -25 * top @ (after - before), rtol=1e-9)
    assert_allclose(found[2], top @ solved / 25, rtol=1e-9)
    sigma = float(markov.entropy_production_rate(network.network()))
    assert_allclose(found[0], 25 * sigma / (2 * (x / 25 + step / 2)), rtol=1e-9)
    assert_allclose(found[3], found[0] * found[2] * 4, rtol=1e-12)


def test_finite_size_corrections_have_their_orders(data: xr.Dataset) -> None:
    order = data["scaling_order"]
    assert_allclose(order.sel(quantity=["entropy production rate", "first moment"]), 1.0, atol=0.15)
    assert_allclose(order.sel(quantity="area"), 2.0, atol=0.2)
    assert (data["law_order"] > 1.7).all()
    assert (data["law_deviation"] < data["scaling_deviation"]).sel(quantity="entropy production rate").all()


def test_sample_is_solved_again(data: xr.Dataset) -> None:
    for k in (0, 500, 1200):
        one = data.isel(sample=k)
        n, step, d, off = (float(one[f"sample_{s}"]) for s in ("levels", "energy_step", "shift", "off_centre"))
        gamma = np.exp(-float(one["sample_margin"]) - step / 2)
        ladder = Ladder(gamma, one["sample_rate_factor"], int(n), (n - 1 - d) / 2 + off, step, 1.0, 1e300)
        moments = ladder.step_moments(np.expm1(d * step))
        cost = ladder.entropy_production_rate() * abs(moments.first_moment) / (d * step)
        assert_allclose(one["sample_cost"], cost, rtol=1e-9)
        assert_allclose(one["sample_accuracy"], np.log(np.tanh(d * step / 4) / 2 / abs(moments.area)), rtol=1e-9)
        assert_allclose(one["sample_leading"], markov.cost_law(one["sample_accuracy"], n, step, d + 2 * abs(off)))
        assert float(one["sample_room"]) == pytest.approx(n - d - 2 * abs(off))


def test_classes_hold_all_that_adapt(data: xr.Dataset) -> None:
    assert 3000 < int(data["adapting"].sum()) < 6000
    assert (data["adapting"] > 0).all()
    ratio = data["ratio"].sel(law="leading")
    assert (ratio.diff("quantile") >= 0).all()


def test_designs_collapse_where_they_should(data: xr.Dataset) -> None:
    """Far from the critical drive, below the end of the law, with rungs no slower than the rails."""
    fast = data["spread"].sel(regime="x > 10", centring="centred").isel(factor_class=-1)
    assert (fast.sel(law="sharp") < 0.01).all()
    assert (fast.sel(law="leading") < 0.03).all()
    assert (fast.sel(law="line") > 0.1).all()
    slow = data["spread"].sel(regime="saturated", law="leading").isel(factor_class=0)
    assert (slow > 0.4).all()  # and breaks for slow rungs near the end
    near = data["spread"].sel(centring="centred", law="sharp", regime=["x < 3", "3 < x < 10"])
    assert (near < 0.1).all()


def test_reversal_falls_as_the_cube_of_the_levels(data: xr.Dataset) -> None:
    assert_allclose(data["reversal_exponent"], 3.0, atol=0.2)
    fast = data["reversal_margin"] / data["reversal_law"]
    assert_allclose(fast.isel(levels=-1)[:3], 1.0, atol=0.02)


def test_cheapest_ladders_meet_their_constraints_and_a_quarter_is_no_bound(data: xr.Dataset) -> None:
    cost = data["cheapest_cost"]
    assert (data["cheapest_accuracy"] > data["wanted"] - 1e-4).all()
    assert (data["cheapest_gain"] > 0.25 * (1 - 1e-4)).all()
    assert float(cost.isel(wanted=0, change=0)) < 0.25
    assert float(cost.isel(wanted=1, change=0)) > float(cost.isel(wanted=0, change=0))
    generator = np.random.default_rng(1)  # none of many random ladders is cheaper
    gamma, factor = np.exp(generator.uniform(-8, -0.1, 200_000)), 10 ** generator.uniform(-2, 3, 200_000)
    step, reference = generator.uniform(0.2, 8, 200_000), generator.uniform(0, 5, 200_000)
    ladder = Ladder(gamma, factor, 6, reference, step, 1.0, 1e300)
    moments, sigma = ladder.step_moments(np.expm1(2.0)), ladder.entropy_production_rate()
    for k, wanted in enumerate(data["wanted"].values):
        allowed = (moments.first_moment > 0.5) & (moments.first_moment > np.exp(wanted) * np.abs(moments.area))
        assert allowed.any()
        assert (sigma * moments.first_moment / 2.0)[allowed].min() > float(cost[0, k]) * (1 - 1e-4)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"designs": 0}, "designs"), ({"levels": [25, 50]}, "levels"), ({"levels": [10, 50, 60]}, "levels"),
        ({"levels": [50, 25, 60]}, "levels"), ({"optima": 2}, "optima"), ({"gain": 0.0}, "gain"),
        ({"changes": [-1.0]}, "changes"), ({"accuracies": [np.nan]}, "accuracies"),
    ],
)  # fmt: skip
def test_bad_input_is_named(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        cost_law.compute(**arguments)
