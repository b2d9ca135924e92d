"""How low the loss of a task can go: for any linear network, and within bounds on the coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.gradients import loss_and_gradient
from thermo_cl.feedback.networks.network import EdgeNetwork
from thermo_cl.feedback.networks.task import Task

__all__ = ["Lowest", "linear_floor", "lowest_loss"]


def linear_floor(task: Task) -> float:
    """Loss of the best linear map from inputs to outputs, below which no network can go, whatever its edges.

    Zero if the patterns are not more than the inputs. A network may stay above it: its outputs also obey the laws of
    springs or resistors, and its coefficients have bounds.
    """
    best = np.linalg.lstsq(task.values, task.targets, rcond=None)[0]
    return 0.5 * float(np.mean(np.sum((task.targets - task.values @ best) ** 2, axis=1)))


@dataclass(frozen=True, eq=False)
class Lowest:
    """Lowest loss that was found.

    Attributes
    ----------
    loss : float
    network : EdgeNetwork
        With the coefficients that reach it.
    slope : float
        Largest entry of the gradient by log c that does not point out of the bounds; 0 at a local minimum.
    losses : ndarray, shape (starts,)
        Reached from each start; where they differ, there are several minima.
    """

    loss: float
    network: EdgeNetwork
    slope: float
    losses: FloatArray


def lowest_loss(
    network: EdgeNetwork, task: Task, bounds: tuple[float, float], *, starts: int = 3, steps: int = 2000,
    rng: np.random.Generator | int | None = 0,
) -> Lowest:  # fmt: skip
    """Descend the exact gradient within bounds to a local minimum, from the network and from random starts.

    Limited-memory quasi-Newton steps in log c, projected on the bounds (Byrd et al., SIAM J. Sci. Comput. 16, 1190
    (1995)). The loss is not convex: the result is what the best start reaches, which other starts may undercut.

    Parameters
    ----------
    network, task : EdgeNetwork, Task
    bounds : (float, float)
        Of the coefficients, 0 < low < high.
    starts : int
        The first is the network's own coefficients, brought within the bounds; others are log-uniform.
    steps : int
        At most, for each start.
    rng : Generator or int

    Raises
    ------
    InvalidParameterError
        If the task does not fit the network, or an argument is outside its range.
    """
    from scipy.optimize import minimize

    low, high = (check.positive_number("bounds", bound) for bound in bounds)
    if low >= high:
        raise InvalidParameterError("bounds", bounds, "two numbers 0 < low < high")
    count, most = check.integer_at_least("starts", starts, 1), check.integer_at_least("steps", steps, 1)
    generator = check.generator(rng)
    edge = np.log([low, high])
    # Losses that matter may be tiny beside one: the search works in units of the outputs' own size.
    unit = float(np.mean(np.sum(task.targets**2, axis=1))) or 1.0

    def scaled(log_c: FloatArray) -> tuple[float, FloatArray]:
        c = np.exp(log_c)
        value, slope = loss_and_gradient(network.with_coefficients(c), task)
        return value / unit, slope * c / unit

    found = []
    for start in range(count):
        first = np.log(network.coefficients) if start == 0 else generator.uniform(edge[0], edge[1], network.n_edges)
        options = {"maxiter": most, "maxfun": 2 * most, "ftol": 1e-15, "gtol": 1e-12, "maxcor": 20}
        box = [tuple(edge)] * network.n_edges
        found.append(minimize(scaled, np.clip(first, *edge), jac=True, method="L-BFGS-B", bounds=box, options=options))
    losses = np.array([unit * float(each.fun) for each in found])
    best = found[int(np.argmin(losses))]
    outward = ((best.x <= edge[0]) & (best.jac > 0)) | ((best.x >= edge[1]) & (best.jac < 0))
    slope = unit * float(np.abs(np.where(outward, 0.0, best.jac)).max())
    reached = network.with_coefficients(np.clip(np.exp(best.x), low, high))
    return Lowest(float(losses.min()), reached, slope, losses)
