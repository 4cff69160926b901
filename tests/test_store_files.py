"""Study folders are made in one step; results.csv keeps its columns; a lost database is rebuilt."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from boxwright.errors import UserError
from boxwright.store.creating import check_new_study, create_study
from boxwright.store.database import Store
from boxwright.store.layout import run_folder
from boxwright.store.network import on_network_file_system
from boxwright.store.recovery import recover_runs, restore_database
from boxwright.store.table import ResultsTable
from boxwright.terms import Outcome, Slot, Status, Trial


def make(folder: Path) -> Store:
    return create_study(folder, scenario_text="a = 1\n", space_text="{}", meta={"stages": "4"})


def rows(study: Path) -> list[dict[str, str]]:
    with (study / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def finish(store: Store, x: float, metrics: dict[str, float]) -> int:
    trial, _ = store.add_trial(Trial(0, {"x": x, "status": "on"}, seed=0))
    run, _ = store.start_run(trial.number, Slot(0), 0.0)
    store.finish_run(run, Outcome(Status.SUCCESS, quality=x, metrics=metrics), cost=x, exit_=None, settles=True)
    return run


def test_create_study_leaves_nothing_but_the_study(tmp_path: Path) -> None:
    make(tmp_path / "deep" / "s").close()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["s"]
    assert sorted(path.name for path in (tmp_path / "deep" / "s").iterdir()) == [
        "scenario.toml",
        "space.json",
        "study.db",
    ]


def test_create_study_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "precious").touch()
    with pytest.raises(UserError, match="exists already"):
        make(tmp_path / "s")
    assert [path.name for path in tmp_path.rglob("*")] == ["s", "precious"]


def test_check_new_study_refuses_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        check_new_study(tmp_path / "file" / "a" / "b")


def test_results_table_keeps_its_columns_when_a_new_metric_turns_up(tmp_path: Path) -> None:
    with make(tmp_path / "s") as store:
        table = ResultsTable(store.study, ["x", "status"], ["loss", "quality"])
        table.append([store.run(finish(store, 1.0, {"loss": 1.0}))])
        table.append([store.run(finish(store, 2.0, {"loss": 2.0, "new": 5.0}))])
    first, second = rows(tmp_path / "s")
    assert first.keys() == second.keys()
    assert (first["loss"], first["x"], first["config.status"], first["status"]) == ("1.0", "1.0", "on", "SUCCESS")
    assert json.loads(second["other_metrics"]) == {"new": 5.0}
    assert second["folder"] == "runs/000/000002"


def test_results_table_is_whole_again_after_a_rewrite(tmp_path: Path) -> None:
    with make(tmp_path / "s") as store:
        table = ResultsTable(store.study, ["x", "status"], ["loss"])
        for x in (1.0, 2.0, 3.0):
            record = store.run(finish(store, x, {}))
            if x < 3:
                table.append([record])
        path = store.study / "results.csv"
        path.write_bytes(path.read_bytes()[:-7])
        table.rewrite(store.finished_runs())
    assert [row["run"] for row in rows(tmp_path / "s")] == ["1", "2", "3"]


def write_run(study: Path, run: int, **fields: object) -> None:
    folder = run_folder(study, run)
    folder.mkdir(parents=True)
    document = {
        "run": run,
        "study_id": "abc",
        "config": {"x": float(run)},
        "slot": 1,
        "gpus": ["3"],
        "seed": 7,
        **fields,
    }
    (folder / "run.json").write_text(json.dumps(document))


def test_recover_runs_takes_up_folders_without_a_row(tmp_path: Path) -> None:
    with make(tmp_path / "s") as store:
        finish(store, 1.0, {})
        write_run(store.study, 5, optimizer_seed=2, origin="model")
        assert recover_runs(store) == 1
        record = store.run(5)
        assert (record.status, record.config, record.slot, record.gpus) == (Status.RUNNING, {"x": 5.0}, 1, ("3",))
        assert (record.seed, record.optimizer_seed, record.origin) == (7, 2, "model")
        assert recover_runs(store) == 0


def test_recover_runs_sets_a_broken_folder_aside(tmp_path: Path) -> None:
    with make(tmp_path / "s") as store:
        folder = run_folder(store.study, 3)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text('{"run": 3, "conf')
        assert recover_runs(store) == 0
        assert not folder.exists()
        assert folder.with_name("000003.broken").is_dir()


def test_restore_database_rebuilds_all_runs_from_their_folders(tmp_path: Path) -> None:
    make(tmp_path / "s").close()
    study = tmp_path / "s"
    for path in study.glob("study.db*"):
        path.unlink()
    for run in (1, 2, 3):
        write_run(study, run)
    restore_database(study)
    with Store(study, write=True) as store:
        assert recover_runs(store) == 3
        assert store.meta("study_id") == "abc"
        assert [record.run for record in store.runs(running=True)] == [1, 2, 3]


def test_restore_database_says_so_when_there_is_nothing_to_go_by(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Start it anew"):
        restore_database(tmp_path)


def test_network_file_system_is_not_seen_where_there_is_none(tmp_path: Path) -> None:
    assert not on_network_file_system(tmp_path)
