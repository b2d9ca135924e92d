"""The ladder against its definition, the project's tables and the mpmath oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.oracles import ladder_mp
from tests.strategies import ladder_parameters, signals
from thermo_cl.errors import InvalidParameterError

# gamma, levels, reference level; sigma at s = 0, area and first moment of the step 0 -> 200, all at F = 25.
# The notes' table has five slips in its digits, mended here after two independent 60-digit computations:
# area at 0.5, sigma at 1e-3, first moment at 1e-10, sigma and area at 0.05.
TABLE = [
    (0.5, 5, 1, 0.15424366085682618609, -0.31012577879474771196, -0.31479838129091077812),
    (1e-3, 5, 1, 6.6735047491057060743, -0.01700653901993908706, 0.56579316868162807675),
    (1e-10, 5, 1, 22.293594284749494847, -0.01659174039677017682, 0.56579848308552830297),
    (0.05, 40, 1, 2.5857296179707673338, -0.03280536419723990791, 0.59297570317526475703),
    (0.1, 8, 2, 1.7264134043559683, -0.014481623231351852, 0.72779929813486314),
    (0.01, 8, 2, 4.4813736612766046, -0.00085283559543456273, 0.61799586552511048),
    (0.1, 12, 4, 1.6807789606832679, -0.001045736470907762, 0.81719591668617781),
    (0.01, 12, 4, 4.4799948377729078, -6.9635931131412932e-7, 0.62137462352509828),
    (1e-4, 12, 4, 9.207836740712025, -5.2265078698335852e-10, 0.60464302201105987),
    (1e-4, 16, 6, 9.207836741889477, -4.6241740938561003e-17, 0.60464302492938912),
    (0.1, 24, 10, 1.6766792261802243, -4.2084235829278298e-7, 0.83025302081147155),
    (1e-4, 24, 10, 9.2078367418894762, -2.5336536175209367e-31, 0.60464302492938955),
]


@pytest.mark.parametrize(("gamma", "levels", "reference", "sigma", "area", "moment"), TABLE)
def test_table(gamma: float, levels: int, reference: int, sigma: float, area: float, moment: float) -> None:
    ladder = tcl.Ladder(gamma=gamma, n_levels=levels, reference_level=reference)
    kernel = ladder.step_kernel(signal=200.0)
    assert_allclose(ladder.entropy_production_rate(), sigma, rtol=1e-12)
    assert_allclose(kernel.area, area, rtol=1e-12)
    assert_allclose(kernel.first_moment, moment, rtol=1e-12)


def test_rates_by_their_definition() -> None:
    gamma, factor, signal = 0.2, 7.0, 30.0
    w = tcl.Ladder(gamma, rate_factor=factor, n_levels=3).rate_matrix(signal)
    difference = 2.0 * (1 - np.arange(3)) + np.log((1 + signal / 18.2) / (1 + signal / 3000))
    for m in range(2):
        assert w[m, m + 1] == w[m + 4, m + 3] == 1.0
        assert_allclose([w[m + 1, m], w[m + 3, m + 4]], np.e * gamma, rtol=1e-15)
    for m in range(3):
        assert_allclose(w[m, m + 3], factor * max(1, np.exp(-difference[m])), rtol=1e-14)
        assert_allclose(w[m + 3, m], factor * max(1, np.exp(difference[m])), rtol=1e-14)
    assert np.count_nonzero(w) == 2 * 4 + 2 * 3 + 6
    assert_allclose(w.sum(axis=0), 0.0, atol=1e-12)


@given(ladder_parameters(levels=(2, 60)), signals)
def test_steady_state_is_entrywise_accurate(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    truth = ladder_mp.steady_state(ladder_mp.rate_matrix(**parameters, signal=signal), digits=40)
    expected = np.array([float(p) for p in truth])
    representable = expected > 1e-290  # the far levels of long ladders are below the range of double precision
    assert representable.any()
    assert_allclose(ladder.steady_state(signal)[representable], expected[representable], rtol=1e-12)


@given(ladder_parameters())
def test_entropy_production_against_the_oracle(parameters: dict) -> None:
    matrix = ladder_mp.rate_matrix(**parameters)
    sigma = float(ladder_mp.entropy_production_rate(matrix, ladder_mp.steady_state(matrix)))
    assert_allclose(
        tcl.Ladder(**parameters).entropy_production_rate(), sigma, rtol=1e-12, atol=1e-150
    )  # the oracle subtracts


@given(ladder_parameters(), signals)
def test_area_and_first_moment_against_the_oracle(parameters: dict, signal: float) -> None:
    assume(signal > 0)
    kernel = tcl.Ladder(**parameters).step_kernel(signal)
    area = float(ladder_mp.area(**parameters, signal=signal))
    moment = float(ladder_mp.first_moment(**parameters, signal=signal))
    assert_allclose(kernel.area, area, rtol=1e-12, atol=1e-300)
    live = np.abs(kernel.rates[kernel.coefficients != 0])
    scale = abs(moment) + abs(area) / float(live.min(initial=1.0))  # the moment may vanish where lobes balance
    assert abs(kernel.first_moment - moment) <= 1e-11 * scale


@pytest.mark.parametrize("signal", [0.0, 3.0, 200.0, 1e5])
@pytest.mark.parametrize("step", [2.0, 0.7])
def test_detailed_balance_at_gamma_one(signal: float, step: float) -> None:
    ladder = tcl.Ladder(1.0, rate_factor=[0.1, 25.0, 1e4], n_levels=6, energy_step=step)
    assert (ladder.entropy_production_rate(signal) == 0.0).all()
    assert (ladder.plaquette_currents(signal) == 0.0).all()
    flux = ladder.rate_matrix(signal) * ladder.steady_state(signal)[:, None, :]
    assert_allclose(flux, np.swapaxes(flux, -1, -2), rtol=1e-12)


@given(ladder_parameters(), signals)
def test_entropy_production_is_the_cycle_sum(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    by_cycles = np.sum(ladder.plaquette_affinities() * ladder.plaquette_currents(signal))
    assert_allclose(ladder.entropy_production_rate(signal), by_cycles, rtol=1e-12)
    assert_allclose(ladder.edge_entropy_production(signal).sum(), by_cycles, rtol=1e-12)


@given(ladder_parameters(), signals)
def test_plaquette_affinities_are_those_of_the_network(parameters: dict, signal: float) -> None:
    ladder = tcl.Ladder(**parameters)
    n = ladder.n_levels
    for m, affinity in enumerate(ladder.plaquette_affinities()):
        from_rates = tcl.cycle_affinity(ladder.network(signal), [m, m + 1, n + m + 1, n + m])
        assert_allclose(from_rates, affinity, atol=1e-10)
        assert affinity == 2 * np.log(parameters["gamma"])


def test_gamma_above_one_reverses_the_drive() -> None:
    ladder = tcl.Ladder([0.5, 2.0])
    assert (np.sign(ladder.plaquette_currents()) == [[-1] * 4, [1] * 4]).all()
    assert (ladder.entropy_production_rate() > 0).all()


def test_a_batch_is_a_loop() -> None:
    gamma, factor, signal = np.array([0.3, 1e-9, 1.7]), np.array([2.0, 25.0, 90.0]), np.array([7.0, 60.0, 240.0])
    batch = tcl.Ladder(gamma, rate_factor=factor)
    kernel = batch.step_kernel(signal)
    for i in range(3):
        one = tcl.Ladder(gamma[i], rate_factor=factor[i])
        assert_allclose(batch.steady_state(signal)[i], one.steady_state(signal[i]), rtol=1e-14)
        assert_allclose(batch.entropy_production_rate()[i], one.entropy_production_rate(), rtol=1e-13)
        assert_allclose(batch.plaquette_currents(signal)[i], one.plaquette_currents(signal[i]), rtol=1e-11)
        single = one.step_kernel(signal[i])
        assert_allclose(kernel.area[i], single.area, rtol=1e-13)
        assert_allclose(kernel([0.1, 2.0])[i], single([0.1, 2.0]), rtol=1e-11)
    assert batch.step_kernel().batch_shape == (3,)


def test_two_batch_axes_broadcast() -> None:
    ladder = tcl.Ladder(np.array([[0.1], [0.01]]), rate_factor=np.array([1.0, 5.0, 25.0]))
    assert ladder.rate_matrix().shape == (2, 3, 10, 10)
    assert ladder.step_kernel(signal=np.array([10.0, 20.0, 30.0])).area.shape == (2, 3)
    assert ladder.plaquette_currents().shape == (2, 3, 4)


def test_scalar_results_are_scalars() -> None:
    ladder = tcl.Ladder(0.1)
    assert isinstance(ladder.entropy_production_rate(), float)
    assert isinstance(ladder.step_kernel().area, float)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gamma", 0.0),
        ("gamma", -1.0),
        ("gamma", np.nan),
        ("gamma", np.inf),
        ("gamma", [0.1, 0.0]),
        ("gamma", "x"),
        ("rate_factor", 0.0),
        ("rate_factor", np.nan),
        ("n_levels", 1),
        ("n_levels", 2.5),
        ("n_levels", np.nan),
        ("reference_level", np.inf),
        ("energy_step", np.nan),
        ("inactive_dissociation", 0.0),
        ("active_dissociation", -3.0),
    ],
)
def test_bad_parameters_are_named(name: str, value: object) -> None:
    with pytest.raises(InvalidParameterError, match=rf"^{name} = .* must be "):
        tcl.Ladder(**{"gamma": 0.1, name: value})


@pytest.mark.parametrize("signal", [-1.0, np.nan, np.inf, [1.0, -2.0]])
def test_bad_signals_are_named(signal: object) -> None:
    for method in ("rate_matrix", "steady_state", "entropy_production_rate", "step_kernel", "small_signal_kernel"):
        with pytest.raises(InvalidParameterError, match=r"^signal = "):
            getattr(tcl.Ladder(0.1), method)(signal)


def test_overflowing_energies_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="below 700 k_B T"):
        tcl.Ladder(0.1, n_levels=500).rate_matrix()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="broadcastable"):
        tcl.Ladder([0.1, 0.2], rate_factor=[1.0, 2.0, 3.0])
