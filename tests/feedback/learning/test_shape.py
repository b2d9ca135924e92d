"""Shapes: values, derivatives, primitives and products of polynomials times exponentials."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.oracles.thresholded_slow import driven_mp
from thermo_cl import Kernel, PeriodicSignal, Sawtooth, chemotaxis_kernel, periodic_response
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.shape import Shape, ramp_shape
from thermo_cl.kernels import high_pass_kernel, integral_feedback_kernel, sine_kernel

PROTOCOL = Sawtooth(fast=1.3, slow=7.9, mean=0.4)
TIMES = np.array([0.0, 0.02, 0.7, 1.29, 1.31, 2.5, 9.1])
KERNELS = {
    "chemotaxis": chemotaxis_kernel(area=0.07, decay_rate=4.0),
    "overdamped": integral_feedback_kernel(6.0, 3.0),
    "critical": integral_feedback_kernel(2.0, 1.0),
    "ringing": integral_feedback_kernel(2.0, 20.0),
    "high pass": high_pass_kernel(2.0, 0.6),
    "leaky high pass": Kernel([-1.0], [-0.9], feedthrough=1.4),
}


def terms_of(kernel):
    return [(c, int(n), r) for c, n, r in zip(kernel.coefficients, kernel.powers, kernel.rates, strict=True) if c != 0]


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("name", KERNELS)
def test_a_driven_shape_is_the_convolution(name, power):
    kernel, shape = KERNELS[name], driven_shape(KERNELS[name], PROTOCOL, power)
    expected = [driven_mp(terms_of(kernel), float(kernel.feedthrough), (1.3, 7.9, 0.4), power, t) for t in TIMES[1::3]]
    assert_allclose(shape(TIMES[1::3]), expected, atol=1e-13)


@pytest.mark.parametrize("name", KERNELS)
def test_power_one_is_the_response_to_a_piecewise_linear_signal(name):
    signal = PeriodicSignal([0.0, 1.3, 9.2], [-0.1, 0.9, -0.1])
    assert_allclose(
        driven_shape(KERNELS[name], PROTOCOL)(TIMES), periodic_response(KERNELS[name], signal)(TIMES), atol=1e-14
    )


def test_a_kernel_with_an_integral_passes_the_mean_of_the_signal():
    kernel = KERNELS["chemotaxis"]
    for power in (1, 2, 3):
        signal = ramp_shape(PROTOCOL, power)
        assert driven_shape(kernel, PROTOCOL, power).integral() == pytest.approx(0.07 * signal.integral(), abs=1e-13)


def test_derivative_and_primitive_undo_each_other():
    shape = driven_shape(KERNELS["ringing"], PROTOCOL, 2).times(ramp_shape(PROTOCOL))
    assert_allclose(shape.primitive().derivative()(TIMES), shape(TIMES), atol=1e-13)
    step = 1e-5
    inside = TIMES[[1, 2, 5, 6]]
    slope = (shape(inside + step) - shape(inside - step)) / (2 * step)
    assert_allclose(shape.derivative()(inside), slope, atol=1e-8)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for t in (0.7, 1.3):
        whole = 0.5 * t * weights @ shape(0.5 * t * (1 + nodes))
        assert shape.primitive()(t) == pytest.approx(whole, abs=1e-13)
    assert shape.primitive()(shape.period * (1 - 1e-13)) == pytest.approx(shape.integral(), abs=1e-11)


def test_products_with_the_ramp():
    shape, ramp = driven_shape(KERNELS["high pass"], PROTOCOL), ramp_shape(PROTOCOL)
    expected = PROTOCOL.unit_signal()(TIMES) + 0.4
    assert_allclose(ramp(TIMES), expected, atol=1e-15)
    assert_allclose(ramp_shape(PROTOCOL, 3)(TIMES), expected**3, atol=1e-14)
    assert_allclose(ramp_shape(PROTOCOL, 0)(TIMES), 1.0)
    assert_allclose(shape.times(ramp)(TIMES), shape(TIMES) * expected, atol=1e-14)
    assert_allclose(shape.scaled(-2.0)(TIMES), -2.0 * shape(TIMES))


def test_refusals():
    kernel = KERNELS["overdamped"]
    shape, ramp = driven_shape(kernel, PROTOCOL), ramp_shape(PROTOCOL)
    for call, name in (
        (lambda: driven_shape(sine_kernel(), PROTOCOL), "window"),
        (lambda: driven_shape(chemotaxis_kernel(decay_rate=[1.0, 2.0]), PROTOCOL), "kernel"),
        (lambda: driven_shape(kernel, Sawtooth(fast=[1.0, 2.0], slow=3.0)), "protocol"),
        (lambda: driven_shape(kernel, PROTOCOL, 0), "power"),
        (lambda: driven_shape(high_pass_kernel(1.0, 1e9), PROTOCOL, 2), "rate"),
        (lambda: ramp.times(shape), "polynomial.rates"),
        (lambda: shape.times(ramp_shape(Sawtooth(fast=1.0, slow=2.0))), "polynomial.starts"),
        (lambda: Shape([0.0, 1.0], [1.0, -1.0], [0.0], np.ones((2, 1, 1))), "lengths"),
        (lambda: Shape([0.0, 2.0], [1.0, 1.0], [0.0], np.ones((2, 1, 1))), "starts"),
        (lambda: Shape([0.0], [1.0], [0.0, 1.0], np.ones((1, 1, 1))), "coefficients"),
        (lambda: Shape([0.0], [1.0], [0.0], np.full((1, 1, 1), np.nan)), "coefficients"),
        (lambda: Shape([0.0], [1.0, 1.0], [0.0], np.ones((1, 1, 1))), "lengths"),
    ):
        with pytest.raises(InvalidParameterError, match=name):
            call()
