"""Fixtures that several test files share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from cluster_support import batch, sge, sge_for_all, slurm, slurm_for_all  # noqa: F401 - fixtures
from support import RunBoxwright, Running, processes_below

_coverage: dict[str, str] = {}
"""What coverage puts into the environment of processes, by name."""


def pytest_configure() -> None:
    """Set what holds for all tests."""
    # A deadline in seconds of the wall measures what else runs on the machine.
    settings.register_profile("shared machine", deadline=None)
    settings.load_profile("shared machine")
    # One thread for linear algebra, as optimizer seeds have it: two that wait for each other cost thrice the time.
    # Nothing that is imported so far has loaded numpy, which reads this once.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    # With & in a script the suite is started deaf to Ctrl-C, and so would be the studies that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Have coverage, which has begun by now, go on in this process alone; see the fixture ``measured`` for others."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        _coverage[name] = os.environ.pop(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow tests first for each worker, so that none is left for the end, when the others are idle."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    ordered: list[pytest.Item] = []
    for worker in range(workers):  # each begins with a stretch of its own
        end = len(items) * (worker + 1) // workers
        ordered += slow[worker::workers]
        taken = end - len(ordered)
        ordered += quick[:taken]
        quick = quick[taken:]
    items[:] = ordered


@pytest.fixture
def boxwright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> RunBoxwright:
    """Return a function that runs the command line in an empty folder and returns exit code and output.

    It runs in this process, which saves the two seconds that importing takes; agents, seeds and runs are processes of
    their own as always.
    """

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        from boxwright.cli import main

        arguments = list(map(str, words))
        capfd.readouterr()
        with monkeypatch.context() as context:
            context.chdir(tmp_path)
            with pytest.raises(SystemExit) as end:
                main(arguments)
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, int(end.value.code or 0), out, err)

    return call


def scenario_maker(parent: Path) -> Callable[..., Path]:
    """Return a function that writes a scenario, with a script ``run.sh`` beside it, and returns its path."""

    def make(
        script: str = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"',
        *,
        design: str = '[design]\nkind = "monte-carlo"\nruns = 4\n',
        space: str = 'x = { type = "float", lower = 0, upper = 1 }\n',
        more: str = "",
        name: str = "scenario",
    ) -> Path:
        folder = parent / name
        folder.mkdir(exist_ok=True)
        run = folder / "run.sh"
        run.write_text(f"#!/bin/sh\n{script}\n")
        run.chmod(0o755)
        scenario = folder / "scenario.toml"
        scenario.write_text(
            f'[command]\nargv = ["./run.sh"]\nflags = "--name=value"\n\n[space]\n{space}\n{design}\n{more}', "utf-8"
        )
        return scenario

    return make


@pytest.fixture
def make_scenario(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a scenario, with a script ``run.sh`` beside it, and returns its path."""
    return scenario_maker(tmp_path)


@pytest.fixture(scope="module")
def make_shared_scenario(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return the same function for a study that all tests of a file look at."""
    return scenario_maker(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return a function that runs a scenario, or resumes for None, in the folder ``study`` and in the background."""
    started: list[Running] = []

    def begin(scenario: Path | None, *words: str, prefix: Sequence[str] = ()) -> Running:
        started.append(Running(scenario, tmp_path / "study", *words, prefix=prefix))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGTERM)
            running.process.communicate(timeout=180)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let coverage into the processes that a test starts.

    It makes each start cost half as much again or more, so it is for tests whose processes alone run some lines.
    """
    for name, value in _coverage.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def ahead_s(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Let the clock of this machine be five and a half hours ahead of UTC, and say so in seconds."""
    monkeypatch.setenv("TZ", "THERE-05:30")
    time.tzset()
    yield 19800
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """Fail a test after which a process is left that works below its folder or was started for it."""
    yield
    deadline = time.monotonic() + 60
    while (left := processes_below(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"left running: {left}"
