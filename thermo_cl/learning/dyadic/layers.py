"""Updates of single dyadic layers, with what has to be computed anew for them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.dyadic.damping import damped_value
from thermo_cl.learning.dyadic.output import Form, Output, output_step, shares
from thermo_cl.learning.dyadic.states import DyadicStates, forward_states, mean
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass, Link

__all__ = ["Dyads", "size"]


def size(change: float) -> float:
    """The change, or infinity for nan, so that the largest one can be found."""
    return math.inf if math.isnan(change) else change


class Dyads:
    """Compartments in the making, with what the layers receive from both sides as long as it is up to date."""

    def __init__(
        self,
        network: FeedForwardNetwork,
        now: ForwardPass,
        targets: Array,
        alpha: float,
        betas: tuple[float, ...],
        form: Form,
        output: Output,
        start: DyadicStates | None,
        damping: Sequence[float | Array],
    ) -> None:
        layers = len(betas)
        self._network, self._targets, self._damping = network, targets, damping
        self._alpha, self._beta, self._form, self._output = alpha, betas[-1], form, output
        self._up, self._down = shares(alpha, form)
        self._ratios = [low / high for low, high in itertools.pairwise(betas)]  # of layer k at k - 1
        begin = forward_states(now) if start is None else start
        self._plus, self._minus = list(begin.plus), list(begin.minus)
        self._links: list[Link] = list(now.links)  # into layer k at k - 1
        self._received = list(now.received)
        self._messages: list[Array | None] = [None] * (layers - 1)
        fresh = start is None
        self._link_new = [True] + [fresh] * (layers - 1)
        self._received_new = [True] + [fresh] * (layers - 1)
        self._message_new = [fresh] * (layers - 1)
        self._settled = [fresh] * (layers - 1) + [False]  # at what the neighbours ask for

    def states(self) -> DyadicStates:
        """As they are now."""
        return DyadicStates(tuple(self._plus), tuple(self._minus))

    def largest(self) -> float:
        """Largest compartment by size."""
        return max(float(np.abs(layer).max()) for layer in (*self._plus, *self._minus))

    def update(self, k: int, *, measure: bool) -> float:
        """Update layer k from 1 to L; gives its largest change, 0 without ``measure``."""
        at, last = k - 1, k == len(self._plus)
        heard = last or self._message_new[at]
        damped = np.any(self._damping[at])
        if self._settled[at] and self._received_new[at] and heard and not damped:
            return 0.0
        received = self._receive(at)
        if last:
            plus, minus = output_step(
                self._network.loss, received, self._targets, self._alpha, self._beta, self._form, self._output
            )
            if damped:
                share = 1 / (1 + self._damping[at])
                plus, minus = (
                    share * new + (1 - share) * old for new, old in ((plus, self._plus[at]), (minus, self._minus[at]))
                )
        else:
            plus, minus = self._hidden(at, received, self._message(at))
        change = max((_distance(plus, self._plus[at]), _distance(minus, self._minus[at])), key=size) if measure else 0.0
        self._plus[at], self._minus[at], self._settled[at] = plus, minus, True
        if not last:
            self._link_new[at + 1] = self._received_new[at + 1] = False
        if at:
            self._message_new[at - 1] = False
        return change

    def _hidden(self, at: int, received: Array, message: Array | None) -> tuple[Array, Array]:
        def compartment(share: float, old: Array) -> Array:
            total = received if message is None or not share else received + share * message
            return damped_value(f, total, old, float(strength))

        f, strength = self._network.activation, self._damping[at]
        plus = compartment(self._up, self._plus[at])
        return plus, plus if message is None and not strength else compartment(-self._down, self._minus[at])

    def _link(self, at: int) -> Link:
        if not self._link_new[at]:
            below = mean(self._plus[at - 1], self._minus[at - 1], self._alpha)
            self._links[at], self._link_new[at] = self._network.connections[at].link(below), True
        return self._links[at]

    def _receive(self, at: int) -> Array:
        if not self._received_new[at]:
            w, b = self._network.weights[at], self._network.biases[at]
            self._received[at], self._received_new[at] = self._link(at).forward(w, b), True
        return self._received[at]

    def _message(self, at: int) -> Array | None:
        if not self._message_new[at]:
            gap = self._plus[at + 1] - self._minus[at + 1]
            message = self._link(at + 1).backward(gap, self._network.weights[at + 1])
            if self._ratios[at] != 1:
                message = message * self._ratios[at]
            self._messages[at], self._message_new[at] = message, True
        return self._messages[at]


def _distance(one: Array, other: Array) -> float:
    gap = one - other
    return float(np.abs(gap, out=gap).max())
