import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series import cycle_square, ramp_shapes
from thermo_cl.kernels import PeriodicSignal, high_pass_kernel, periodic_response


def slow_square(times, values, tau):
    """Integral of z**2 by 40-digit quadrature of the solved equation on every ramp, in the periodic state."""
    with mpmath.workdps(40):
        t, v, tau = [mpmath.mpf(x) for x in times], [mpmath.mpf(x) for x in values], mpmath.mpf(tau)
        ramps = [(b - a, (q - p) / (b - a)) for a, b, p, q in zip(t[:-1], t[1:], v[:-1], v[1:], strict=True)]

        def at(start, slope, x):
            return (start - slope * tau) * mpmath.exp(-x / tau) + slope * tau

        def once(start):
            for length, slope in ramps:
                start = at(start, slope, length)
            return start

        from_rest = once(mpmath.mpf(0))
        start = from_rest / (1 - (once(mpmath.mpf(1)) - from_rest))
        total = mpmath.mpf(0)
        for length, slope in ramps:
            cuts = [0, *(c for c in (tau, 5 * tau, 20 * tau, 60 * tau) if c < length), length]
            total += mpmath.quad(lambda x, s=start, v=slope: at(s, v, x) ** 2, cuts)
            start = at(start, slope, length)
        return float(total)


@pytest.mark.parametrize("tau", [1e-3, 0.1, 0.7, 5.0, 300.0])
def test_dissipated_square_is_its_quadrature(tau):
    times, values = [0.0, 1.0, 1.7, 10.0], [-0.5, 0.5, 0.3, -0.5]
    assert_allclose(cycle_square(PeriodicSignal(times, values), tau), slow_square(times, values, tau), rtol=2e-13)


def test_dissipated_square_keeps_its_digits_far_from_the_period():
    signal = Sawtooth(1.0, 4.0).unit_signal()
    assert_allclose(cycle_square(signal, 1e9), 5.0 / 12.0, rtol=1e-7)  # the signal's own mean square
    assert_allclose(cycle_square(signal, 1e-9), 1e-18 * 1.25, rtol=1e-7)  # its slopes'


def test_dissipated_square_takes_batches():
    fast, tau = np.array([0.5, 1.0, 2.0]), np.array([[0.1], [1.0]])
    both = cycle_square(Sawtooth(fast, 9.0).unit_signal(), tau)
    assert both.shape == (2, 3)
    for i, time in enumerate(tau[:, 0]):
        for j, ramp in enumerate(fast):
            assert both[i, j] == cycle_square(Sawtooth(ramp, 9.0).unit_signal(), time)


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_shapes_are_the_high_passed_sawtooth_and_its_product(mean):
    protocol, tau = Sawtooth(1.0, 7.0, mean=mean), 0.3
    first, second = ramp_shapes(tau, protocol)
    t = np.linspace(0.0, 7.999, 97)
    high = periodic_response(high_pass_kernel(1.0, tau), protocol.unit_signal())(t)
    assert_allclose(first(t), high, atol=1e-13)
    assert_allclose(second(t), (mean + protocol.unit_signal()(t)) * high, atol=1e-13)
    assert abs(first.integral()) < 1e-13


@pytest.mark.parametrize("tau", [0.0, -1.0, np.nan, np.inf])
def test_times_that_are_none_are_refused(tau):
    with pytest.raises(InvalidParameterError):
        cycle_square(Sawtooth(1.0, 4.0).unit_signal(), tau)
    with pytest.raises(InvalidParameterError):
        ramp_shapes(tau, Sawtooth(1.0, 4.0))
