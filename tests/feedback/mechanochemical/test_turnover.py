"""Free energy of driven loops, against the entropy production of reversible reactions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import MarkovNetwork
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.mechanochemical import turnover_cost
from thermo_cl.markov import entropy_production_rate


@pytest.mark.parametrize("drive", [0.1, 2.0, 20.0])
def test_net_flux_times_drive_is_the_entropy_production_of_the_loop(drive):
    """Store -> free -> bound -> store, reversible, with rates whose product around the loop is exp(drive)."""
    forward = np.array([3.0, 0.7, 5.0])
    backward = np.array([0.4, 2.0, 1.0])
    backward *= (forward.prod() / backward.prod() / np.exp(drive)) ** (1.0 / 3.0)
    rates = np.zeros((3, 3))
    for j in range(3):
        i = (j + 1) % 3
        rates[i, j], rates[j, i] = forward[j], backward[j]
    np.fill_diagonal(rates, -rates.sum(axis=0))
    network = MarkovNetwork(rates)
    p = network.steady_state()
    flux = rates[1, 0] * p[0] - rates[0, 1] * p[1]
    # one uM in one fL for 1 s
    cost = turnover_cost(flux, 0.0, 1.0, volume=1.0, drive=drive)
    assert_allclose(cost.free_energy / 602.214076, entropy_production_rate(network), rtol=1e-11)


def test_it_is_extensive():
    one = turnover_cost(1.5, 0.5, 2.0, volume=1.0, drive=20.0)
    assert_allclose(turnover_cost(1.5, 0.5, 6.0, volume=4.0, drive=20.0).free_energy, 12.0 * one.free_energy)
    assert_allclose((one.chemical, one.enzyme), (602.214076 * 3.0, 602.214076), rtol=1e-15)


@pytest.mark.parametrize("bad", [(-1.0, 0.0, 1.0), (0.0, -1.0, 1.0), (1.0, 1.0, 0.0)])
def test_bad_fluxes_are_refused(bad):
    with pytest.raises(InvalidParameterError):
        turnover_cost(*bad, volume=1.0, drive=20.0)
    with pytest.raises(InvalidParameterError, match="drive"):
        turnover_cost(1.0, 1.0, 1.0, volume=1.0, drive=0.0)
