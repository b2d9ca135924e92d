"""Linear chemical, against matrix exponentials, direct integration of one edge, and its own bookkeeping."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError, RampWindowWarning
from thermo_cl.feedback.learning.carrier import Carrier
from thermo_cl.feedback.learning.rules import PhysicalRule, TwoState
from thermo_cl.feedback.linear import adaptation_test
from thermo_cl.feedback.mechanochemical import Chemical

# damping**2 above, at, just off and below 4 removal * production
REGIMES = {
    "overdamped": Chemical(),
    "critical": Chemical(damping=20.0),
    "nearly critical": Chemical(damping=20.0 * (1.0 + 1e-9)),
    "underdamped": Chemical(damping=4.0),
    "leaky": Chemical(leak=0.7),
    "leaky and critical": Chemical(damping=20.5, leak=0.5),
    "leaky and underdamped": Chemical(damping=4.0, leak=0.7),
}


def matrices(chemical):
    a = np.array([[-chemical.damping, -chemical.removal], [chemical.production, -chemical.leak]])
    return a, np.array([chemical.release, 0.0])


@pytest.mark.parametrize("name", REGIMES)
def test_the_kernel_is_the_closed_form_the_modes_and_the_matrix_exponential(name):
    chemical = REGIMES[name]
    a, b = matrices(chemical)
    t = np.linspace(0.0, 3.0, 61)
    by_hand = np.array([(scipy.linalg.expm(a * x) @ b)[0] for x in t])
    scale = np.abs(by_hand).max()
    assert_allclose(chemical.kernel(t), by_hand, rtol=0.0, atol=1e-12 * scale)
    assert_allclose(chemical.controller.kernel()(t), chemical.kernel(t), rtol=0.0, atol=1e-12 * scale)
    enzyme = np.array([(scipy.linalg.expm(a * x) @ b)[1] for x in t])
    assert_allclose(chemical.enzyme_kernel(t), enzyme, rtol=0.0, atol=1e-12 * np.abs(enzyme).max())


@pytest.mark.parametrize("name", REGIMES)
def test_area_and_first_moment(name):
    chemical = REGIMES[name]
    a, b = matrices(chemical)
    area, first = -np.linalg.solve(a, b)[0], np.linalg.solve(a, np.linalg.solve(a, b))[0]
    assert_allclose(chemical.kernel.first_moment, first, rtol=1e-13)
    if chemical.leak:
        loop = chemical.damping * chemical.leak + chemical.removal * chemical.production
        assert_allclose(chemical.kernel.area, chemical.release * chemical.leak / loop, rtol=1e-15)
        assert_allclose(chemical.kernel.area, area, rtol=1e-12)
    else:
        assert chemical.kernel.area == 0.0
    assert adaptation_test(chemical.controller).adapts is (chemical.leak == 0.0)


def test_timescale_is_that_of_the_slowest_mode():
    assert Chemical().timescale == pytest.approx(0.2, rel=1e-14)
    slowest = np.linalg.eigvals(matrices(REGIMES["underdamped"])[0]).real.max()
    assert REGIMES["underdamped"].timescale == pytest.approx(-1.0 / slowest, rel=1e-13)


# ------------------------------------------------------------------ concentrations


@pytest.mark.parametrize(("scarce", "mean"), [("set_point", 0.0), ("enzyme", 0.0), ("enzyme", 0.004)])
def test_the_largest_amplitude_empties_one_of_the_two(scarce, mean):
    chemical = replace(Chemical(leak=0.3), **({"set_point": 0.01} if scarce == "set_point" else {"enzyme": 1.0}))
    protocol = Sawtooth(8.0, 1.0, mean)  # a fall so fast that the chemical may run out
    largest = chemical.largest_amplitude(protocol)
    released, enzyme = chemical.response(protocol, largest)
    t = np.linspace(0.0, 9.0, 90_001)
    lowest = {"set_point": released(t).min() + chemical.set_point, "enzyme": enzyme(t).min() + chemical.enzyme}
    assert_allclose(lowest[scarce], 0.0, atol=1e-7 * getattr(chemical, scarce))
    assert min(lowest.values()) > -1e-12
    with pytest.raises(InvalidParameterError, match=r"amplitude.*negative"):
        chemical.response(protocol, 1.01 * largest)


# ------------------------------------------------------------------------ learning


def test_the_output_of_an_edge_is_that_of_its_equations_of_motion():
    """One edge with a strain e + a(t) d, integrated from rest over a few cycles."""
    chemical = Chemical(leak=0.4, damping=12.0)
    protocol = Sawtooth(1.0, 5.0, 0.5)
    contrast = SimpleNamespace(free=np.array([[0.7]]), change=np.array([[-0.4]]), amplitude=1.0)
    first, second, bias = chemical.weights(contrast, np.ones(1))
    a, b = matrices(chemical)
    state, grid = np.zeros(2), []
    for cycle in range(4):
        for start, length, begin, end in [(0.0, 1.0, 0.0, 1.0), (1.0, 5.0, 1.0, 0.0)]:

            def motion(t, x, length=length, begin=begin, end=end):
                strain = 0.1 * (0.7 - 0.4 * (begin + (end - begin) * t / length))  # network units are strains of 0.1
                return a @ x + b * 0.5 * strain**2

            run = solve_ivp(motion, (0.0, length), state, rtol=1e-11, atol=1e-14, dense_output=True)
            state = run.y[:, -1]
            if cycle == 3:
                local = np.linspace(0.0, length, 50)
                grid.append((start + local, run.sol(local)[0]))
    shapes = chemical.shapes(protocol)
    for t, expected in grid:
        inside = np.clip(t, 1e-12, 6.0 - 1e-12)
        got = first[0, 0] * shapes[0](inside) + second[0, 0] * shapes[1](inside) + bias[0, 0]
        assert_allclose(got, expected, rtol=0.0, atol=1e-8 * np.abs(expected).max())


def test_it_is_a_carrier_whose_ideal_limit_is_the_two_state_rule():
    """An endless slow ramp is silent, and what the threshold cuts off the fast one vanishes with the threshold."""
    assert isinstance(Chemical(), Carrier)
    rng = np.random.default_rng(3)
    contrast = SimpleNamespace(free=rng.normal(size=(2, 30)), change=0.2 * rng.normal(size=(2, 30)), amplitude=0.2)
    ideal = TwoState(0.5).update(contrast, np.ones(30))
    misses = []
    for threshold in (2e-5, 2e-7, 2e-9):
        rule = PhysicalRule(Chemical(threshold=threshold), Sawtooth(2.0, 1e10, 0.5))
        misses.append(np.abs(rule.update(contrast, np.ones(30)) - ideal).max() / np.abs(ideal).max())
    assert misses[2] < 1e-7
    assert misses[2] < 0.05 * misses[1] < 0.0025 * misses[0]


def test_ramps_that_it_cannot_follow_are_told():
    with pytest.warns(RampWindowWarning, match=r"chemical.*fast ramp = 0\.1 s \(window 0\.6"):
        Chemical().shapes(Sawtooth(0.1, 20.0))


# ---------------------------------------------------------------------------- cost


@pytest.mark.parametrize("leak", [0.0, 0.5])
def test_molecules_turned_over_are_those_that_the_equations_move(leak):
    chemical = Chemical(leak=leak, volume=2.0)
    protocol, amplitude = Sawtooth(1.0, 6.0, 0.001), 0.003
    released, enzyme = chemical.response(protocol, amplitude)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    removed = made = 0.0
    for start, length in ((0.0, 1.0), (1.0, 6.0)):
        t, w = start + 0.5 * length * (1.0 + nodes), 0.5 * length * weights
        c, m = chemical.set_point + released(t), chemical.enzyme + enzyme(t)
        removed += w @ (chemical.removal * m + chemical.damping * c)
        made += w @ (chemical.production * c)
    cost = chemical.turnover(protocol)
    assert_allclose((cost.chemical, cost.enzyme), 602.214076 * 2.0 * np.array([removed, made]), rtol=1e-10)
    assert_allclose(cost.free_energy, 20.0 * (cost.chemical + cost.enzyme), rtol=1e-15)


def test_copy_noise_is_that_of_a_poisson_number():
    molecules = 0.5 * 602.214076e3  # 0.5 uM in a picolitre
    numbers = np.random.default_rng(0).poisson(molecules, 200_000)
    assert_allclose(Chemical(volume=1e3).copy_noise, 0.5 * numbers.std() / molecules, rtol=0.01)
    assert 10.0 * Chemical().copy_noise < Chemical().threshold


# -------------------------------------------------------------------------- report


def test_the_report_is_complete_and_its_window_is_bounded_by_the_concentrations():
    chemical, protocol = Chemical(threshold=0.05, enzyme=0.3), Sawtooth(1.0, 50.0)
    report = chemical.report(protocol, amplitudes=(0.001, 0.002))
    assert set(report.parameters) == set(Chemical.__dataclass_fields__)
    assert report.window.amplitude_exact.high == chemical.largest_amplitude(protocol)
    assert report.window.amplitude_exact.high < 0.05 * 50.0 / 20.0  # what the threshold alone would allow
    assert_allclose(report.window.threshold, (20.0 * 0.002 / 50.0, 20.0 * 0.001 / 1.0), rtol=1e-14)
    assert report.energy_per_update == chemical.turnover(protocol).free_energy
    for name, (_, unit) in chemical.parameters.items():
        assert f"{name} = " in str(report)
        assert unit in str(report)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"release": -1.0}, "release"),
        ({"damping": 0.0}, "damping"),
        ({"leak": -0.1}, "leak"),
        ({"leak": 10.0}, "leak"),
        ({"enzyme": 0.0}, "enzyme"),
        ({"threshold": np.nan}, "threshold"),
        ({"strain_unit": np.inf}, "strain_unit"),
    ],
)
def test_constants_out_of_range_are_refused(changed, named):
    with pytest.raises(InvalidParameterError, match=named):
        Chemical(**changed)


def test_batches_are_refused():
    batch = Sawtooth([1.0, 2.0], 50.0)
    for method in (Chemical().turnover, Chemical().largest_amplitude, Chemical().report):
        with pytest.raises(InvalidParameterError, match="protocol"):
            method(batch)
