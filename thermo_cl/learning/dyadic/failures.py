"""What to say of an inner loop that did not come to rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermo_cl.errors import ConvergenceError, DivergenceError
from thermo_cl.learning.dyadic.output import Form, Output
from thermo_cl.learning.dyadic.stability import stability_advice
from thermo_cl.learning.dyadic.sweeps import Inner
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass, MaxPooling

__all__ = ["check_finite_outputs", "failure", "overflow"]


def check_finite_outputs(now: ForwardPass) -> None:
    """Refuse to begin an inner loop where the forward pass has left the finite range.

    Raises
    ------
    DivergenceError
    """
    if not np.isfinite(now.outputs).all():
        raise DivergenceError("the outputs of the forward pass are not finite, so that no inner loop can start")


def overflow(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, betas: Sequence[float], output: Output, sweeps: int
) -> str:
    """What to say of a gradient that is not finite after sweeps that nothing checked.

    Empty if the forward pass is not finite itself, or the stability number is below 1 and so does not explain it.
    """
    if not np.isfinite(now.outputs).all():
        return ""
    try:
        number, told = stability_advice(network, now, alpha, betas, output)
    except ConvergenceError:
        return ""
    return f"the inner loop of {sweeps} sweeps diverges: {told}" if number >= 1 else ""


def failure(
    network: FeedForwardNetwork,
    now: ForwardPass,
    inner: Inner,
    alpha: float,
    betas: Sequence[float],
    form: Form,
    output: Output,
    tolerance: float,
) -> ConvergenceError | DivergenceError:
    """The error to raise: how far the loop came, its stability number, and what to change.

    Parameters
    ----------
    network : FeedForwardNetwork
    now : ForwardPass
        Of the minibatch, finite.
    inner : Inner
        What did not converge.
    alpha : float
    betas : sequence of float, one for each layer
    form : {"adjoint", "plain", "damped"}
    output : {"linearised", "proximal"}
    tolerance : float
    """
    came = f"in {inner.sweeps} sweeps the residual came to {inner.residual:.4g}, not {tolerance:g}"
    if form == "adjoint":
        told = f"the adjoint form has no feedback to first order, so that {came} for strong messages: "
        told += f"take beta below {min(betas):g}, more sweeps or a larger tolerance"
    else:
        told = f"{came}; {_stability(network, now, alpha, betas, output)}"
    if any(isinstance(getattr(c, "pooling", None), MaxPooling) for c in network.connections):
        told += "; the maximum pooling may also flip between near equals for ever, which a smaller beta makes rarer"
    if inner.diverging:
        return DivergenceError(f"the inner loop diverges, changes growing {inner.growth:.4g} times a sweep: {told}")
    return ConvergenceError(f"the inner loop did not converge: {told}")


def _stability(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, betas: Sequence[float], output: Output
) -> str:
    try:
        return stability_advice(network, now, alpha, betas, output)[1]
    except ConvergenceError as error:
        return f"{error}; take a smaller beta, or form = 'adjoint'"
