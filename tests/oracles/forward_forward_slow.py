"""Forward-forward networks one number at a time, for real or complex parameters."""

from __future__ import annotations

import cmath
import math

import numpy as np

from thermo_cl.learning.forward_forward import ForwardForwardNetwork


def written(image: np.ndarray, label: int, classes: int) -> list[float]:
    """The image with the label over its first pixels."""
    return [float(k == label) for k in range(classes)] + [float(x) for x in image[classes:]]


def layer(weights: np.ndarray, bias: np.ndarray, below: list) -> list:
    """Activities of one layer; the input is held, it may be real only."""
    norm = math.sqrt(sum(x * x for x in below)) + 1e-4
    out = []
    for j in range(weights.shape[1]):
        a = bias[j] + sum(weights[i, j] * (x / norm) for i, x in enumerate(below))
        out.append(a if a.real > 0 else 0.0 * a)
    return out


def goodness(activities: list) -> complex | float:
    return sum(h * h for h in activities) / len(activities)


def softplus(x: complex) -> complex:
    return cmath.log(1 + cmath.exp(x))


def stack(network: ForwardForwardNetwork, image: np.ndarray, label: int) -> list[list[float]]:
    """Inputs of every layer and the activities of the last."""
    found = [written(image, label, network.classes)]
    for w, b in zip(network.weights, network.biases, strict=True):
        found.append([float(h) for h in layer(w.astype(float), b.astype(float), found[-1])])
    return found


def own_loss(network: ForwardForwardNetwork, n: int, w, b, image: np.ndarray, label: int, *, right: bool) -> complex:
    """Loss of layer n (from 0) with other parameters of that layer; the layers below are the network's."""
    below = stack(network, image, label)[n]
    margin = goodness(layer(w, b, below)) - network.threshold
    return softplus(-margin if right else margin)


def loss_gradient(network: ForwardForwardNetwork, image: np.ndarray, label: int, *, right: bool) -> dict:
    """Derivative of every layer's loss by its own parameters, each by a complex step."""
    found, step = {}, 1e-30
    for n, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        for name, array in ((f"W{n + 1}", w), (f"b{n + 1}", b)):
            slopes = np.zeros(array.shape)
            for place in np.ndindex(array.shape):
                moved = {"W": w.astype(complex), "b": b.astype(complex)}
                moved[name[0]][place] += 1j * step
                slopes[place] = own_loss(network, n, moved["W"], moved["b"], image, label, right=right).imag / step
            found[name] = slopes
    return found


def label_of(network: ForwardForwardNetwork, image: np.ndarray) -> tuple[int, list[float]]:
    """Label of the largest summed goodness, and the sums."""
    sums = [sum(float(goodness(h)) for h in stack(network, image, k)[1:]) for k in range(network.classes)]
    return sums.index(max(sums)), sums
