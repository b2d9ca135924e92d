"""Tasks of the field with the networks that learn them: allosteric response and division of voltages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.generators import delaunay_resistor_network, disordered_elastic_network
from thermo_cl.feedback.networks.network import EdgeNetwork
from thermo_cl.feedback.networks.places import Side, apart_nodes, boundary_nodes, node_dofs, pair_strain
from thermo_cl.feedback.networks.task import Task

__all__ = ["Problem", "allosteric_task", "voltage_division_task"]

_TARGET_SIDES: tuple[Side, ...] = ("right", "top", "bottom")


class Problem(NamedTuple):
    """A network before learning, what it is asked to do, and the range (low, high) of its coefficients."""

    network: EdgeNetwork
    task: Task
    bounds: tuple[float, float]


def allosteric_task(
    network: EdgeNetwork | None = None,
    *,
    targets: int = 1,
    gain: float = 0.5,
    strain: float = 0.1,
    bounds: tuple[float, float] = (0.1, 10.0),
    rng: np.random.Generator | int | None = 0,
) -> Problem:
    """A strain imposed on two nodes of one side should strain pairs of nodes at other sides.

    As in allosteric proteins (Rocks et al., Proc. Natl. Acad. Sci. 114, 2520 (2017)). All four degrees of freedom of
    the source are imposed, its two nodes pulled apart symmetrically; nothing else is held. The targets are on the right
    side, the top and the bottom, their strains wanted plus or minus ``gain * strain``, signs at random.

    Where the loss can go, relative to that of uniform stiffnesses (disordered networks of 100 nodes and coordination
    4.5, from ``lowest_loss``): the defaults are met exactly. ``gain=1, bounds=(0.1, 2)`` leaves 0.2 to 0.7 and
    ``targets=3, bounds=(0.1, 2)`` 0.05 to 0.5, as bounds bind.

    Parameters
    ----------
    network : EdgeNetwork, optional
        Elastic and rigid by itself, in the plane; 100 disordered nodes of coordination 4.5 by default.
    targets : int
        1 to 3.
    gain : float
        Size of the targets' strain over the source's, > 0.
    strain : float
        Of the source: elongation over distance, > 0.
    bounds : (float, float)
        Handed on.
    rng : Generator or int
        Of the default network and the signs.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range, or the network not elastic in the plane.
    """
    generator = check.generator(rng)
    number = check.integer_at_least("targets", targets, 1)
    if number > len(_TARGET_SIDES):
        raise InvalidParameterError("targets", number, f"at most {len(_TARGET_SIDES)}, one for each other side")
    size, share = check.positive_number("strain", strain), check.positive_number("gain", gain)
    made = disordered_elastic_network(100, 4.5, rng=generator) if network is None else network
    if made.kind != "elastic":
        raise InvalidParameterError("network.kind", made.kind, "'elastic'")
    source = _middle_pair(made, "left")
    held = made.with_imposed(node_dofs(made, source))
    apart = made.positions[source[0]] - made.positions[source[1]]
    values = 0.5 * size * np.concatenate([apart, -apart])[None]
    pairs = np.array([_middle_pair(made, side) for side in _TARGET_SIDES[:number]])
    wanted = share * size * generator.choice([-1.0, 1.0], number)[None]
    return Problem(held, Task(values, pair_strain(made, pairs), wanted), bounds)


def _middle_pair(network: EdgeNetwork, side: Side) -> IntArray:
    """Two nodes about the middle of a side, with one between them."""
    along = boundary_nodes(network, side)
    if len(along) < 3:
        raise InvalidParameterError("network", f"{len(along)} nodes on its {side} side", "at least 3 on each side")
    middle = len(along) // 2
    return along[[middle - 1, middle + 1]] if middle + 1 < len(along) else along[[middle - 1, middle]]


def voltage_division_task(
    network: EdgeNetwork | None = None,
    *,
    outputs: int = 3,
    spread: float = 0.4,
    bounds: tuple[float, float] = (0.1, 10.0),
    rng: np.random.Generator | int | None = 0,
) -> Problem:
    """One node at 1 V (the first imposed) and one at ground should put given voltages on others; for pipes, pressures.

    The terminals and the outputs lie far from each other. The wanted voltages are uniform on (0.5 - spread/2, 0.5 +
    spread/2), at random and so in no relation to the distance from the terminals.

    Where the loss can go (Delaunay networks of 100 nodes, from ``lowest_loss``): the defaults are met exactly;
    ``bounds=(0.5, 2)`` leaves up to a tenth of the loss at the start.

    Parameters
    ----------
    network : EdgeNetwork, optional
        Of resistors; 100 nodes on a Delaunay triangulation by default.
    outputs : int
        At least 1.
    spread : float
        Between 0 and 1.
    bounds : (float, float)
        Handed on.
    rng : Generator or int
        Of the default network, places and voltages.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range, or the network not one of resistors.
    """
    generator = check.generator(rng)
    number = check.integer_at_least("outputs", outputs, 1)
    width = check.single("spread", check.positive("spread", spread, below=1.0))
    made = resistors(network, generator)
    places = apart_nodes(made, number + 2, generator)
    readout = np.zeros((number, made.n_dofs))
    readout[np.arange(number), places[2:]] = 1.0
    wanted = 0.5 + width * generator.uniform(-0.5, 0.5, (1, number))
    return Problem(made.with_imposed(places[:2]), Task([[1.0, 0.0]], readout, wanted), bounds)


def resistors(network: EdgeNetwork | None, generator: np.random.Generator, nodes: int = 100) -> EdgeNetwork:
    """The network, or a disordered one; refuses springs."""
    if network is None:
        return delaunay_resistor_network(nodes, rng=generator)
    if network.kind != "resistor":
        raise InvalidParameterError("network.kind", network.kind, "'resistor'")
    return network
