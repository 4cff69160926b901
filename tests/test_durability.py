"""No lost and no doubled run, whatever is killed, at random instants, many times."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from boxwright.store.database import Store
from boxwright.terms import Status

RUNS = 60
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_process_left")]
SCRIPT = """
echo "$BOXWRIGHT_TRIAL" >> {log}
sleep 0.3
echo "Result of algorithm run: SUCCESS, 0.3, 1, $BOXWRIGHT_TRIAL, 0"
"""


def start(*words: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "boxwright", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_until_taken_up(controller: subprocess.Popen[bytes]) -> None:
    """Wait for the line that says where the study stands; at end of file the study was through."""
    assert controller.stderr is not None
    while line := controller.stderr.readline():
        if b"trials done" in line:
            return


def kill_controller(controller: subprocess.Popen[bytes]) -> None:
    controller.kill()
    controller.wait()


def kill_controller_and_an_agent(controller: subprocess.Popen[bytes]) -> None:
    agents = [p for p in psutil.Process(controller.pid).children() if "boxwright.execute.agent" in p.cmdline()]
    for agent in random.sample(agents, min(1, len(agents))):
        agent.kill()
    kill_controller(controller)


def kill_everything(controller: subprocess.Popen[bytes]) -> None:
    processes = psutil.Process(controller.pid).children(recursive=True)
    random.shuffle(processes)
    for process in processes:
        if random.random() < 0.5:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    kill_controller(controller)


def finish(study: Path) -> int:
    with start("resume", study, "--slots", "2") as controller:
        _, errors = controller.communicate(timeout=120)
    assert controller.returncode in (0, 1), errors.decode()
    return controller.returncode


def check_outcomes(study: Path) -> list[int]:
    with Store(study) as store:
        records = list(store.runs())
        assert store.trial_counts() == (RUNS, RUNS)
    successes = Counter(record.trial for record in records if record.status is Status.SUCCESS)
    assert set(successes.values()) == {1}
    assert len(successes) == RUNS
    assert {record.status for record in records} <= {Status.SUCCESS, Status.LOST}
    assert all(record.quality == record.trial for record in records if record.status is Status.SUCCESS)
    lines = (study / "results.csv").read_text().splitlines()[1:]
    assert sorted(int(line.split(",")[0]) for line in lines) == sorted(record.run for record in records)
    return [record.trial for record in records]


def killed_study(scenario: Path, study: Path, kills: int, kill: Callable[[subprocess.Popen[bytes]], None]) -> int:
    """Run a study and kill it again and again; return how many kills hit it at work."""
    hits = 0
    for round_number in range(kills):
        words: list[str | Path] = ["resume", study] if study.exists() else ["run", scenario, "--study", study]
        controller = start(*words, "--slots", "2")
        if round_number % 5 == 4:
            time.sleep(random.uniform(0.0, 2.0))  # anywhere, start-up included
        else:
            wait_until_taken_up(controller)
            time.sleep(random.uniform(0.0, 0.35))
        hits += controller.poll() is None
        kill(controller)
        assert controller.stderr is not None
        controller.stderr.close()
    return hits


@pytest.fixture
def scenario(make_scenario: Callable[..., Path], tmp_path: Path) -> Path:
    script = SCRIPT.format(log=tmp_path / "started.log")
    return make_scenario(script, design=f'[design]\nkind = "monte-carlo"\nruns = {RUNS}\n')


def test_study_survives_30_kills_of_its_controller(scenario: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    hits = killed_study(scenario, study, 30, kill_controller)
    assert hits >= 15
    assert finish(study) == 0
    check_outcomes(study)
    started = Counter((tmp_path / "started.log").read_text().split())
    # Agents outlive the controller, so no command was ever started a second time.
    assert set(started.values()) == {1}
    assert len(started) == RUNS


@pytest.mark.parametrize("kill", [kill_controller_and_an_agent, kill_everything])
def test_study_survives_kills_of_agents_and_runs(
    scenario: Path, tmp_path: Path, kill: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    study = tmp_path / "study"
    killed_study(scenario, study, 6, kill)
    finish(study)
    with Store(study) as store:
        records = list(store.runs(settling=True))
        assert store.trial_counts() == (RUNS, RUNS)
    assert len({record.trial for record in records}) == RUNS
    # A command that is killed itself has crashed; its trial is settled by that.
    assert Counter(record.status for record in records)[Status.SUCCESS] >= RUNS - 12


def kill_a_busy_agent(controller: int) -> None:
    """Kill an agent that has a run under way, once there is one."""
    busy: list[psutil.Process] = []
    while not busy:
        for child in psutil.Process(controller).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ends at this moment
                busy += [child] if "boxwright.execute.agent" in child.cmdline() and child.children() else []
    busy[0].kill()


def test_study_goes_on_when_an_agent_is_killed_under_a_living_controller(scenario: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    controller = start("run", scenario, "--study", study, "--slots", "2")
    wait_until_taken_up(controller)
    for _ in range(3):
        time.sleep(0.8)
        kill_a_busy_agent(controller.pid)
    _, errors = controller.communicate(timeout=120)
    assert controller.returncode == 0, errors.decode()
    assert Counter(check_outcomes(study)).most_common(1)[0][1] >= 2  # some trial did get a second run
