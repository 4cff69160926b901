"""Exports, each opened with the tool that it is for, and ``boxwright.load``."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import boxwright as library
from boxwright.errors import UserError
from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright

SPACE = """[space]
act = { type = "categorical", choices = ["relu", "tanh"] }
bias = { type = "categorical", choices = [true, false] }
mixed = { type = "categorical", choices = [1, "a"] }
batch = { type = "ordinal", sequence = [16, 32, 64], default = 32 }
slope = { type = "float", lower = 0.001, upper = 0.1, log = true, when = "act in {relu}" }
layers = { type = "constant", value = 2 }
"<i>n" = { type = "int", lower = 1, upper = 9 }
w = { type = "normal", mu = 0, sigma = 1 }
"""
SCRIPT = """if [ $BOXWRIGHT_TRIAL = 3 ]; then exit 1; fi
printf 'loss\\t%s\\nsize\\t7\\n' $((10 - BOXWRIGHT_TRIAL))"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of eight runs, the third of which has crashed; it is only read."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "run.sh").write_text(f"#!/bin/sh\n{SCRIPT}\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "scenario.toml").write_text(
        '[study]\nobjective = { metric = "loss" }\nmetrics = ["size"]\n'
        + SPACE
        + '[command]\nargv = ["./run.sh"]\nflags = "--name=value"\n[parse]\ntab = true\n'
        + '[design]\nkind = "monte-carlo"\nruns = 8\n[slots]\ncount = 2\n'
    )
    _, summary = library.run(folder / "scenario.toml", study=folder / "study")
    assert summary.failed == 1
    return folder / "study"


def records(study: Path) -> list[Any]:
    with Store(study) as store:
        return list(store.runs())


def test_csv_and_json_have_what_results_have(study: Path, tmp_path: Path) -> None:
    made = library.export(study, "csv", tmp_path / "out.csv")
    with made.open(newline="") as file, (study / "results.csv").open(newline="") as kept:
        exported, appended = list(csv.DictReader(file)), list(csv.DictReader(kept))
    assert sorted(exported, key=str) == sorted(appended, key=str)
    made = library.export(study, "json", tmp_path / "out.json")
    assert json.loads(made.read_text()) == [record.as_json() for record in library.results(study)]


def test_parquet_opens_with_types(study: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(library.export(study, "parquet", tmp_path / "out.parquet"))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["run"], types["loss"], types["bias"]) == ("int64", "double", "bool")
    assert (types["batch"], types["<i>n"], types["mixed"], types["slope"]) == ("int64", "int64", "string", "double")
    assert table.column("slope").to_pylist() == [record.config.get("slope") for record in records(study)]


def test_optuna_opens_its_storage(study: Path, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    made = library.export(study, "optuna", tmp_path / "out.db")
    loaded = optuna.load_study(study_name="study", storage=f"sqlite:///{made}")
    runs = records(study)
    assert [trial.params for trial in loaded.trials] == [dict(run.config) for run in runs]
    assert [trial.value for trial in loaded.trials] == [run.quality for run in runs]
    assert [trial.state.name for trial in loaded.trials].count("FAIL") == 1
    best = loaded.best_trial
    assert (best.user_attrs["run"], best.user_attrs["metric.size"]) == (8, 7.0)
    assert best.distributions["slope" if "slope" in best.params else "w"].low in (0.001, -8.0)
    assert best.datetime_complete > best.datetime_start
    assert len(optuna.importance.get_param_importances(loaded, params=["w"])) == 1


def test_smac3_loads_its_run_history_and_scenario(study: Path, tmp_path: Path) -> None:
    from smac import Scenario
    from smac.runhistory.runhistory import RunHistory

    made = library.export(study, "smac", tmp_path / "out")
    scenario = Scenario.load(made)
    history = RunHistory()
    history.load(made / "runhistory.json", scenario.configspace)
    runs = records(study)
    assert [dict(config) for config in history.get_configs()] == [dict(run.config) for run in runs]
    assert [value.cost for value in history.values()] == [
        float("inf") if run.cost is None else run.cost for run in runs
    ]
    assert [value.status.name for value in history.values()].count("CRASHED") == 1
    kept = json.loads((made / "intensifier.json").read_text())
    assert kept["incumbent_ids"] == [8]
    assert next(step["trial"] for step in kept["trajectory"]) == 1


def test_tensorboard_reads_the_hyperparameters(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    made = library.export(study, "tensorboard", tmp_path / "logs")
    folders = sorted(path for path in made.iterdir() if path.is_dir())
    assert len(folders) == 8
    read = EventAccumulator(str(folders[1])).Reload()
    assert read.Scalars("loss")[0].value == 8
    content = read.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    config = records(study)[1].config
    assert set(start.hparams) == set(config)
    assert start.hparams["w"].number_value == config["w"]
    experiment = EventAccumulator(str(made)).Reload().SummaryMetadata(metadata.EXPERIMENT_TAG)
    declared = plugin_data_pb2.HParamsPluginData.FromString(experiment.plugin_data.content).experiment
    assert [info.name.tag for info in declared.metric_infos] == ["loss", "size"]


def test_mlflow_opens_its_store(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    made = library.export(study, "mlflow", tmp_path / "mlruns")
    client = MlflowClient(made.as_uri())
    experiment = client.get_experiment_by_name("study")
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert len(found) == 8
    run = found["run 2"]
    assert (run.data.metrics["loss"], run.info.status) == (8.0, "FINISHED")
    assert run.data.params["act"] == records(study)[1].config["act"]
    assert found["run 3"].info.status == "FAILED"


def test_mlflow_store_has_a_file_for_each_parameter_and_metric(study: Path, tmp_path: Path) -> None:
    made = library.export(study, "mlflow", tmp_path / "mlruns")
    runs = [json.loads(path.read_text()) for path in made.glob("1/*/meta.yaml")]
    ids = {run["run_name"]: run["run_id"] for run in runs}
    folder = made / "1" / ids["run 2"]
    assert (folder / "metrics" / "loss").read_text().split()[1] == "8.0"
    assert (folder / "params" / "_i_n").read_text() == str(records(study)[1].config["<i>n"])


def test_target_that_exists_is_refused_unless_forced(study: Path, tmp_path: Path, boxwright: RunBoxwright) -> None:
    target = tmp_path / "kept"
    target.mkdir()
    (target / "mine").write_text("dear")
    done = boxwright("export", study, "--to", "smac", "--out", target)
    assert done.returncode == 2
    assert done.stderr == (
        f"boxwright: {target}: exists already. Give another one with --out, or --force to replace it.\n"
    )
    assert (target / "mine").read_text() == "dear"
    done = boxwright("export", study, "--to", "smac", "--out", target, "--force")
    assert (done.returncode, done.stdout) == (0, f"{target}\n")
    assert not (target / "mine").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_unknown_format_and_the_study_itself_are_refused(study: Path, boxwright: RunBoxwright) -> None:
    done = boxwright("export", study, "--to", "optna")
    assert (done.returncode, done.stderr) == (2, 'boxwright: --to: no format "optna". Did you mean "optuna"?\n')
    assert "Missing option '--to'. One of csv, parquet, json," in boxwright("export", study).stderr
    done = boxwright("export", study, "--to", "smac", "--out", study, "--force")
    assert done.returncode == 2
    assert (study / "study.db").exists()


def test_failed_export_leaves_nothing(
    study: Path, tmp_path: Path, boxwright: RunBoxwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    import csv as module

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "writer", full)
    done = boxwright("export", study, "--to", "csv", "--out", tmp_path / "x.csv")
    assert (done.returncode, done.stderr) == (
        2,
        f"boxwright: {tmp_path / 'x.csv'}: cannot be written: No space left on device.\n",
    )
    assert not list(tmp_path.iterdir())


def test_missing_library_is_one_line(
    study: Path, tmp_path: Path, boxwright: RunBoxwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = boxwright("export", study, "--to", "parquet", "--out", tmp_path / "x.parquet")
    assert (done.returncode, done.stderr) == (2, "boxwright: --to: needs pyarrow: pip install 'boxwright[parquet]'\n")


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_study_is_loaded_as_frames(study: Path, frames: Any) -> None:
    pytest.importorskip(frames)
    narwhals = pytest.importorskip("narwhals")
    loaded = library.load(study, frames=frames)
    runs = narwhals.from_native(loaded.runs)
    assert runs.shape[0] == 8
    assert runs["loss"].drop_nulls().to_list()[0] == 9.0
    assert runs.filter(narwhals.col("status") == "CRASHED")["run"].to_list() == [3]
    steps = narwhals.from_native(loaded.trajectory)
    assert steps["quality"].to_list()[-1] == 2.0
    best = narwhals.from_native(loaded.incumbent)
    assert (best["run"].to_list(), best["quality"].to_list()) == ([8], [2.0])
    assert type(loaded.runs).__module__.startswith(frames)


def test_loaded_study_gives_plotly_figures_and_says_what_it_does_not_know(study: Path) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    from boxwright.commands.load import CHARTS

    loaded = library.load(study)
    names: dict[str, tuple[str, ...]] = {"metric_by_parameter": ("size", "w"), "two_parameters": ("w", "slope")}
    for chart in CHARTS:
        assert isinstance(loaded.chart(chart, *names.get(chart, ()), theme="dark"), graph_objects.Figure)
    with pytest.raises(UserError, match=r'no "slop"\. Did you mean "slope"'):
        loaded.chart("metric_by_parameter", "loss", "slop")
    with pytest.raises(UserError, match="takes a parameter and another one, found w"):
        loaded.chart("two_parameters", "w")
    with pytest.raises(UserError, match="takes no names, found w"):
        loaded.chart("slot_lanes", "w")
    pink: Any = "pink"
    with pytest.raises(UserError, match=r'theme: no theme "pink"\. Known: light, dark\.'):
        loaded.chart(theme=pink)


def test_clause_that_smac3_does_not_know_is_left_out_and_said(
    tmp_path: Path, make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(space='x = { type = "float", lower = 0, upper = 1 }\nforbidden = ["{x > 0.99}"]\n')
    assert boxwright("run", scenario, "--study", tmp_path / "s").returncode == 0
    done = boxwright("export", tmp_path / "s", "--to", "deepcave")
    assert "1 forbidden clause left out" in done.stderr
    assert json.loads((tmp_path / "s.smac" / "configspace.json").read_text())["forbiddens"] == []


def test_hundred_thousand_rows_are_written_in_batches(study: Path, tmp_path: Path) -> None:
    """The statuses of a copy with many more runs come through; the batches of 2,000 leave no gap in the numbers."""
    pytest.importorskip("optuna")
    import shutil

    big = tmp_path / "big"
    shutil.copytree(study, big)
    with sqlite3.connect(big / "study.db") as db:
        db.executemany(
            "INSERT INTO trials SELECT ?, ?, config, instance, seed, budget, optimizer_seed, origin, ? FROM trials"
            " WHERE number = 1",
            ((n, f"k{n}", n) for n in range(9, 5001)),
        )
        db.executemany(
            "INSERT INTO runs SELECT ?, ?, attempt, status, slot, gpus, started, ended, wall_s, cpu_s, max_rss_bytes,"
            " exit_code, quality, cost, metrics, runtime_s, additional, reason FROM runs WHERE number = 1",
            ((n, n) for n in range(9, 5001)),
        )
    made = library.export(big, "optuna", tmp_path / "big.db")
    with sqlite3.connect(made) as db:
        assert db.execute("SELECT count(*), max(number), max(trial_id) FROM trials").fetchone() == (5000, 4999, 5000)
        assert db.execute("SELECT count(*) FROM trial_values").fetchone() == (4999,)
    assert {record.status for record in records(big)} == {Status.SUCCESS, Status.CRASHED}
