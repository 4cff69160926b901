"""Continuous upload: to a folder, and to a real S3 server on this machine; no study fails for it."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxwright.publish.pending import Pending
from boxwright.scenario.publish import Publish
from support import PATIENCE_S, RunBoxwright, Running

SCRIPT = """echo "$BOXWRIGHT_RUN" > model.keras
mkdir -p deep; echo x > deep/other.keras; ln -s /etc/hostname link.keras
echo "Result of algorithm run: SUCCESS, 0.1, 1, $((10 - BOXWRIGHT_TRIAL)), 0\""""


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def rows(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["run"] for row in csv.DictReader(file)]


def test_results_and_kept_files_are_uploaded_and_links_are_not(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    to = tmp_path / "far"
    scenario = make_scenario(SCRIPT, more=f'[publish]\nto = "{to.as_uri()}"\nfiles = ["*.keras"]\n')
    done = boxwright("run", scenario, "--study", tmp_path / "s")
    assert done.returncode == 0, done.stderr
    assert files_below(to) == {"s/results.csv", *(f"s/runs/00000{run}/model.keras" for run in (1, 2, 3, 4))}
    assert (to / "s" / "results.csv").read_bytes() == (tmp_path / "s" / "results.csv").read_bytes()
    assert (to / "s/runs/000003/model.keras").read_text() == "3\n"
    assert "publish" not in done.stderr


def test_results_are_there_while_the_study_still_runs(
    make_scenario: Callable[..., Path], tmp_path: Path, start: Callable[..., Running]
) -> None:
    to = tmp_path / "far"
    scenario = make_scenario(
        "while [ $BOXWRIGHT_TRIAL = 2 ] && [ ! -e ../../../../go ]; do sleep 0.05; done\n" + SCRIPT,
        more=f'[publish]\nto = "{to.as_uri()}"\n',
        design='[design]\nkind = "monte-carlo"\nruns = 2\n',
    )
    study = start(scenario)
    published = to / "study" / "results.csv"
    wait_until(lambda: published.exists() and rows(published) == ["1"], "results.csv never came")
    (tmp_path / "go").touch()
    code, _, said = study.end()
    assert code == 0, said
    assert sorted(rows(published)) == ["1", "2"]


def test_only_the_files_of_the_best_runs_are_uploaded(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    boxwright("run", make_scenario(SCRIPT), "--study", tmp_path / "s")
    pending = Pending(tmp_path / "s", Publish(to="file:///far", files=("*.keras",), best=2), "file:///far/s")
    assert pending.runs() == [3, 4]
    pending.run_is_up(3)
    assert pending.runs() == [4]
    again = Pending(tmp_path / "s", Publish(to="file:///far", files=("**/*.keras",), best=3), "file:///far/s")
    assert again.runs() == [2, 4]
    assert [remote for _, remote in again.files(2)] == ["runs/000002/deep/other.keras", "runs/000002/model.keras"]
    elsewhere = Pending(tmp_path / "s", Publish(to="file:///new", files=("*.keras",), best=2), "file:///new/s")
    assert elsewhere.runs() == [3, 4]


def test_outage_is_said_once_fails_nothing_and_is_caught_up_on_resume(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    to = tmp_path / "far"
    to.write_text("in the way")
    more = f'[publish]\nto = "{to.as_uri()}"\nfiles = ["*.keras"]\nwait_s = 2.5\n'
    done = boxwright("run", make_scenario(SCRIPT, more=more), "--study", tmp_path / "s")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("cannot be written to") == 1
    assert "not all was uploaded within 2.5 s of the end; `boxwright resume` catches up" in done.stderr
    to.unlink()
    done = boxwright("resume", tmp_path / "s")
    assert done.returncode == 0
    assert len(files_below(to)) == 5
    log = (tmp_path / "s" / "study.log").read_text()
    assert log.count("cannot be written to") == 1


def test_target_that_nobody_could_write_to_is_refused_before_anything_is_made(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    for to, problem in (
        ("results", '"results" is no URL. Write s3://bucket/folder or file:///folder.'),
        ("nope://x", '"nope" is nothing that fsspec knows.'),
        ("file://x/y", '"file://x/y" names no absolute path. Write file:///folder.'),
    ):
        scenario = make_scenario(more=f'[publish]\nto = "{to}"\n')
        done = boxwright("run", scenario, "--study", tmp_path / "s")
        assert (done.returncode, done.stderr) == (2, f"boxwright: {scenario}: publish.to: {problem}\n")
        assert not (tmp_path / "s").exists()


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that speaks S3, as a process of its own, with a bucket; what starts from here finds it."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )
    try:
        wait_until(lambda: answers(server, url), "the S3 server never answered")
        urllib.request.urlopen(urllib.request.Request(f"{url}/bucket", method="PUT"), timeout=30).close()
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield url
    finally:
        server.kill()
        server.wait()


def answers(server: subprocess.Popen[bytes], url: str) -> bool:
    assert server.poll() is None
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def test_study_is_uploaded_to_an_s3_server(
    s3_server: str, make_scenario: Callable[..., Path], tmp_path: Path, start: Callable[..., Running]
) -> None:
    scenario = make_scenario(SCRIPT, more='[publish]\nto = "s3://bucket/studies"\nfiles = ["*.keras"]\n')
    code, _, said = start(scenario).end()
    assert (code, "publish" in said) == (0, False), said
    import fsspec

    there = fsspec.filesystem("s3", endpoint_url=s3_server, skip_instance_cache=True)
    assert there.cat_file("bucket/studies/study/results.csv") == (tmp_path / "study" / "results.csv").read_bytes()
    assert there.cat_file("bucket/studies/study/runs/000002/model.keras") == b"2\n"
