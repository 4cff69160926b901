"""A study whose runs all fail alike stops early; one that is out of time has done what was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")
DESIGN = '[design]\nkind = "monte-carlo"\nruns = 12\n'
GOOD = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
BROKEN = f'test -e "$BOXWRIGHT_STUDY/mended" || {{ echo "no data for trial $BOXWRIGHT_TRIAL" >&2; exit 7; }}; {GOOD}'


def statuses(study: Path) -> list[Status]:
    with Store(study) as store:
        return [record.status for record in store.runs()]


def test_study_whose_first_runs_crash_alike_is_stopped_and_can_go_on(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(BROKEN, design=DESIGN), "--study", "s", "--slots", "1")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "first_failures" in line]
    assert line.startswith("the first 5 runs crashed alike, so no new one is started: exit code 7")
    hint = f"boxwright resume {tmp_path / 's'} --retry crashed (limits.first_failures = 5; 0 never stops)"
    assert hint in line
    assert statuses(tmp_path / "s") == [Status.CRASHED] * 5
    assert line in (tmp_path / "s/study.log").read_text()
    (tmp_path / "s/mended").touch()
    done = boxwright("resume", "s", "--retry", "crashed")
    assert done.returncode == 0, done.stderr
    assert statuses(tmp_path / "s") == [Status.CRASHED] * 5 + [Status.SUCCESS] * 12


@pytest.mark.parametrize(
    ("script", "setting", "runs"),
    [
        (BROKEN, "limits.first_failures=0", 12),
        (BROKEN, "limits.first_failures=1", 1),
        (f'test "$BOXWRIGHT_TRIAL" -gt 1 && exit 7; {GOOD}', "limits.first_failures=2", 12),
        ('test "$BOXWRIGHT_TRIAL" -gt 2 && exit 7; exit 8', "limits.first_failures=3", 12),
        ('echo $(test "$BOXWRIGHT_TRIAL" -gt 2 && echo one || echo other)', "limits.first_failures=3", 12),
    ],
)
def test_study_goes_on_where_not_all_runs_fail_alike(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, script: str, setting: str, runs: int
) -> None:
    words = ("--study", "s", "--slots", "1", "--set", setting)
    assert boxwright("run", make_scenario(script, design=DESIGN), *words).returncode == 1
    assert len(statuses(tmp_path / "s")) == runs


def test_study_that_has_had_answers_is_not_stopped_by_crashes(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = f'test -e "$BOXWRIGHT_STUDY/broken" && exit 7; {GOOD}'
    assert boxwright("run", make_scenario(script), "--study", "s").returncode == 0
    (tmp_path / "s/broken").touch()
    assert boxwright("resume", "s", "--runs", "11").returncode == 1
    assert statuses(tmp_path / "s") == [Status.SUCCESS] * 4 + [Status.CRASHED] * 7
