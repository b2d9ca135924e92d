"""Sweeps over the layers of a dyadic network, until its compartments rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic.damping import Damping, damping_of, stronger
from thermo_cl.learning.dyadic.layers import Dyads, size
from thermo_cl.learning.dyadic.output import Form, Output, check_choice
from thermo_cl.learning.dyadic.problem import checked_nudges
from thermo_cl.learning.dyadic.states import DyadicStates
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass
from thermo_cl.learning.feedforward.gradient import check_targets

__all__ = ["ORDERS", "Inner", "Order", "layer_order", "solve"]

Order = Literal["up-down", "forward", "backward", "odd-even", "random"]

ORDERS = ("up-down", "forward", "backward", "odd-even", "random")
_WATCHED = 20  # sweeps after which automatic damping is looked at again
_FALLING = 0.995  # by which the changes must have fallen by then
_GROWING = 1e-4  # growth of the changes above 1 that is not yet called divergence


@dataclass(frozen=True, eq=False)
class Inner:
    """Where the sweeps of an inner loop ended.

    Attributes
    ----------
    states : DyadicStates
    sweeps : int
        How many were made.
    residual : float
        Largest change of a compartment in the last sweep over the largest compartment; nan if not measured.
    converged : bool
        Whether the residual fell to the tolerance.
    changes : tuple of float
        Largest change of a compartment in each sweep; empty if not measured.
    """

    states: DyadicStates
    sweeps: int
    residual: float
    converged: bool
    changes: tuple[float, ...]

    @property
    def growth(self) -> float:
        """Factor of the changes from sweep to sweep: geometric mean over the second half; nan if unknown."""
        half = self.changes[len(self.changes) // 2 :]
        if len(half) < 2 or not half[0] > 0:
            return math.nan
        if not math.isfinite(half[-1]):
            return math.inf
        return float((half[-1] / half[0]) ** (1 / (len(half) - 1)))

    @property
    def diverging(self) -> bool:
        """Whether the changes grow, or left the finite range."""
        if self.converged or not self.changes:
            return False
        return not math.isfinite(self.changes[-1]) or self.growth > 1 + _GROWING


def layer_order(order: Order, layers: int, rng: np.random.Generator) -> list[int]:
    """Numbers 1, ..., L of the layers in which one sweep updates them; only ``"random"`` draws."""
    ahead = list(range(1, layers + 1))
    if order == "forward":
        return ahead
    if order == "backward":
        return ahead[::-1]
    if order == "odd-even":
        return ahead[::2] + ahead[1::2]
    if order == "random":
        return [int(k) for k in rng.permutation(ahead)]
    return ahead + ahead[-2::-1]


def solve(
    network: FeedForwardNetwork,
    inputs: Array,
    targets: Array,
    alpha: float,
    beta: float | Sequence[float],
    form: Form = "adjoint",
    output: Output = "linearised",
    order: Order = "up-down",
    sweeps: int = 20,
    tolerance: float | None = None,
    start: DyadicStates | None = None,
    rng: np.random.Generator | int | None = None,
    *,
    now: ForwardPass | None = None,
    damping: Damping = "layers",
) -> Inner:
    r"""Update layer after layer until the compartments of a minibatch rest.

    With :math:`a_k = W_{k-1}\bar s_{k-1} + b_{k-1}`, the message
    :math:`m_k = (\beta_k/\beta_{k+1}) W_k^T\Delta_{k+1}` and the shares p, q of ``shares``, a layer becomes
    :math:`s_k^+ = f(a_k + p m_k)`, :math:`s_k^- = f(a_k - q m_k)`, always with the newest of its neighbours
    (Hoier and Zach, ICML 2024; Gauss and Seidel). For damping see ``damped_value``, for the last layer
    ``output_step``. Pooling by the maximum selects by the mean state below, and messages follow the selection
    with which they were last sent. Where a message turns the selection between near equals around, no fixed point
    exists, and the sweeps go round for ever whatever the stability number.

    On a linear network the changes of plain sweeps ``"up-down"`` grow by the factor of ``stability_number``.
    In sweeps ``"forward"``, ``"backward"`` or ``"odd-even"`` a round trip from the output to layer k takes
    L - k sweeps: they share the largest :math:`|z|` with
    :math:`\det[1 + (2\alpha - 1)\sum_k \beta_k z^{k-L} J_k J_k^T] = 0`. That has the same threshold for
    :math:`\alpha < 1/2`, a higher one for :math:`\alpha > 1/2` and more than one hidden layer.

    Parameters
    ----------
    network : FeedForwardNetwork
    inputs : ndarray, shape (batch, features)
    targets : ndarray, shape (batch, classes)
    alpha : float
        Asymmetry in [0, 1].
    beta : float or sequence of float
        Nudge > 0, or one for each layer 1, ..., L.
    form : {"adjoint", "plain", "damped"}
    output : {"linearised", "proximal"}
    order : {"up-down", "forward", "backward", "odd-even", "random"}
    sweeps : int
        At most so many, >= 1.
    tolerance : float, optional
        End once the residual is no larger, >= 0; without it all sweeps are made and no change is measured.
    start : DyadicStates, optional
        By default both compartments are what a forward pass gives.
    rng : Generator or seed
        For the random order.
    now : ForwardPass, optional
        Of these inputs, if it is known.
    damping : {"layers", "auto"}
        In form ``"damped"``; see ``damping_of``. The automatic one grows, with a tolerance, and the sweeps start
        again, where 20 more of them bring no smaller changes; see ``stronger``.

    Returns
    -------
    Inner
        Also where the sweeps do not converge; they end early only if a number is not finite.

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain or does not fit the network.
    """
    alpha, betas = checked_nudges(network, alpha, beta, form, output)
    check_choice("order", order, ORDERS)
    most = check.integer_at_least("sweeps", sweeps, 1)
    if tolerance is not None:
        tolerance = check.single("tolerance", check.non_negative("tolerance", tolerance))
    generator = check.generator(rng)
    now = now or network.forward(inputs)
    check_targets(network, len(inputs), targets)
    if start is not None:
        _check_start(network, len(inputs), start)
    strengths: tuple[float | Array, ...] = (0.0,) * len(betas)
    if form == "damped":
        delayed = order != "up-down"
        strengths = damping_of(network, now, alpha, betas, damping, output=output, delayed=delayed)
    here = Dyads(network, now, targets, alpha, betas, form, output, start, strengths)
    changes: list[float] = []
    since = 0
    with np.errstate(over="ignore", invalid="ignore"):  # told by the changes
        for done in range(1, most + 1):
            change = 0.0
            for k in layer_order(order, len(betas), generator):
                change = max(here.update(k, measure=tolerance is not None), change, key=size)
            if tolerance is None:
                continue
            changes.append(change)
            residual = change / (here.largest() or 1.0)
            if residual <= tolerance:
                return Inner(here.states(), done, residual, True, tuple(changes))
            if form == "damped" and damping == "auto" and alpha > 0.5 and done < most:
                if _stuck(changes[since:]):
                    strengths, since = stronger(network, alpha, strengths), done
                    here = Dyads(network, now, targets, alpha, betas, form, output, start, strengths)
            elif not math.isfinite(change):
                return Inner(here.states(), done, residual, False, tuple(changes))
    return Inner(here.states(), most, residual if changes else math.nan, False, tuple(changes))


def _stuck(changes: Sequence[float]) -> bool:
    """Whether the changes left the finite range, or stopped to fall, which is looked at every so many sweeps."""
    if not math.isfinite(changes[-1]):
        return True
    if len(changes) % _WATCHED or len(changes) < 2 * _WATCHED:
        return False
    return max(changes[-_WATCHED:]) > _FALLING * max(changes[-2 * _WATCHED : -_WATCHED])


def _check_start(network: FeedForwardNetwork, batch: int, start: DyadicStates) -> None:
    if not isinstance(start, DyadicStates):
        raise InvalidParameterError("start", start, "DyadicStates or None")
    shapes = [(batch, *shape) for shape in network.shapes[1:]]
    for name, layers in (("start.plus", start.plus), ("start.minus", start.minus)):
        if [layer.shape for layer in layers] != shapes or any(layer.dtype != network.dtype for layer in layers):
            seen = ", ".join(f"{layer.dtype} {layer.shape}" for layer in layers)
            raise InvalidParameterError(name, seen, f"{network.dtype} of shapes {', '.join(map(str, shapes))}")
    if not start.finite:
        raise InvalidParameterError("start", "compartments", "finite in every entry")
