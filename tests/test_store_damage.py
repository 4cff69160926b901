"""A database that is damaged, empty, half made, or lies where nothing can be written: told in one line, or read."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.errors import StudyError, UserError
from boxwright.store.connecting import has_no_study
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.terms import Slot, Trial
from support import RunBoxwright

READERS = (["status"], ["results"], ["show", "1"], ["tail", "1"], ["kill", "1"], ["archive", "../a.zip"])


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    done = boxwright("run", make_scenario(), "--study", "s")
    assert done.returncode == 0, done.stderr
    return tmp_path / "s"


def one_line_each(boxwright: RunBoxwright, study: Path) -> list[str]:
    lines = []
    for verb, *rest in READERS:
        done = boxwright(verb, study, *rest)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        (line,) = done.stderr.splitlines()
        lines.append(line)
    return lines


def without_rights(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run boxwright as somebody who cannot write to the folder; root has to be held back for it."""
    guard = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if guard and shutil.which("setpriv") is None:
        pytest.skip("root can write anywhere, and there is no setpriv")
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        words = (*guard, sys.executable, "-m", "boxwright", *words)
        return subprocess.run(
            list(map(str, words)), cwd=folder.parent, capture_output=True, text=True, check=False, timeout=180
        )
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.parametrize("words", [["status"], ["results"], ["show", "1"], ["tail", "1"], ["archive", "a.tar.gz"]])
def test_study_in_a_read_only_folder_can_be_read(study: Path, words: list[str]) -> None:
    verb, *rest = words
    done = without_rights(study, verb, study, *rest)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert done.stdout


def test_study_in_a_read_only_folder_has_no_controller(study: Path) -> None:
    done = without_rights(study, "status", study, "--json")
    assert json.loads(done.stdout)["controller"] == "not running"


def test_read_only_database_whose_log_is_not_taken_up_is_refused_in_one_line(study: Path) -> None:
    with sqlite3.connect(study / "study.db") as db:
        db.execute("INSERT INTO meta VALUES ('a', 'b')")
        db.commit()
        log = (study / "study.db-wal").read_bytes()
    db.close()
    assert log
    (study / "study.db-wal").write_bytes(log)
    done = without_rights(study, "results", study)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "study.db-wal" in line
    assert "read the copy" in line


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 300, None])
def test_damaged_database_is_told_in_one_line(study: Path, boxwright: RunBoxwright, damage: bytes | None) -> None:
    database = study / "study.db"
    database.write_bytes(database.read_bytes()[:20000] if damage is None else damage)
    for line in one_line_each(boxwright, study):
        assert f"{database}: " in line
        assert "`boxwright resume` makes it anew" in line


def test_damaged_pages_are_told_in_one_line(study: Path, boxwright: RunBoxwright) -> None:
    database = study / "study.db"
    data = bytearray(database.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    database.write_bytes(data)
    one_line_each(boxwright, study)
    done = boxwright("resume", study)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_damaged_row_is_told_in_one_line(study: Path, boxwright: RunBoxwright) -> None:
    with sqlite3.connect(study / "study.db") as db:
        db.execute("UPDATE runs SET status = 'GONE'")
        db.execute("UPDATE trials SET config = '{'")
    db.close()
    done = boxwright("results", study)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("make", [lambda path: path.touch(), lambda path: sqlite3.connect(path).close()])
def test_resume_takes_an_empty_database_for_none(
    study: Path, boxwright: RunBoxwright, make: Callable[[Path], None]
) -> None:
    (study / "study.db").unlink()
    make(study / "study.db")
    done = boxwright("resume", study)
    assert done.returncode == 0, done.stderr
    with Store(study) as store:
        assert store.trial_counts() == (4, 4)


def test_resume_takes_a_half_made_database_for_none(study: Path, boxwright: RunBoxwright) -> None:
    with sqlite3.connect(study / "study.db") as db:
        db.execute("DROP TABLE runs")
    db.close()
    assert has_no_study(study / "study.db")
    assert boxwright("resume", study).returncode == 0


def test_new_database_does_not_take_up_the_log_of_a_deleted_one(study: Path, boxwright: RunBoxwright) -> None:
    with Store(study, write=True) as store:
        store.set_meta("stages", "4")
        log = (study / "study.db-wal").read_bytes()
    (study / "study.db").unlink()
    (study / "study.db-wal").write_bytes(log)
    done = boxwright("resume", study)
    assert done.returncode == 0, done.stderr
    assert not list(study.glob("study.db.new*"))


def test_full_disk_is_a_study_error_and_the_store_works_again_once_there_is_room(tmp_path: Path) -> None:
    large = Trial(0, {"text": "y" * 100_000}, seed=0)
    with create_study(tmp_path / "s", scenario_text="", space_text="{}", meta={}) as store:
        store._db.execute("PRAGMA max_page_count = 1")  # SQLite's own way to be full
        with pytest.raises(StudyError, match=r"study\.db: database or disk is full"):
            store.add_trial(large)
        store._db.execute("PRAGMA max_page_count = 100000")
        trial, new = store.add_trial(large)
        assert new
        assert store.start_run(trial.number, Slot(0), 0.0) == (1, 1)


def test_study_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path) -> None:
    program = f"""
import resource, signal, sys
from pathlib import Path
from boxwright.errors import UserError
from boxwright.store.creating import create_study
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
try:
    create_study(Path({str(tmp_path / "s")!r}), scenario_text="", space_text="", meta={{}})
except UserError as error:
    print(error)
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=180)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{tmp_path / 's'}: cannot be made: ")
    assert list(tmp_path.iterdir()) == []


def test_user_error_is_what_a_folder_gets_where_nothing_can_be_made() -> None:
    with pytest.raises(UserError, match="cannot be made"):
        create_study(Path("/proc/boxwright"), scenario_text="", space_text="", meta={})
