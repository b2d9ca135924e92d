"""The loop against a plain one written out here, its metrics, and runs that go wrong."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

from tests.learning.training.runs import RATES, RELAXATION, assert_same, examples, network, run
from thermo_cl.errors import DivergenceError, InvalidParameterError, OutputError, SilentUpdatesWarning
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import Clip, EnergyNetwork, Relaxation, activation
from thermo_cl.learning.rules import Backpropagation, EquilibriumPropagation, Estimate
from thermo_cl.learning.training import Progress, evaluate


def plain_relaxation(net, x, states, *, steps, step_size=0.5, target=None, nudge=0.0):
    """One example of a network with one hidden layer, neuron by neuron from the gradient of its energy."""
    (w1, w2), (b1, b2) = net.weights, net.biases
    hidden, out = (s.astype(float) for s in states)
    for _ in range(steps):
        slope_hidden = hidden - (w1.T @ x + b1 + w2 @ out)
        slope_out = out - (w2.T @ hidden + b2) + (0.0 if target is None else 2.0 * nudge * (out - target))
        hidden = np.minimum(np.maximum(hidden - step_size * slope_hidden, 0.0), 1.0)
        out = np.minimum(np.maximum(out - step_size * slope_out, 0.0), 1.0)
    return hidden, out


def plain_training(net, data, *, epochs, batch, rates, nudge):
    """One-sided equilibrium propagation, example by example; parameters, states, running errors and update norms."""
    states = [[np.zeros(n) for n in net.sizes[1:]] for _ in range(len(data))]
    errors, shares, norms = [], [], []
    for _ in range(epochs):
        wrong, share, square = 0, [], []
        for start in range(0, len(data), batch):
            rows = range(start, min(start + batch, len(data)))
            total = {name: np.zeros(array.shape) for name, array in net.parameters.items()}
            for i in rows:
                x, y = data.inputs[i].astype(float), np.eye(data.classes)[data.labels[i]]
                free = plain_relaxation(net, x, states[i], steps=RELAXATION.free_steps)
                nudged = plain_relaxation(net, x, free, steps=RELAXATION.clamped_steps, target=y, nudge=nudge)
                wrong += int(max(range(3), key=lambda k, o=free[1]: o[k]) != data.labels[i])
                states[i] = list(free)
                for (hidden, out), sign in ((nudged, -1.0), (free, 1.0)):
                    total["W1"] += sign * np.outer(x, hidden)
                    total["b1"] += sign * hidden
                    total["W2"] += sign * np.outer(hidden, out)
                    total["b2"] += sign * out
            step = {name: rates[name] * array / (nudge * len(rows)) for name, array in total.items()}
            net = net.with_parameters({name: array - step[name] for name, array in net.parameters.items()})
            share.append([np.mean(array != 0) for array in step.values()])
            square.append([np.sum(array**2) for array in step.values()])
        errors.append(wrong / len(data))
        shares.append(np.mean(share, axis=0))
        norms.append(np.sqrt(np.mean(square, axis=0)))
    return net, states, errors, shares, norms


def test_it_is_what_a_plain_loop_does():
    net = network(np.float64)
    rule = EquilibriumPropagation(0.5, "one", RELAXATION)
    found = run(network=net, rule=rule, epochs=3, reference=None)
    expected, states, errors, shares, norms = plain_training(net, examples(), epochs=3, batch=7, rates=RATES, nudge=0.5)
    for name, array in expected.parameters.items():
        assert_allclose(found.network.parameters[name], array, rtol=0, atol=1e-12)
    for layer in range(2):
        assert_allclose(found.states[layer], [s[layer] for s in states], rtol=0, atol=1e-12)
    assert_array_equal(found.metrics.running_error, errors)
    assert_allclose(found.metrics.update_share, shares, rtol=1e-12)
    assert_allclose(found.metrics.update_size * found.metrics.parameter_norm, norms, rtol=1e-10)
    last = [np.sqrt((array**2).sum()) for array in expected.parameters.values()]
    assert_allclose(found.metrics.parameter_norm[-1], last, rtol=1e-12)


def counted_by_hand(net, data, states):
    """Error and cost after a free phase of every example, and where it ends."""
    ends = [plain_relaxation(net, data.inputs[i].astype(float), states[i], steps=8) for i in range(len(data))]
    outputs = np.array([out for _, out in ends])
    error = np.mean(outputs.argmax(axis=1) != data.labels)
    return error, np.mean(np.sum((outputs - np.eye(3)[data.labels]) ** 2, axis=1)), ends


@pytest.mark.parametrize(("seed", "differs"), [(0, "holdout"), (2, "train")])
def test_errors_are_counted_from_kept_states_and_from_rest(seed, differs):
    """On data where some example ends elsewhere from its kept state than from rest."""
    settings = {
        "network": network(np.float64),
        "rule": EquilibriumPropagation(0.5, "one", RELAXATION),
        "training": examples(seed=seed),
        "holdout": examples(30, seed=1),
        "learning_rates": 0.2,
        "reference": None,
    }
    found = run(**settings, epochs=2).metrics
    assert not found[f"{differs}_error"].equals(found[f"{differs}_error_from_rest"])
    followed = [[np.zeros(7), np.zeros(3)] for _ in range(30)]
    for epoch in range(2):
        after = run(**settings, epochs=epoch + 1)
        kept = [[layer[i] for layer in after.states] for i in range(50)]
        rest = [[np.zeros(7), np.zeros(3)]] * 50
        train, holdout = (settings[name] for name in ("training", "holdout"))
        expected = {
            "train_error_from_rest": counted_by_hand(after.network, train, rest)[0],
            "holdout_error_from_rest": counted_by_hand(after.network, holdout, rest)[0],
        }
        expected["train_error"], expected["train_cost"], _ = counted_by_hand(after.network, train, kept)
        error, cost, followed = counted_by_hand(after.network, holdout, followed)
        for name, value in {**expected, "holdout_error": error, "holdout_cost": cost}.items():
            assert found[name][epoch] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_same_run_twice_is_the_same(shuffle):
    assert_same(run(shuffle=shuffle), run(shuffle=shuffle))


def test_the_seed_matters_and_the_diagnostics_do_not():
    base = run()
    assert not np.array_equal(run(rng=1).network.weights[0], base.network.weights[0])
    assert not np.array_equal(run(shuffle=True).network.weights[0], base.network.weights[0])
    for changes in ({"reference": None}, {"holdout": None}, {"evaluation": Relaxation(free_steps=1)}):
        assert_array_equal(run(**changes).network.weights[0], base.network.weights[0])


def test_it_learns():
    trained = run(epochs=12)
    assert trained.metrics.train_error[-1] == 0
    assert trained.metrics.holdout_error[-1] == 0
    assert trained.metrics.train_cost[-1] < 0.3 * trained.metrics.train_cost[0]
    assert (trained.metrics.angle_all[:4] < 90).all()


def test_metrics_are_labelled():
    metrics = run(epochs=2).metrics
    assert dict(metrics.sizes) == {"epoch": 2, "parameter": 4}
    assert list(metrics.parameter.values) == ["W1", "b1", "W2", "b2"]
    assert list(metrics.epoch.values) == [1, 2]
    for variable in metrics.variables.values():
        assert variable.attrs["long_name"]
        assert variable.attrs["units"]
    parameters = json.loads(metrics.attrs["parameters"])
    assert parameters["learning_rates"] == RATES
    assert parameters["rule"]["nudge"] == 0.5
    assert {"angle", "angle_all", "holdout_error"} <= set(metrics)
    without = run(epochs=1, reference=None, holdout=None).metrics
    assert not {"angle", "angle_all", "holdout_error", "holdout_cost"} & set(without)


def test_the_angle_to_itself_vanishes():
    metrics = run(rule=Backpropagation(RELAXATION), epochs=2).metrics
    assert_allclose(metrics.angle_all, 0.0, atol=1e-6)


def test_energies_that_rise_are_counted():
    assert run(epochs=1).metrics.energy_rises == 0
    rough = run(epochs=1, evaluation=Relaxation(free_steps=8, step_size=3.0))  # far above 2 over the curvature
    assert rough.metrics.energy_rises > 0.5


@pytest.mark.parametrize("size", [1, 249, 250, 251])
def test_evaluation_is_that_of_each_example(size):
    net, data = network(np.float64), examples(size)
    outputs = [plain_relaxation(net, x, [np.zeros(7), np.zeros(3)], steps=20)[1] for x in data.inputs.astype(float)]
    found = evaluate(net, data)
    assert found.error == np.mean([o.argmax() != label for o, label in zip(outputs, data.labels, strict=True)])
    assert found.cost == pytest.approx(np.mean(np.sum((outputs - np.eye(3)[data.labels]) ** 2, axis=1)), rel=1e-12)


def test_evaluation_refuses_what_does_not_fit_and_what_diverges():
    net, data = network(), examples(600)
    with pytest.raises(InvalidParameterError, match="6 features and 3 classes"):
        evaluate(net, Dataset(np.zeros((4, 5)), [0, 1, 2, 0], classes=3, name="narrow"))
    with pytest.raises(InvalidParameterError, match="states"):
        evaluate(net, data, states=net.initial_states(601))
    smooth = EnergyNetwork.glorot([6, 7, 3], activation=activation("tanh"), rng=1)
    rough = Relaxation(free_steps=400, step_size=3.0)  # every step doubles the states
    with pytest.raises(DivergenceError, match="400 steps on patterns"):
        evaluate(smooth, data, rough)
    with pytest.raises(DivergenceError, match=r"400 steps on patterns.*nothing was kept"):
        run(network=smooth, training=data, epochs=1, evaluation=rough)


def test_progress_tells_every_minibatch_and_every_epoch():
    told: list[Progress] = []
    trained = run(epochs=2, progress=told.append)
    assert [(p.epoch, p.minibatch) for p in told if not p.line] == [(e, m) for e in (1, 2) for m in range(1, 9)]
    ends = [p for p in told if p.line]
    assert [p.epoch for p in ends] == [1, 2]
    assert_array_equal([p.running_error for p in ends], trained.metrics.running_error)
    assert {(p.epochs, p.minibatches) for p in told} == {(2, 8)}
    assert f"{100 * float(trained.metrics.holdout_error[0]):.2f} %" in ends[0].line


def test_linear_algebra_runs_on_one_thread_while_training():
    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    seen = []
    with threadpool_limits(2, user_api="blas"):
        run(epochs=1, progress=lambda _: seen.append(threads()))
        assert threads() == {2}
    assert all(found == {1} for found in seen)


def test_evaluation_does_not_depend_on_the_number_of_threads():
    import numba

    net, data = network(), examples(1300)
    try:
        numba.set_num_threads(1)
        alone = evaluate(net, data)
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    assert evaluate(net, data) == alone


# ------------------------------------------------------------- runs that go wrong


@dataclass(frozen=True)
class Sabotaged:
    """A rule whose estimates are spoilt in one way from some minibatch on."""

    how: str
    after: int = 10**9
    thresholds: dict[str, float] | None = None
    calls: list[int] = field(default_factory=list, compare=False)

    def estimate(self, net, inputs, targets, states, rng):
        good = EquilibriumPropagation(relaxation=RELAXATION).estimate(net, inputs, targets, states, rng)
        self.calls.append(1)
        gradient, outputs = dict(good.gradient), good.outputs
        if len(self.calls) > self.after:
            if self.how == "gradient":
                gradient["W2"] = np.full_like(gradient["W2"], np.nan)
            elif self.how == "outputs":
                outputs = np.full_like(outputs, np.inf)
        if self.how == "silent":
            gradient = {n: np.zeros_like(a) if n in ("W1", "b2") else a for n, a in gradient.items()}
        if self.how == "names":
            gradient["W3"] = gradient.pop("W2")
        return Estimate(gradient, good.states, outputs)


@pytest.mark.parametrize(("how", "what"), [("gradient", "the gradient of W2"), ("outputs", "the cost")])
def test_divergence_keeps_the_last_good_checkpoint(how, what, tmp_path):
    folder = tmp_path / "run"
    rule = Sabotaged(how, after=1 + 8 + 5 + 3)  # a trial before the start, an epoch, its probe, two minibatches
    with pytest.raises(DivergenceError) as caught:
        run(rule=rule, folder=folder)
    message = str(caught.value)
    for part in (f"{what} is not finite in epoch 2, minibatch 4", "the network after epoch 1", str(folder)):
        assert part in message
    good = run(rule=Sabotaged("no"), epochs=1)
    with np.load(folder / "checkpoint.npz") as kept:
        assert kept["epoch"] == 1
        assert_array_equal(kept["parameter.W2"], good.network.weights[1])


def test_a_learning_rate_too_large_diverges_without_other_warnings():
    smooth = EnergyNetwork.glorot([6, 7, 3], activation=activation("tanh"), rng=1)
    with pytest.raises(DivergenceError, match="lower learning rates"):
        run(network=smooth, learning_rates=3e38, epochs=3)


def test_a_rule_whose_first_estimate_is_not_finite_diverges_without_other_warnings():
    with pytest.raises(DivergenceError, match="in epoch 1, minibatch 1"):
        run(rule=EquilibriumPropagation(1e300, relaxation=RELAXATION))


def test_silent_updates_are_told_after_the_first_epoch():
    limits = {"W1": 9.0, "b1": 1.0, "W2": 1.0, "b2": 8.0}
    with pytest.warns(SilentUpdatesWarning) as caught:
        trained = run(rule=Sabotaged("silent", thresholds=limits), epochs=3)
    assert len(caught) == 1
    assert "no entry of W1, b2 was updated" in str(caught[0].message)
    assert "lower the thresholds of W1 = 9, b2 = 8" in str(caught[0].message)
    assert_array_equal(trained.metrics.update_share.sel(parameter=["W1", "b2"]), 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(epochs=1, learning_rates=RATES | {"W1": 0.0})  # kept on purpose


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learning_rates": {"W1": 0.1}}, "each of W1, b1, W2, b2"),
        ({"learning_rates": RATES | {"W3": 0.1}}, "learning_rates"),
        ({"learning_rates": RATES | {"W1": -0.1}}, "learning_rates.W1 = -0.1"),
        ({"learning_rates": float("nan")}, "learning_rates.W1 = nan"),
        ({"learning_rates": "fast"}, "learning_rates.W1"),
        ({"epochs": 0}, "epochs = 0"),
        ({"batch": 0}, "batch = 0"),
        ({"rng": -1}, "rng = -1"),
        ({"rng": None}, "rng"),
        ({"shuffle": "no"}, "shuffle = 'no'"),
        ({"evaluation": 20}, "evaluation = 20"),
        ({"network": [6, 7, 3]}, "an EnergyNetwork"),
        ({"training": np.zeros((4, 6))}, "a Dataset"),
        ({"holdout": "mnist"}, "holdout = 'mnist'"),
        ({"rule": "hebb"}, "a learning rule"),
        ({"reference": 3}, "reference = 3"),
        ({"rule": Sabotaged("names")}, "names and shapes"),
        ({"training": Dataset(np.zeros((4, 5)), [0, 1, 2, 0], classes=3, name="narrow")}, "6 features and 3 classes"),
        ({"holdout": Dataset(np.zeros((4, 6)), [0, 1, 1, 0], classes=2, name="binary")}, "holdout"),
        ({"resume": True, "force": True}, "without force"),
    ],
)
def test_it_refuses_before_it_starts(changes, said, tmp_path):
    with pytest.raises(InvalidParameterError) as caught:
        run(folder=tmp_path / "run", **changes)
    assert said in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_resume_needs_a_folder():
    for changes in ({"resume": True}, {"force": True}):
        with pytest.raises(InvalidParameterError, match="folder"):
            run(**changes)


def test_initial_network_is_not_changed():
    net = network()
    before = {name: array.copy() for name, array in net.parameters.items()}
    run(network=net, epochs=1)
    for name, array in net.parameters.items():
        assert_array_equal(array, before[name])
    assert isinstance(net.activation, Clip)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("precious")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError):
            run(folder=folder)
    assert (tmp_path / "file").read_text() == "precious"
