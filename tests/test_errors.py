"""Every error survives the border between processes, with its message and what it says about itself."""

from __future__ import annotations

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from thermo_cl import errors

MADE: dict[type[Exception], tuple[Exception, dict[str, object]]] = {
    type(error): (error, attributes)
    for error, attributes in (
        (errors.ThermoError("plain"), {}),
        (errors.InvalidParameterError("nudge", -1.0, "> 0"), {"name": "nudge", "value": -1.0, "valid": "> 0"}),
        (
            errors.ReducibleNetworkError([[0, 1], range(2, 40)], absorbing=(1, 2)),
            {"classes": [[0, 1], list(range(2, 40))], "absorbing": [1, 2]},
        ),
        (errors.DivergentIntegralError("area"), {}),
        (errors.DisconnectedNetworkError([[4, 5], range(6, 40)]), {"pieces": [[4, 5], list(range(6, 40))]}),
        (errors.IrreversibleEdgeError(3, 4), {"source": 3, "target": 4}),
        (errors.ConvergenceError("slow"), {}),
        (errors.MemoryLimitError("a table", 2**31, 2**30, "Ask for less."), {"needed": 2**31, "available": 2**30}),
        (errors.DataError("sha256"), {}),
        (errors.DivergenceError("nan"), {}),
        (errors.DeadLayerWarning("layer 2", 2, 700), {"layer": 2, "step": 700}),
        (errors.RampWindowWarning("too fast"), {}),
        (errors.SilentUpdatesWarning("silent"), {}),
        (errors.StiffnessError("1e-9 s", 1e-9, 10.0), {"fastest": 1e-9, "slowest": 10.0}),
        (errors.NotConnectedError("0 and 2"), {}),
        (errors.NormalizationError("moment"), {}),
        (errors.OutputError("no such folder"), {}),
        (errors.SweepError("no workers"), {}),
        (errors.WeightDegeneracyWarning("3 of 500", 3.2, 500), {"effective_chains": 3.2, "chains": 500}),
        (errors.UnknownEquationError("Eq. 99", ["Eq. 9"]), {"name": "Eq. 99", "nearest": ["Eq. 9"]}),
    )
}


def fail(error: Exception) -> None:
    raise error


def test_all_errors_are_here() -> None:
    defined = {c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)}
    assert set(MADE) == defined
    assert {c.__name__ for c in defined} == set(errors.__all__)


@pytest.mark.parametrize("kind", MADE, ids=lambda c: c.__name__)
@pytest.mark.parametrize("protocol", [*range(pickle.HIGHEST_PROTOCOL + 1), None])
def test_round_trip(kind: type[Exception], protocol: int | None) -> None:
    error, attributes = MADE[kind]
    again = copy.copy(error) if protocol is None else pickle.loads(pickle.dumps(error, protocol))
    assert again is not error
    assert type(again) is kind
    assert isinstance(again, errors.ThermoError) == (not issubclass(kind, Warning))
    assert str(again) == str(error)
    assert str(error)
    assert again.args == error.args
    assert vars(again) == vars(error) == attributes


def test_notes_and_later_attributes_are_kept() -> None:
    error = errors.DivergenceError("nan")
    error.add_note("epoch 3")
    again = pickle.loads(pickle.dumps(error))
    assert again.__notes__ == ["epoch 3"]
    again.add_note("worker 1")
    assert error.__notes__ == ["epoch 3"]


def test_errors_of_a_worker_are_raised_as_they_are() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for kind in (errors.InvalidParameterError, errors.MemoryLimitError, errors.UnknownEquationError):
            error, attributes = MADE[kind]
            with pytest.raises(kind) as caught:
                pool.submit(fail, error).result()
            assert str(caught.value) == str(error)
            assert {name: getattr(caught.value, name) for name in attributes} == attributes


def test_what_they_say() -> None:
    said = {kind.__name__: str(error) for kind, (error, _) in MADE.items()}
    assert said["InvalidParameterError"] == "nudge = -1.0 is not valid: it must be > 0"
    assert "{0, 1}, {2, 3," in said["ReducibleNetworkError"]
    assert "21, ...}" in said["ReducibleNetworkError"]
    assert "No jump leaves states 1, 2." in said["ReducibleNetworkError"]
    assert said["IrreversibleEdgeError"].endswith("give 4 -> 3 a positive rate")
    assert said["MemoryLimitError"] == "a table needs 2.0 GiB of memory, of which 1.0 GiB are free. Ask for less."
    assert said["UnknownEquationError"] == "no equation is named 'Eq. 99'; the nearest are Eq. 9"
    assert "derive" in str(errors.UnknownEquationError("x", []))
