"""Relaxation of a network neuron by neuron, and the gradient of what comes out by complex steps.

All neurons, inputs included, sit in one symmetric matrix of couplings without layers, and examples go one after
another. A derivative is Im f(w + ih)/h with h = 1e-40, which subtracts nothing and is exact to rounding; the
activations are written out in exponentials, which take complex numbers, and the clip decides by real parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

Matrix = np.ndarray

STEP = 1e-40


def clip(x: Matrix, low: float = 0.0, high: float = 1.0) -> Matrix:
    """Clip by real part; the derivative is zero outside."""
    return np.where(x.real <= low, low, np.where(x.real >= high, high, x))


def tanh(x: Matrix) -> Matrix:
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def soft(x: Matrix, w: float = 0.1) -> Matrix:
    return w * np.log((1 + np.exp(x / w)) / (1 + np.exp((x - 1) / w)))


def soft_slope(x: Matrix, w: float = 0.1) -> Matrix:
    return 1 / (1 + np.exp(-x / w)) - 1 / (1 + np.exp((1 - x) / w))


# value, slope and the interval of the states, by the activation's name
RHO: dict[str, tuple[Callable[[Matrix], Matrix], Callable[[Matrix], Matrix], tuple[float, float]]] = {
    "clip": (clip, lambda x: np.where((x.real >= 0) & (x.real <= 1), 1.0, 0.0), (0.0, 1.0)),
    "sigmoid": (
        lambda x: 1 / (1 + np.exp(2 - 4 * x)),
        lambda x: 4 * np.exp(2 - 4 * x) / (1 + np.exp(2 - 4 * x)) ** 2,
        (-np.inf, np.inf),
    ),
    "tanh": (tanh, lambda x: 4 / (np.exp(x) + np.exp(-x)) ** 2, (-np.inf, np.inf)),
    "soft-clip": (soft, soft_slope, (-np.inf, np.inf)),
}


def brute_energy(name: str, parameters: Mapping[str, Matrix], neurons: Sequence[Matrix]) -> complex:
    """Energy of one example, neuron by neuron and coupling by coupling; ``neurons`` are inputs, layer 1, ..."""
    rho = RHO[name][0]
    out = [np.asarray(neurons[0]), *(rho(np.asarray(layer)) for layer in neurons[1:])]
    total = 0.0 + 0.0j
    for n in range(1, len(neurons)):
        for j, x in enumerate(neurons[n]):
            total += x * x / 2 - parameters[f"b{n}"][j] * out[n][j]
            for i, below in enumerate(out[n - 1]):
                total -= below * parameters[f"W{n}"][i, j] * out[n][j]
    return complex(total)


def final_cost(
    name: str,
    parameters: Mapping[str, Matrix],
    inputs: Matrix,
    targets: Matrix,
    states: Sequence[Matrix],
    steps: int,
    step_size: float,
) -> complex:
    """Mean cost of the output states after so many steps."""
    rho, slope, (low, high) = RHO[name]
    sizes = [inputs.shape[1], *(layer.shape[1] for layer in states)]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    coupling = np.zeros((starts[-1], starts[-1]), complex)
    bias = np.zeros(starts[-1], complex)
    for n in range(1, len(sizes)):
        below, here = slice(starts[n - 1], starts[n]), slice(starts[n], starts[n + 1])
        coupling[below, here], coupling[here, below] = parameters[f"W{n}"], np.transpose(parameters[f"W{n}"])
        bias[here] = parameters[f"b{n}"]
    total = 0.0 + 0.0j
    for example, target in enumerate(targets):
        x = np.concatenate([inputs[example], *(layer[example] for layer in states)]).astype(complex)
        for _ in range(steps):
            out = np.concatenate([inputs[example], rho(x[sizes[0] :])])
            moved = clip(x - step_size * (x - slope(x) * (coupling @ out + bias)), low, high)
            x = np.concatenate([inputs[example], moved[sizes[0] :]])
        total += np.sum((x[starts[-2] :] - target) ** 2)
    return complex(total / len(targets))


def gradient(name: str, parameters: Mapping[str, Matrix], *arguments: object) -> dict[str, Matrix]:
    """Derivative of ``final_cost`` by every entry of every parameter, one entry at a time."""
    result = {}
    for key, array in parameters.items():
        derivative = np.zeros(array.shape)
        for entry in np.ndindex(array.shape):
            moved = {k: np.array(v, dtype=complex) for k, v in parameters.items()}
            moved[key][entry] += 1j * STEP
            derivative[entry] = final_cost(name, moved, *arguments).imag / STEP  # type: ignore[arg-type]
        result[key] = derivative
    return result
