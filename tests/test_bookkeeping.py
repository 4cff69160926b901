"""results.csv and study.log: a disk that refuses them stops no run; a study that is gone is one line."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.errors import StudyError
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.store.table import ResultsTable
from boxwright.study.bookkeeping import CarefulTable, study_log
from boxwright.terms import Outcome, Slot, Status, Trial
from support import RunBoxwright


def finish(store: Store, x: float) -> int:
    trial, _ = store.add_trial(Trial(0, {"x": x}, seed=0))
    run, _ = store.start_run(trial.number, Slot(0), 0.0)
    store.finish_run(run, Outcome(Status.SUCCESS, quality=x), cost=x, exit_=None, settles=True)
    return run


def test_rows_that_could_not_be_written_follow_once_they_can(tmp_path: Path) -> None:
    notes: list[str] = []
    with create_study(tmp_path / "s", scenario_text="", space_text="{}", meta={}) as store:
        table = CarefulTable(ResultsTable(store.study, ["x"], []), store.study, notes.append)
        path = store.study / "results.csv"
        path.symlink_to("/dev/full")
        for x in (1.0, 2.0):
            table.append(store.run(finish(store, x)))
        path.unlink()
        table.append(store.run(finish(store, 3.0)))
        with path.open(newline="") as file:
            assert [row["run"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert notes == ["results.csv cannot be written: No space left on device; the rows follow once it can"]


def test_half_a_row_is_taken_back(tmp_path: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from boxwright.store.database import Store
from boxwright.store.table import ResultsTable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
study = Path({str(tmp_path / "s")!r})
path = study / "results.csv"
with Store(study) as store:
    table = ResultsTable(study, ["x"], [])
    table.append([store.run(1)])
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 5, before[1]))
    try:
        table.append([store.run(2)])
    except OSError as error:
        print(error.strerror, path.read_bytes() == whole)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""
    with create_study(tmp_path / "s", scenario_text="", space_text="{}", meta={}) as store:
        finish(store, 1.0)
        finish(store, 2.0)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=180)
    assert done.stderr == ""
    assert done.stdout.endswith(" True\n")


def test_table_that_cannot_be_made_anew_is_a_note_and_stays_as_it_was(tmp_path: Path) -> None:
    notes: list[str] = []
    with create_study(tmp_path / "s", scenario_text="", space_text="{}", meta={}) as store:
        finish(store, 1.0)
        (store.study / "results.csv").write_text("old")
        (store.study / "results.csv.new").symlink_to("/dev/full")
        CarefulTable(ResultsTable(store.study, ["x"], []), store.study, notes.append).rewrite(store.finished_runs())
        assert (store.study / "results.csv").read_text() == "old"
        assert not (store.study / "results.csv.new").is_symlink()
    assert len(notes) == 1


def test_log_that_cannot_be_written_is_one_note(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "study.log").symlink_to("/dev/full")
    with study_log(tmp_path, notes.append) as log:
        log("one")
        log("two")
    assert notes == ["study.log cannot be written: No space left on device; lines are missing from here on"]


def test_log_that_cannot_be_opened_is_a_study_error(tmp_path: Path) -> None:
    (tmp_path / "study.log").mkdir()
    with pytest.raises(StudyError, match=r"study\.log: cannot be written"), study_log(tmp_path, print):
        pass


def test_full_disk_for_table_and_log_stops_no_run(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = """
cd ../../..
rm -f results.csv study.log && ln -s /dev/full results.csv && ln -s /dev/full study.log
echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"
"""
    done = boxwright("run", make_scenario(script), "--study", "s")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("results.csv cannot be written") == 1
    for name in ("results.csv", "study.log"):
        (tmp_path / "s" / name).unlink(missing_ok=True)
    assert boxwright("resume", "s").returncode == 0
    with (tmp_path / "s" / "results.csv").open(newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]


@pytest.mark.usefixtures("no_process_left")
def test_study_that_is_deleted_while_it_runs_is_told_in_one_line(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    scenario = make_scenario('sleep 1; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"')
    study = tmp_path / "s"
    words = [sys.executable, "-m", "boxwright", "run", str(scenario), "--study", str(study)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as controller:
        deadline = time.monotonic() + 60
        while not (study / "runs/000/000001/stdout.log").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        while study.exists():
            shutil.rmtree(study, ignore_errors=True)
        _, errors = controller.communicate(timeout=180)
    assert controller.returncode == 2, errors
    assert "Traceback" not in errors
    assert f"boxwright: {study}: the folder was deleted or moved" in errors.splitlines()[-1]
