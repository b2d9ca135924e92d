"""Kernels, moments and transfer functions of linear controllers against matrix functions in many digits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles.linear_controller import agrees
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import LinearController, integral_feedback
from thermo_cl.kernels import integral_feedback_kernel


def random_controller(order: int, seed: int, spread: float = 0.0) -> LinearController:
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-spread, spread, order)
    a = rng.normal(size=(order, order))
    a -= np.diag(np.diag(a) + np.abs(a).sum(axis=1) + 0.1)  # stable however its rows are scaled
    b, c, d = rng.normal(size=order), rng.normal(size=order), rng.normal()
    return LinearController(scale[:, None] * a, scale * b, c, d)


@pytest.mark.parametrize("order", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_controllers(order: int, seed: int) -> None:
    agrees(random_controller(order, seed))


@pytest.mark.parametrize("seed", range(4))
def test_stiff_controllers_keep_their_slow_modes(seed: int) -> None:
    agrees(random_controller(4, seed, spread=2.0))


@pytest.mark.parametrize(("damping", "gain"), [(3.0, 1.0), (2.0, 1.0), (2.0, 1.0 + 1e-9), (2.0, 1.0002), (50.0, 1e-3)])
def test_integral_feedback_is_that_of_the_kernels(damping: float, gain: float) -> None:
    controller, family = integral_feedback(damping, gain), integral_feedback_kernel(damping, gain)
    t = np.concatenate([[0.0], np.geomspace(1e-3 / damping, 20 * float(controller.timescale), 60)])
    assert_allclose(controller.kernel()(t), family(t), atol=1e-12)
    assert (controller.area, controller.first_moment) == (0.0, -1.0 / gain)
    agrees(controller)


# ------------------------------------------------------------------ transfer functions


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        ([1.0, 0.0], [1.0, 3.0, 2.0]),
        ([0.0, 2.0, 1.0, 0.0], [3.0, 0.7, 0.3]),
        ([1.0], [0.1, 1.0]),
        ([2.0, 0.0], [0.3, 1.0]),
        ([1.0, 0.5, 0.2, 0.1], [1.0, 3.0, 5.0, 1.1]),
        ([7.0], [2.0]),
    ],
)
def test_transfer_functions(numerator: list, denominator: list) -> None:
    controller = LinearController.from_transfer_function(numerator, denominator)
    omega = np.array([0.0, 0.3, 1.0, 40.0])
    expected = np.polyval(numerator, 1j * omega) / np.polyval(denominator, 1j * omega)
    assert_allclose(controller.transfer(1j * omega), expected, rtol=1e-13, atol=1e-15)
    assert_allclose(controller.kernel().frequency_response(omega), expected, rtol=1e-12, atol=1e-14)
    # the matrices say the same as the polynomials
    again = LinearController(
        controller.state_matrix, controller.input_vector, controller.output_vector, controller.feedthrough
    )
    assert_allclose(again.transfer(1j * omega), expected, rtol=1e-13, atol=1e-15)
    assert bool(again.area == 0.0) == (numerator[-1] == 0.0)
    # and so does a solve for every frequency
    moved = 1j * omega[:, None, None] * np.eye(controller.order) - controller.state_matrix
    states = np.linalg.solve(moved, np.broadcast_to(controller.input_vector[:, None], (4, controller.order, 1)))[..., 0]
    assert_allclose(states @ controller.output_vector + controller.feedthrough, expected, rtol=1e-12, atol=1e-14)


def test_timescale_and_poles() -> None:
    controller = LinearController.from_transfer_function([1.0], np.poly([-2.0, -0.5 + 3j, -0.5 - 3j]).real)
    assert_allclose(np.sort_complex(controller.poles), [-2.0, -0.5 - 3j, -0.5 + 3j], rtol=1e-12)
    assert_allclose(controller.timescale, 2.0, rtol=1e-13)
    # the chemotaxis kernel b**3 exp(-bt) (t - b t**2/2) is b**3 p/(p + b)**3
    b = 20.0
    chemotaxis = LinearController.from_transfer_function([b**3, 0.0], np.poly([-b] * 3))
    assert chemotaxis.timescale == 1.0 / b
    t = np.linspace(0.0, 1.0, 41)
    assert_allclose(chemotaxis.kernel()(t), tcl.chemotaxis_kernel()(t), atol=1e-12 * b)
    assert (chemotaxis.area, chemotaxis.first_moment) == (0.0, -1.0)


def test_moments_are_rounded_once() -> None:
    a, b, c = np.array([[-0.1, 0.3], [-0.7, -0.2]]), np.array([0.1, 0.7]), np.array([1.1, 0.9])
    (p, q), (r, s) = ([Fraction(x) for x in row] for row in a)
    determinant = p * s - q * r
    solution = [(s * Fraction(b[0]) - q * Fraction(b[1])) / determinant, (p * Fraction(b[1]) - r * Fraction(b[0]))
                / determinant]  # fmt: skip
    exact = -sum(Fraction(x) * y for x, y in zip(c, solution, strict=True))
    assert float(LinearController(a, b, c).area) == float(exact)


# ------------------------------------------------------------------ hidden modes


def test_modes_that_cancel_are_dropped() -> None:
    # the second state is not driven and the third is not seen; both would be slower than the first
    a = np.diag([-1.0, -0.1, -0.01])
    controller = LinearController(a, [1.0, 0.0, 1.0], [2.0, 1.0, 0.0])
    assert controller.poles.tolist() == [-1.0]
    assert (controller.timescale, controller.order) == (1.0, 3)
    assert_allclose(controller.kernel()([0.0, 1.0]), [2.0, 2.0 * np.exp(-1.0)], rtol=1e-15)
    twice = LinearController.from_transfer_function(np.poly([-3.0]), np.poly([-3.0, -1.0]))
    assert twice.poles.tolist() == [-1.0]


def test_conserved_quantities_are_let_be_and_growing_ones_not() -> None:
    # x1 + x2 is conserved: exchange between two states, the first of which the signal moves to the second
    exchange = LinearController([[-1.0, 2.0], [1.0, -2.0]], [1.0, -1.0], [1.0, 0.0])
    assert exchange.poles.tolist() == [-3.0]
    assert_allclose(exchange.area, 1.0 / 3.0, rtol=1e-15)
    with pytest.raises(InvalidParameterError, match=r"exp\(0.5 t\)"):
        LinearController(np.diag([-1.0, 0.5]), [1.0, 0.0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("matrix", "mode"),
    [
        ([[0.3]], r"exp\(0.3 t\)"),
        ([[0.0]], r"exp\(0 t\)"),
        ([[0.1, -2.0], [2.0, 0.1]], r"exp\(0.1 t\), turning at 2 rad"),
        ([[0.0, -1.0], [1.0, 0.0]], r"exp\(0 t\), turning at 1 rad"),
        ([[-1.0, 0.0], [1.0, 0.0]], r"exp\(0 t\)"),
    ],
)
def test_unstable_modes_are_named(matrix: list, mode: str) -> None:
    n = len(matrix)
    with pytest.raises(InvalidParameterError, match=mode):
        LinearController(matrix, np.ones(n), np.ones(n))


def test_the_unstable_member_of_a_batch_is_named() -> None:
    with pytest.raises(InvalidParameterError, match="member 1 of the batch"):
        LinearController([[[-1.0]], [[2.0]]], [1.0], [1.0])


def test_batches_are_loops() -> None:
    damping, gain = np.array([[3.0], [2.0]]), np.array([1.0, 1.0 + 1e-9, 5.0])
    batch, t = integral_feedback(damping, gain, leak=0.1), np.array([0.0, 0.4, 3.0])
    assert batch.batch_shape == (2, 3)
    kernel = batch.kernel()
    for i in range(2):
        for j in range(3):
            one = integral_feedback(damping[i, 0], gain[j], leak=0.1)
            assert_allclose(kernel(t)[i, j], one.kernel()(t), rtol=1e-13, atol=1e-15)
            assert (batch.area[i, j], batch.first_moment[i, j]) == (one.area, one.first_moment)
            assert batch.timescale[i, j] == one.timescale
            assert_allclose(batch.transfer([0.3, 1j])[i, j], one.transfer([0.3, 1j]), rtol=1e-15)
    update = tcl.weight_update(kernel, tcl.Sawtooth(3.0, 15.0, mean=0.2), 2.0, threshold=0.1)
    one = tcl.weight_update(
        integral_feedback(2.0, 5.0, 0.1).kernel(), tcl.Sawtooth(3.0, 15.0, mean=0.2), 2.0, threshold=0.1
    )
    assert_allclose(update[1, 2], one, rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: LinearController([1.0], [1.0], [1.0]), "state_matrix.shape"),
        (lambda: LinearController([[1.0, 2.0]], [1.0], [1.0]), "state_matrix.shape"),
        (lambda: LinearController(-np.eye(21), np.ones(21), np.ones(21)), "at most 20"),
        (lambda: LinearController([[-1.0]], [1.0, 2.0], [1.0]), "input_vector.shape"),
        (lambda: LinearController([[-1.0]], [1.0], 1.0), "output_vector.shape"),
        (lambda: LinearController([[np.nan]], [1.0], [1.0]), "state_matrix"),
        (lambda: LinearController([[-1.0]], [1.0], [1.0], functions=[]), "functions"),
        (lambda: LinearController.from_transfer_function([1.0, 0.0, 0.0], [1.0, 1.0]), "numerator"),
        (lambda: LinearController.from_transfer_function([1.0], [0.0]), "denominator"),
        (lambda: LinearController.from_transfer_function([[1.0]], [1.0]), "numerator.shape"),
        (lambda: LinearController.from_transfer_function([1.0], [1.0, -2.0]), r"exp\(2 t\)"),
        (lambda: integral_feedback(1.0, 1.0).moment(-1), "n"),
    ],
)
def test_bad_input_is_refused(call: object, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        call()


def test_representation() -> None:
    assert repr(integral_feedback(1.0, [1.0, 2.0])) == "LinearController(order 2, batch (2,))"
