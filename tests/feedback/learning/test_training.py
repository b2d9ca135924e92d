"""The training loop: it learns by physics what two stored states learn, and says so where it cannot."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl import Sawtooth
from thermo_cl.errors import DivergenceError, InvalidParameterError, RampWindowWarning, SilentUpdatesWarning
from thermo_cl.feedback.learning import ExactGradient, FixedSignal, KernelCarrier, PhysicalRule, TwoState, train
from thermo_cl.feedback.networks import Task, contrast, gradient, loss, resistor_network
from thermo_cl.kernels import integral_feedback_kernel

KERNEL = integral_feedback_kernel(20.0, 100.0)
SETTINGS = {"cycles": 20, "rate": 10.0, "amplitude": 0.5, "bounds": (1e-2, 1e2)}


def lattice(side=4, seed=0):
    """A square of resistors, held at three corners, whose conductances are drawn at random."""
    node = np.arange(side * side).reshape(side, side)
    edges = [*zip(node[:, :-1].ravel(), node[:, 1:].ravel(), strict=True)]
    edges += [*zip(node[:-1].ravel(), node[1:].ravel(), strict=True)]
    conductances = np.exp(0.2 * np.random.default_rng(seed).normal(size=len(edges)))
    return resistor_network(np.array(edges), conductances, np.array([0, side - 1, side * side - 1]))


def division(patterns=1, shift=0.08, side=4):
    """Two inner voltages to be moved by a shift from where they start."""
    values = np.array([[0.0, 0.4, 1.0], [0.0, 1.0, 0.3]])[:patterns]
    readout = scipy.sparse.csr_matrix((np.ones(2), ([0, 1], [5, 10])), shape=(2, side * side))
    task = Task(values, readout, np.zeros((patterns, 2)))
    start = -contrast(lattice(side), task, amplitude=1.0, nudge="load").errors
    return replace(task, targets=start + shift * np.array([1.0, -1.0]))


def physical(largest=0.1, fast=50.0, slow=1e6):
    """Rule whose slow ramp is silent up to signals of ``largest``, and whose fast ramp passes down to 1/20000 of it."""
    carrier = KernelCarrier(KERNEL, abs(float(KERNEL.first_moment)) * largest / slow)
    return PhysicalRule(carrier, Sawtooth(fast=fast, slow=slow, mean=0.5))


@pytest.mark.parametrize("nudge", ["load", "clamp"])
@pytest.mark.parametrize("patterns", [1, 2])
def test_physics_learns_as_two_stored_states_do(patterns, nudge):
    task = division(patterns)
    runs = [train(lattice(), task, rule, nudge=nudge, **SETTINGS) for rule in (TwoState(), physical())]
    assert runs[0].losses[-1] < 0.7 * runs[0].losses[0]
    assert_allclose(runs[1].losses, runs[0].losses, rtol=1e-3)


def test_what_a_run_holds():
    network, task = lattice(), division(2)
    run = train(network, task, physical(), angles=True, **SETTINGS)
    assert run.losses.shape == (21,)
    assert run.losses[0] == pytest.approx(loss(network, task))
    assert run.losses[-1] == pytest.approx(loss(run.network, task))
    assert (run.amplitudes == 0.5).all()
    assert ((run.updated > 0.5) & (run.updated <= 1.0)).all()
    assert ((run.angles > 0.0) & (run.angles < 15.0)).all()
    assert network.coefficients is not run.network.coefficients
    assert np.isnan(train(network, task, physical(), **SETTINGS).angles).all()


def test_the_exact_gradient_is_followed_exactly():
    network, task = lattice(), division(2)
    run = train(network, task, ExactGradient(network, task), angles=True, **{**SETTINGS, "cycles": 3})
    by_hand = network
    for _ in range(3):
        by_hand = by_hand.with_coefficients(by_hand.coefficients - 10.0 * gradient(by_hand, task))
    assert_allclose(run.network.coefficients, by_hand.coefficients, rtol=1e-13)
    assert run.angles.max() < 1e-4


def test_a_fixed_signal_lowers_the_floor_that_a_threshold_leaves():
    """With a constant amplitude learning stops where no signal passes; an amplified nudge goes on."""
    task, settings = division(), {**SETTINGS, "cycles": 100}
    rule = physical(largest=20.0)
    constant = train(lattice(), task, rule, **settings)
    amplified = train(lattice(), task, rule, **{**settings, "amplitude": FixedSignal(0.04, 1e4)})
    assert constant.updated[-1] == 0.0
    assert constant.losses[-1] == constant.losses[-20]
    assert amplified.losses[-1] < 1e-2 * constant.losses[-1]
    assert_allclose(amplified.amplitudes[0], 0.5, rtol=1e-12)
    limited = train(lattice(), task, rule, **{**settings, "amplitude": FixedSignal(0.04, 5.0)})
    assert limited.amplitudes.max() == 5.0
    assert amplified.losses[-1] < limited.losses[-1] < constant.losses[-1]


def test_patterns_one_by_one_in_an_order_that_the_seed_sets():
    task = division(2)
    runs = [train(lattice(), task, physical(), order="shuffled", rng=seed, **SETTINGS) for seed in (1, 1, 2)]
    assert_array_equal(runs[0].losses, runs[1].losses)
    assert (runs[0].losses != runs[2].losses).any()
    assert runs[0].losses[-1] < 0.7 * runs[0].losses[0]


def test_bounds_hold():
    run = train(lattice(), division(shift=0.3), TwoState(), **{**SETTINGS, "rate": 30.0, "bounds": (0.3, 2.0)})
    assert run.network.coefficients.min() == 0.3
    assert run.network.coefficients.max() == 2.0


def test_silence_is_said():
    with pytest.warns(SilentUpdatesWarning, match="threshold"):
        run = train(lattice(), division(), physical(largest=1e6), **SETTINGS)
    assert (run.losses == run.losses[0]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(lattice(), division(), physical(), **SETTINGS)


def test_a_slow_ramp_that_teaches_is_said_before_it_does():
    with pytest.warns(RampWindowWarning, match="longer than"):
        train(lattice(), division(), physical(largest=1e-3), **SETTINGS)
    with pytest.warns(RampWindowWarning, match="fast ramp"):
        physical(fast=0.1, slow=1e3)


def test_divergence_names_the_cycle():
    class Wild:
        def update(self, contrast, coefficients):
            return np.full(coefficients.size, np.nan if contrast.loss < 1.0 else 0.0)

    with pytest.raises(DivergenceError, match="cycle 0"):
        train(lattice(), division(), Wild(), **SETTINGS)


def test_refusals():
    network, task = lattice(), division()
    for change, name in (
        ({"cycles": 0}, "cycles"),
        ({"rate": -1.0}, "rate"),
        ({"amplitude": 0.0}, "amplitude"),
        ({"bounds": (1.0, 0.5)}, "bounds"),
        ({"bounds": 1.0}, "bounds"),
        ({"bounds": (10.0, 20.0)}, "coefficients"),
        ({"nudge": "push"}, "nudge"),
        ({"order": "sorted"}, "order"),
        ({"rng": "x"}, "rng"),
    ):
        with pytest.raises(InvalidParameterError, match=name):
            train(network, task, TwoState(), **{**SETTINGS, **change})
    for arguments, name in (((0.0,), "size"), ((1.0, -1.0), "largest")):
        with pytest.raises(InvalidParameterError, match=name):
            FixedSignal(*arguments)
