"""Labels that a forward-forward network gives to images, and the units that take part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, BoolArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.forward_forward.losses import goodness_of
from thermo_cl.learning.forward_forward.network import NORM_FLOOR, ForwardForwardNetwork

__all__ = ["active_units", "error_rate", "label_goodness", "predict"]

_BLOCK = 256  # images at a time: their activities for all labels stay in the cache


def label_goodness(network: ForwardForwardNetwork, inputs: Array) -> Array:
    """Goodness summed over all layers, the first one included, of every image with every label.

    The first layer's sum over the image is taken once for all labels.

    Parameters
    ----------
    network : ForwardForwardNetwork
    inputs : ndarray, shape (n, features)
        The first ``classes`` features are written over.

    Returns
    -------
    ndarray, shape (n, classes)

    Raises
    ------
    InvalidParameterError
        If the inputs are of other shape or not finite.
    """
    given = check.real_array("inputs", inputs)
    if given.ndim != 2 or given.shape[1] != network.sizes[0]:
        raise InvalidParameterError("inputs.shape", given.shape, f"(n, {network.sizes[0]})")
    with np.errstate(over="ignore"):  # told as inputs that are not finite
        images = given.astype(network.dtype, copy=False)
    if not np.isfinite(images).all():
        raise InvalidParameterError("inputs", "an array", f"finite in every entry, as {network.dtype} too")
    classes, total = network.classes, np.zeros((len(images), network.classes), network.dtype)
    for start in range(0, len(images), _BLOCK):
        part = images[start : start + _BLOCK]
        for _, h in _layers(network, part):
            total[start : start + _BLOCK] += goodness_of(h).reshape(len(part), classes)
    return total


def predict(network: ForwardForwardNetwork, inputs: Array) -> IntArray:
    """Label of the largest goodness summed over all layers, the lowest of equal ones; see ``label_goodness``."""
    return np.argmax(label_goodness(network, inputs), axis=1)  # type: ignore[no-any-return]


def error_rate(network: ForwardForwardNetwork, data: Dataset) -> float:
    """Share of examples that get a wrong label.

    Parameters
    ----------
    network : ForwardForwardNetwork
    data : Dataset

    Raises
    ------
    InvalidParameterError
        If the data are of other features or classes than the network.
    """
    network.check_data(data)
    return float(np.mean(predict(network, data.inputs) != data.labels))


def active_units(network: ForwardForwardNetwork, data: Dataset) -> list[BoolArray]:
    """Which units of each layer are active for at least one image of a set with at least one label.

    The others get no gradient from that set, right or wrong labels, while they and the layers below stay as they are.

    Parameters
    ----------
    network : ForwardForwardNetwork
    data : Dataset

    Returns
    -------
    list of ndarray of bool, shapes (units,)

    Raises
    ------
    InvalidParameterError
        If the data are of other features or classes than the network.
    """
    network.check_data(data)
    found = [np.zeros(n, bool) for n in network.sizes[1:]]
    for start in range(0, len(data), _BLOCK):
        for n, h in _layers(network, data.inputs[start : start + _BLOCK]):
            found[n] |= (h > 0).any(axis=0)
    return found


def _layers(network: ForwardForwardNetwork, inputs: Array) -> Iterator[tuple[int, Array]]:
    """Number and activities, shape (n * classes, units), of each layer for all labels of some images."""
    real, classes = network.dtype.type, network.classes
    images = inputs.astype(network.dtype)
    images[:, :classes] = 0
    w, b = network.weights[0], network.biases[0]
    share = real(1) / (np.sqrt(np.sum(images * images, axis=1) + real(1)) + real(NORM_FLOOR))
    h = (images @ w)[:, None, :] + w[:classes]
    h *= share[:, None, None]
    h += b
    h = np.maximum(h, real(0), out=h).reshape(-1, w.shape[1])
    yield 0, h
    for n, (w, b) in enumerate(zip(network.weights[1:], network.biases[1:], strict=True), start=1):
        share = real(1) / (np.sqrt(np.sum(h * h, axis=1)) + real(NORM_FLOOR))
        h = h @ w
        h *= share[:, None]
        h += b
        h = np.maximum(h, real(0), out=h)
        yield n, h
