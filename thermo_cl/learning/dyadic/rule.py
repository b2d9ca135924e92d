"""Dual propagation, plain, damped and in its adjoint form, as a learning rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic.damping import DAMPINGS, Damping, check_curable
from thermo_cl.learning.dyadic.failures import check_finite_outputs, failure, overflow
from thermo_cl.learning.dyadic.one_sweep import one_sweep
from thermo_cl.learning.dyadic.output import (
    FORMS,
    OUTPUTS,
    Form,
    Output,
    check_choice,
    check_finite_batch,
    check_output,
    checked_alpha,
    checked_betas,
)
from thermo_cl.learning.dyadic.states import DyadicStates, forward_states
from thermo_cl.learning.dyadic.sweeps import ORDERS, Inner, Order, solve
from thermo_cl.learning.energy import Parameters, States
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass
from thermo_cl.learning.feedforward.gradient import check_network, check_targets
from thermo_cl.learning.rules.interface import Estimate

__all__ = ["DualPropagation", "local_gradient"]


@dataclass(frozen=True)
class DualPropagation:
    r"""Gradient estimate :math:`-\Delta_k \bar s_{k-1}^T/\beta_k` from one phase of dyadic neurons.

    Source: Hoier and Zach, ICML 2024. With :math:`\alpha = 1/2` the plain and the adjoint form are the same and
    their error against backpropagation is of second order in :math:`\beta`; at other :math:`\alpha` it is of first
    order. With the linearised output step, the adjoint form is exact for every :math:`\alpha` and :math:`\beta` on
    linear networks, and where no message carries a ReLU over its kink.

    Parameters
    ----------
    alpha : float
        Asymmetry in [0, 1].
    beta : float or sequence of float
        Nudge > 0, or one for each layer 1, ..., L.
    form : {"adjoint", "plain", "damped"}
        Which compartment takes which part of the messages (see ``shares``); the damped form is the plain one with
        slower updates.
    output : {"linearised", "proximal"}
        See ``output_step``.
    order : {"up-down", "forward", "backward", "odd-even", "random"}
        In which a sweep updates the layers; only the random one draws.
    sweeps : int
        Of the inner loop, >= 1.
    tolerance : float, optional
        End once a sweep changes no compartment by more than this, times the largest one; > 0. Without it all
        sweeps are made, and nothing is checked.
    carry : bool
        Start where the same examples were left last time, kept in ``Estimate.states`` (see ``initial_states``),
        in place of the forward pass. In training, that is twice all neurons but the inputs for every example:
        0.4 GB for 50,000 examples of 784-512-512-10 in float32, and again as much during an epoch and on disk.
    damping : {"layers", "auto"}
        Of the damped form; see ``damping_of``.

    Raises
    ------
    InvalidParameterError
        If an argument is out of range. From ``estimate``, if the network is not feed-forward, a minibatch does not
        fit it or is not finite, or if no damping can help (with ``tolerance`` or ``damping="auto"``; see
        ``check_curable``).
    ConvergenceError
        From ``estimate`` with ``tolerance``, if the sweeps do not reach it.
    DivergenceError
        From ``estimate`` with ``tolerance``, if they move further and further. Either error says the stability number
        and what to change; without ``tolerance``, ``train`` asks for that once a gradient is not finite.
    """

    alpha: float = 0.5
    beta: float | tuple[float, ...] = 0.5
    form: Form = "adjoint"
    output: Output = "linearised"
    order: Order = "up-down"
    sweeps: int = 20
    tolerance: float | None = None
    carry: bool = False
    damping: Damping = "layers"

    def __post_init__(self) -> None:
        beta = checked_betas(self.beta)
        choices = (
            ("form", self.form, FORMS), ("output", self.output, OUTPUTS), ("order", self.order, ORDERS),
            ("damping", self.damping, DAMPINGS),
        )  # fmt: skip
        for name, value, valid in choices:
            check_choice(name, value, valid)
        if not isinstance(self.carry, bool):
            raise InvalidParameterError("carry", self.carry, "True or False")
        check.freeze(
            self,
            alpha=checked_alpha(self.alpha),
            beta=beta if np.ndim(self.beta) else beta[0],
            sweeps=check.integer_at_least("sweeps", self.sweeps, 1),
            tolerance=None if self.tolerance is None else check.positive_number("tolerance", self.tolerance),
        )

    @property
    def one_sweep(self) -> bool:
        """Whether one backward sweep takes the place of the inner loop: the adjoint form at alpha = 0 or 1."""
        return self.form == "adjoint" and self.alpha in (0, 1)

    def initial_states(self, network: FeedForwardNetwork, examples: int) -> States:
        """What ``estimate`` is given of examples that it has not seen.

        With ``carry``, compartments plus and minus of all layers, shapes (examples, n_k), and whether they are known,
        shape (examples, 1), all zero; nothing for other rules and for one sweep.
        """
        check_network(network)
        if not self.carry or self.one_sweep:
            return ()
        widths = [*network.sizes[1:], *network.sizes[1:], 1]
        return tuple(np.zeros((examples, width), network.dtype) for width in widths)

    def estimate(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; the outputs are those of a forward pass."""
        check_network(network)
        betas = checked_betas(self.beta, len(network.weights))
        check_output(network.loss, self.alpha, betas[-1], self.form, self.output)
        now = network.forward(inputs)
        check_targets(network, len(inputs), targets)
        check_finite_batch(inputs, targets)
        if self.one_sweep:
            gaps = one_sweep(network, now, targets, self.alpha, betas, self.output)
            return Estimate(local_gradient(now, gaps, betas), states, now.outputs)
        start = self._start(network, now, states) if self.carry else None
        inner = self._solved(network, inputs, targets, betas, now, start, rng)
        links = mean_links(network, now, inner.states, self.alpha)
        gradient = local_gradient(links, list(inner.states.difference()), betas)
        return Estimate(gradient, _kept(inner.states, network) if self.carry else states, now.outputs)

    def diagnosis(self, network: FeedForwardNetwork, inputs: Array) -> str:
        """Why an estimate can leave the finite range, and what to change; empty if the inner loop is not to blame.

        Parameters
        ----------
        network : FeedForwardNetwork
        inputs : ndarray, shape (batch, features)
        """
        if self.form == "adjoint":
            return ""
        betas = checked_betas(self.beta, len(network.weights))
        return overflow(network, network.forward(inputs), self.alpha, betas, self.output, self.sweeps)

    def _solved(
        self,
        network: FeedForwardNetwork,
        inputs: Array,
        targets: Array,
        betas: tuple[float, ...],
        now: ForwardPass,
        start: DyadicStates | None,
        rng: np.random.Generator,
    ) -> Inner:
        if self.tolerance is not None:
            check_finite_outputs(now)
        if self.form == "damped" and (self.damping == "auto" or self.tolerance is not None):
            check_curable(network, now, self.alpha, betas, output=self.output)
        inner = solve(
            network, inputs, targets, self.alpha, betas, self.form, self.output, self.order, self.sweeps,
            self.tolerance, start, rng, now=now, damping=self.damping,
        )  # fmt: skip
        if self.tolerance is None or inner.converged:
            return inner
        raise failure(network, now, inner, self.alpha, betas, self.form, self.output, self.tolerance)

    def _start(self, network: FeedForwardNetwork, now: ForwardPass, states: States) -> DyadicStates:
        batch, layers = len(now.outputs), len(network.weights)
        expected = self.initial_states(network, batch)
        if [x.shape for x in states] != [x.shape for x in expected] or any(x.dtype != network.dtype for x in states):
            seen = ", ".join(f"{x.dtype} {x.shape}" for x in states) or "none"
            wanted = ", ".join(f"{x.dtype} {x.shape}" for x in expected)
            raise InvalidParameterError("states", seen, f"as of initial_states: {wanted}")
        known = states[-1][:, 0] > 0
        fresh = forward_states(now).plus

        def compartment(kept: Array, free: Array) -> Array:
            rows = known.reshape(-1, *[1] * (free.ndim - 1))
            return np.where(rows, kept.reshape(free.shape), free)

        plus, minus = states[:layers], states[layers : 2 * layers]
        return DyadicStates(tuple(map(compartment, plus, fresh)), tuple(map(compartment, minus, fresh)))


def local_gradient(now: ForwardPass, differences: list[Array], betas: Sequence[float]) -> Parameters:
    r""":math:`-\Delta_k\bar s_{k-1}^T/\beta_k`, batch means by name; the differences are overwritten.

    Parameters
    ----------
    now : ForwardPass
        Its links have the mean states.
    differences : list of ndarray, shapes (batch, *layer_shape)
        Of the layers 1, ..., L.
    betas : sequence of float
        Of the layers.
    """
    gradient: dict[str, Array] = {}
    for n, (link, gap, beta) in enumerate(zip(now.links, differences, betas, strict=True), start=1):
        gap *= -1 / (beta * len(gap))
        weights, biases = link.gradient(gap)
        gradient |= {f"W{n}": weights, f"b{n}": biases}
    return gradient


def mean_links(network: FeedForwardNetwork, now: ForwardPass, states: DyadicStates, alpha: float) -> ForwardPass:
    """A forward pass whose links have the mean states in place of its own."""
    means = states.mean(alpha)[:-1]
    links = (now.links[0], *(c.link(s) for c, s in zip(network.connections[1:], means, strict=True)))
    return ForwardPass(links, now.received, means)


def _kept(states: DyadicStates, network: FeedForwardNetwork) -> States:
    batch = len(states.plus[0])
    flat = tuple(layer.reshape(batch, -1) for layer in (*states.plus, *states.minus))
    return (*flat, np.ones((batch, 1), network.dtype))
