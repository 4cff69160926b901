"""A study folder that is copied while its study runs: the copy takes nothing from the original."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.scenario import load_scenario
from boxwright.store.layout import process_mark
from boxwright.study.copies import Copies
from boxwright.study.setup import prepare
from boxwright.terms import Status
from external_support import QUICK, external
from support import RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")


def copy_live_study(study: Path, target: Path) -> None:
    shutil.copytree(study, target, ignore=shutil.ignore_patterns("control.sock"))


@pytest.mark.slow
def test_resume_of_a_copied_study_leaves_the_runs_of_the_original_alone(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = 'test -e ../../../fast || sleep 8; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
    running = start(make_scenario(script), "--slots", "2", "--runs", "2")
    running.wait_for_runs(2)
    copy_live_study(running.study, tmp_path / "copy")
    (tmp_path / "copy" / "fast").touch()
    assert boxwright("resume", "copy").returncode == 0
    assert running.process.poll() is None, "the original was still at it"
    assert running.end()[0] == 0
    assert statuses(running.study) == [Status.SUCCESS] * 2
    assert statuses(tmp_path / "copy") == [Status.LOST, Status.LOST, Status.SUCCESS, Status.SUCCESS]


def test_mark_of_a_study_stays_when_it_is_moved_and_changes_when_it_is_copied(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    mark = process_mark(tmp_path / "a", "id")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert process_mark(tmp_path / "b", "id") != mark
    (tmp_path / "a").rename(tmp_path / "c")
    assert process_mark(tmp_path / "c", "id") == mark


def test_fault_of_ours_beside_the_copies_is_told_and_leaves_no_study_waiting(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    class Study:
        def __init__(self) -> None:
            self.told: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

        def settled(self, copy: int) -> int:
            return 0

        def finish(self, failure: Exception | None) -> None:
            self.told.set_result(failure)

    def fault(text: str) -> None:
        raise RuntimeError(text)

    async def life() -> Exception | None:
        setup = prepare(load_scenario(external(make_scenario, QUICK, "exit 0")))
        study, copies = Study(), Copies(setup, tmp_path, tmp_path / "home", "mark-of-copies", fault, fault)
        await copies.start(study)
        try:
            return await asyncio.wait_for(study.told, 30)
        finally:
            await copies.close()

    assert repr(asyncio.run(life())) == "RuntimeError('optimizer 1 has finished')"
