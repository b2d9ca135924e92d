"""Supervised learning by resistors: a linear map from examples, and two classes of points."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.feedback.networks.gradients import outputs as outputs_of
from thermo_cl.feedback.networks.network import EdgeNetwork
from thermo_cl.feedback.networks.places import apart_nodes, pair_strain
from thermo_cl.feedback.networks.problems import Problem, resistors
from thermo_cl.feedback.networks.task import Task

__all__ = ["accuracy", "regression_task", "two_class_task"]


def regression_task(
    network: EdgeNetwork | None = None,
    *,
    inputs: int = 2,
    outputs: int = 2,
    patterns: int = 8,
    noise: float = 0.02,
    bounds: tuple[float, float] = (0.1, 10.0),
    rng: np.random.Generator | int | None = 0,
) -> Problem:
    """Voltages at outputs should be a linear map of input voltages, given by a few noisy examples.

    Each output is wanted at a weighted mean of the inputs and ground, weights at random: what resistors can do. Inputs
    are uniform on (-1, 1) V. With more patterns than inputs, noise leaves a loss that no linear network can undercut,
    about ``outputs * noise**2 / 2 * (1 - inputs / patterns)``; ``linear_floor`` gives it.

    Parameters
    ----------
    network : EdgeNetwork, optional
        Of resistors; 100 nodes on a Delaunay triangulation by default.
    inputs, outputs, patterns : int
        At least 1.
    noise : float
        Standard deviation of the targets, V, not negative.
    bounds : (float, float)
        Handed on.
    rng : Generator or int
        Of the default network, places, weights and examples.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range, or the network not one of resistors.
    """
    generator = check.generator(rng)
    n_in, n_out = check.integer_at_least("inputs", inputs, 1), check.integer_at_least("outputs", outputs, 1)
    count = check.integer_at_least("patterns", patterns, 1)
    sigma = check.single("noise", check.non_negative("noise", noise))
    made = resistors(network, generator)
    places = apart_nodes(made, n_in + 1 + n_out, generator)
    readout = np.zeros((n_out, made.n_dofs))
    readout[np.arange(n_out), places[n_in + 1 :]] = 1.0
    weights = generator.dirichlet(np.full(n_in + 1, 2.0), n_out)[:, :n_in]
    given = generator.uniform(-1.0, 1.0, (count, n_in))
    wanted = given @ weights.T + sigma * generator.standard_normal((count, n_out))
    values = np.hstack([given, np.zeros((count, 1))])
    return Problem(made.with_imposed(places[: n_in + 1]), Task(values, readout, wanted), bounds)


def two_class_task(
    network: EdgeNetwork | None = None,
    *,
    patterns: int = 20,
    separation: float = 2.0,
    label: float = 0.2,
    bounds: tuple[float, float] = (0.1, 10.0),
    rng: np.random.Generator | int | None = 0,
) -> Problem:
    """The sign of one voltage between two nodes should tell two clouds of points in the plane apart.

    The clouds are Gaussian, of standard deviation 0.4 V, ``separation`` of these apart in a random direction, their
    middle off the origin. Two inputs carry the coordinates, others are held at +1 V and at ground. The targets are plus
    and minus ``label`` volts. A network of resistors separates by a straight line, with weights limited by the law that
    no voltage leaves the range of the inputs; the loss stays above ``linear_floor``, far from 0.

    Parameters
    ----------
    network : EdgeNetwork, optional
        Of resistors; 100 nodes on a Delaunay triangulation by default.
    patterns : int
        At least 2; half of each class, or one more of the first.
    separation : float
        > 0, in standard deviations; at 2 the best line puts one point in six on the wrong side.
    label : float
        > 0, V.
    bounds : (float, float)
        Handed on.
    rng : Generator or int
        Of the default network, places and points.

    Raises
    ------
    InvalidParameterError
        If an argument is outside its range, or the network not one of resistors.
    """
    generator = check.generator(rng)
    count = check.integer_at_least("patterns", patterns, 2)
    distance, volts = check.positive_number("separation", separation), check.positive_number("label", label)
    made = resistors(network, generator)
    places = apart_nodes(made, 6, generator)
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    phase = generator.uniform(0.0, 2.0 * np.pi)
    normal = np.array([np.cos(phase), np.sin(phase)])
    middle = generator.uniform(-0.3, 0.3, 2)
    spread = 0.4
    points = middle + spread * (0.5 * distance * side[:, None] * normal + generator.standard_normal((count, 2)))
    values = np.hstack([points, np.ones((count, 1)), np.zeros((count, 1))])
    readout = pair_strain(made, places[4:])
    return Problem(made.with_imposed(places[:4]), Task(values, readout, volts * side[:, None]), bounds)


def accuracy(network: EdgeNetwork, task: Task) -> float:
    """Share of patterns all of whose outputs have their targets' signs.

    Raises
    ------
    InvalidParameterError
        If the task does not fit the network.
    """
    return float(np.mean(np.all(outputs_of(network, task) * task.targets > 0.0, axis=1)))
