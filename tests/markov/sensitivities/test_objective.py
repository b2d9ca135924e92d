"""Objectives: gradients against high-order differences, what optimisers find, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError, IrreversibleEdgeError
from thermo_cl.markov import LadderObjective, NetworkObjective, log_cost, log_offset

EVERY = ("log_gamma", "log_rate_factor", "energy_step", "reference_level", "log_signal")
WEIGHTS = np.array([-1, 9, -45, 45, -9, 1]) / 60  # sixth order


def differences(function: Any, x: np.ndarray, h: float = 2e-3) -> np.ndarray:
    columns = []
    for k in range(len(x)):
        moved = [np.asarray(function(x + m * h * np.eye(len(x))[k])) for m in (-3, -2, -1, 1, 2, 3)]
        columns.append(np.tensordot(WEIGHTS, np.array(moved), axes=1) / h)
    return np.moveaxis(np.array(columns), 0, -1)


@pytest.mark.parametrize("gamma", [0.2, 1e-5])
def test_gradients_of_ladders(gamma: float) -> None:
    objective = LadderObjective(tcl.Ladder(gamma, reference_level=1.4), free=EVERY, price=0.3)
    x = objective.start
    values, jacobian = objective.value_and_gradient(x)
    ladder = tcl.Ladder(gamma, reference_level=1.4)
    moments = ladder.step_moments()
    assert_allclose(values, [ladder.entropy_production_rate(), moments.area, moments.first_moment], rtol=1e-13)
    numeric = differences(lambda y: objective.value_and_gradient(y)[0], x)
    assert_allclose(jacobian, numeric, rtol=1e-8, atol=1e-10)
    assert_allclose(objective(x)[0], np.log(-values[1] / values[2]) + 0.3 * values[0], rtol=1e-13)
    assert_allclose(objective(x)[1], differences(lambda y: objective(y)[0], x), rtol=1e-8, atol=1e-10)


def test_gradients_of_networks() -> None:
    ladder = tcl.Ladder(0.05, n_levels=3)
    objective = NetworkObjective.from_ladder(ladder, 200.0, 3.0, joined=[(0, 5), (1, 5)], price=0.1)
    x = objective.log_rates(ladder.network(3.0), absent=0.02)
    assert len(x) == 14 + 4
    _, jacobian = objective.value_and_gradient(x)
    assert_allclose(jacobian, differences(lambda y: objective.value_and_gradient(y)[0], x), rtol=1e-8, atol=1e-10)
    for function in (objective, lambda y: log_cost(objective, y), lambda y: log_offset(objective, y)):
        assert_allclose(function(x)[1], differences(lambda y, f=function: f(y)[0], x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("reference", [1.0, 0.4])
@pytest.mark.parametrize("baseline", [0.0, 30.0])
def test_the_ladder_is_one_of_the_networks(reference: float, baseline: float) -> None:
    ladder = tcl.Ladder(1e-3, reference_level=reference)
    objective = NetworkObjective.from_ladder(ladder, 200.0, baseline)
    x = objective.log_rates(ladder.network(baseline))
    values, jacobian = objective.value_and_gradient(x)
    moments = ladder.step_moments(200.0, baseline)
    sigma = ladder.entropy_production_rate(baseline)
    assert_allclose(values, [sigma, moments.area, moments.first_moment], rtol=1e-11)
    assert_allclose(objective.networks(x)[1].rates, ladder.rate_matrix(200.0), rtol=1e-13)
    assert_allclose(jacobian.sum(axis=1), [sigma, 0.0, -moments.first_moment], rtol=1e-11, atol=1e-14)  # unit of time


def test_less_dear_dissipation_buys_accuracy() -> None:
    """The optimal drive grows, and with it sigma, and the offset falls, as the price of sigma falls."""
    best = []
    for price in (1.0, 0.1, 0.01):
        objective = LadderObjective(tcl.Ladder(0.1), free=("log_gamma",), price=price)
        result = minimize(objective, objective.start, jac=True, bounds=[(-30.0, -1.2)])
        assert result.success
        assert abs(result.jac[0]) < 1e-4
        sigma = objective.value_and_gradient(result.x)[0][0]
        best.append([result.x[0], sigma, log_offset(objective, result.x)[0]])
    log_gamma, sigma, offset = np.array(best).T
    assert (np.diff(log_gamma) < 0).all()
    assert (np.diff(sigma) > 0).all()
    assert (np.diff(offset) < 0).all()


def test_free_rates_do_no_worse_than_the_ladder() -> None:
    ladder = tcl.Ladder(0.05, n_levels=3)
    objective = NetworkObjective.from_ladder(ladder)
    x = objective.log_rates(ladder.network())
    offset = log_offset(objective, x)[0]
    accurate = {
        "type": "ineq",
        "fun": lambda y: offset - log_offset(objective, y)[0],
        "jac": lambda y: -log_offset(objective, y)[1],
    }
    result = minimize(
        lambda y: log_cost(objective, y), x, jac=True, method="SLSQP", constraints=[accurate],
        bounds=[(v - 2.0, v + 2.0) for v in x], options={"maxiter": 60},
    )  # fmt: skip
    assert log_offset(objective, result.x)[0] <= offset + 1e-6
    assert result.fun < log_cost(objective, x)[0] - 0.05


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ladder", {"ladder": tcl.Ladder([0.1, 0.2])}),
        ("free", {"free": ("gamma",)}),
        ("free", {"free": ()}),
        ("free", {"free": ("log_gamma", "log_gamma")}),
        ("signal", {"signal": 0.0, "free": ("log_signal",)}),
        ("baseline", {"baseline": -1.0}),
        ("price", {"price": np.nan}),
    ],
)
def test_bad_ladder_objectives(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        LadderObjective(**{"ladder": tcl.Ladder(0.1), **arguments})


def test_bad_points() -> None:
    objective = LadderObjective(tcl.Ladder(0.1), free=("log_gamma",))
    with pytest.raises(InvalidParameterError, match=r"^x.shape = \(2,\)"):
        objective([0.0, 0.0])
    with pytest.raises(InvalidParameterError, match=r"^gamma = "):
        objective([1e4])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("source", {"source": [0, 1, 5]}),
        ("source", {"source": [0.0, 1.0]}),
        ("target", {"target": [1, 7]}),
        ("source, target", {"source": [0, 0], "target": [1, 1]}),
        ("source, target", {"source": [0, 1], "target": [0, 1]}),
        ("gain", {"gain": [0.0, np.inf]}),
        ("observable.shape", {"observable": [1.0]}),
        ("price", {"price": -1.0}),
    ],
)
def test_bad_network_objectives(name: str, arguments: dict[str, Any]) -> None:
    good = {"source": [0, 1], "target": [1, 0], "gain": [0.5, 0.0], "observable": [1.0, 0.0]}
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        NetworkObjective(**{**good, **arguments})


def test_more_bad_networks() -> None:
    with pytest.raises(IrreversibleEdgeError):
        NetworkObjective(np.array([0]), np.array([1]), np.array([0.0]), np.array([1.0, 0.0]))
    objective = NetworkObjective.from_ladder(tcl.Ladder(0.1, n_levels=2), joined=[(0, 3)])
    with pytest.raises(InvalidParameterError, match=r"^network = 'no jump"):
        objective.log_rates(tcl.Ladder(0.1, n_levels=2).network())
    with pytest.raises(InvalidParameterError, match=r"^x.shape"):
        objective.networks([0.0])
