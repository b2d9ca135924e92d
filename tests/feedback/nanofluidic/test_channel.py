import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError, StiffnessError
from thermo_cl.feedback.nanofluidic import ConicalChannel, RectifyingPair
from thermo_cl.kernels import periodic_response

SAWTOOTH = Sawtooth(1.0, 4.0)
TIMES = np.linspace(0.0, 4.9, 60)


def test_small_signals_follow_the_linear_kernel_with_second_order():
    pair = RectifyingPair(ConicalChannel(memory=0.3))
    linear = periodic_response(pair.kernel, SAWTOOTH.unit_signal())(TIMES)
    misses = []
    for amplitude in (0.4, 0.2, 0.1, 0.05):
        seen = pair.response(SAWTOOTH.signal(amplitude), TIMES)
        misses.append(np.abs(seen.voltages - amplitude * linear).max())
    orders = np.log2(np.divide(misses[:-1], misses[1:]))
    assert_allclose(orders, 2.0, atol=0.1)


def test_without_rectification_the_pair_is_linear():
    pair = RectifyingPair(ConicalChannel(rectification=0.0))
    seen = pair.response(SAWTOOTH.signal(3.0), TIMES)
    assert_allclose(seen.voltages, periodic_response(pair.kernel, SAWTOOTH.signal(3.0))(TIMES), atol=1e-9)
    assert_allclose(seen.conductances, 1e-9, rtol=1e-12)


def test_response_is_the_integrated_equation():
    channel = ConicalChannel(rectification=0.8, voltage=0.1, memory=0.05)
    pair, signal = RectifyingPair(channel, capacitance=2e-10), SAWTOOTH.signal(2.0)

    def rate(t, y):
        felt = signal(t) - y[0]
        target = 1e-9 * (1.0 + 0.8 * np.tanh(felt / 0.1))
        return [y[1] * felt / 2e-10, (target - y[1]) / 0.05]

    start = [float(signal(0.0)), 1e-9]
    slow = solve_ivp(rate, (0.0, 15.0), start, method="LSODA", rtol=1e-10, atol=1e-20, max_step=0.01, dense_output=True)
    seen = pair.response(signal, TIMES, cycles=3)
    assert_allclose(seen.capacitor, slow.sol(TIMES + 10.0)[0], atol=1e-6)
    assert_allclose(seen.conductances, slow.sol(TIMES + 10.0)[1], rtol=1e-5)
    assert_allclose(seen.capacitor + seen.voltages, signal(TIMES), atol=1e-14)
    assert seen.conductances.max() > 1.2e-9


def test_a_periodic_drive_leaves_charge_on_the_capacitor():
    # over a period the current's mean vanishes, so that a channel that rectifies must feel a mean voltage
    pair = RectifyingPair(ConicalChannel(memory=0.3))
    t = (np.arange(4000) + 0.5) * 5.0 / 4000
    biases = []
    for amplitude in (0.4, 0.2):
        seen = pair.response(SAWTOOTH.signal(amplitude), t)
        assert abs(np.mean(seen.conductances * seen.voltages)) < 1e-7 * 1e-9
        biases.append(np.mean(seen.voltages))
    assert biases[1] < -1e-6
    assert_allclose(biases[0] / biases[1], 4.0, rtol=0.1)  # of second order in the amplitude


def test_steady_conductance_is_a_sigmoid():
    channel = ConicalChannel(conductance=2e-9, rectification=0.5, voltage=0.1)
    assert_allclose(channel.steady([-9.0, 0.0, 9.0]), [1e-9, 2e-9, 3e-9])


def test_relaxations_too_fast_to_follow_are_named():
    with pytest.raises(StiffnessError, match="memory time of the channel, 1e-07 s"):
        RectifyingPair(ConicalChannel(memory=1e-7)).response(SAWTOOTH.signal(0.1), TIMES)
    with pytest.raises(StiffnessError, match="RC time"):
        RectifyingPair(capacitance=1e-16).response(SAWTOOTH.signal(0.1), TIMES)


@pytest.mark.parametrize(
    "arguments",
    [{"conductance": -1.0}, {"rectification": 1.0}, {"rectification": -0.1}, {"voltage": 0.0}, {"memory": np.nan}],
)
def test_bad_channels_are_refused(arguments):
    with pytest.raises(InvalidParameterError):
        ConicalChannel(**arguments)


def test_bad_drives_are_refused():
    with pytest.raises(InvalidParameterError):
        RectifyingPair(capacitance=0.0)
    for times in ([-0.1], [5.5], [1.0, 0.5], [np.nan]):
        with pytest.raises(InvalidParameterError):
            RectifyingPair().response(SAWTOOTH.signal(0.1), times)
    with pytest.raises(InvalidParameterError):
        RectifyingPair().response(Sawtooth([1.0, 2.0], 4.0).signal(0.1), TIMES)
    with pytest.raises(InvalidParameterError):
        RectifyingPair().response(SAWTOOTH.signal(0.1), TIMES, cycles=0)
