"""Continuous upload: to a folder, and to a real S3 server on this machine; no study fails for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from boxwright.publish.pending import Pending
from boxwright.scenario.publish import Publish
from publish_support import S3Server, rows, s3_server, wait_until  # noqa: F401 - a fixture
from support import RunBoxwright, Running

SCRIPT = """echo "$BOXWRIGHT_RUN" > model.keras
mkdir -p deep; echo x > deep/other.keras; ln -s /etc/hostname link.keras
echo "Result of algorithm run: SUCCESS, 0.1, 1, $((10 - BOXWRIGHT_TRIAL)), 0\""""


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


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


def test_study_is_uploaded_to_an_s3_server_and_an_outage_only_delays_that(
    s3_server: S3Server,  # noqa: F811
    make_scenario: Callable[..., Path],
    tmp_path: Path,
    start: Callable[..., Running],
) -> None:
    waits = 'while [ $BOXWRIGHT_TRIAL -gt 2 ] && [ ! -e "$BOXWRIGHT_STUDY/go" ]; do sleep 0.05; done\n'
    scenario = make_scenario(
        waits + SCRIPT,
        more='[publish]\nto = "s3://bucket/studies"\nfiles = ["*.keras"]\n',
        design='[design]\nkind = "monte-carlo"\nruns = 6\n',
    )
    study = start(scenario, "--slots", "1")
    published = tmp_path / "study" / "published.jsonl"
    wait_until(lambda: published.exists() and len(published.read_bytes().splitlines()) == 2, "runs 1, 2 never came")
    before = s3_server.objects("bucket/studies/study")
    assert {name: body for name, body in before.items() if "runs/" in name} == {
        "runs/000001/model.keras": b"1\n",
        "runs/000002/model.keras": b"2\n",
    }
    s3_server.stop()
    (study.study / "go").touch()
    wait_until(lambda: len(rows(study.study / "results.csv")) == 6, "the study waited for the server")
    s3_server.start()
    code, _, said = study.end()
    assert code == 0, said
    after = s3_server.objects("bucket/studies/study")
    # What was there before it forgot all is not uploaded again.
    assert after == {
        "results.csv": (study.study / "results.csv").read_bytes(),
        **{f"runs/00000{run}/model.keras": f"{run}\n".encode() for run in (3, 4, 5, 6)},
    }
    assert said.count("cannot be written to") <= 1
    assert "not all was uploaded" not in said
