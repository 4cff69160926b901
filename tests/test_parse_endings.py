"""What a run came to, by the way it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boxwright.execute.messages import Ended, Exit, PostExit
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status

RESULT = "Result of algorithm run: SAT, 1, 1, 0.5, 0\n"
ABORT = "Result of algorithm run: ABORT, 1, 1, 0, 0\n"


def outcome(
    folder: Path, *, stdout: str = "", stderr: str = "", has_postprocess: bool = False, **ended: Any
) -> Outcome:
    (folder / "stdout.log").write_text(stdout)
    (folder / "stderr.log").write_text(stderr)
    exited = Exit(run=1, **{"ended_by": Ended.EXITED, "exit_code": 0, **ended})
    parse = Parse(result_line=True)
    return read_outcome(parse, Objective(), exited, folder, has_postprocess=has_postprocess, exit_code_matters=True)


def test_run_at_the_cutoff_is_a_timeout_that_keeps_what_it_printed(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout=RESULT, ended_by=Ended.CUTOFF, exit_code=-15, wall_s=5.04)
    assert (found.status, found.reason) == (Status.TIMEOUT, "stopped at the cutoff after 5.0 s")
    assert (found.metrics, found.quality) == ({"quality": 0.5}, 0.5)


def test_run_at_the_cutoff_without_a_result_has_no_quality(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout="epoch 1\n", ended_by=Ended.CUTOFF, wall_s=5)
    assert (found.status, found.quality, found.metrics) == (Status.TIMEOUT, None, {})


def test_run_at_the_memory_limit_is_a_memout(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout=RESULT, ended_by=Ended.MEMORY, max_rss_bytes=3435973837, exit_code=-9)
    assert (found.status, found.quality) == (Status.MEMOUT, None)
    assert found.reason == "stopped at the memory limit: 3.2 GiB"


def test_run_that_wrote_too_much_is_a_crash_with_the_size(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout="x" * 1536, stderr="y" * 512, ended_by=Ended.OUTPUT, exit_code=-9)
    assert found == Outcome(Status.CRASHED, reason="stopped because it wrote too much: 2.0 KiB")


def test_cancelled_run_is_killed_with_the_detail_whatever_it_printed(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout=ABORT, ended_by=Ended.CANCELLED, detail="by a person", exit_code=-15)
    assert (found.status, found.reason) == (Status.KILLED, "by a person")


def test_command_that_never_started_is_a_crash_with_the_systems_text(tmp_path: Path) -> None:
    found = outcome(tmp_path, ended_by=Ended.NOT_STARTED, exit_code=None, detail="No such file: 'trian.py'\n")
    assert found.status is Status.CRASHED
    assert found.reason == r"the command could not be started: No such file: 'trian.py'\n"


@pytest.mark.parametrize("ended_by", [Ended.CUTOFF, Ended.MEMORY, Ended.EXITED])
def test_abort_counts_however_the_run_ended_afterwards(tmp_path: Path, ended_by: Ended) -> None:
    assert outcome(tmp_path, stdout=ABORT, ended_by=ended_by, exit_code=1).status is Status.ABORT


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (1, "exit code 1"),
        (255, "exit code 255"),
        (137, "exit code 137 (128 + SIGKILL)"),
        (-11, "killed by SIGSEGV"),
        (-63, "killed by signal 63"),
        (None, "no exit code"),
    ],
)
def test_exit_code_is_named_in_words(tmp_path: Path, exit_code: int | None, words: str) -> None:
    found = outcome(tmp_path, exit_code=exit_code)
    assert (found.status, found.reason) == (Status.CRASHED, words)


def test_result_line_counts_on_stdout_only(tmp_path: Path) -> None:
    found = outcome(tmp_path, stderr=RESULT)
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason.startswith("no result line on stdout")
    assert outcome(tmp_path, stdout=RESULT, stderr=ABORT).status is Status.SUCCESS


def test_exit_code_comes_with_the_last_lines_of_stderr(tmp_path: Path) -> None:
    stderr = 'Traceback:\n  File "a.py", line 1\nValueError: \x07 b\n'
    found = outcome(tmp_path, stdout="epoch 1\n", stderr=stderr, exit_code=1)
    shown = r'"Traceback: | File "a.py", line 1 | ValueError: \x07 b"'
    assert found.reason == f"exit code 1; last lines: {shown} ({tmp_path.name}/stderr.log)"


def test_exit_code_comes_with_the_last_lines_of_stdout_when_stderr_is_blank(tmp_path: Path) -> None:
    found = outcome(tmp_path, stdout="epoch 1\n", stderr=" \n", exit_code=1)
    assert found.reason.endswith(f'"epoch 1" ({tmp_path.name}/stdout.log)')


def test_last_lines_stay_short(tmp_path: Path) -> None:
    for stderr in ("x" * 100_000, ("y" * 150 + "\n") * 3, "\n".join("z" * 5000 for _ in range(9))):
        found = outcome(tmp_path, stderr=stderr, exit_code=1)
        assert len(found.reason) < 300 + len(tmp_path.name)
        assert found.reason.isprintable()


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (None, "the post-process command was not run"),
        (PostExit(ended=Ended.EXITED, exit_code=1), 'post-process: exit code 1; last lines: "no number" ('),
        (PostExit(ended=Ended.CUTOFF, wall_s=60), "post-process: stopped at its cutoff after 60.0 s; last lines"),
        (
            PostExit(ended=Ended.NOT_STARTED, detail="no such file"),
            "post-process: could not be started: no such file",
        ),
        (PostExit(ended=Ended.MEMORY), "post-process: was stopped: memory"),
    ],
)
def test_failed_post_process_is_a_crash(tmp_path: Path, post: PostExit | None, reason: str) -> None:
    (tmp_path / "postprocess.err").write_text("no number\n")
    found = outcome(tmp_path, stdout=RESULT, has_postprocess=True, post=post)
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason.startswith(reason)


def test_failed_post_process_does_not_hide_what_the_result_line_says(tmp_path: Path) -> None:
    unsat = "Result of algorithm run: UNSAT, 1, 1, 0.5, 0\n"
    post = PostExit(ended=Ended.EXITED, exit_code=1)
    assert outcome(tmp_path, stdout=unsat, has_postprocess=True, post=post).status is Status.UNSAT


def test_run_folder_without_logs_is_a_crash(tmp_path: Path) -> None:
    exited = Exit(run=1, ended_by=Ended.EXITED, exit_code=0)
    folder = tmp_path / "gone"
    found = read_outcome(Parse(), Objective(), exited, folder, has_postprocess=False, exit_code_matters=True)
    assert (found.status, found.reason) == (Status.CRASHED, "no result line on stdout")
