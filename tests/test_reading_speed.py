"""Reading a large study costs what its rows cost: no space is loaded, no query is made for each run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.store.layout import run_folder
from boxwright.store.recovery import recover_runs
from support import RunBoxwright


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    done = boxwright("run", make_scenario(), "--study", "s")
    assert done.returncode == 0, done.stderr
    return tmp_path / "s"


@pytest.mark.parametrize("verb", [["status"], ["results"], ["results", "--csv"], ["show", "1"]])
def test_reading_loads_no_space(study: Path, verb: list[str]) -> None:
    words = [verb[0], str(study), *verb[1:]]
    program = f"""
import sys
from boxwright.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert not end.code
print(sorted({{"ConfigSpace", "scipy", "numpy"}} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=180)
    assert done.stderr.splitlines()[-1] == "[]"


def test_results_as_json_hold_one_run_a_line(study: Path, boxwright: RunBoxwright) -> None:
    text = boxwright("results", study, "--json").stdout
    first, *lines, last = text.splitlines()
    assert (first, last, len(lines)) == ("[", "]", 4)
    assert [json.loads(line.rstrip(","))["run"] for line in lines] == [1, 2, 3, 4]
    assert json.loads(boxwright("results", study, "--json", "--where", "run>9").stdout) == []


def test_taking_up_reads_no_row_of_a_run_that_is_known(study: Path) -> None:
    with Store(study, write=True) as store:
        asked: list[str] = []
        store._db.set_trace_callback(asked.append)
        assert recover_runs(store) == 0
        assert asked == ["SELECT number FROM runs"]


def test_run_names_its_trial_without_another_query(study: Path) -> None:
    with Store(study) as store:
        for record in store.runs():
            assert record.as_trial() == store.trial(record.trial)
            assert record.folder == str(run_folder(study, record.run))
