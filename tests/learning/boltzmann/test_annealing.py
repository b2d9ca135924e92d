"""Annealed estimates lie within their errors of the exact sums, or say that they do not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.learning.boltzmann.machines import KINDS, machine, rows
from thermo_cl.errors import InvalidParameterError, WeightDegeneracyWarning
from thermo_cl.learning.boltzmann import (
    AnnealedEstimate,
    BoltzmannMachine,
    annealed_log_partition,
    annealing,
    free_energy,
    log_partition,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_data", [False, True])
def test_estimates_are_within_their_errors(kind: str, with_data: bool) -> None:
    m = machine(kind, 8, 5, size=0.6)
    data = rows(50, 8) if with_data else None
    exact = log_partition(m)
    deviations, errors = [], []
    for seed in range(8):
        found = annealed_log_partition(m, data, chains=200, temperatures=30, rng=seed)
        deviations.append(found.log_partition - exact)
        errors.append(found.standard_error)
        assert 100 < found.effective_chains <= 200
    assert np.abs(np.array(deviations) / errors).max() < 4
    assert 0.35 < np.std(deviations) / np.mean(errors) < 2  # the error bar is the scatter


def test_one_temperature_is_importance_sampling_from_independent_units() -> None:
    m = machine("biases", 4, 3, size=0.5)
    found = annealed_log_partition(m, chains=20_000, temperatures=1)
    assert abs(found.log_partition - log_partition(m)) < 4 * found.standard_error


def test_without_weights_there_is_no_error() -> None:
    m = BoltzmannMachine(np.zeros((3, 4)), None, [0.5, -1.0, 2.0, 0.0])
    found = annealed_log_partition(m, chains=5, temperatures=4)
    assert found.log_partition == pytest.approx(log_partition(m), rel=1e-13)
    assert found.standard_error == pytest.approx(0, abs=1e-13)
    assert found.effective_chains == pytest.approx(5)


def test_same_seed_same_estimate_and_bad_arguments() -> None:
    m = machine("plain", 5, 4)
    one = annealed_log_partition(m, chains=20, temperatures=10, rng=3)
    assert one == annealed_log_partition(m, chains=20, temperatures=10, rng=3)
    with pytest.raises(InvalidParameterError, match="chains"):
        annealed_log_partition(m, chains=1)
    with pytest.raises(InvalidParameterError, match="temperatures"):
        annealed_log_partition(m, temperatures=0)
    with pytest.raises(InvalidParameterError, match="0 or 1"):
        annealed_log_partition(m, rows(3, 5) / 3)


def test_few_effective_chains_are_told_with_their_number_and_more_temperatures_are_the_remedy() -> None:
    m = machine("biases", 30, 10, size=1.5)
    exact = log_partition(m)
    with pytest.warns(
        WeightDegeneracyWarning, match=r"of 100 chains carry .*more temperatures than 2, say 20"
    ) as caught:
        poor = annealed_log_partition(m, chains=100, temperatures=2)
    told = caught[0].message
    assert isinstance(told, WeightDegeneracyWarning) and caught[0].filename == __file__
    assert (told.effective_chains, told.chains) == (poor.effective_chains, 100)
    assert f"only {poor.effective_chains:.3g} of 100" in str(told)
    good = annealed_log_partition(m, chains=100, temperatures=300)  # warnings are errors here
    assert abs(good.log_partition - exact) < 4 * good.standard_error < 0.3 < abs(poor.log_partition - exact)


@pytest.mark.parametrize(("chains", "least"), [(2, 1.0), (30, 15.0), (100, 20.0), (1000, 100.0)])
def test_the_warning_comes_exactly_below_its_bound(chains: int, least: float) -> None:
    for effective, warned in ((0.99 * least, True), (1.01 * least, False)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            annealing._judge(AnnealedEstimate(5.0, 0.1, effective, chains, 10), 4.0)
        assert bool(caught) == warned


def test_below_its_bound_error_bars_cover_less_than_nine_in_ten() -> None:
    """Log-normal weights: the bound is where two standard errors cover about nine estimates in ten."""
    generator = np.random.default_rng(0)
    for chains in (100, 500):
        least, covered = max(chains / 10, 20), []
        for variance in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0):
            w = np.exp(generator.normal(-variance / 2, np.sqrt(variance), (3000, chains)))
            mean, error = w.mean(1), w.std(1, ddof=1) / np.sqrt(chains)
            effective = np.median(w.sum(1) ** 2 / (w**2).sum(1))
            covered.append((effective > least, np.mean(np.abs(np.log(mean)) < 2 * error / mean)))
        assert min(share for fine, share in covered if fine) > 0.88
        assert max(share for fine, share in covered if not fine) < 0.91


def test_a_mode_that_all_chains_miss_is_told_where_a_single_state_has_more_weight() -> None:
    """Data far from the mode without hidden units on: weights agree and are wrong, at any number of temperatures."""
    m = BoltzmannMachine(np.full((1, 200), -6.0), [100.0])
    few = np.zeros((1000, 200))
    few[:, 0] = np.arange(1000) % 2
    for temperatures in (10, 300):
        with pytest.warns(WeightDegeneracyWarning, match="weight of a single state: all chains missed a mode"):
            found = annealed_log_partition(m, few, chains=100, temperatures=temperatures)
    assert found.effective_chains > 20
    assert found.log_partition < log_partition(m) - 20
    own = annealed_log_partition(m, chains=100, temperatures=300)
    assert abs(own.log_partition - log_partition(m)) < 4 * own.standard_error + 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_single_states_are_terms_of_the_sum(kind: str) -> None:
    m = machine(kind, 7, 4, size=1.0)
    off = free_energy(m, np.zeros((1, 7)))
    assert -float(off[0]) - 1e-9 <= annealing._single_states(m) <= log_partition(m)
