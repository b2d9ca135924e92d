"""The stability number of plain dual propagation: whether its inner loop converges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.learning.dyadic.output import OUTPUTS, Output, check_choice, check_output, checked_alpha, checked_betas
from thermo_cl.learning.dyadic.tangent import push_forward
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass, pull_back
from thermo_cl.learning.feedforward.gradient import check_network

__all__ = ["advice", "nudge_eigenvalues", "stability_number"]

_STARTS = 2024  # seed of the first vectors
_COARSE = 1e-3  # relative accuracy of the numbers in messages
_HALVINGS = 12  # in search of a nudge for a message


def stability_number(
    network: FeedForwardNetwork,
    inputs: Array,
    alpha: float,
    beta: float | Sequence[float],
    targets: Array | None = None,
    *,
    output: Output = "linearised",
    tolerance: float = 1e-9,
    iterations: int = 10_000,
    now: ForwardPass | None = None,
) -> FloatArray:
    r"""Growth factor of the inner loop of plain dual propagation, for each example.

    :math:`|2\alpha - 1|\,\lambda_\mathrm{max}(H^{1/2} K H^{1/2})`,
    :math:`K = \sum_{k<L} \beta_k J_k F_k J_k^T`, with the Jacobian J_k of the outputs by the states of layer k, the
    slopes F_k of its activation, both at the forward pass, and the Hessian H of the loss by the outputs. On a
    linear network with squared error, whose K is :math:`\beta\sum_k J_k J_k^T`, the sweeps ``"up-down"`` converge
    if and only if it is below 1, whatever the targets; otherwise it is the linearisation around the forward pass.
    An eigenvalue :math:`\lambda` of K H grows by :math:`(1 - 2\alpha)\lambda`: for :math:`\alpha > 1/2` it
    alternates, which damping cures; for :math:`\alpha < 1/2` it does not, as the inner problem has no solution.
    The adjoint form has no such feedback to first order.

    Parameters
    ----------
    network : FeedForwardNetwork
    inputs : ndarray, shape (batch, features)
    alpha : float
        In [0, 1].
    beta : float or sequence of float
        > 0, one for all layers or for each.
    targets : ndarray, shape (batch, classes), optional
        Not needed: no Hessian of the losses depends on them.
    output : {"linearised", "proximal"}
        The proximal step has :math:`H(1 + \alpha\beta_L H)^{-1}(1 - (1 - \alpha)\beta_L H)^{-1}` for H, taken at
        the forward pass too.
    tolerance : float
        Relative change at which the power iteration ends, > 0. It comes from below.
    iterations : int
        Most steps of it, >= 1.
    now : ForwardPass, optional
        Of these inputs, if it is known.

    Returns
    -------
    ndarray, shape (batch,)

    Raises
    ------
    InvalidParameterError
        If an argument is out of its domain or does not fit the network.
    ConvergenceError
        If the power iteration does not end.
    """
    del targets
    check_network(network)
    alpha, betas = checked_alpha(alpha), checked_betas(beta, len(network.weights))
    now = now or network.forward(inputs)
    asymmetry = abs(2 * alpha - 1)
    if asymmetry == 0 or len(betas) == 1:
        return np.zeros(len(now.outputs))
    return asymmetry * nudge_eigenvalues(
        network, now, betas, alpha=alpha, output=output, tolerance=tolerance, iterations=iterations
    )


def nudge_eigenvalues(
    network: FeedForwardNetwork,
    now: ForwardPass,
    betas: Sequence[float],
    *,
    alpha: float = 0.5,
    output: Output = "linearised",
    tolerance: float = 1e-9,
    iterations: int = 10_000,
) -> FloatArray:
    r""":math:`\lambda_\mathrm{max}(H^{1/2} K H^{1/2})` of ``stability_number``, shape (batch,)."""
    check_choice("output", output, OUTPUTS)
    tolerance, most = check.positive_number("tolerance", tolerance), check.integer_at_least("iterations", iterations, 1)
    curved = _curved(network, now, alpha, betas[-1], output)
    hidden = range(len(betas) - 1)

    def fed_back(vectors: Array) -> Array:
        gaps = pull_back(network, now, vectors)
        return push_forward(network, now, [gaps[k] * betas[k] for k in hidden])

    vectors = np.random.default_rng(_STARTS).normal(size=now.outputs.shape).astype(network.dtype)
    found = np.zeros(len(vectors))
    floor = 8 * float(np.finfo(network.dtype).eps)
    steepest = curved(vectors)
    for _ in range(most):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # told below
            image = fed_back(steepest)
            size = (vectors * steepest).sum(axis=1)
            now_found = np.where(size > 0, (steepest * image).sum(axis=1) / size, 0.0).astype(float)
            length = np.sqrt((image * image).sum(axis=1, keepdims=True))
        if not np.isfinite(now_found).all() or not np.isfinite(length).all():
            raise ConvergenceError(
                "the stability number is not finite: weights, inputs or outputs are too large or nan"
            )
        ended = np.abs(now_found - found) <= max(tolerance, floor) * now_found
        found = now_found
        if ended.all():
            return found
        vectors = np.where(length > 0, image / np.where(length > 0, length, 1), image)
        steepest = curved(vectors)
    raise ConvergenceError(
        f"the power iteration of the stability number did not end in {most} iterations (reached {found.max():g}); "
        f"allow more iterations or a tolerance above {tolerance:g}"
    )


def largest_share(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, betas: Sequence[float], output: Output, number: float
) -> float:
    """Factor, below 1, of all nudges at which a stability number above 1 becomes 1, to the accuracy of messages.

    With linearised outputs the number is proportional to the nudges; with proximal ones it rises with them otherwise.
    """
    if output == "linearised" or number <= 1:
        return 1 / max(number, 1.0)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        half = (low + high) / 2
        fewer = [half * beta for beta in betas]
        found = nudge_eigenvalues(network, now, fewer, alpha=alpha, output=output, tolerance=_COARSE)
        low, high = (half, high) if abs(2 * alpha - 1) * found.max() < 1 else (low, half)
    return low


def stability_advice(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, betas: Sequence[float], output: Output
) -> tuple[float, str]:
    """Largest stability number of a minibatch, and ``advice`` with the largest nudge for these outputs."""
    found = nudge_eigenvalues(network, now, betas, alpha=alpha, output=output, tolerance=_COARSE)
    number = abs(2 * alpha - 1) * float(found.max(initial=0.0))
    return number, advice(number, alpha, betas, largest_share(network, now, alpha, betas, output, number))


def advice(number: float, alpha: float, beta: float | Sequence[float], share: float | None = None) -> str:
    """What to say of an inner loop with this stability number, and what to change.

    Parameters
    ----------
    number : float
    alpha : float
    beta : float or sequence of float
    share : float, optional
        Factor of the nudges at which the number is 1; by default 1/number, as for linearised outputs.
    """
    largest = float(np.max(beta))
    per = "the largest beta" if np.ndim(beta) and len(set(np.ravel(beta))) > 1 else "beta"
    text = f"stability number {number:.4g} at alpha = {alpha:g}, {per} = {largest:g} (it must be below 1)"
    if number <= 0:
        return f"{text}: allow more sweeps, a larger tolerance, or a smaller beta"
    below = f"{per} below {largest / number if share is None else largest * share:.3g}" + (
        ", all in proportion" if per != "beta" else ""
    )
    if number < 1:
        return f"{text}: allow more sweeps or a larger tolerance; a smaller beta converges faster"
    if alpha < 0.5:
        why = "damping cannot help at alpha < 1/2, where the inner maximum is unbounded"
        return f"{text}: {why}; take {below}, or form = 'adjoint'"
    return f"{text}: take {below}, form = 'adjoint', or form = 'damped' with damping = 'auto'"


def _curved(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, beta: float, output: Output
) -> Callable[[Array], Array]:
    outputs, loss = now.outputs, network.loss
    if output == "linearised":
        return lambda vectors: loss.curved(outputs, vectors)
    check_output(loss, alpha, beta, "plain", output)
    classes = outputs.shape[1]
    units = np.broadcast_to(np.eye(classes, dtype=outputs.dtype), (len(outputs), classes, classes))
    hessian = np.stack([loss.curved(outputs, units[:, c]) for c in range(classes)], axis=1)
    values, directions = np.linalg.eigh(hessian)
    values = values / ((1 + alpha * beta * values) * (1 - (1 - alpha) * beta * values))
    effective: Any = np.einsum("bic,bc,bjc->bij", directions, values, directions)
    return lambda vectors: np.asarray(np.einsum("bij,bj->bi", effective, vectors))
