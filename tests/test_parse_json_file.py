"""Metrics from a JSON file that the run leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, Exit
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status


def read(folder: Path, text: str | bytes | None, metric: str = "error", name: str = "metrics.json") -> Outcome:
    if text is not None:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    exited = Exit(run=17, ended_by=Ended.EXITED, exit_code=0)
    objective = Objective(metric=metric)
    return read_outcome(Parse(json=name), objective, exited, folder, has_postprocess=False, exit_code_matters=True)


def test_json_numbers_are_metrics_under_dotted_names(tmp_path: Path) -> None:
    text = '\ufeff{"val": {"error": 0.25, "by": {"class": 3}}, "note": "x", "ok": true, "loss": [1, 2], "none": null}'
    found = read(tmp_path, text, "val.error")
    assert found == Outcome(Status.SUCCESS, 0.25, {"val.error": 0.25, "val.by.class": 3.0})


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, '"0.1"', "true", "null", "[]"]
)
def test_json_objective_that_is_no_finite_number_is_a_crash(tmp_path: Path, value: str) -> None:
    found = read(tmp_path, f'{{"error": {value}}}')
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason.startswith("metrics.json: error is ")


def test_json_metric_other_than_the_objective_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, '{"error": 0.25, "test": NaN}')
    assert (found.status, found.metrics) == (Status.SUCCESS, {"error": 0.25})
    assert "test is" in found.additional


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "metrics.json: No such file or directory"),
        ("", "metrics.json: Expecting value"),
        ("[1]", "metrics.json: holds no object of names and numbers"),
        ('{"error": 0.1', "metrics.json: Expecting"),
        ('{"error": 0.1, "error": 0.2}', 'metrics.json: the key "error" stands twice in one object'),
        (b'{"error": \xff}', "metrics.json: 'utf-8' codec can't decode"),
        ("[" * 200_000, "metrics.json: "),
        ('{"a": 1}', 'no metric "error" in metrics.json; found a'),
    ],
)
def test_json_that_gives_no_objective_is_a_crash_with_the_reason(
    tmp_path: Path, text: str | bytes | None, reason: str
) -> None:
    found = read(tmp_path, text)
    assert found.status is Status.CRASHED
    assert reason in found.reason
    assert found.reason.isprintable()


def test_json_names_that_meet_when_joined_are_given_twice(tmp_path: Path) -> None:
    found = read(tmp_path, '{"a.b": 1, "a": {"b": 2}}', "a.b")
    assert "given twice" in found.reason


def test_json_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "metrics.json").open("wb") as file:
        file.truncate(1 << 40)
    assert "larger than 16 MiB" in read(tmp_path, None).reason


def test_json_outside_the_run_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text('{"error": 0.25}')
    folder = tmp_path / "run"
    folder.mkdir()
    assert "leads out of the run folder" in read(folder, None, name="../secret.json").reason
    (folder / "metrics.json").symlink_to(outside)
    assert "leads out of the run folder" in read(folder, None).reason


def test_json_behind_a_link_inside_the_run_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.json").write_text('{"error": 0.25}')
    (tmp_path / "metrics.json").symlink_to("checkpoints/last.json")
    assert read(tmp_path, None).quality == 0.25


def test_json_that_is_a_pipe_a_folder_or_a_loop_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "folder", "loop", "nul\0"):
        found = read(tmp_path, None, name=name)
        assert found.status is Status.CRASHED
        assert found.reason.isprintable()


def test_json_with_a_huge_key_over_many_others_takes_bounded_memory(tmp_path: Path) -> None:
    inner = ",".join(f'"{i}":{i}' for i in range(100_000))
    found = read(tmp_path, f'{{"error": 0.25, "{"k" * 1_000_000}": {{{inner}}}}}')
    assert (found.quality, found.metrics) == (0.25, {"error": 0.25})
    assert len(found.additional) < 500
