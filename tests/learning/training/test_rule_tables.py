"""Rules from the tables of a configuration: Gauss points, and ladders of many copies in any unit of time."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from thermo_cl import Ladder, Sawtooth, stationary_noise
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import EnergyNetwork, Relaxation
from thermo_cl.learning.synapses import LadderSynapse
from thermo_cl.learning.training.rule_tables import rule_from
from thermo_cl.learning.training.table import Table

DESIGN = {"rate_factor": 30.0, "n_levels": 8, "reference_level": 2.0}
EIGHT = 'family = "ladder", gamma = 0.01, rate_factor = 30.0, levels = 8, reference_level = 2, signal = 150.0'
LADDER = Ladder(0.01, **DESIGN)
NAMES = ("W1", "b1", "W2", "b2")


def made(kernel, *, fast=20.0, slow=180.0, threshold=2e-3, samples='"gauss"', more=""):
    """Temporal contrast from a table with this kernel."""
    text = f"""
        name = "temporal-contrast"
        kernel = {{{kernel}}}
        protocol = {{fast = {fast!r}, slow = {slow!r}}}
        thresholds = {threshold!r}
        samples = {samples}
        {more}
    """
    return rule_from(Table(tomllib.loads(text), "rule"), Relaxation(), NAMES)


def test_gauss_points_are_asked_for_by_name():
    rule = made(EIGHT)
    assert rule.samples == "gauss"
    assert rule.noise is None
    assert len(np.unique(rule.current_map.weights.round(9))) > 3
    assert made(EIGHT, samples='"exact"').current_map is None
    assert made(EIGHT, samples="70").current_map.times.size == 70


def test_copies_in_ladder_units_make_the_noise_of_a_ladder_synapse():
    synapse = LadderSynapse(LADDER, Sawtooth(20, 180), 150.0)
    rule, t = made(f"{EIGHT}, ladder_units = 1.0, copies = 1e5"), np.linspace(-4.0, 4.0, 33)
    np.testing.assert_allclose(rule.noise.correlation(t), synapse.noise(10**5).correlation(t), rtol=1e-9)
    np.testing.assert_allclose(rule.kernel(t), synapse.kernel(t), rtol=1e-9)


@pytest.mark.parametrize("window", [None, 3.0])
@pytest.mark.parametrize("units", [0.5, 20.0])
def test_copies_in_other_units_are_as_noisy_for_their_signal(units, window):
    """Output over occupancy from the kernel alone: the answer to a small step is the occupancy that it makes."""
    cut = "" if window is None else f", window = {window}"
    rule = made(f"{EIGHT}, ladder_units = {units}, copies = 1000{cut}")
    per_occupancy = float(rule.kernel.step_response(1.5 / units)) / float(LADDER.step_kernel(150.0).step_response(1.5))
    top = float(LADDER.top_rail @ LADDER.steady_state(0.0))
    assert rule.noise.variance == pytest.approx(per_occupancy**2 * top * (1.0 - top) / 1000, rel=1e-9)
    one = stationary_noise(LADDER.network(0.0), LADDER.top_rail, 1000)
    lags = np.linspace(0.0, 3.0, 20)
    expected = per_occupancy**2 * one.correlation(lags)
    np.testing.assert_allclose(rule.noise.correlation(lags / units), expected, rtol=1e-7)


@pytest.mark.parametrize("units", [0.5, 20.0])
def test_rescaled_protocols_and_ladders_learn_alike(units):
    """Every noisy estimate, draw by draw, does not depend on the unit of time."""
    one = made(f"{EIGHT}, ladder_units = 1.0, copies = 5e5")
    other = made(
        f"{EIGHT}, ladder_units = {units}, copies = 5e5", fast=20.0 / units, slow=180.0 / units, threshold=2e-3 * units
    )
    net = EnergyNetwork.glorot([16, 5, 2], rng=0, dtype=np.float64, scale=2.0)
    rng = np.random.default_rng(1)
    data = (rng.random((6, 16)), np.eye(2)[rng.integers(0, 2, 6)], net.initial_states(6))
    sizes = 0.5 * one.noise.standard_deviation, 2.0 * one.noise.standard_deviation
    assert sizes[0] < 2e-3 < sizes[1]
    for seed in range(3):
        first, second = (r.estimate(net, *data, np.random.default_rng(seed)).gradient for r in (one, other))
        for name, array in first.items():
            assert array.all()
            np.testing.assert_allclose(second[name], array, rtol=1e-6, atol=1e-7 * np.abs(array).max())


@pytest.mark.parametrize(
    ("kernel", "options", "path"),
    [
        (f"{EIGHT}, copies = 0", {}, "rule.kernel.copies"),
        (f"{EIGHT}, copies = 2.5", {}, "rule.kernel.copies"),
        (f'{EIGHT}, copies = "many"', {}, "rule.kernel.copies"),
        ('family = "sine", copies = 5', {}, "rule.kernel.copies"),
        (f"{EIGHT}, copies = 5", {"samples": '"exact"'}, "rule.samples"),
        (EIGHT, {"samples": '"simpson"'}, "rule.samples"),
        (EIGHT, {"samples": "2.5"}, "rule.samples"),
        (f"{EIGHT}, window = 5.0", {"more": 'convolution = "sampled"'}, "rule.samples"),
    ],
)
def test_mistakes_are_named(kernel, options, path):
    with pytest.raises(InvalidParameterError) as caught:
        made(kernel, **options)
    assert caught.value.name == path
