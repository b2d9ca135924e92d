"""Training by dual propagation: what is carried over, resuming of every rule, how failures are told."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.training.runs import assert_same, examples
from thermo_cl.errors import ConvergenceError, DivergenceError, InvalidParameterError
from thermo_cl.learning import FGSM, PGD, Adam, AdversarialTraining, Convolution, DualPropagation, MaxPooling, train
from thermo_cl.learning.feedforward import Dense, FeedForwardNetwork, ForwardBackpropagation, Linear, Tanh
from thermo_cl.learning.rules import Rule
from thermo_cl.learning.training import RunConfiguration, run

DATA, HOLDOUT = examples(), examples(20, seed=1)


def network(dtype: Any = np.float32) -> FeedForwardNetwork:
    kinds = [Convolution(2, 2), Dense(7, MaxPooling(1)), 3]
    return FeedForwardNetwork.random((1, 2, 3), kinds, activation=Tanh(), dtype=dtype, rng=1)


RULES: dict[str, Rule] = {
    "one sweep": DualPropagation(0.0),
    "adjoint": DualPropagation(0.3, (0.3, 0.4, 0.5), sweeps=4),
    "carry": DualPropagation(0.5, form="plain", sweeps=1, order="backward", carry=True),
    "random carry": DualPropagation(0.8, form="plain", sweeps=2, order="random", carry=True),
    "damped": DualPropagation(1.0, form="damped", output="proximal", damping="auto", tolerance=1e-4, sweeps=200),
    "adversarial": AdversarialTraining(ForwardBackpropagation(), PGD(0.1, 2)),
    "adversarial carry": AdversarialTraining(DualPropagation(0.5, sweeps=2, order="odd-even", carry=True), FGSM(0.1)),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_run_in_pieces_is_the_run_in_one_go(rule: Rule, tmp_path: Path) -> None:
    options: dict[str, Any] = {"optimizer": Adam(1e-2), "batch": 7, "shuffle": True, "rng": 3,
                               "reference": ForwardBackpropagation()}  # fmt: skip

    def stop(now: Any) -> None:
        if (now.epoch, now.minibatch) == (3, 4):
            raise KeyboardInterrupt

    whole = train(network(), rule, DATA, HOLDOUT, epochs=4, **options)
    train(network(), rule, DATA, HOLDOUT, epochs=1, folder=tmp_path, **options)
    with pytest.raises(KeyboardInterrupt):
        train(network(), rule, DATA, HOLDOUT, epochs=4, folder=tmp_path, resume=True, progress=stop, **options)
    assert_same(train(network(), rule, DATA, HOLDOUT, epochs=4, folder=tmp_path, resume=True, **options), whole)


@pytest.mark.parametrize("adversarial", [False, True])
def test_compartments_are_carried_over_by_example_through_shuffled_epochs(adversarial: bool) -> None:
    """Beside a loop that keeps the compartments of every example in a dictionary and steps by plain descent."""
    rule: Any = DualPropagation(0.5, 0.4, order="backward", sweeps=1, carry=True)
    if adversarial:
        rule = AdversarialTraining(rule, FGSM(0.05))
    orders: list[list[int]] = []

    class Seen(type(rule)):  # type: ignore[misc]
        """Notes which examples come, by their inputs."""

        def estimate(self, network: Any, inputs: Any, targets: Any, states: Any, rng: Any) -> Any:
            orders.append([int(np.flatnonzero((plain == row).all(axis=1))[0]) for row in inputs])
            return super().estimate(network, inputs, targets, states, rng)

    noted = Seen(*(getattr(rule, name) for name in rule.__dataclass_fields__))
    plain = DATA.inputs.astype(float)
    found = train(network(np.float64), noted, DATA, epochs=3, learning_rates=0.3, batch=7, shuffle=True, rng=2)

    here, kept = network(np.float64), dict[int, Any]()
    unseen = rule.initial_states(here, 1)
    assert sorted(itertools.chain(*orders[1:9])) == list(range(50))
    assert orders[1:9] != orders[9:17]
    for rows in orders[1:]:  # the first is a trial
        states = tuple(np.concatenate(parts) for parts in zip(*(kept.get(n, unseen) for n in rows), strict=True))
        targets = np.eye(3)[DATA.labels[rows]]
        estimate = rule.estimate(here, plain[rows], targets, states, np.random.default_rng(0))
        kept |= {n: tuple(a[i : i + 1] for a in estimate.states) for i, n in enumerate(rows)}
        here = here.with_parameters({k: a - 0.3 * estimate.gradient[k] for k, a in here.parameters.items()})
    for name, a in here.parameters.items():
        assert_allclose(found.network.parameters[name], a, rtol=0, atol=1e-12)
    for n, one in kept.items():
        for a, b in zip(found.states, one, strict=True):
            assert_allclose(a[n : n + 1], b, rtol=0, atol=1e-12)
    afresh = train(network(np.float64), DualPropagation(0.5, 0.4, order="backward", sweeps=1), DATA, epochs=3,
                   learning_rates=0.3, batch=7, shuffle=True, rng=2)  # fmt: skip
    assert np.abs(afresh.network.weights[0] - found.network.weights[0]).max() > 1e-3


def test_a_reference_that_carries_begins_at_the_forward_pass() -> None:
    made = [
        train(network(np.float64), ForwardBackpropagation(), DATA, epochs=2, learning_rates=0.1,
              reference=DualPropagation(0.3, form="plain", sweeps=2, carry=carry))
        for carry in (False, True)
    ]  # fmt: skip
    assert_allclose(made[0].metrics.angle, made[1].metrics.angle, atol=1e-5)
    assert made[0].metrics.angle_all[-1] > 0


def test_a_reference_that_fails_leaves_no_angle_and_ends_nothing() -> None:
    linear = FeedForwardNetwork.random(6, [7, 7, 3], activation=Linear(), rng=1)
    reference = DualPropagation(1.0, 0.5, "plain", sweeps=12, tolerance=1e-3)
    made = train(linear, ForwardBackpropagation(), DATA, epochs=12, learning_rates=0.2, reference=reference)
    assert made.epochs == 12
    known = np.isfinite(made.metrics.angle_all.values)
    assert known[0]
    assert not known[-1]


def test_an_inner_loop_that_fails_on_the_way_is_told_with_its_place_and_what_is_kept(tmp_path: Path) -> None:
    linear = FeedForwardNetwork.random(6, [7, 7, 3], activation=Linear(), rng=1)
    for sweeps, rate, kind in ((12, 0.2, ConvergenceError), (30, 3.0, DivergenceError)):
        rule = DualPropagation(1.0, 0.5, "plain", sweeps=sweeps, tolerance=1e-3)
        home = tmp_path / str(sweeps)
        with pytest.raises(kind) as caught:
            train(linear, rule, DATA, epochs=200, learning_rates=rate, folder=home)
        said = str(caught.value)
        assert type(caught.value) is kind
        assert re.match(r"epoch \d+, minibatch \d+: the inner loop .* stability number", said)
        assert "is kept in" in said
        assert "lower learning rates" not in said
        assert said.partition("; the network after")[0] in (home / "training.log").read_text()


def test_adam_diverging_without_a_tolerance_is_told() -> None:
    """Undamped dual propagation at alpha = 1, whose weights grow until the inner loop leaves the finite range."""
    linear = FeedForwardNetwork.random(6, [30, 30, 3], activation=Linear(), rng=1)
    rule = DualPropagation(1.0, 0.5, "plain", sweeps=300)
    with pytest.raises(
        DivergenceError,
        match=r"of W\d is not .* in epoch \d+, minibatch \d+: the inner loop of 300 sweeps diverges: stability n",
    ):
        train(linear, rule, DATA, epochs=400, optimizer=Adam(3e-2))


TEXT = """
name = "dual"
data = {{ set = "bars-and-stripes", train = 20, holdout = 8 }}
network = {{ kind = "feed-forward", hidden = [6, 5] }}
rule = {{ name = "dual-propagation", {entry} }}
training = {{ epochs = 1, learning_rates = 0.1 }}
"""


def configured(entry: str) -> RunConfiguration:
    return RunConfiguration.from_values(tomllib.loads(TEXT.format(entry=entry)))


def test_every_entry_of_the_rule_is_read() -> None:
    entry = (
        'alpha = 1, beta = [0.1, 0.2, 0.3], form = "damped", output = "proximal", order = "random", sweeps = 7, '
        'tolerance = 0.5, carry = true, damping = "auto"'
    )
    expected = DualPropagation(1.0, (0.1, 0.2, 0.3), "damped", "proximal", "random", 7, 0.5, True, "auto")
    assert configured(entry).rule == expected
    assert RunConfiguration.from_values(tomllib.loads(configured(entry).toml())).rule == expected
    assert configured(entry).replaced(epochs=2).rule == expected
    assert run(configured(entry)).epochs == 1
    assert configured("beta = 1").rule == DualPropagation(beta=1.0)


@pytest.mark.parametrize(
    ("entry", "path", "valid"),
    [
        ("beta = [0.1, 0.2]", "rule.beta", "3 of them"),
        ("beta = [0.1, 0.2, -0.3]", "rule.beta", "greater than 0"),
        ("beta = []", "rule.beta", "a list of such"),
        ('beta = [0.1, 0.2, "x"]', "rule.beta", "a list of such"),
        ("beta = 0", "rule.beta", "greater than 0"),
        ("beta = nan", "rule.beta", "a finite number"),
        ("alpha = 2", "rule.alpha", "in [0, 1]"),
        ('form = "x"', "rule.form", "adjoint, plain, damped"),
        ('output = "x"', "rule.output", "linearised, proximal"),
        ('order = "x"', "rule.order", "up-down"),
        ('damping = "x"', "rule.damping", "layers, auto"),
        ("tolerance = -1", "rule.tolerance", "greater than 0"),
        ("sweeps = 0", "rule.sweeps", "at least 1"),
        ("carry = 1", "rule.carry", "true or false"),
        ("nudge = 1", "rule.nudge", "alpha, form"),
    ],
)
def test_mistakes_in_the_rule_are_named(entry: str, path: str, valid: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        configured(entry)
    assert caught.value.name == path
    assert valid in caught.value.valid
