"""Output steps against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic import output_step, shares
from thermo_cl.learning.dyadic.output import checked_betas
from thermo_cl.learning.feedforward import SoftmaxCrossEntropy, SquaredError

RNG = np.random.default_rng(0)
A = 3 * RNG.normal(size=(8, 4))
Y = RNG.dirichlet(np.ones(4), 8)


def test_the_adjoint_form_exchanges_the_shares():
    assert shares(0.3, "plain") == shares(0.3, "damped") == (0.3, 0.7)
    assert shares(0.3, "adjoint") == (0.7, 0.3)


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("form", ["plain", "adjoint"])
def test_steps_solve_their_equations(loss, alpha, form):
    p, q = shares(alpha, form)
    plus, minus = output_step(loss, A, Y, alpha, 0.8, form, "linearised")
    assert_allclose(plus, A - p * 0.8 * loss.slope(A, Y), atol=1e-14)
    assert_allclose(minus, A + q * 0.8 * loss.slope(A, Y), atol=1e-14)
    plus, minus = output_step(loss, A, Y, alpha, 0.8, form, "proximal")
    assert_allclose(plus, A - p * 0.8 * loss.slope(plus, Y), atol=1e-12)
    assert_allclose(minus, A + q * 0.8 * loss.slope(minus, Y), atol=1e-12)
    if alpha in (0, 1):
        assert_array_equal((plus, minus)[p != 0], A)


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
def test_proximal_steps_minimise_and_maximise(loss):
    plus, minus = output_step(loss, A, Y, 0.3, 0.9, "plain", "proximal")

    def high(s):
        return 0.3 * loss.value(s, Y) + ((s - A) ** 2).sum(axis=1) / (2 * 0.9)

    def low(s):
        return 0.7 * loss.value(s, Y) - ((s - A) ** 2).sum(axis=1) / (2 * 0.9)

    for scale in (1e-3, 0.1, 2.0):
        move = scale * RNG.normal(size=A.shape)
        assert (high(plus + move) > high(plus)).all()
        assert (low(minus + move) < low(minus)).all()


def test_a_maximum_that_does_not_exist_is_refused():
    output_step(SquaredError(), A, Y, 0.0, 0.99, "plain", "proximal")
    with pytest.raises(InvalidParameterError, match=r"below 1 with output = 'proximal' .*1 - alpha"):
        output_step(SquaredError(), A, Y, 0.0, 1.0, "plain", "proximal")
    with pytest.raises(InvalidParameterError, match=r"below 2 "):
        output_step(SoftmaxCrossEntropy(), A, Y, 1.0, 2.0, "adjoint", "proximal")
    output_step(SoftmaxCrossEntropy(), A, Y, 0.0, 50.0, "adjoint", "proximal")


def test_nudges_are_one_or_one_for_each_layer():
    assert checked_betas(0.5, 3) == (0.5, 0.5, 0.5)
    assert checked_betas([0.1, 0.2], 2) == (0.1, 0.2)
    assert checked_betas(0.5) == (0.5,)
    for bad in ((), (0.1, 0.2, 0.3), ((0.1, 0.2),), (0.1, -0.2), (0.1, np.inf), "x", None):
        with pytest.raises(InvalidParameterError, match="beta"):
            checked_betas(bad, 2)
