"""Entropy production of reactions at given concentrations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.reactions.network import ReactionNetwork
from thermo_cl.markov.algebra.ratios import log_ratio

__all__ = ["reaction_entropy_production", "reaction_forces", "require_reversible"]


def require_reversible(network: ReactionNetwork) -> None:
    """``InvalidParameterError`` that names a reaction without a reverse rate, whose entropy production is infinite."""
    for reaction in network.reactions:
        if not reaction.reversible:
            raise InvalidParameterError(
                "network", reaction.text, "made of reversible reactions only: the entropy production of a one-way "
                "reaction is infinite. Give it a backward rate constant, and write saturable enzymes out as species",
            )  # fmt: skip


def reaction_forces(network: ReactionNetwork, concentrations: ArrayLike) -> FloatArray:
    """Logarithms of forward over backward rate, shape (..., reactions), in k_B: free energies dissipated by reactions.

    Raises
    ------
    InvalidParameterError
        If a reaction has no reverse; it is named.
    """
    require_reversible(network)
    return np.asarray(log_ratio(*network.one_way_rates(network.concentrations(concentrations))))


def reaction_entropy_production(network: ReactionNetwork, concentrations: ArrayLike) -> FloatArray:
    r"""Entropy production rate per volume, :math:`\sum_r (J_r^+ - J_r^-) \ln(J_r^+/J_r^-)`.

    In k_B times concentration/time: with uM and s, times 602.2 molecules per uM and fL gives k_B per s and fL. In a
    steady state it is the free energy that the reservoirs spend, over the temperature; at other concentrations it is
    the total production all the same.

    Parameters
    ----------
    network : ReactionNetwork
        All of whose reactions are reversible.
    concentrations : array_like, shape (..., species)

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    InvalidParameterError
        If a reaction has no reverse; it is named.

    Examples
    --------
    >>> network = ReactionNetwork.from_strings([("A <-> B", 1.0, 1.0)])
    >>> float(reaction_entropy_production(network, [2.0, 1.0]))  # ln 2
    0.69314718
    """
    force = reaction_forces(network, concentrations)
    current = network.rates(network.concentrations(concentrations))
    return np.asarray((current * np.where(current == 0, 0.0, force)).sum(axis=-1))[()]
