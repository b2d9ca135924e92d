"""Thresholded integrals of two shapes for many weights, against a dense search and quadrature."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.oracles.thresholded_slow import thresholded
from thermo_cl import Sawtooth, chemotaxis_kernel, weight_update
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.cells import cells_of
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.shape import Shape, ramp_shape
from thermo_cl.feedback.learning.threshold import integral_over_cells, threshold_integral
from thermo_cl.kernels import high_pass_kernel, integral_feedback_kernel

PROTOCOL = Sawtooth(fast=1.0, slow=9.0, mean=0.5)
KERNELS = {
    "chemotaxis": chemotaxis_kernel(area=0.05, decay_rate=5.0),
    "overdamped": integral_feedback_kernel(20.0, 30.0),
    "near critical": integral_feedback_kernel(10.0, 25.0001),
    "ringing": integral_feedback_kernel(1.0, 40.0),
    "high pass": high_pass_kernel(1.5, 0.1),
}


def pair_of(kernel, protocol=PROTOCOL):
    return driven_shape(kernel, protocol, 1), driven_shape(kernel, protocol, 2)


@pytest.mark.parametrize("name", KERNELS)
def test_cells_hold_the_shapes_to_rounding(name):
    shapes = pair_of(KERNELS[name])
    cells = cells_of(*shapes)
    y = np.linspace(-0.999, 0.999, 7)
    times = cells.middles[:, None] + cells.halves[:, None] * y
    for which, shape in enumerate(shapes):
        local = cells.coefficients[:, which] @ y ** np.arange(cells.coefficients.shape[-1])[:, None]
        assert_allclose(local, shape(times), atol=2e-15 * np.abs(shape(times)).max())
        assert cells.integrals[:, which].sum() == pytest.approx(shape.integral(), abs=1e-13)
        chord = 0.5 * ((1 - y) * cells.ends[:, which, :1] + (1 + y) * cells.ends[:, which, 1:])
        assert (np.abs(local - chord) <= cells.bends[:, which, None] + 1e-15).all()
    assert cells.halves.sum() == pytest.approx(0.5 * 10.0, rel=1e-15)


@pytest.mark.parametrize("name", KERNELS)
def test_integrals_equal_a_dense_search(name):
    first, second = pair_of(KERNELS[name])
    rng = np.random.default_rng(3)
    scale = abs(float(KERNELS[name].first_moment))
    for _ in range(1 if name == "near critical" else 8):  # its twenty terms are slow to evaluate
        w1, w2, bias = rng.normal(size=3) * [1.0, 1.0, 0.1 * scale]
        threshold = scale * rng.uniform(0.02, 0.8)
        exact = threshold_integral(first, second, w1, w2, threshold, bias=bias)
        slow = thresholded(lambda t: w1 * first(t) + w2 * second(t) + bias, [0.0, 1.0, 10.0], threshold)  # noqa: B023
        assert exact == pytest.approx(slow, abs=2e-12 * scale)


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_one_weight_gives_the_synapse_of_a_linear_signal(mean):
    kernel, amplitudes = KERNELS["overdamped"], np.linspace(0.0, 4.0, 50)
    protocol = Sawtooth(fast=1.0, slow=9.0, mean=mean)
    expected = weight_update(kernel, protocol, amplitudes, threshold=0.02)
    assert expected.any()
    assert_allclose(threshold_integral(*pair_of(kernel, protocol), amplitudes, 0.0, 0.02), expected, atol=1e-15)


def test_an_extremum_that_only_just_passes_the_threshold():
    """A parabola -(x - 1)^2 over a cycle: a cap of height h past the threshold has area (4/3) h^1.5 + ..."""
    shape = Shape([0.0], [3.0], [0.0], [[[-1.0, 2.0, -1.0]]])  # -(x - 1)^2, largest size 4 at x = 3
    nothing = shape.scaled(0.0)
    for height in (1e-2, 1e-6, 1e-10):
        got = threshold_integral(shape, nothing, -1.0, 0.0, 1.0, bias=-1.0 + height)
        # u = (x - 1)^2 - 1 + h: below -1 never (h > 0), above +1 where (x - 1)^2 >= 2 - h
        start = np.sqrt(2.0 - height)
        assert got == pytest.approx((8.0 - start**3) / 3.0 - (1.0 - height) * (2.0 - start), rel=1e-14)
        dip = threshold_integral(shape, nothing, 1.0, 0.0, 1.0 - height, bias=1.0)
        # u = 1 - (x - 1)^2: above 1 - h in a cap of half-width sqrt(h), below -(1 - h) where (x - 1)^2 >= 2 - h
        cap = 2.0 * (np.sqrt(height) - height**1.5 / 3.0)
        tail = (2.0 - start) - (8.0 - start**3) / 3.0
        assert dip == pytest.approx(cap + tail, rel=1e-9 if height == 1e-10 else 1e-12)


def test_a_plateau_on_the_threshold_counts_whole():
    ramp = ramp_shape(Sawtooth(fast=1.0, slow=3.0, mean=0.0))
    flat = ramp.derivative()  # 1 on the rise, -1/3 on the fall
    assert threshold_integral(flat, ramp, 3.0, 0.0, 1.0) == pytest.approx(0.0, abs=1e-15)
    assert threshold_integral(flat, ramp, 3.0, 0.0, np.nextafter(1.0, 2.0)) == pytest.approx(3.0, rel=1e-15)
    assert threshold_integral(flat, ramp, 0.0, 0.0, 0.0) == 0.0


def test_without_a_threshold_it_is_the_integral():
    first, second = pair_of(KERNELS["chemotaxis"])
    expected = 2.0 * first.integral() - 0.3 * second.integral() + 0.01 * 10.0
    assert threshold_integral(first, second, 2.0, -0.3, 0.0, bias=0.01) == pytest.approx(expected, abs=1e-14)


def test_shapes_broadcast_and_threads_do_not_matter():
    cells = cells_of(*pair_of(KERNELS["ringing"]))
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(3, 200)), rng.normal(size=200)
    results, allowed = [], numba.get_num_threads()
    try:
        for threads in (1, allowed):
            numba.set_num_threads(threads)
            results.append(integral_over_cells(cells, w1, w2, 0.004))
    finally:
        numba.set_num_threads(allowed)
    assert results[0].shape == (3, 200)
    assert_array_equal(results[0], results[1])
    assert_array_equal(results[0][1, 7], integral_over_cells(cells, w1[1, 7], w2[7], 0.004))
    assert_array_equal(-results[0], integral_over_cells(cells, -w1, -w2, 0.004))


def test_refusals():
    first, second = pair_of(KERNELS["overdamped"])
    other = driven_shape(KERNELS["overdamped"], Sawtooth(fast=2.0, slow=9.0))
    for call, name in (
        (lambda: threshold_integral(first, other, 1.0, 1.0, 0.1), "second.starts"),
        (lambda: threshold_integral(first, second, 1.0, 1.0, -0.1), "threshold"),
        (lambda: threshold_integral(first, second, np.nan, 1.0, 0.1), "weights_first"),
        (lambda: threshold_integral(first, second, np.ones(3), np.ones(4), 0.1), "shapes"),
        (lambda: cells_of(*[Shape([0.0], [1e7], [1j], np.ones((1, 1, 1)))] * 2), "cells"),
    ):
        with pytest.raises(InvalidParameterError, match=name):
            call()
