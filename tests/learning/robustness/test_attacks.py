"""Attacks against exact worst cases: every corner of small cubes, and fine grids of two inputs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.robustness.networks import ACTIVATIONS, LOSSES, batch, convolutional, dense
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import (
    FeedForwardNetwork,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
)
from thermo_cl.learning.robustness import FGSM, PGD, Attack

INFINITE = (-np.inf, np.inf)


def losses(net: FeedForwardNetwork, inputs: Array, targets: Array) -> Array:
    return net.loss.value(net.outputs(inputs), targets)


def worst_corner(net: FeedForwardNetwork, x: Array, target: Array, size: float, bounds: Any = (0, 1)) -> float:
    """Largest loss at the corners of the cube around one input, cut to the range."""
    ends = zip(np.maximum(x - size, bounds[0]), np.minimum(x + size, bounds[1]), strict=True)
    corners = np.array(list(itertools.product(*ends)))
    return float(losses(net, corners, np.tile(target, (len(corners), 1))).max())


ATTACKS = [
    FGSM(0.0),
    FGSM(0.1),
    FGSM(3.0),
    FGSM(1e-9),
    PGD(0.07, 5),
    PGD(0.3, 5, random_start=False),
    PGD(0.1, 1, step_size=7.0),
    PGD(0.1, 3, norm="2"),
    PGD(2.0, 3, norm="2", random_start=False),
    PGD(1e25, 3, norm="2"),
    PGD(1e25, 3),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("attack", ATTACKS, ids=repr)
def test_changes_stay_in_the_ball_and_the_range(attack: Attack, dtype: Any) -> None:
    for net in [dense((9, 7, 3), ReLU(), SoftmaxCrossEntropy(), dtype=dtype), convolutional(MaxPooling, dtype=dtype)]:
        x, y = batch(net, 40)
        kept = x.copy()
        attacked = attack.perturb(net, x, y, np.random.default_rng(2))
        assert attacked.shape == x.shape
        assert attacked.dtype == dtype
        assert_array_equal(x, kept)
        assert attacked.min() >= 0
        assert attacked.max() <= 1
        change = attacked.astype(float) - x
        if getattr(attack, "norm", "inf") == "inf":
            assert np.abs(change).max() <= attack.size
        else:
            assert np.linalg.norm(change, axis=1).max() <= attack.size + 4 * np.finfo(dtype).eps


def test_balls_are_kept_to_the_last_digit_of_float32() -> None:
    net = dense((400, 3), Linear(), SquaredError(), dtype=np.float32)
    for seed, size in enumerate([0.1, 0.3, 1 / 3, 8 / 255, 1e-8]):
        x, y = batch(net, 200, seed=seed)
        x[:100] *= np.float32(2 * size)  # differences near zero
        for attack in (FGSM(size, INFINITE), PGD(size, 2, bounds=INFINITE)):
            assert np.abs(attack.perturb(net, x, y, 0).astype(float) - x).max() <= size


@pytest.mark.parametrize(
    ("classes", "loss", "bounds"),
    [
        (2, SoftmaxCrossEntropy(), (0.0, 1.0)),
        (2, SoftmaxCrossEntropy(), INFINITE),
        (1, SquaredError(), INFINITE),
    ],
)
def test_fgsm_is_the_worst_case_of_a_linear_network(classes: int, loss: Any, bounds: Any) -> None:
    net = dense((8, 6, 5, classes), Linear(), loss)
    x, y = batch(net, 20)
    for size in (0.01, 0.2, 2.0):
        attacked = FGSM(size, bounds).perturb(net, x, y)
        exact = [worst_corner(net, a, b, size, bounds) for a, b in zip(x, y, strict=True)]
        assert_allclose(losses(net, attacked, y), exact, rtol=1e-12)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), INFINITE])
def test_euclidean_attack_is_the_worst_case_of_a_linear_network(bounds: Any) -> None:
    """One output: the loss |e + w d|^2/2 grows most along w, to (|e| + |w| size)^2/2 where no range is in the way."""
    net = dense((8, 6, 1), Linear(), SquaredError())
    x, y = batch(net, 20)
    w = np.linalg.norm(net.weights[0] @ net.weights[1])
    errors = np.abs(net.outputs(x) - y)[:, 0]
    found = losses(net, PGD(0.3, 4, norm="2", bounds=bounds).perturb(net, x, y, 0), y)
    exact = 0.5 * (errors + w * 0.3) ** 2
    if bounds == INFINITE:
        assert_allclose(found, exact, rtol=1e-12)
    else:
        assert (found <= exact * (1 + 1e-12)).all()


def test_restarts_find_the_worst_corner_of_a_convex_network() -> None:
    """A loss that is convex in the inputs is largest at a corner: outputs convex and never below the target."""
    for seed in range(4):
        net = dense((7, 9, 1), ReLU(), SquaredError(), seed=seed)
        above = net.parameters | {"W2": np.abs(net.weights[1]), "b2": np.array([1.5])}
        net = net.with_parameters(above)
        x, y = batch(net, 4, seed=seed)
        for one, target in zip(x, y, strict=True):
            exact = worst_corner(net, one, target, 0.3)
            many, targets = np.tile(one, (200, 1)), np.tile(target, (200, 1))
            found = losses(net, PGD(0.3, 15).perturb(net, many, targets, seed), targets).max()
            assert_allclose(found, exact, rtol=1e-12)


@pytest.mark.parametrize("norm", ["inf", "2"])
@pytest.mark.parametrize("loss", LOSSES)
def test_restarts_find_the_largest_loss_over_a_fine_grid_of_two_inputs(norm: Any, loss: Any) -> None:
    for seed in range(3):
        net = dense((2, 12, 8, 3), ReLU(), loss, seed=seed)
        x, y = np.full((60, 2), 0.55), np.eye(3)[np.full(60, seed)]
        side = np.linspace(-0.25, 0.25, 301)
        shifts = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        if norm == "2":
            shifts = shifts[np.linalg.norm(shifts, axis=1) <= 0.25]
        grid = losses(net, x[0] + shifts, np.tile(y[0], (len(shifts), 1))).max()
        found = losses(net, PGD(0.25, 60, step_size=0.01, norm=norm).perturb(net, x, y, seed), y).max()
        assert_allclose(found, grid, rtol=5e-3)  # the grid misses the circle, and steps the edges of the cells
        if norm == "inf":
            assert found >= grid * (1 - 1e-3)


@pytest.mark.parametrize("random_start", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_many_steps_are_never_weaker_than_one_or_none(activation: Any, loss: Any, random_start: bool) -> None:
    net = dense((10, 12, 4), activation, loss)
    x, y = batch(net, 50)
    clean = losses(net, x, y)
    for size in (0.01, 0.2, 1.0):
        one = losses(net, FGSM(size).perturb(net, x, y), y)
        many = losses(net, PGD(size, 10, random_start=random_start).perturb(net, x, y, 1), y)
        assert (many >= np.maximum(clean, one)).all()
        assert many.mean() > clean.mean()
        euclidean = PGD(size, 10, random_start=random_start, norm="2").perturb(net, x, y, 1)
        assert (losses(net, euclidean, y) >= clean).all()


def test_small_attacks_raise_the_loss_by_the_dual_norm_of_its_slope() -> None:
    net = dense((10, 12, 4), ReLU(), SoftmaxCrossEntropy())
    x, y = batch(net, 20)
    x = 0.2 + 0.6 * x
    slopes = np.empty_like(x)
    for n, m in itertools.product(range(20), range(10)):
        shift = 1e-6 * np.eye(10)[m]
        up, down = (losses(net, (x[n] + sign * shift)[None], y[n : n + 1])[0] for sign in (1, -1))
        slopes[n, m] = (up - down) / 2e-6
    cases: list[tuple[Attack, Array]] = [
        (FGSM(1e-5), np.abs(slopes).sum(axis=1)),
        (PGD(1e-5, 5), np.abs(slopes).sum(axis=1)),
        (PGD(1e-5, 5, norm="2"), np.linalg.norm(slopes, axis=1)),
    ]
    for attack, dual in cases:
        rise = losses(net, attack.perturb(net, x, y, 0), y) - losses(net, x, y)
        assert_allclose(rise / 1e-5, dual, rtol=1e-3)


def test_size_zero_changes_no_bit() -> None:
    net = dense((9, 7, 3), ReLU(), SquaredError(), dtype=np.float32)
    x, y = batch(net, 10)
    attacks: list[Attack] = [FGSM(0), PGD(0), PGD(0, norm="2")]
    for attack in attacks:
        attacked = attack.perturb(net, x, y, 0)
        assert attacked.tobytes() == x.tobytes()
        assert not np.shares_memory(attacked, x)


def test_random_starts_come_from_the_generator_alone() -> None:
    net = dense((9, 7, 3), ReLU(), SoftmaxCrossEntropy())
    x, y = batch(net, 30)
    attack = PGD(0.2, 1, step_size=1e-3)
    assert_array_equal(attack.perturb(net, x, y, 5), attack.perturb(net, x, y, np.random.default_rng(5)))
    still = replace(attack, random_start=False)
    assert_array_equal(still.perturb(net, x, y, 5), still.perturb(net, x, y, 6))


def test_images_keep_their_shape() -> None:
    for pooling in (MeanPooling, MaxPooling):
        net = convolutional(pooling)
        x, y = batch(net, 8)
        images = x.reshape(8, 1, 6, 6)
        for attack in (FGSM(0.1), PGD(0.1, 3), PGD(0.3, 3, norm="2")):
            attacked = attack.perturb(net, images, y, 0)
            assert attacked.shape == images.shape
            assert_array_equal(attacked.reshape(8, -1), attack.perturb(net, x, y, 0))
            assert (losses(net, attacked, y) >= losses(net, x, y)).mean() > 0.9


def test_a_flat_loss_leaves_the_inputs() -> None:
    net = dense((4, 3, 2), ReLU(), SquaredError())
    flat = net.with_parameters({name: np.zeros_like(array) for name, array in net.parameters.items()})
    x, y = batch(flat, 6)
    for attack in (FGSM(0.1), PGD(0.1), PGD(0.1, norm="2")):
        assert_array_equal(attack.perturb(flat, x, y, 0), x)


@pytest.mark.parametrize("kind", [FGSM, PGD])
@pytest.mark.parametrize("size", [-0.1, float("nan"), float("inf"), 1e31, "big", [0.1, 0.2], None])
def test_sizes_out_of_range_are_refused(kind: Any, size: Any) -> None:
    with pytest.raises(InvalidParameterError, match="size"):
        kind(size)


@pytest.mark.parametrize("kind", [FGSM, PGD])
@pytest.mark.parametrize("bounds", [(1, 0), (0, 0), (0, float("nan")), (0,), 1, None, ("a", "b"), (False, True)])
def test_ranges_that_are_none_are_refused(kind: Any, bounds: Any) -> None:
    with pytest.raises(InvalidParameterError, match="bounds"):
        kind(0.1, bounds=bounds)


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0},
        {"steps": 2.5},
        {"steps": float("nan")},
        {"step_size": 0},
        {"step_size": -1},
        {"step_size": float("nan")},
        {"random_start": 1},
        {"norm": "1"},
        {"norm": 2},
        {"norm": np.inf},
    ],
)
def test_other_bad_arguments_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(bad))):
        PGD(0.1, **bad)


@pytest.mark.parametrize("attack", [FGSM(0.0), FGSM(0.1), PGD(0.1, 2), PGD(0.1, 2, norm="2")], ids=repr)
def test_batches_that_do_not_fit_are_refused(attack: Attack) -> None:
    net = dense((5, 4, 3), ReLU(), SquaredError())
    x, y = batch(net, 6)
    hole = x.copy()
    hole[2, 3] = np.nan
    for inputs in (x + 0.5, x - 0.5, hole, x[:, :4], x.astype(np.float32), x[:0], x.tolist()):
        with pytest.raises(InvalidParameterError, match="inputs"):
            attack.perturb(net, inputs, y, 0)
    two = y.copy()
    two[1] = 1
    soft = np.full_like(y, 1 / 3)
    for targets in (y[:5], y[:, :2], y.argmax(axis=1), soft, two, 0 * y, y * np.nan, y.astype(np.float32)):
        with pytest.raises(InvalidParameterError, match="targets"):
            attack.perturb(net, x, targets, 0)
    with pytest.raises(InvalidParameterError, match="network"):
        attack.perturb("net", x, y, 0)  # type: ignore[arg-type]


def test_a_bad_seed_is_refused() -> None:
    net = dense((5, 4, 3), ReLU(), SquaredError())
    with pytest.raises(InvalidParameterError, match="rng"):
        PGD(0.1).perturb(net, *batch(net, 6), rng="seed")  # type: ignore[arg-type]
