"""The four physical carriers: each states its units, and its report says where it teaches."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import Sawtooth, weight_update
from thermo_cl.feedback.mechanochemical import Chemical
from thermo_cl.feedback.molecular import DimerSynapse, ReversibleDimer
from thermo_cl.feedback.nanofluidic import CapacitorMemristor
from thermo_cl.feedback.report import carrier_table
from thermo_cl.feedback.viscoelastic import MaxwellUnit

CARRIERS = {
    "mechano-chemical": Chemical(),
    "molecular": DimerSynapse(),
    "viscoelastic": MaxwellUnit(),
    "nanofluidic": CapacitorMemristor(),
}
SI = {"m", "s", "N", "J", "V", "F", "S", "uM", "fL", "k_B", "T", "1"}


def cycle(carrier, fast=6.0, slow=120.0):
    """Ramps so many times the carrier's own memory."""
    return Sawtooth(fast * carrier.timescale, slow * carrier.timescale)


def report_of(name):
    carrier = CARRIERS[name]
    return carrier.report(cycle(carrier))


@pytest.mark.parametrize("name", CARRIERS)
def test_the_docstring_and_the_report_give_every_constant_its_unit(name):
    carrier, report = CARRIERS[name], report_of(name)
    numbers = {field for field in type(carrier).__dataclass_fields__ if isinstance(getattr(carrier, field), float)} - {
        "voltage_scale"
    }  # which compares two drives and is no constant of the pair
    assert numbers <= set(report.parameters)
    for parameter, (value, unit) in report.parameters.items():
        assert value == getattr(carrier, parameter)
        parts = set(unit.replace("(", " ").replace(")", " ").replace("/", " ").replace("^2", "").split())
        assert parts and parts <= SI, (parameter, unit)
        assert parameter in type(carrier).__doc__
    assert set(report.window.units) == {"time", "signal", "output"}
    assert report.window.units["time"] == "s"


@pytest.mark.parametrize("name", CARRIERS)
def test_the_report_is_that_of_the_kernel(name):
    report = report_of(name)
    assert report.area == float(report.kernel.area)
    assert report.first_moment == float(report.kernel.first_moment) < 0.0
    assert_allclose(report.timescale, CARRIERS[name].timescale, rtol=1e-9)
    # the mean delay of the high-passed part is of the order of the memory time
    t = np.linspace(0.0, 60.0 * report.timescale, 200_001)
    values = t * report.kernel(t)
    first = np.sum(np.diff(t) * (values[1:] + values[:-1])) / 2.0
    assert_allclose(first, report.first_moment, rtol=1e-5)
    text = str(report)
    assert report.name in text
    assert "window" in text
    assert "energy per update" in text


@pytest.mark.parametrize("name", CARRIERS)
def test_inside_its_window_a_carrier_teaches_the_contrast(name):
    carrier, report = CARRIERS[name], report_of(name)
    protocol, window = cycle(carrier), report.window
    assert window.open
    assert_allclose(window.fast.low, 3.0 * carrier.timescale, rtol=1e-9)
    low, high = window.amplitude_exact
    # at most slow/fast; the molecular integrator leaks, which costs it a third of the range
    assert 8.0 < high / low <= 20.0
    amplitudes = np.array([0.99 * low, np.sqrt(low * high), 0.9 * high])
    updates = weight_update(report.kernel, protocol, amplitudes, threshold=carrier.threshold)
    ideal = -report.first_moment * amplitudes
    assert updates[0] == 0.0
    assert_allclose(updates[1:], ideal[1:], rtol=0.12)


@pytest.mark.parametrize("name", CARRIERS)
def test_amplitudes_that_are_asked_for_give_thresholds(name):
    carrier = CARRIERS[name]
    protocol, found = cycle(carrier), report_of(name).window
    asked = (1.05 * max(found.amplitude.low, found.amplitude_exact.low), 0.95 * found.amplitude_exact.high)
    window = carrier.report(protocol, amplitudes=asked).window
    assert carrier.threshold in window.threshold_exact
    assert float(protocol.fast) in window.fast
    assert float(protocol.slow) in window.slow


def test_energies_are_told_or_their_absence_explained():
    energies = {name: report_of(name) for name in CARRIERS}
    for name, report in energies.items():
        assert report.energy_note
        if name == "molecular":
            assert report.energy_per_update is None
            assert "ReversibleDimer" in report.energy_note
        else:
            assert report.energy_per_update > 0.0
    reversible = ReversibleDimer(DimerSynapse())
    assert reversible.report(Sawtooth(100.0, 1000.0)).energy_per_update > 0.0


def test_the_four_make_one_table():
    rows = carrier_table(report_of(name) for name in CARRIERS)
    assert len(rows) == 4
    assert len({row["name"] for row in rows}) == 4
    for row in rows:
        assert list(row) == list(rows[0])
        for column in ("fast", "slow", "threshold", "amplitude"):
            assert 0.0 < row[f"{column}_low"] < row[f"{column}_high"]
        assert row["timescale"] > 0.0
        assert row["parameters"]
