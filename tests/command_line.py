"""Runs the command line in this process, for the tests of its commands."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from thermo_cl.cli import app

# a child of a shell's background job inherits that Ctrl-C is ignored: in front of what it runs
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def results(*arguments):
    answer = run(*arguments, "--json")
    assert answer.exit_code == 0, answer.output

    def refuse(constant):
        pytest.fail(f"{constant} is not JSON")

    document = json.loads(answer.stdout, parse_constant=refuse)
    assert document["units"].keys() == document["results"].keys()
    assert all(document["units"].values())
    return document["results"]


def refused(arguments, *said):
    answer = run(*arguments)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1
    for part in said:
        assert part in answer.stderr
