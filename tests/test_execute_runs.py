"""What one run gets, and what is known of it when it is over."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, PostStep
from boxwright.terms import Slot
from execute_support import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "study") as stage:
        stage.start()
        yield stage


def test_run_ends_with_the_commands_exit_code_and_logs(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (exit_.ended_by, exit_.exit_code, exit_.detail) == (Ended.EXITED, 3, "")
    assert (stage.text(1), stage.text(1, "stderr.log")) == ("out\n", "err\n")


def test_run_that_dies_of_a_signal_has_its_negative_number(stage: Stage) -> None:
    assert stage.run(["sh", "-c", "kill -SEGV $$"]).exit_code == -11


def test_run_gets_its_folder_and_exactly_its_environment(stage: Stage) -> None:
    stage.run([sys.executable, "-c", "import os, json; print(os.getcwd()); print(json.dumps(dict(os.environ)))"])
    folder, environment = stage.text(1).splitlines()
    assert folder == str(stage.folder(1))
    assert set(json.loads(environment)) - {"LC_CTYPE"} == {"PATH", "BOXWRIGHT_TOKEN"}


def test_run_gets_no_input_and_no_descriptor_of_the_agent(stage: Stage) -> None:
    stage.run(["sh", "-c", "cat; ls /proc/self/fd"])
    assert stage.text(1).split() == ["0", "1", "2", "3"]  # 3 is the one with which ls reads


def test_run_starts_with_default_signals_whatever_the_agent_was_started_with(tmp_path: Path) -> None:
    was_blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    were = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    }
    try:
        with Stage(tmp_path / "study") as stage:
            stage.start()
            stage.run(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"])
            masks = [int(line.split()[1], 16) for line in stage.text(1).splitlines()]
    finally:
        for number, handler in were.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, was_blocked)
    of_libc = 1 << 31 | 1 << 32  # signals 32 and 33 belong to glibc, which lets no program set or reset them
    assert [mask & ~of_libc for mask in masks] == [0, 0]


def test_run_reports_time_and_memory_of_its_whole_tree(stage: Stage) -> None:
    before = time.time()
    hog = "import time; data = bytearray(80 << 20)\nwhile time.process_time() < 0.4: pass"
    exit_ = stage.run(["sh", "-c", f"'{sys.executable}' -c '{hog}' & '{sys.executable}' -c '{hog}'; wait"])
    assert exit_.cpu_s >= 0.8
    assert exit_.max_rss_bytes > 80 << 20
    assert before - 0.1 < exit_.started < exit_.ended < time.time() + 0.1
    assert 0.4 < exit_.wall_s <= exit_.ended - exit_.started + 0.01


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["no-such-command"], "no-such-command: No such file or directory"),
        (["./plain.txt"], "plain.txt: Permission denied"),
        (["./no-interpreter"], "(the program after its #! was not found)"),
        (["./no-first-line"], "(a script needs a first line with #!)"),
        (["true", "a\0b"], "embedded null byte"),
        (["true", "x" * (3 << 20)], "Argument list too long"),
        ([], "the command is empty"),
        (["line\nbreak"], "line\\nbreak: No such file"),
    ],
)
def test_run_says_why_a_command_cannot_be_started(stage: Stage, argv: list[str], says: str) -> None:
    folder = stage.folder(1)
    folder.mkdir(parents=True)
    (folder / "plain.txt").write_text("no program")
    for name, text in (("no-interpreter", "#!/no/such/program\n"), ("no-first-line", "echo\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    exit_ = stage.run(argv)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.NOT_STARTED, None)
    assert says in exit_.detail
    assert "\n" not in exit_.detail
    assert stage.run(["true"]).exit_code == 0, "the agent goes on"


def test_run_says_that_an_environment_is_impossible(stage: Stage) -> None:
    assert "environment" in stage.run(["true"], env={"A=B": "c"}).detail


def test_run_whose_folder_is_missing_is_not_started(stage: Stage) -> None:
    request = stage.request(["true"])
    Path(request.folder).rmdir()
    stage.do(lambda: stage.executor.submit(0, request))
    exit_ = stage.exit_of(request.run)
    assert exit_.ended_by is Ended.NOT_STARTED
    assert "stdout.log: No such file or directory; exit.json could not be written" in exit_.detail


def test_run_that_deletes_its_own_folder_still_ends(stage: Stage) -> None:
    run = stage.submit(["sh", "-c", 'rm -r "$PWD"'])
    exit_ = stage.exit_of(run)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.EXITED, 0)
    assert "exit.json could not be written: No such file or directory" in exit_.detail
    assert stage.run(["true"]).exit_code == 0


def test_run_never_writes_its_log_into_a_file_that_was_there(stage: Stage) -> None:
    mine = stage.study / "mine.txt"
    mine.write_text("precious")
    request = stage.request(["echo", "hello"])
    os.link(mine, Path(request.folder) / "stdout.log")
    stage.do(lambda: stage.executor.submit(0, request))
    stage.exit_of(request.run)
    assert (mine.read_text(), stage.text(1)) == ("precious", "hello\n")


@pytest.mark.parametrize(
    "word", ["a b", "'\"$HOME`ls`", "line\nbreak\ttab", "naïve-数据-🙂", "-", "", os.fsdecode(b"\xff\xfe")]
)
def test_run_passes_odd_words_and_works_in_odd_folders(stage: Stage, word: str) -> None:
    folder = stage.study / "runs" / f"odd {word}"
    exit_ = stage.run(["printf", "%s", word], folder=folder, env={"ODD": word})
    assert exit_.exit_code == 0
    assert (folder / "stdout.log").read_bytes() == os.fsencode(word)
    assert (folder / "exit.json").exists()


def test_post_step_runs_in_the_same_folder_after_a_success(stage: Stage) -> None:
    post = PostStep(argv=("sh", "-c", "cat stdout.log; echo oh >&2; exit 4"), cutoff_s=5)
    exit_ = stage.run(["echo", "quality"], post=post)
    assert exit_.exit_code == 0
    assert exit_.post is not None
    assert (exit_.post.ended, exit_.post.exit_code) == (Ended.EXITED, 4)
    assert (stage.text(1, "postprocess.log"), stage.text(1, "postprocess.err")) == ("quality\n", "oh\n")


def test_post_step_is_left_out_after_a_failure_unless_always_wanted(stage: Stage) -> None:
    post = PostStep(argv=("true",), cutoff_s=5)
    assert stage.run(["false"], post=post).post is None
    assert stage.run(["false"], post=post, post_always=True).post is not None
    assert stage.run(["sleep", "60"], post=post, post_always=True, cutoff_s=0.1).post is None


def test_post_step_has_its_own_cutoff(stage: Stage) -> None:
    exit_ = stage.run(["true"], post=PostStep(argv=("sleep", "60"), cutoff_s=0.2))
    assert exit_.ended_by is Ended.EXITED
    assert exit_.post is not None
    assert exit_.post.ended is Ended.CUTOFF
    assert exit_.ended - exit_.started < 5


def test_slots_with_cores_pin_their_runs(tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))
    with Stage(tmp_path, slots=[Slot(0, cores=(core,))]) as stage:
        stage.start()
        stage.run([sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"])
        assert stage.text(1).strip() == f"{{{core}}}"


def test_slot_with_cores_that_are_gone_runs_unpinned(tmp_path: Path) -> None:
    with Stage(tmp_path, slots=[Slot(0, cores=(1000,))]) as stage:
        stage.start()
        assert stage.run(["true"]).exit_code == 0
        assert "not pinned" in (tmp_path / "slots" / "0.log").read_text()
