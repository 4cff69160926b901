"""Cutoff, memory and output: the run is stopped in time, and all of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.execute.limits import FIRST_PAUSE_S, LONGEST_PAUSE_S, Limits, Meter
from boxwright.execute.messages import Ended, PostStep
from boxwright.execute.tree import read_process
from execute_support import MEBIBYTE, Stage

READY_S = 3.0
"""So long after its start a run of these tests listens to signals, on a busy machine, too."""

FOREVER = "import time\nwhile True: time.sleep(1)"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n" + FOREVER


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "study") as stage:
        stage.start()
        yield stage


def hog(mebibytes: int, then: str = "", *, pause_s: float = 0) -> str:
    return (
        "import time\ndata = []\n"
        f"for _ in range({mebibytes}): data.append(bytearray(b'x' * (1 << 20))); time.sleep({pause_s})\n"
        f"{then}\ntime.sleep(60)"
    )


def test_run_is_stopped_at_its_cutoff(stage: Stage) -> None:
    exit_ = stage.run(["sleep", "600"], cutoff_s=0.3)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.CUTOFF, -signal.SIGTERM)
    assert exit_.detail == "still running after 0.3 s"
    assert 0.3 <= exit_.wall_s < 60


def test_run_may_tidy_up_within_its_grace(stage: Stage) -> None:
    script = "trap 'sleep 0.3; echo tidy; exit 7' TERM; while :; do sleep 0.05; done"
    exit_ = stage.run(["sh", "-c", script], cutoff_s=READY_S, grace_s=600)
    assert (exit_.ended_by, exit_.exit_code, stage.text(1)) == (Ended.CUTOFF, 7, "tidy\n")
    assert exit_.wall_s < 60


def test_run_is_asked_only_once_to_end(stage: Stage) -> None:
    script = (
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        f"end = time.monotonic() + {READY_S + 1.0}\nwhile time.monotonic() < end: time.sleep(0.05)"
    )
    stage.run([sys.executable, "-c", script], cutoff_s=READY_S, grace_s=5)
    assert stage.text(1) == "asked\n"


def test_run_that_ignores_sigterm_is_killed_after_its_grace(stage: Stage) -> None:
    exit_ = stage.run([sys.executable, "-c", DEAF], cutoff_s=READY_S, grace_s=0.3)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.CUTOFF, -signal.SIGKILL)
    assert READY_S + 0.3 <= exit_.wall_s < 60


def test_run_stops_a_command_and_its_grandchildren_at_the_cutoff(stage: Stage) -> None:
    inner = "setsid sh -c 'echo $$; sleep 60' & sh -c 'echo $$; sleep 60' & wait"
    exit_ = stage.run(["sh", "-c", f'sh -c "{inner.replace("$", chr(92) + "$")}" & wait'], cutoff_s=READY_S)
    assert exit_.ended_by is Ended.CUTOFF
    pids = stage.text(1).split()
    assert len(pids) == 2
    assert not any(read_process(int(pid)) for pid in pids)


def test_run_that_has_stopped_itself_is_ended_at_the_cutoff(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "kill -STOP $$"], cutoff_s=READY_S, grace_s=600)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.CUTOFF, -signal.SIGTERM)
    assert exit_.wall_s < 60, "it was woken, so that SIGTERM could reach it"


def test_run_with_threads_whose_first_one_has_ended_is_still_watched(stage: Stage) -> None:
    script = (
        "import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)"  # exit(2) of the main thread alone, on x86-64
    )
    if os.uname().machine != "x86_64":
        pytest.skip("the number of the system call is that of x86-64")
    exit_ = stage.run([sys.executable, "-c", script], cutoff_s=READY_S)
    assert exit_.ended_by is Ended.CUTOFF


def test_run_is_stopped_at_its_memory_limit(stage: Stage) -> None:
    limit, wanted = 200, 2000
    command = [sys.executable, "-c", hog(wanted, pause_s=0.002)]  # so slow that a busy machine looks in time, too
    exit_ = stage.run(command, memory_bytes=limit * MEBIBYTE, cutoff_s=60)
    assert exit_.ended_by is Ended.MEMORY
    assert f"the limit is {limit * MEBIBYTE}" in exit_.detail
    assert limit * MEBIBYTE < exit_.max_rss_bytes < wanted * MEBIBYTE


def test_memory_limit_counts_all_processes_of_the_run(stage: Stage) -> None:
    words = f"'{sys.executable}' -c \"{hog(90)}\""
    exit_ = stage.run(["sh", "-c", f"{words} & {words} & {words} & wait"], memory_bytes=200 * MEBIBYTE, cutoff_s=30)
    assert exit_.ended_by is Ended.MEMORY


def test_memory_that_processes_share_counts_once(stage: Stage) -> None:
    script = (
        "import os, time\ndata = bytearray(100 << 20)\nis_first = os.fork() and os.fork()\ntime.sleep(1)\n"
        "if is_first: os.wait(), os.wait()"
    )
    exit_ = stage.run([sys.executable, "-c", script], memory_bytes=200 * MEBIBYTE, cutoff_s=30)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.EXITED, 0)
    assert exit_.max_rss_bytes < 200 * MEBIBYTE


def test_run_that_fills_memory_in_its_grace_is_killed_at_once(stage: Stage) -> None:
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + hog(1000)
    exit_ = stage.run([sys.executable, "-c", script], memory_bytes=100 * MEBIBYTE, cutoff_s=600, grace_s=600)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.MEMORY, -signal.SIGKILL)
    assert exit_.wall_s < 120


def test_run_that_floods_its_output_is_stopped_and_its_log_cut(stage: Stage) -> None:
    limit = 5 * MEBIBYTE
    exit_ = stage.run(["sh", "-c", "echo why >&2; yes | tr -d '\\n'"], output_bytes=limit, cutoff_s=30)
    assert exit_.ended_by is Ended.OUTPUT
    assert f"the limit is {limit}" in exit_.detail
    assert (stage.folder(1) / "stdout.log").stat().st_size == limit - len("why\n")
    assert stage.text(1, "stderr.log") == "why\n"


def test_output_of_a_quick_run_is_limited_too(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "head -c 3000 /dev/zero; head -c 3000 /dev/zero >&2"], output_bytes=1001)
    assert (exit_.ended_by, exit_.exit_code) == (Ended.OUTPUT, 0)
    sizes = [(stage.folder(1) / name).stat().st_size for name in ("stdout.log", "stderr.log")]
    assert sizes == [500, 500]


def test_output_is_measured_even_if_the_run_deletes_its_log(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "rm stdout.log; exec cat /dev/zero"], output_bytes=MEBIBYTE, cutoff_s=30)
    assert exit_.ended_by is Ended.OUTPUT


def test_post_step_is_held_to_the_output_limit(stage: Stage) -> None:
    post = PostStep(argv=("cat", "/dev/zero"), cutoff_s=30)
    exit_ = stage.run(["true"], post=post, output_bytes=MEBIBYTE)
    assert exit_.post is not None
    assert exit_.post.ended is Ended.OUTPUT
    assert (stage.folder(1) / "postprocess.log").stat().st_size == MEBIBYTE


def test_cancelled_run_ends_with_the_reason(stage: Stage) -> None:
    run = stage.submit(["sleep", "60"])
    stage.until(stage.processes)
    stage.cancel(run, "not\nneeded any more")
    exit_ = stage.exit_of(run)
    assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "not\\nneeded any more")
    assert stage.run(["true"]).exit_code == 0


def test_cancel_stops_the_post_step_as_well(stage: Stage) -> None:
    run = stage.submit(["true"], post=PostStep(argv=("sh", "-c", "echo in; sleep 60"), cutoff_s=60))
    log = stage.folder(run) / "postprocess.log"
    stage.until(lambda: log.exists() and log.read_text())
    stage.cancel(run, "enough")
    exit_ = stage.exit_of(run)
    assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "enough")


def test_cancel_of_a_run_that_is_over_changes_nothing(stage: Stage) -> None:
    exit_ = stage.run(["true"])
    stage.cancel(exit_.run, "too late")
    stage.cancel(99, "never was")
    assert stage.run(["sleep", "0.2"], run=exit_.run, folder=stage.study / "again").ended_by is Ended.EXITED


def test_meter_looks_the_more_often_the_nearer_the_limit(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fd = os.open(log, os.O_RDWR | os.O_CREAT)
    try:
        calm = Meter(Limits(), (fd, fd))
        for _ in range(12):
            assert calm.look([]) is None
        near = Meter(Limits(output_bytes=1000), (fd, fd))
        near.look([])
    finally:
        os.close(fd)
    assert calm.pause_s == LONGEST_PAUSE_S
    assert near.pause_s < FIRST_PAUSE_S


def test_agent_sleeps_while_its_run_goes_on(stage: Stage) -> None:
    run = stage.submit(["sleep", "2"], cutoff_s=60, memory_bytes=1 << 34, output_bytes=1 << 30)
    stage.until(stage.processes)
    pid = stage.agent_pid()
    before = cpu_ticks(pid)
    time.sleep(1.5)
    assert cpu_ticks(pid) - before <= 3, "hundredths of a second"
    stage.exit_of(run)


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
