"""``thermo-cl derive``: lists, derivations and documents, and an exit status that tells of failures."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from tests.command_line import refused, run


@pytest.fixture
def registry(monkeypatch):
    """Two equations that hold; tests add worse ones."""
    import thermo_cl.symbolic as room

    entries = {name: room.equation(name) for name in ("tcl-33", "isd-mean")}
    monkeypatch.setattr(room, "names", lambda: tuple(entries))
    monkeypatch.setattr(room, "equation", entries.__getitem__)
    return entries


def falsified(entry, name, **changes):
    return dataclasses.replace(entry, name=name, **changes)


def test_derive_lists_every_equation_with_its_outcome(registry):
    answer = run("derive")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.splitlines() == [
        f"proved  agrees  tcl-33    {registry['tcl-33'].title} (Eq. 33)",
        f"proved  agrees  isd-mean  {registry['isd-mean'].title}",
        "2 equations: 2 proved, 2 agree with the library",
    ]


def test_derive_fails_if_a_proof_does(registry):
    right = registry["tcl-33"].statement
    registry["wrong"] = falsified(
        registry["tcl-33"], "wrong", statement=right.func(right.lhs, 2 * right.rhs, evaluate=False)
    )
    answer = run("derive")
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    assert f"FAILED  agrees  wrong     {registry['wrong'].title}" in answer.stdout
    assert "NOT PROVED: the last step is not the right side" in answer.stdout
    assert answer.stdout.endswith("3 equations: 2 proved, 3 agree with the library\n")


def test_derive_fails_if_the_library_disagrees(registry, tmp_path):
    registry["off"] = falsified(registry["tcl-33"], "off", compare=lambda rng: (1.0, float("nan")))
    answer = run("derive", "off", "--html", tmp_path / "d.html")
    assert answer.exit_code == 1
    assert "Check: DISAGREES, no number (tolerance 1e-09)" in answer.stdout
    assert "FAILS" in (tmp_path / "d.html").read_text("utf-8")  # the document tells it too
    listed = run("derive", "--json")
    assert listed.exit_code == 1
    assert [(r["name"], r["agrees"], r["deviation"]) for r in json.loads(listed.stdout)][-1] == ("off", False, None)


def test_derive_prints_the_derivation():
    answer = run("derive", "tcl-33", "isd-mean", "tcl-33")
    assert answer.exit_code == 0
    assert answer.stdout.count("tcl-33  (Falk et al. 2025, Eq. 33)") == 1
    assert answer.stdout.index("tcl-33") < answer.stdout.index("isd-mean")
    for part in ("Symbols", "Derivation", "  1. ", "Proof: proved", "Check: agrees, largest relative deviation"):
        assert answer.stdout.count(part) == 2


def test_derive_survives_a_terminal_without_the_signs():
    command = [sys.executable, "-c", "from thermo_cl.cli import app; app()", "derive", "tcl-33"]
    done = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    assert b"Proof: proved" in done.stdout


def test_derive_as_json(registry):
    from thermo_cl.symbolic.documents.outcomes import verify

    document = json.loads(run("derive", "tcl-33", "--json", "--rng", 7).stdout)
    expected = verify(registry["tcl-33"], 7)
    assert len(document) == 1
    assert document[0]["deviation"] == expected.check.deviation
    assert document[0] == {
        "name": "tcl-33",
        "paper": "Falk et al. 2025",
        "number": "33",
        "title": registry["tcl-33"].title,
        "statement": str(registry["tcl-33"].statement),
        "latex": registry["tcl-33"].latex(),
        "proved": True,
        "failed": "",
        "agrees": True,
        "deviation": expected.check.deviation,
        "tolerance": 1e-9,
    }


def test_derive_writes_documents(registry, tmp_path):
    from thermo_cl.symbolic import html_document, latex_document

    tex, html = tmp_path / "d.tex", tmp_path / "d.html"
    answer = run("derive", "--latex", tex, "--html", html)
    assert answer.exit_code == 0, answer.output
    assert answer.stderr == f"saved {tex}\nsaved {html}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.html", "d.tex"]
    assert tex.read_text("ascii") == latex_document(registry.values())
    assert html.read_text("utf-8") == html_document(registry.values())


@pytest.mark.parametrize(("option", "name"), [("--latex", "old.tex"), ("--html", "old.html")])
def test_derive_keeps_existing_documents(option, name, tmp_path, monkeypatch):
    from thermo_cl.symbolic import Equation

    target = tmp_path / name
    target.write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr(Equation, "prove", lambda *_: pytest.fail("work started"))
        refused(["derive", "tcl-33", option, target], "--force")
    assert target.read_text() == "precious"
    assert run("derive", "tcl-33", option, target, "--force").exit_code == 0
    assert "precious" not in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tcl33"], "no equation is named 'tcl33'; the nearest are tcl-33"),
        (["tcl-33", "isd-varance"], "isd-variance"),
        (["?"], "see `thermo-cl derive` for all"),
        (["tcl-33", "--latex", "d.pdf"], "--latex = 'd.pdf' is not valid: it must be a file name that ends in .tex"),
        (["tcl-33", "--html", "d.tex"], "--html"),
        (["tcl-33", "--html", "no/d.html"], "does not exist"),
    ],
)
def test_derive_refuses_before_work(arguments, said, tmp_path, monkeypatch):
    from thermo_cl.symbolic import Equation

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Equation, "prove", lambda *_: pytest.fail("work started"))
    refused(["derive", *arguments], said)
    assert not list(tmp_path.iterdir())


def test_derive_leaves_nothing_if_a_document_cannot_be_composed(registry, tmp_path, monkeypatch):
    import thermo_cl.symbolic as room

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(room, "html_document", fail)
    answer = run("derive", "--latex", tmp_path / "d.tex", "--html", tmp_path / "d.html")
    assert answer.exit_code == 1
    assert "not enough memory" in answer.stderr
    assert not list(tmp_path.iterdir())
