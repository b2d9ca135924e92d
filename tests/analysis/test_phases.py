"""What the data sets of the estimator laboratory must show."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import phase_bias, phase_variance
from thermo_cl.errors import InvalidParameterError


@pytest.fixture(scope="module")
def variance() -> xr.Dataset:
    return phase_variance.compute([0, 200], probabilities=9)


@pytest.fixture(scope="module")
def bias() -> xr.Dataset:
    return phase_bias.compute(200, longest=300)


def test_traces_are_convex_and_above_their_minimum(variance: xr.Dataset) -> None:
    assert (variance.trace.diff("probability", n=2) > 0).all()
    assert (variance.trace > variance.least_trace).all()
    assert (variance.trace.sel(baseline="best") < variance.trace.sel(baseline="none")).all()
    assert (variance.trace > variance.two_term_trace).all()
    assert_allclose(variance.trace.sel(baseline="best", probability=0.5), 2 * variance.two_term_trace, rtol=1e-12)


def test_learning_lowers_the_cost_and_the_phases_are_alike(variance: xr.Dataset) -> None:
    assert (variance.negative_log_likelihood.diff("stage") < 0).all()
    assert (np.abs(variance.best_probability - 0.5) < 0.01).all()  # so that adapting b gains next to nothing here


def test_always_on_bias_tends_to_its_constant(bias: xr.Dataset) -> None:
    scaled = bias.always_on_bias * bias.tau
    assert_allclose(scaled.sel(length="fixed").isel(tau=-1), bias.bias_constant, rtol=1e-3)
    geometric = np.abs(scaled.sel(length="geometric").isel(tau=-1) / bias.bias_constant - 1)
    assert (geometric > 1e-3).all() and (geometric < 0.2).all()
    assert_allclose(*(bias[name].sel(length="geometric") for name in ("always_on_bias", "end_bias")), rtol=1e-6)


def test_persistence_has_less_bias_and_the_less_the_rarer_the_data(bias: xr.Dataset) -> None:
    assert (bias.persistent_bias.diff("probability") > 0).all()
    assert (bias.persistent_bias < bias.restarted_bias.isel(machine=0)).all()
    assert (np.abs(bias.long_run_trace / bias.single_trace - 1) < 0.05).all()


def test_moving_weights_follow_the_flow_for_fixed_lengths_only(bias: xr.Dataset) -> None:
    scaled = bias.moving_bias * bias.moving_length / bias.rate**2
    fixed = scaled.sel(length="fixed", moving_length=[8, 16, 32])
    assert_allclose(fixed, np.broadcast_to(bias.moving_constant, fixed.shape), rtol=0.05)
    geometric = np.abs(bias.moving_bias.sel(length="geometric"))
    assert (geometric.diff("moving_length") > 0).all()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: phase_variance.compute([]), "stages"),
        (lambda: phase_variance.compute([5, 1]), "stages"),
        (lambda: phase_variance.compute(probabilities=2), "probabilities"),
        (lambda: phase_bias.compute(-1), "stage"),
        (lambda: phase_bias.compute(longest=5), "longest"),
    ],
)
def test_bad_input_is_named(call, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call()
