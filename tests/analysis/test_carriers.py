"""The four carriers' data set against the carriers themselves, quadrature and the orders that must show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.integrate import cumulative_simpson

from analysis import carriers
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback import CapacitorMemristor, Chemical, DimerSynapse, MaxwellUnit
from thermo_cl.feedback.molecular import ReversibleDimer, dimer_response
from thermo_cl.synapse import Sawtooth

SMALL: dict[str, Any] = {"fractions": [1.0, 0.125, 1 / 64], "samples": 41}
UNITS = {
    "viscoelastic": MaxwellUnit(), "mechano-chemical": Chemical(), "molecular dimer": DimerSynapse(),
    "nanofluidic": CapacitorMemristor(),
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> xr.Dataset:
    return carriers.compute(**SMALL)


def test_the_table_is_what_the_carriers_report(small: xr.Dataset) -> None:
    assert tuple(small.carrier.values) == tuple(UNITS)
    for name, unit in UNITS.items():
        one = small.sel(carrier=name)
        protocol = Sawtooth(10.0 * unit.timescale, 200.0 * unit.timescale)
        assert_allclose([one.fast_ramp, one.slow_ramp], [protocol.fast, protocol.slow])
        report = unit.report(protocol)
        rows = zip(one.constant_name.values, one.constant_value.values, one.constant_unit.values, strict=True)
        assert {n: (v, u) for n, v, u in rows if n} == report.parameters
        window = report.window
        for key, limits in (("fast", window.fast), ("slow", window.slow), ("amplitude", window.amplitude_exact)):
            assert_allclose([one[f"{key}_low"], one[f"{key}_high"]], limits)
        energy = report.energy_per_update
        if energy is None:
            energy = ReversibleDimer(unit).report(protocol).energy_per_update
        assert_allclose(one.energy, energy)
        in_kt = energy if str(one.energy_unit.values) == "k_B T" else energy / (1.380649e-23 * 310.15)
        assert_allclose(one.energy_kT, in_kt, rtol=1e-9)


def test_kernels_are_scaled_to_a_first_moment_of_one() -> None:
    data = carriers.compute(fractions=[1 / 64], samples=8_001)
    lag = data.lag.values
    for name in UNITS:
        one = data.sel(carrier=name)
        step, kernel = one.step_response.values, one.kernel.values
        assert_allclose(step[0], one.instant)
        running = cumulative_simpson(kernel, x=lag, initial=0.0)
        assert_allclose(step, float(one.instant) + running, atol=1e-6)
        area = float(one.area) * float(one.timescale) / abs(float(one.first_moment))
        # first moment: minus the integral of what a step leaves beyond the area, but for the tail after 8 memory times
        assert_allclose(np.trapezoid(step - area, lag), 1.0, atol=2e-3)


def test_responses_tend_to_the_kernels_in_proportion_to_the_amplitude(small: xr.Dataset) -> None:
    ratio = small.difference.isel(fraction=1) / small.difference.isel(fraction=2)
    assert_allclose(ratio, 8.0, rtol=0.05)
    assert (small.difference.isel(fraction=0) > 0.05).all()
    assert_allclose(small.linear_response.isel(fraction=0), small.linear_response.isel(fraction=2), atol=1e-9)


def test_responses_are_those_of_the_models(small: xr.Dataset) -> None:
    dimer = UNITS["molecular dimer"]
    assert isinstance(dimer, DimerSynapse)
    protocol, height = Sawtooth(10.0 * dimer.timescale, 200.0 * dimer.timescale), 1.0
    found = dimer_response(dimer, protocol, height, points=21 * 16 + 1)
    one = small.sel(carrier="molecular dimer", fraction=1.0)
    scale = abs(float(one.first_moment)) * height / float(protocol.fast)
    inside = found.times <= 2.5 * float(protocol.fast) * (1 + 1e-9)
    assert inside.sum() == one.phase.size
    assert_allclose(one.response, found.output[inside] / scale, atol=1e-6)
    maxwell = small.sel(carrier="viscoelastic", fraction=1.0)
    phase = maxwell.phase.values
    ramp = np.where(phase <= 1, phase - 0.5, 0.5 - (phase - 1) / 20)  # nudge over its height; half a free strain
    stress = maxwell.linear_response.values  # of the small-signal output, which is the stress times a constant strain
    assert_allclose(maxwell.response, stress * (1.0 + 0.5 * ramp), atol=1e-9)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"fast": 2.0}, "fast"), ({"ratio": 1.0}, "ratio"), ({"fractions": []}, "fractions"),
        ({"fractions": [2.0]}, "fractions"), ({"samples": 1}, "samples"),
    ],
)  # fmt: skip
def test_bad_input_is_named(change: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        carriers.compute(**(SMALL | change))
