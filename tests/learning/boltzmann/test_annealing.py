"""Annealed estimates lie within their errors of the exact sums."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.boltzmann.machines import KINDS, machine, rows
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import BoltzmannMachine, annealed_log_partition, log_partition


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
