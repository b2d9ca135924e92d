"""Reports and tables of carriers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.report import CarrierReport, carrier_report, carrier_table
from thermo_cl.kernels import high_pass_kernel

UNITS = {"time": "s", "signal": "m", "output": "N"}
PARAMETERS = {"stiffness": (2.0, "N/m"), "viscosity": (0.4, "N s/m")}


def filter_report(name="filter", **changed):
    arguments = {
        "threshold": 0.05, "units": UNITS, "energy_note": "heat of the dashpot", "energy_per_update": 1e-9,
        "amplitudes": (1.0, 5.0),
    } | changed  # fmt: skip
    return carrier_report(name, PARAMETERS, high_pass_kernel(2.0, 0.2), Sawtooth(2.0, 50.0), **arguments)


def test_a_report_carries_the_kernel_and_its_window():
    report = filter_report()
    assert (report.area, report.first_moment) == (0.0, -0.4)
    assert report.timescale == pytest.approx(0.2, rel=1e-15)
    assert_allclose(report.window.threshold, (0.4 * 5.0 / 50.0, 0.4 * 1.0 / 2.0), rtol=1e-15)
    assert report.window.units["output"] == "N"


def test_its_text_names_every_constant_and_unit():
    text = str(filter_report())
    for part in ("stiffness = 2 N/m", "viscosity = 0.4 N s/m", "area", "-0.4 (N)/(m) s", "1e-09 J", "dashpot", "0.2 s"):
        assert part in text
    assert "not defined (no bath)" in str(filter_report(energy_per_update=None, energy_note="no bath"))


def test_a_carrier_may_fail_below_the_amplitude_of_the_threshold():
    free = filter_report().window
    bounded = filter_report(largest_amplitude=2.0).window
    assert free.amplitude_exact.high > 2.0
    assert (bounded.amplitude.high, bounded.amplitude_exact.high) == (2.0, 2.0)
    assert bounded.amplitude_exact.low == free.amplitude_exact.low


def test_a_table_has_the_same_columns_for_all():
    rows = carrier_table([filter_report("a"), filter_report("b", energy_per_update=None, amplitudes=None)])
    assert [row["name"] for row in rows] == ["a", "b"]
    assert list(rows[0]) == list(rows[1])
    assert rows[0]["energy"] == 1e-9
    assert np.isnan(rows[1]["energy"])
    assert rows[1]["threshold_low"] < 0.05 < rows[1]["threshold_high"]  # about the one given
    assert rows[0]["fast_low"] == pytest.approx(0.6)
    assert "stiffness = 2 N/m" in rows[0]["parameters"]
    for row in rows:
        assert all(isinstance(value, float | str) for value in row.values())


def test_energies_of_a_table_can_be_compared():
    rows = carrier_table(
        [filter_report("a"), filter_report("b", energy_unit="k_B T"), filter_report("c", energy_per_update=None)],
        temperature=300.0,
    )
    assert_allclose(rows[0]["energy_kT"], 1e-9 / (1.380649e-23 * 300.0), rtol=1e-14)
    assert rows[1]["energy_kT"] == 1e-9
    assert np.isnan(rows[2]["energy_kT"])


def test_incomplete_reports_are_refused():
    with pytest.raises(InvalidParameterError, match="energy_note"):
        filter_report(energy_note="")
    with pytest.raises(InvalidParameterError, match="energy_unit"):
        filter_report(energy_unit="eV")
    report = filter_report()
    with pytest.raises(InvalidParameterError, match="stiffness"):
        CarrierReport("x", {"stiffness": 2.0}, report.kernel, 0.0, -0.4, 0.2, report.window, energy_note="none")
    with pytest.raises(InvalidParameterError, match="reports"):
        carrier_table([])
    with pytest.raises(InvalidParameterError, match="reports"):
        carrier_table([report, report])
