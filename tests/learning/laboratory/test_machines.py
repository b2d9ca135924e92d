"""Kernels of small Boltzmann machines, against states written out one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.laboratory import slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.enumeration import exact_gradient
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.laboratory import (
    boltzmann_family,
    boltzmann_model,
    boltzmann_moments,
    phase_bias,
    phase_moments,
)
from thermo_cl.learning.phases import FixedLength, GeometricLength


def full(averaged: bool = False) -> BoltzmannMachine:
    """With everything that a machine may have."""
    weights, biases, couplings = slow.machine(3, hidden=2, lateral=True)
    return BoltzmannMachine(weights, biases, np.linspace(-1, 1, 4), couplings, averaged=averaged)


def plain(averaged: bool = False) -> BoltzmannMachine:
    return BoltzmannMachine(*slow.machine(2), averaged=averaged)


def on(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def number(v, h) -> int:
    return sum(int(a) << k for k, a in enumerate(v)) * 2 ** len(h) + sum(int(a) << k for k, a in enumerate(h))


@pytest.mark.parametrize("machine", [plain(), full()], ids=["restricted", "semi-restricted"])
def test_kernels_are_those_of_units_drawn_one_by_one(machine: BoltzmannMachine) -> None:
    model = boltzmann_model(machine, slow.EXAMPLES)
    w, b = machine.weights, machine.hidden_biases
    own = np.zeros(4) if machine.visible_biases is None else machine.visible_biases
    lateral = np.zeros((4, 4)) if machine.couplings is None else machine.couplings
    states = list(itertools.product((0, 1), repeat=4 + machine.hidden))
    for old in states[:: len(states) // 7]:
        v, h = list(old[:4]), list(old[4:])
        column = np.zeros(len(states))
        for new in states:
            now, p = list(v), 1.0
            for i in range(4):
                share = on(sum(w[j, i] * h[j] for j in range(len(h))) + own[i] + lateral[i] @ now)
                p *= share if new[i] else 1 - share
                now[i] = new[i]
            for j in range(len(h)):
                share = on(b[j] + w[j] @ now)
                p *= share if new[4 + j] else 1 - share
            column[number(new[:4], new[4:])] += p
        assert_allclose(model.negative.kernels[0][:, number(v, h)], column, atol=1e-14)


@pytest.mark.parametrize("make", [plain, full])
def test_stationary_states_are_the_machines(make) -> None:
    machine = make()
    model = boltzmann_model(machine, slow.EXAMPLES)
    extra = () if machine.couplings is None else (machine.couplings,)
    weighed = []
    for v, h, e, _ in slow.states(machine.weights, machine.hidden_biases, *extra):
        own = 0.0 if machine.visible_biases is None else machine.visible_biases @ v
        weighed.append((number(v, h), e * math.exp(own)))
    law = np.zeros(len(weighed))
    for place, e in weighed:
        law[place] = e / sum(x for _, x in weighed)
    assert_allclose(model.negative.law, law, rtol=1e-11)
    assert_allclose(model.positive.law.reshape(16, -1)[0].sum(), 0.25, rtol=1e-12)  # the empty picture is there twice


@pytest.mark.parametrize("make", [plain, full])
def test_gradient_is_the_enumerated_one(make) -> None:
    exact = exact_gradient(make(), slow.EXAMPLES)
    flat = [exact["W"].ravel(), exact["b_h"]]
    if "L" in exact:
        flat += [exact["b_v"], exact["L"][np.triu_indices(4, 1)]]
    for averaged in (False, True):
        model = boltzmann_model(make(averaged), slow.EXAMPLES)
        assert_allclose(model.gradient, np.concatenate(flat), rtol=0, atol=1e-12)
        for phase, chain in zip(
            boltzmann_moments(make(averaged), slow.EXAMPLES), (model.positive, model.negative), strict=True
        ):
            assert_allclose(phase.mean, chain.mean, atol=1e-12)
            assert_allclose(phase.second, chain.second_moment, atol=1e-12)


@pytest.mark.parametrize("make", [plain, full])
def test_summing_the_hidden_units_out_keeps_means_and_lowers_the_variance_of_a_state(make) -> None:
    joint, visible = (boltzmann_model(make(averaged), slow.EXAMPLES) for averaged in (False, True))
    for length in (FixedLength(2), GeometricLength(3.0)):
        for updates in ("end", "always"):
            biases = [phase_bias(m.negative, length, m.positive.law, updates) for m in (joint, visible)]
            assert_allclose(*biases, rtol=0, atol=1e-12)
        # of a single state; over several steps the averages' correlations may be stronger
        sampled, averaged = (phase_moments(m.negative, length, m.positive.law) for m in (joint, visible))
        assert np.linalg.eigvalsh(sampled.covariance - averaged.covariance).min() > -1e-12


def test_family_is_the_machine() -> None:
    weights, biases = slow.machine(5, hidden=2, visible=3)
    whole = boltzmann_family(2, 3)
    model = boltzmann_model(BoltzmannMachine(weights, biases), np.eye(3)).negative
    chain = whole.at(np.concatenate([weights.ravel(), biases]))
    assert_allclose(chain.kernels, model.kernels, atol=1e-14)
    assert_allclose(chain.statistic, model.statistic)
    part = boltzmann_family(1, 1, trained=[0]).at([0.7])
    assert_allclose(
        part.kernels[0], boltzmann_model(BoltzmannMachine([[0.7]]), [[1.0]]).negative.kernels[0], atol=1e-14
    )


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: boltzmann_model(plain(), [[0.5, 0, 0, 0]]), "examples"),
        (lambda: boltzmann_model(plain(), [[1.0, 0, 0]]), "examples.shape"),
        (lambda: boltzmann_model(BoltzmannMachine(np.zeros((4, 9))), np.zeros((1, 9))), "units"),
        (lambda: boltzmann_moments(BoltzmannMachine(np.zeros((4, 17))), np.zeros((1, 17))), "units"),
        (lambda: boltzmann_family(1, 12), "units"),
        (lambda: boltzmann_family(0, 1), "hidden"),
        (lambda: boltzmann_family(1, 1, trained=[2]), "trained"),
    ],
)
def test_bad_input_is_named(call, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call()
