"""run, resume, stop, kill and Ctrl-C, as a person at a terminal meets them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import boxwright as library
from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright, Running, statuses

QUICK = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
SLOW = 'sleep 2; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
MIDDLING = 'sleep 1; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
pytestmark = pytest.mark.usefixtures("no_process_left")


def test_run_refuses_a_study_that_exists_and_leaves_it_alone(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario()
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    before = (tmp_path / "s" / "results.csv").read_bytes()
    again = boxwright("run", scenario, "--study", "s")
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1].startswith(f"boxwright: {tmp_path / 's'}: exists already.")
    assert (tmp_path / "s" / "results.csv").read_bytes() == before


def test_resume_with_more_runs_extends_a_finished_design_in_place(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("run", make_scenario(), "--study", "s", "--runs", "6")
    first = library.results(tmp_path / "s")
    done = boxwright("resume", "s", "--runs", "10")
    assert done.returncode == 0, done.stderr
    records = library.results(tmp_path / "s")
    assert records[:6] == first
    assert len(records) == 10
    assert len({json.dumps(dict(record.config)) for record in records}) == 10
    direct = boxwright("run", "scenario", "--study", "t", "--runs", "10")
    assert direct.returncode == 0, direct.stderr
    ten = [dict(record.config) for record in library.results(tmp_path / "t")]
    assert sorted(map(str, ten)) == sorted(str(dict(record.config)) for record in records)
    fewer = boxwright("resume", "s", "--runs", "5")
    assert (fewer.returncode, "fewer than the 10" in fewer.stderr) == (2, True)
    assert boxwright("resume", "s").returncode == 0
    assert len(library.results(tmp_path / "s")) == 10


@pytest.mark.parametrize("runs", [[], ["--runs", "12"]])
def test_rebuilt_study_knows_how_it_was_extended(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, runs: list[str]
) -> None:
    design = '[design]\nkind = "latin-hypercube"\nruns = 6\n'
    assert boxwright("run", make_scenario(design=design), "--study", "s").returncode == 0
    assert boxwright("resume", "s", "--runs", "10").returncode == 0
    for path in (tmp_path / "s").glob("study.db*"):
        path.unlink()
    done = boxwright("resume", "s", *runs)
    assert done.returncode == 0, done.stderr
    assert len(library.results(tmp_path / "s")) == (12 if runs else 10)


def test_first_interrupt_waits_for_the_runs_under_way(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(
        make_scenario(f'until test -e "$BOXWRIGHT_STUDY/fast"; do sleep 0.05; done; {QUICK}'), "--slots", "2"
    )
    running.wait_for_runs(2)
    running.process.send_signal(signal.SIGINT)
    running.hear("no new runs; waiting for those under way")
    (running.study / "fast").touch()
    code, _, err = running.end()
    assert code == 130
    assert f"continue with: boxwright resume {running.study}" in err
    assert statuses(running.study) == [Status.SUCCESS, Status.SUCCESS]
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(running.study) == [Status.SUCCESS] * 4


def test_second_interrupt_stops_the_runs_and_leaves_a_study_that_resumes(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario(f'test -e "$BOXWRIGHT_STUDY/fast" || sleep 60; {MIDDLING}'), "--slots", "2")
    running.wait_for_runs(2)
    running.process.send_signal(signal.SIGINT)
    running.hear("waiting for those under way")  # two signals at once would be one
    running.process.send_signal(signal.SIGINT)
    code, _, _ = running.end()
    assert code == 130
    assert statuses(running.study) == [Status.LOST, Status.LOST]
    (running.study / "fast").touch()
    done = boxwright("resume", running.study, "--slots", "2")
    assert done.returncode == 0, done.stderr
    with Store(running.study) as store:
        assert store.trial_counts() == (4, 4)
        assert [record.trial for record in store.runs(settling=True)] == [1, 2, 3, 4]


def test_kill_ends_one_run_for_good(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario(f'test "$BOXWRIGHT_TRIAL" = 1 && exec sleep 60; {MIDDLING}'), "--slots", "2")
    running.wait_for_runs(1)
    killed = boxwright("kill", running.study, "1")
    assert killed.returncode == 0, killed.stderr
    code, _, _ = running.end()
    assert code == 1
    assert statuses(running.study) == [Status.KILLED, Status.SUCCESS, Status.SUCCESS, Status.SUCCESS]
    again = boxwright("kill", running.study, "1")
    assert (again.returncode, "is not running: KILLED" in again.stderr) == (2, True)


@pytest.mark.parametrize(("words", "status"), [([], Status.SUCCESS), (["--now"], Status.LOST)])
@pytest.mark.slow
def test_stop_from_another_terminal(
    make_scenario: Callable[..., Path],
    start: Callable[..., Running],
    boxwright: RunBoxwright,
    words: list[str],
    status: Status,
) -> None:
    running = start(make_scenario(MIDDLING.replace("1;", "8;", 1)))
    running.wait_for_runs(1)
    assert json.loads(boxwright("status", running.study, "--json").stdout)["controller"] == "running"
    assert boxwright("stop", running.study, *words).returncode == 0
    assert running.end()[0] == 130
    assert statuses(running.study) == [status]
    nobody = boxwright("stop", running.study)
    assert (nobody.returncode, "no controller is at work" in nobody.stderr) == (2, True)


def test_a_second_controller_is_refused(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario(MIDDLING))
    running.wait_for_runs(1)
    second = boxwright("resume", running.study)
    assert second.returncode == 2
    assert f"is being run by process {running.process.pid}" in second.stderr
    assert running.end()[0] == 0


def test_control_socket_is_for_its_owner_only_however_deep_the_study(
    make_scenario: Callable[..., Path], start: Callable[..., Running], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    running = start(make_scenario(MIDDLING), "--study", str(deep))
    running.study = deep
    running.wait_for_runs(1)
    assert (deep / "control.sock").stat().st_mode & 0o777 == 0o600
    assert boxwright("stop", deep).returncode == 0
    running.end()
    assert not (deep / "control.sock").exists()


def test_abort_stops_the_study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = 'test "$BOXWRIGHT_TRIAL" = 2 && echo "Result of algorithm run: ABORT, 0, 0, 0, 0" && exit 0\n' + (
        'echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
    )
    done = boxwright("run", make_scenario(script), "--study", "s", "--slots", "1")
    assert done.returncode == 1
    assert statuses(tmp_path / "s") == [Status.SUCCESS, Status.ABORT]


@pytest.mark.usefixtures("no_process_left")
def test_abort_stops_the_runs_under_way_and_resume_makes_them_again(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = f"""
case $BOXWRIGHT_RUN in
    1) touch "$BOXWRIGHT_STUDY/under-way"; sleep 600 ;;
    2) while ! test -e "$BOXWRIGHT_STUDY/under-way"; do sleep 0.05; done
       echo "Result of algorithm run: ABORT, 0, 0, 0, 0" ;;
    *) {QUICK} ;;
esac
"""
    done = boxwright("run", make_scenario(script), "--study", "s", "--slots", "2")
    assert done.returncode == 1
    assert statuses(tmp_path / "s") == [Status.LOST, Status.ABORT]
    assert boxwright("resume", "s").returncode == 1  # the trial that said so has failed
    assert statuses(tmp_path / "s")[2:] == [Status.SUCCESS] * 3


def test_crashed_runs_are_tried_again_as_often_as_the_scenario_says(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = (
        'echo x >> "../../../tries-$BOXWRIGHT_TRIAL"; test $(wc -l < "../../../tries-$BOXWRIGHT_TRIAL") -ge 2 && '
        + ('echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"')
    )
    done = boxwright("run", make_scenario(script, more="[study]\nretries = 2\n"), "--study", "s")
    assert done.returncode == 0, done.stderr
    records: list[dict[str, Any]] = json.loads(boxwright("results", "s", "--json").stdout)
    assert sorted((r["trial"], r["attempt"], r["status"]) for r in records) == [
        (trial, attempt, "CRASHED" if attempt == 1 else "SUCCESS") for trial in (1, 2, 3, 4) for attempt in (1, 2)
    ]


def test_maximised_quality_turns_the_sign_of_the_cost(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    more = '[study]\nobjective = { metric = "accuracy", direction = "maximize" }\n'
    done = boxwright("run", make_scenario(more=more), "--study", "s")
    assert "incumbent: run 4, accuracy 4" in done.stdout
    best = library.results(tmp_path / "s", sort="cost")[0]
    assert (best.quality, best.cost) == (4.0, -4.0)


def test_wallclock_limit_starts_no_new_run(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(SLOW, more="[limits]\nwallclock_s = 5\n"), "--study", "s", "--slots", "1")
    assert done.returncode == 0  # that is what was asked for
    assert "limits.wallclock_s is over: no new runs" in done.stderr
    assert f"continue with: boxwright resume {tmp_path / 's'}" in done.stderr
    assert 1 <= len(statuses(tmp_path / "s")) <= 3
    assert set(statuses(tmp_path / "s")) == {Status.SUCCESS}
