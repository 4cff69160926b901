"""Where the answer is looked for, said before the first run and where none was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, Exit
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse
from support import RunBoxwright


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        (
            "epoch 1\nacc\t0.5\nerror\t0.25\n",
            'no result line on stdout, but stdout.log:3 gives "error" by a tab: set tab = true in [parse]; last',
        ),
        (
            "epoch 1\nacc\t0.5\n",
            'no result line on stdout, but stdout.log:2 gives "acc" by a tab: set tab = true in [parse], '
            'and name it as the metric of the objective instead of "error"; last lines',
        ),
        ("\t0.5\nacc\tgood\nx\t1\t2\n", "no result line on stdout; last lines"),
    ],
)
def test_missing_result_line_points_to_lines_with_a_tab(tmp_path: Path, stdout: str, reason: str) -> None:
    (tmp_path / "stdout.log").write_text(stdout)
    exited = Exit(run=1, ended_by=Ended.EXITED, exit_code=0)
    found = read_outcome(
        Parse(), Objective(metric="error"), exited, tmp_path, has_postprocess=False, exit_code_matters=True
    )
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("parse", "answer"),
    [
        ("", "SMAC's result line on stdout (Result of algorithm run: STATUS, runtime, runlength, quality, seed)"),
        ("tab = true", "the line quality<TAB>value on stdout"),
        (
            "json = 'r.json'\nregex = { quality = 'q=(.*)', other = '(x)' }",
            "the last match of q=(.*) on stdout, or q",
        ),
        ("[postprocess]\nargv = ['true']", "the line quality<TAB>value of the post-process command"),
    ],
)
def test_check_says_how_the_answer_will_be_read(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, parse: str, answer: str
) -> None:
    done = boxwright("check", make_scenario(more=f"[parse]\n{parse}\n"))
    assert f"\nanswer: {answer}" in done.stdout
