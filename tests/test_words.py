"""The words of help and messages: those of the scenario, whole, and in the right number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.cli import cli
from support import RunBoxwright


@pytest.mark.parametrize(
    ("design", "kind"),
    [
        ('[design]\nkind = "monte-carlo"\nruns = 1\n', "1 trial, monte-carlo design; minimize quality; 1 slot\n"),
        ('[design]\nkind = "csv"\nfile = "x.csv"\n', "2 trials, csv design; "),
        ("[optimizer]\nruns = 2\nseeds = 1\n", "2 trials, SMAC, 1 seed; "),
        ("[optimizer]\nruns = 2\nseeds = 2\n", "2 trials, SMAC, 2 seeds that share a model; "),
        (
            '[optimizer]\nruns = 2\nseeds = [{ model = "gp", acquisition = "ts" }, { model = "random" }]\n',
            "2 trials, SMAC (gp ts, random), 2 seeds that share a model; ",
        ),
    ],
)
def test_check_names_the_design_as_the_scenario_does(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, design: str, kind: str
) -> None:
    scenario = make_scenario(design=design)
    (scenario.parent / "x.csv").write_text("x\n0.1\n0.2\n")
    done = boxwright("check", scenario, "--set", "slots.count=1")
    assert done.stdout.startswith(f"{scenario}: sound. {kind}"), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "x", "--slots", "abc"), "'--slots': found \"abc\"; give a whole number of at least 1.\n"),
        (("resume", "x", "--runs", "0"), "'--runs': found \"0\"; give a whole number of at least 1.\n"),
        (("kill", "x", "1.5"), "'RUN': found \"1.5\"; give a whole number of at least 1 and at most "),
    ],
)
def test_numbers_on_the_command_line_are_refused_in_plain_words(
    boxwright: RunBoxwright, words: tuple[str, ...], message: str
) -> None:
    done = boxwright(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_cuts_no_sentence(boxwright: RunBoxwright) -> None:
    commands = boxwright("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(commands) == len(cli.commands) >= 16  # none goes over two lines
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []
